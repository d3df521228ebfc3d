"""The records of a run: one stream, in one order, whoever dispatched.

Each record says what happened, in which slice, and carries a number of its own. They come out at the
barrier of each wave, in declared order, so equal runs have equal traces.
"""

from collections.abc import Mapping
from typing import Literal

from tradedesk._value import value
from tradedesk.marketdata import CandleCloseEvent, Instrument

__all__ = [
    "Added",
    "Allocated",
    "Failed",
    "Halted",
    "Handled",
    "PolicySet",
    "Quarantined",
    "Readmitted",
    "Refused",
    "Released",
    "Removed",
    "Reported",
    "Restarted",
    "Resting",
    "RiskSent",
    "RiskTurned",
    "Routed",
    "TraceRecord",
    "Updated",
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
    """The policy's answer for the slice, checked; ``budget`` is None where the policy has none.

    While the portfolio is halted the policy is not asked: the allocation is empty, the budget the last one known.
    """

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
class Updated:
    """A sleeve in two phases has brought its state up to date with a candle, and reported its regime.

    The candle ends with the evaluation, as handled or failed; as refused if there is none in its slice.
    """

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    event: CandleCloseEvent
    active: bool


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
    """A candle was not handled, and why: it was not routed, or a sleeve in two phases did not come to evaluate it."""

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


@value
class Added:
    """A sleeve was added behind all others; it holds nothing. This and the next two carry the slice before them."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument
    instrument: Instrument
    period: str | None


@value
class Removed:
    """A sleeve was told an amount of 0 and taken out; it holds nothing any more."""

    sequence: int
    slice_number: int
    close_time: int | None
    sleeve: Instrument


@value
class PolicySet:
    """Another policy allocates from the next slice on; ``budget`` is None where it has none."""

    sequence: int
    slice_number: int
    close_time: int | None
    policy: str
    budget: float | None


@value
class Halted:
    """From this slice on nothing is granted and the default is 0, until `Released`."""

    sequence: int
    slice_number: int
    close_time: int | None
    reason: str


@value
class Released:
    """The halt for ``reason`` is over: the policy allocates from the next slice on. This has the slice before."""

    sequence: int
    slice_number: int
    close_time: int | None
    reason: str


TraceRecord = (
    Reported
    | Allocated
    | RiskSent
    | RiskTurned
    | Routed
    | Updated
    | Handled
    | Failed
    | Refused
    | Quarantined
    | Resting
    | Restarted
    | Readmitted
    | Added
    | Removed
    | PolicySet
    | Halted
    | Released
)
