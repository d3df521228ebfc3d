"""A window on a portfolio, for who looks after every slice: it shows what there is and computes nothing."""

from collections.abc import Mapping, Sequence

import attrs

from tradedesk.marketdata import Instrument
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._statistics import Halt
from tradedesk.portfolio.types import Positions


@attrs.frozen(eq=False)
class View:
    """A portfolio as it stands, always. What it shows may change with the next slice: copy what you keep.

    Attributes:
        sleeves: in declared order.
        held: what each of them holds of the budget.
    """

    _core: Coordination
    sleeves: Sequence[Instrument] = attrs.field(init=False)
    held: Sequence[float] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        # the core's own lists, which it never replaces
        object.__setattr__(self, "sleeves", self._core.sleeves.keys)
        object.__setattr__(self, "held", self._core.held)

    @property
    def asked(self) -> Sequence[Instrument]:
        """The active sleeves of the newest allocation, in declared order: what the policy was asked about.

        Another object whenever it may have changed, so ``is`` tells whether it can be as before.
        """
        return self._core.asked

    @property
    def failed(self) -> Mapping[Instrument, Exception]:
        """Who failed in the newest slice, and with what, in the order it happened; under any rule."""
        keys, failed = self._core.sleeves.keys, self._core.standing.failed
        return {keys[place]: error for place, error in failed.items()} if failed else {}

    @property
    def quarantined(self) -> Mapping[Instrument, Positions]:
        """Who is quarantined, in the order it happened, and what is to become of open positions."""
        keys, down = self._core.sleeves.keys, self._core.standing.down
        return {keys[place]: one.positions for place, one in down.items() if one.positions is not None} if down else {}

    @property
    def halt(self) -> Halt | None:
        """The halt that is pulled or in force."""
        return self._core.halts.halt
