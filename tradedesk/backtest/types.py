"""The values that a backtest's result is made of. Times are nanoseconds since 1970, money in the account's currency."""

from array import array
from collections.abc import Sequence

import attrs

from tradedesk.execution import Order
from tradedesk.marketdata import Instrument

__all__ = ["Allocation", "Coverage", "Fault", "HaltSpan", "RefusedOrder", "WarmUp"]


@attrs.frozen
class Coverage:
    """Which candles of an instrument and period came, and which did not.

    What a market's hours are, a run cannot know. It takes the other instruments of the same period for a clock, and
    counts what stands still for all of them as `gaps`.

    Attributes:
        instrument: of what.
        period: such as "15MINUTE".
        first: when the first candle closed.
        last: when the last one did.
        bars: how many came, those of the warm-up included.
        missing: closes between the first and the last at which another instrument of this period had a candle, and this
            one had none.
        late: closes of others before the first: above 0 for a late listing.
        early: closes of others behind the last: above 0 where the data end early.
        gaps: steps from one candle to the next that are longer than the period: nights, weekends, missing candles.
        longest_gap: the longest step, in nanoseconds; 0 for a single candle.
    """

    instrument: Instrument
    period: str
    first: int
    last: int
    bars: int
    missing: int
    late: int
    early: int
    gaps: int
    longest_gap: int


@attrs.frozen
class Allocation:
    """Who was active and who holds how much of the budget, from one slice on until the next of these.

    Attributes:
        place: of the slice in the result's `close_times`.
        close_time: when it closed.
        sleeves: all of them, in declared order.
        active: those that the policy was asked about.
        held: what each of the sleeves holds, in units of the budget.
        budget: the policy's; None where it names none.
    """

    place: int
    close_time: int
    sleeves: Sequence[Instrument]
    active: Sequence[Instrument]
    held: "array[float]"
    budget: float | None

    def of(self, sleeve: Instrument) -> float:
        """What a sleeve holds; 0 for who is not in the portfolio."""
        return self.held[self.sleeves.index(sleeve)] if sleeve in self.sleeves else 0.0


@attrs.frozen
class RefusedOrder:
    """An order that was rejected.

    Attributes:
        close_time: of the slice in which it was.
        sleeve: who gave it.
        instrument: what it was to trade.
        order_id: its ticket's.
        order: what was asked for.
        reason: why not.
    """

    close_time: int
    sleeve: Instrument
    instrument: Instrument
    order_id: str
    order: Order
    reason: str


@attrs.frozen
class Fault:
    """A strategy that failed.

    Attributes:
        close_time: of the slice in which it did.
        sleeve: whose.
        error: what came out of it.
        outcome: what was done about it.
    """

    close_time: int
    sleeve: Instrument
    error: Exception
    outcome: str


@attrs.frozen
class HaltSpan:
    """A halt of the portfolio.

    Attributes:
        reason: as it was given.
        since: the close of the first slice after which the portfolio was found halted.
        until: the close of the first slice after which it no longer was; None: it was to the end.
    """

    reason: str
    since: int
    until: int | None = None


@attrs.frozen
class WarmUp:
    """What came before the run counted.

    Attributes:
        slices: how many.
        until: when the last of them closed; None where there were none.
        refused: orders that were refused because of it.
    """

    slices: int
    until: int | None
    refused: int
