"""What a run's trace says, in numbers. Pure, and its memory does not grow with the run.

Regimes and amounts are kept as spans of slices, so a slice in which nothing changes costs nothing here.
"""

from collections.abc import Callable, Iterable, Mapping
from math import fsum
from typing import Any, Final

from attrs import define, field, frozen

from tradedesk.portfolio import (
    Allocated,
    Handled,
    Instrument,
    Quarantined,
    Reported,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
)

_ROUNDING: Final = 1 + 1e-9
"""What the runner allows a policy's sum to be above the budget (promise P3)."""


@frozen
class SleeveFigures:
    """One sleeve's row; None where nothing was measured."""

    sleeve: str
    candles: int
    share_active: float | None
    """Slices for which it reported its regime active, over the slices since its first candle."""
    mean_allocation: float | None
    """Over the slices in which it held an allocation."""
    largest_allocation: float | None


@frozen
class Figures:
    """What a run came to."""

    sleeves: tuple[SleeveFigures, ...]
    slices: int
    candles: int
    largest_total: float
    """The most that all sleeves held together at any moment; a sleeve on the default holds nothing."""
    budget: float | None
    quarantined: tuple[Quarantined, ...] = ()
    """Sleeves that failed and were shut out."""

    @property
    def within_budget(self) -> bool:
        """Say whether the largest total is no more than the budget, but for rounding."""
        return self.budget is None or self.largest_total <= self.budget * _ROUNDING


@define
class _Span:
    """A value over the slices in which there was one."""

    value: float | None = None
    since: int = 0
    slices: int = 0
    total: float = 0.0

    def turn(self, value: float | None, at: int) -> None:
        """Let `value` stand from slice `at` on."""
        self.total, self.slices = self.total_until(at), self.slices_until(at)
        self.value, self.since = value, at

    def slices_until(self, end: int) -> int:
        return self.slices if self.value is None else self.slices + end - self.since

    def total_until(self, end: int) -> float:
        return self.total if self.value is None else self.total + self.value * (end - self.since)

    def forget_before(self, at: int) -> None:
        self.slices, self.total, self.since = 0, 0.0, at


@define
class _Sleeve:
    candles: int = 0
    first: int | None = None
    active: bool = False
    regime: _Span = field(factory=_Span)
    grant: _Span = field(factory=_Span)
    largest: float | None = None

    def turn(self, active: bool, at: int) -> None:  # noqa: FBT001 - a report is a bool
        self.active = active
        self.regime.turn(1.0 if active else None, at)

    def figures(self, name: str, end: int) -> SleeveFigures:
        granted = self.grant.slices_until(end)
        return SleeveFigures(
            sleeve=name,
            candles=self.candles,
            share_active=None if self.first is None else self.regime.slices_until(end) / (end - self.first),
            mean_allocation=self.grant.total_until(end) / granted if granted else None,
            largest_allocation=self.largest,
        )


class Tally:
    """Listens to a run: `take` is the runner's `trace`."""

    def __init__(self, sleeves: Iterable[Instrument]) -> None:
        self._sleeves = {name: _Sleeve() for name in sleeves}
        self._held = dict.fromkeys(self._sleeves, 0.0)
        self._total = 0.0
        self._largest = 0.0
        self._budget: float | None = None
        self._quarantined: list[Quarantined] = []
        self._slices = 0
        self._last = self._allocated_in = -1
        self._takers: Mapping[type, Callable[[Any], None]] = {
            Reported: self._reported,
            Allocated: self._allocated,
            RiskSent: self._risk,
            RiskTurned: self._risk,
            Routed: self._routed,
            Handled: self._handled,
            Quarantined: self._quarantine,
        }

    def take(self, record: TraceRecord) -> None:
        """Count one record; kinds that carry no figure are passed over."""
        if record.slice_number != self._last:
            self._last = record.slice_number
            self._slices += 1
        taker = self._takers.get(type(record))
        if taker is not None:
            taker(record)

    def figures(self) -> Figures:
        """Give what the run has come to so far."""
        end = self._last + 1
        return Figures(
            sleeves=tuple(sleeve.figures(name, end) for name, sleeve in self._sleeves.items()),
            slices=self._slices,
            candles=sum(sleeve.candles for sleeve in self._sleeves.values()),
            largest_total=self._largest,
            budget=self._budget,
            quarantined=tuple(self._quarantined),
        )

    def _reported(self, record: Reported) -> None:
        sleeve = self._sleeves[record.sleeve]
        if sleeve.active is not record.active:
            sleeve.turn(record.active, record.slice_number)

    def _handled(self, record: Handled) -> None:
        sleeve = self._sleeves[record.sleeve]
        sleeve.candles += 1
        if sleeve.active is not record.active:
            # A report after a candle speaks for the next allocation, which is the next slice's.
            sleeve.turn(record.active, record.slice_number + 1)

    def _routed(self, record: Routed) -> None:
        sleeve = self._sleeves[record.sleeve]
        if sleeve.first is None:
            sleeve.first = record.slice_number
            sleeve.regime.forget_before(record.slice_number)

    def _allocated(self, record: Allocated) -> None:
        self._budget, self._allocated_in = record.budget, record.slice_number
        # Once a slice the sum is taken anew, so that the rounding of the differences below cannot grow.
        self._total = fsum(self._held.values())

    def _risk(self, record: RiskSent | RiskTurned) -> None:
        self._grant(record.sleeve, record.amount if record.granted else None, record.slice_number)

    def _quarantine(self, record: Quarantined) -> None:
        # From this record on it holds 0 and is asked for nothing; the trace says no more of it. If this slice is
        # allocated already, the sleeve took part in it.
        end = record.slice_number + (self._allocated_in == record.slice_number)
        self._quarantined.append(record)
        self._sleeves[record.sleeve].turn(active=False, at=end)
        self._grant(record.sleeve, None, end)

    def _grant(self, name: Instrument, amount: float | None, at: int) -> None:
        sleeve = self._sleeves[name]
        sleeve.grant.turn(amount, at)
        if amount is not None:
            sleeve.largest = amount if sleeve.largest is None else max(sleeve.largest, amount)
        self._hold(name, amount or 0.0)

    def _hold(self, sleeve: Instrument, amount: float) -> None:
        self._total += amount - self._held[sleeve]
        self._held[sleeve] = amount
        if self._total > self._largest:
            self._total = fsum(self._held.values())
            self._largest = max(self._largest, self._total)
