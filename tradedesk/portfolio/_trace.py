"""The records of a run: one stream, in one order, whoever dispatched.

Each record says what happened, in which slice, and carries a number of its own. They come out at the
barrier of each wave, in declared order, so equal runs have equal traces.
"""

from collections.abc import Mapping
from typing import Literal

from tradedesk._value import value
from tradedesk.marketdata import CandleCloseEvent, Instrument

__all__ = [
    "Allocated",
    "Failed",
    "Handled",
    "Quarantined",
    "Readmitted",
    "Refused",
    "Reported",
    "Restarted",
    "Resting",
    "RiskSent",
    "RiskTurned",
    "Routed",
    "TraceRecord",
]


@value
class Reported:
    """A sleeve was asked for its regime and said whether it is active."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    active: bool


@value
class Allocated:
    """The policy's answer for the slice, checked; ``budget`` is None where the policy has none."""

    sequence: int
    slice_number: int
    close_time: int | None
    allocation: Mapping[Instrument, float]
    budget: float | None


@value
class RiskSent:
    """A sleeve has taken an amount: granted by the policy, or the default, which the budget does not count."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    amount: float
    granted: bool


@value
class RiskTurned:
    """A sleeve keeps its amount, but from now on it is a grant, or no longer one: there was nothing to send."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    amount: float
    granted: bool


@value
class Routed:
    """A candle is on its way to a sleeve."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    event: CandleCloseEvent


@value
class Handled:
    """A sleeve has handled a candle and reported its regime."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    event: CandleCloseEvent
    active: bool


@value
class Failed:
    """A strategy failed: at a routed candle, or (``event`` is None) when it was polled, given its risk or built anew.

    Under ``on_failure="raise"`` what it holds is from here on the larger of what it held and what it may have
    been sent. Under another rule `Quarantined` or `Resting` follows.
    """

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    event: CandleCloseEvent | None
    error: Exception


@value
class Refused:
    """A candle was not routed, and why."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    event: CandleCloseEvent
    reason: str


@value
class Quarantined:
    """From here on a sleeve holds 0, and its orders and candles are refused, until it is readmitted.

    ``error`` is the failure, or the group of all of them where a restart rule ran out; ``positions`` says what
    the rule wants done with what the sleeve still has.
    """

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    error: Exception
    positions: Literal["hold", "flatten"]


@value
class Resting:
    """From here on a sleeve holds 0, and its orders and candles are refused, until slice ``until`` begins."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    until: int


@value
class Restarted:
    """A new object has taken the sleeve's place, warmed with ``candles`` candles; orders wait for its next grant."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    candles: int


@value
class Readmitted:
    """A quarantined sleeve takes part again, with its old object or (``replaced``) another; orders wait likewise."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    replaced: bool


TraceRecord = (
    Reported
    | Allocated
    | RiskSent
    | RiskTurned
    | Routed
    | Handled
    | Failed
    | Refused
    | Quarantined
    | Resting
    | Restarted
    | Readmitted
)
