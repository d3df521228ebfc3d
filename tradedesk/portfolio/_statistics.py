"""What a portfolio says of itself: at one moment, and after one slice."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import attrs

from tradedesk.marketdata import Instrument
from tradedesk.portfolio.types import Positions

__all__ = [
    "NO_TROUBLE",
    "ActiveCount",
    "Halt",
    "HandlerTimes",
    "RunnerStatistics",
    "SleeveStatistics",
    "SliceReport",
    "Utilisation",
]


@attrs.frozen
class SliceReport:
    """What a call has to say of its slice when it raises nothing; mostly: nothing.

    Attributes:
        failures: the sleeves that failed under a rule other than "raise", and with what, in the order it happened.
        refused: how many candles of the slice each sleeve was refused.
    """

    failures: Mapping[Instrument, Exception]
    refused: Mapping[Instrument, int]


NO_TROUBLE: Final = SliceReport(MappingProxyType({}), MappingProxyType({}))
"""The report of most slices."""


@attrs.frozen
class Halt:
    """Why a portfolio is halted.

    Attributes:
        reason: as it was given.
        since: the first slice that was allocated under it; None before there is one.
    """

    reason: str
    since: int | None


@attrs.frozen
class HandlerTimes:
    """How long one sleeve's handlers took, waiting included.

    Attributes:
        count: handlers that ended, also by an error. A strategy in two phases has two kinds of them, and both count.
        total: seconds, all of them together.
        max: seconds, the longest one.
    """

    count: int
    total: float
    max: float


@attrs.frozen
class ActiveCount:
    """How many sleeves were active when a slice was allocated. A slice that ended before that counts as the one before.

    Attributes:
        series: (slice, sleeves active in it), oldest first: slices 1, 1 + every, 1 + 2 * every, ...; at most
            1,024.
        every: the distance of the slices in the series: 1, and twice as much each time that the series is full.
        slices: number of active sleeves -> in how many slices there were so many; exact, over all slices.
    """

    series: tuple[tuple[int, int], ...]
    every: int
    slices: Mapping[int, int]


@attrs.frozen
class Utilisation:
    """What part of the budget was held while the candles of a slice were handled: 1.0 is all of it.

    Attributes:
        mean: over the slices that had a budget above 0.
        max: of those.
        last: in the newest slice; None: it has no budget, or one of 0.
        slices: how many had one.
    """

    mean: float
    max: float
    last: float | None
    slices: int


@attrs.frozen
class SleeveStatistics:
    """One sleeve at one moment.

    Attributes:
        standing: "active" or "inactive" as it last reported, "resting" before a restart, or "quarantined".
        error: what put a resting or quarantined sleeve where it is; otherwise None.
        until: the slice at whose start a resting sleeve comes back; otherwise None.
        positions: what is to become of a quarantined sleeve's open positions; otherwise None.
        failures: how often it failed.
        refused: candles that were not routed to it.
        restarts: how often a new object took its place.
        handled: candles that it has handled.
        times: how long its handlers took, where the runner times them; otherwise None.
    """

    standing: Literal["active", "inactive", "resting", "quarantined"]
    error: Exception | None = None
    until: int | None = None
    positions: Positions | None = None
    failures: int = 0
    refused: int = 0
    restarts: int = 0
    handled: int = 0
    times: HandlerTimes | None = None


@attrs.frozen
class RunnerStatistics:
    """A portfolio at one moment.

    Attributes:
        slices: slices begun.
        candles: candles routed to sleeves.
        active: the sleeves whose last report was active and that are not down, in declared order.
        held: what each sleeve holds of the budget; where it is not known whether an amount arrived, the larger.
        unmet: failures whose caller had left; the next call or the end of the block raises them.
        sleeves: how each sleeve stands, in declared order.
        halt: the halt that is pulled or in force; otherwise None.
        active_count: how many sleeves were active, over all slices.
        utilisation: what part of the budget was held; None where there never was a budget.
    """

    slices: int
    candles: int
    active: tuple[Instrument, ...]
    held: Mapping[Instrument, float]
    unmet: int
    sleeves: Mapping[Instrument, SleeveStatistics]
    halt: Halt | None
    active_count: ActiveCount
    utilisation: Utilisation | None
