"""What a portfolio says of itself: at one moment, and after one slice."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

import attrs

from tradedesk.marketdata import Instrument
from tradedesk.portfolio.types import Positions

__all__ = ["NO_TROUBLE", "RunnerStatistics", "SleeveStatistics", "SliceReport"]


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
    """

    standing: Literal["active", "inactive", "resting", "quarantined"]
    error: Exception | None = None
    until: int | None = None
    positions: Positions | None = None
    failures: int = 0
    refused: int = 0
    restarts: int = 0


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
    """

    slices: int
    candles: int
    active: tuple[Instrument, ...]
    held: Mapping[Instrument, float]
    unmet: int
    sleeves: Mapping[Instrument, SleeveStatistics]
