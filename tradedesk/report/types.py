"""What goes into a report. Times are nanoseconds since the Unix epoch, money is in the account's currency."""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite

from attrs import frozen

from tradedesk.metrics import ClosedTrade, Metrics

__all__ = ["DataRange", "Fault", "PriceData", "RefusedOrder", "ReportData", "ReportError", "SleeveData"]


class ReportError(ValueError):
    """Data that no report can be made of: the text names the series, the place, the value and the rule."""


@frozen(kw_only=True)
class SleeveData:
    """One sleeve: a value for each close time of the report in `profit`, `allocation` and `active`."""

    name: str
    instrument: str
    profit: Sequence[float]
    """Running profit and loss, open positions included, in money."""
    allocation: Sequence[float]
    """What the policy gave it, in units of risk; 0 without a grant."""
    active: Sequence[bool]
    """Whether its regime was active."""
    metrics: Metrics | None = None


@frozen(kw_only=True)
class PriceData:
    """The price of one instrument, to show trades on."""

    instrument: str
    close_times: Sequence[int]
    closes: Sequence[float]


@frozen(kw_only=True)
class DataRange:
    """What was read for an instrument and period."""

    instrument: str
    period: str
    first: int
    last: int
    candles: int
    source: str = ""
    remark: str = ""
    """What is missing, in a few words."""


@frozen(kw_only=True)
class Fault:
    """A strategy that failed, and what was done about it."""

    time: int
    sleeve: str
    what: str
    outcome: str


@frozen(kw_only=True)
class RefusedOrder:
    """An order that was not accepted, in words, and why."""

    time: int
    sleeve: str
    instrument: str
    order: str
    reason: str


@frozen(kw_only=True)
class ReportData:
    """All that a report shows.

    `close_times` rise; `equity` has one value for each and `start` is the equity before them. `budget` is the risk
    budget in the units of the allocations, None without one. `fill_rules` are sentences: how and at which price
    orders were filled. `halts` are sentences, too. `ended` says what ended the run before its data did, and is empty if
    nothing did.

    Raises:
        ReportError: A series has the wrong length or a value that is not finite, times do not rise, or two sleeves
            or two prices have one name.
    """

    title: str
    close_times: Sequence[int]
    start: float
    equity: Sequence[float]
    currency: str = ""
    budget: float | None = None
    sleeves: Sequence[SleeveData] = ()
    prices: Sequence[PriceData] = ()
    trades: Sequence[ClosedTrade] = ()
    metrics: Metrics | None = None
    fill_rules: Sequence[str] = ()
    ranges: Sequence[DataRange] = ()
    faults: Sequence[Fault] = ()
    refused: Sequence[RefusedOrder] = ()
    halts: Sequence[str] = ()
    ended: str = ""
    run_hash: str = ""

    def __attrs_post_init__(self) -> None:
        _check_times("close_times", self.close_times)
        _check_series("equity", self.equity, self.close_times)
        _check_number("start", self.start)
        if self.budget is not None:
            _check_number("budget", self.budget)
        _check_names("sleeves", [sleeve.name for sleeve in self.sleeves])
        _check_names("prices", [price.instrument for price in self.prices])
        for sleeve in self.sleeves:
            for name in ("profit", "allocation", "active"):
                _check_series(f"{name} of sleeve {sleeve.name!r}", getattr(sleeve, name), self.close_times)
        for price in self.prices:
            _check_times(f"close_times of price {price.instrument!r}", price.close_times)
            _check_series(f"closes of price {price.instrument!r}", price.closes, price.close_times)


def _check_times(name: str, times: Sequence[int]) -> None:
    for at, (before, after) in enumerate(pairwise(times), 1):
        if after <= before:
            raise ReportError(f"{name}[{at}] is {after}, not later than {before} before it; close times must rise")


def _check_series(name: str, values: Sequence[float], times: Sequence[int]) -> None:
    if len(values) != len(times):
        raise ReportError(f"{name} has {len(values)} values for {len(times)} close times; it needs one for each")
    if not all(map(isfinite, values)):
        at = next(at for at, value in enumerate(values) if not isfinite(value))
        raise ReportError(f"{name} is {float(values[at])!r} at place {at}; every value must be finite")


def _check_number(name: str, value: float) -> None:
    if not isfinite(value):
        raise ReportError(f"{name} is {value!r}; it must be finite")


def _check_names(name: str, names: list[str]) -> None:
    twice = [each for each in dict.fromkeys(names) if names.count(each) > 1]
    if twice:
        raise ReportError(f"{name} has {twice[0]!r} {names.count(twice[0])} times; a name stands for one of them")
