"""The rules that every run keeps, whatever the strategies do: for `Run.check`, and for traces from anywhere."""

from typing import Final

from tradedesk.testing._budget_monitor import Budgeting
from tradedesk.testing._candle_monitors import Accounting
from tradedesk.testing._monitors import Allocating, InOrder, LeftAlone, Numbered, Quiet
from tradedesk.testing._rules import Rule

numbered_without_gaps: Final = Rule(Numbered.name, Numbered)
"""Records carry the numbers 1, 2, 3 and so on, and slices do not mix."""

allocate_before_dispatch: Final = Rule(Allocating.name, Allocating)
"""One allocation a slice, then the risk, then the candles; a strategy handles a candle under the risk of its slice, and
no other comes in mid-handler. In two phases the update stands before the allocation."""

fifo_per_instrument: Final = Rule(InOrder.name, InOrder)
"""A sleeve handles the candles of an instrument in the order in which they were routed, one at a time."""

no_lost_or_duplicated_candles: Final = Rule(Accounting.name, Accounting)
"""Every candle that was fed is routed or refused, and every routed one is handled or fails, once; its strategy met it
once."""

budget_conserved: Final = Rule(Budgeting.name, Budgeting)
"""What the sleeves hold is never more than the budget: record by record, and call by call in the order of things. While
a strategy takes an amount the larger one counts, and so it does when it fails to."""

out_is_left_alone: Final = Rule(LeftAlone.name, LeftAlone)
"""A sleeve that is quarantined or rests is not asked, told or routed anything, until it comes back."""

quiesces: Final = Rule(Quiet.name, Quiet)
"""At the end no handler runs, no candle is on its way, and no message is a dead letter."""

PROMISES: Final = (
    numbered_without_gaps,
    no_lost_or_duplicated_candles,
    fifo_per_instrument,
    allocate_before_dispatch,
    budget_conserved,
    out_is_left_alone,
    quiesces,
)
"""All of these; ``run.check()`` holds a run to them."""
