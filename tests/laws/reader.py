"""A reader that knows a run by its trace alone: who holds what at every record, what became of every candle, and why.

It is told the sleeves at the beginning, since these are no news. It shares no code with the runner.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from math import fsum

import attrs

from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Added,
    Allocated,
    Failed,
    Halted,
    Handled,
    PolicySet,
    Quarantined,
    Readmitted,
    Refused,
    Released,
    Removed,
    Reported,
    Restarted,
    Resting,
    RiskSent,
    RiskTurned,
    Routed,
    RunnerStatistics,
    TraceRecord,
    Updated,
)

Candle = tuple[int, str, str, str]
"""Slice, sleeve, instrument, period: there is one candle at most of each."""


@attrs.define
class SleeveLife:
    """What is known of one sleeve."""

    held: float = 0.0
    active: bool = False
    down: str | None = None
    handled: int = 0
    failures: int = 0
    refused: int = 0
    restarts: int = 0

    @property
    def standing(self) -> str:
        return self.down or ("active" if self.active else "inactive")


@attrs.define
class Reader:
    """Reads one record after the other.

    Attributes:
        ends: how every candle ended.
        open: candles that were routed and have no end yet.
        faults: what cannot be, as sentences.
    """

    sleeves: dict[str, SleeveLife]
    ends: dict[Candle, str] = attrs.field(factory=dict)
    open: set[Candle] = attrs.field(factory=set)
    faults: list[str] = attrs.field(factory=list)
    sequence: int = 0
    slice_number: int = 0
    routed: int = 0
    halt: tuple[str, int] | None = None
    active: list[int] = attrs.field(factory=list)  # how many, slice by slice
    used: list[float | None] = attrs.field(factory=list)  # what part of the budget, slice by slice
    _due: dict[str, float] = attrs.field(factory=dict)
    _budget: float | None = None
    _dealing: bool = False  # between the allocation and the first candle behind it
    _last: TraceRecord | None = None

    @classmethod
    def of(cls, sleeves: Iterable[str]) -> "Reader":
        return cls({sleeve: SleeveLife() for sleeve in sleeves})

    def read(self, trace: Iterable[TraceRecord]) -> Iterator[float]:
        """Read all records; say after each what is held in all."""
        for record in trace:
            self._number(record)
            self._note(record)
            self._last = record
            yield fsum(life.held for life in self.sleeves.values())
        self._dealt()

    def _number(self, record: TraceRecord) -> None:
        self.sequence += 1
        if record.sequence != self.sequence:
            self.faults.append(f"record {self.sequence} has the number {record.sequence}")
        if record.slice_number < self.slice_number:
            self.faults.append(f"record {record.sequence} goes back to slice {record.slice_number}")
        if record.slice_number > self.slice_number:
            self._dealt()
            self._due = {}
            self.slice_number = record.slice_number

    def _note(self, record: TraceRecord) -> None:
        if isinstance(record, Routed | Updated | Handled | Refused) or (isinstance(record, Failed) and record.event):
            self._dealt()
            self._candle(record)
        match record:
            case Allocated(allocation=allocation, budget=budget):
                self._due, self._budget, self._dealing = dict(allocation), budget, True
                self.active.append(sum(life.standing == "active" for life in self.sleeves.values()))
                if self.halt and allocation:
                    self.faults.append(f"record {record.sequence} allocates in a halt")
            case (
                RiskSent(sleeve=sleeve, amount=amount, granted=granted)
                | RiskTurned(sleeve=sleeve, amount=amount, granted=granted)
            ):
                self.sleeves[sleeve].held = amount if granted else 0.0
                if self.halt and amount:
                    self.faults.append(f"record {record.sequence} gives {amount} in a halt")
            case Halted(reason=reason, slice_number=number):
                self.halt = reason, number
            case Released():
                self.halt = None
            case PolicySet() | Added() | Removed():
                self._change(record)
            case _:
                self._of_a_sleeve(record)

    def _change(self, record: PolicySet | Added | Removed) -> None:
        self._dealt()
        match record:
            case PolicySet(budget=budget):
                self._budget = budget
            case Added(sleeve=sleeve):
                self.sleeves[sleeve] = SleeveLife()
            case Removed(sleeve=sleeve):
                del self.sleeves[sleeve]

    def _of_a_sleeve(self, record: TraceRecord) -> None:
        life = self.sleeves[record.sleeve]
        match record:
            case Reported(active=active) | Updated(active=active):
                life.active = active
            case Handled(active=active):
                life.active = active
                life.handled += 1
            case Failed(sleeve=sleeve, event=event, error=error):
                last = self._last
                again = event and isinstance(last, Failed) and last.sleeve == sleeve and last.error is error
                life.failures += not again  # who fails to evaluate fails at all its candles at once
                if event is None:
                    life.held = max(life.held, self._due.get(sleeve, 0.0))
            case Refused():
                life.refused += 1
            case Quarantined():
                life.down, life.held = "quarantined", 0.0
            case Resting():
                life.down, life.held = "resting", 0.0
            case Restarted() | Readmitted():
                life.down, life.active = None, False
                life.restarts += isinstance(record, Restarted)

    def _candle(self, record: Routed | Updated | Handled | Failed | Refused) -> None:
        event = record.event
        assert isinstance(event, CandleCloseEvent)
        candle = record.slice_number, record.sleeve, event.instrument, event.period
        known = candle in self.open
        if candle in self.ends:
            self.faults.append(f"{candle} goes on behind its end")
        elif isinstance(record, Routed):
            self.routed += 1
            if known:
                self.faults.append(f"{candle} was routed twice")
            self.open.add(candle)
        elif not known and not isinstance(record, Refused):
            self.faults.append(f"{candle} was not routed")
        elif not isinstance(record, Updated):
            self.open.discard(candle)
            self.ends[candle] = type(record).__name__

    def _dealt(self) -> None:
        """What was to be sent is sent: this is what the candles of the slice are handled under."""
        if self._dealing:
            self._dealing = False
            held = fsum(life.held for life in self.sleeves.values())
            self.used.append(held / self._budget if self._budget else None)


def disagreements(reader: Reader, seen: RunnerStatistics) -> Iterator[str]:
    """What a reader who is through knows otherwise than the runner."""
    lives, used = reader.sleeves, [part for part in reader.used if part is not None]
    every, halt = seen.active_count.every, seen.halt
    in_force = (
        None if halt is None or halt.since is None else (halt.reason, halt.since)
    )  # what is pulled is no record yet
    pairs = {
        "slices": (reader.slice_number, seen.slices),
        "candles": (reader.routed, seen.candles),
        "held": ({key: life.held for key, life in lives.items()}, seen.held),
        "active": (tuple(key for key, life in lives.items() if life.standing == "active"), seen.active),
        "halt": (reader.halt, in_force),
        "active slices": (Counter(reader.active), seen.active_count.slices),
        "series": (
            tuple((at + 1, reader.active[at]) for at in range(0, len(reader.active), every)),
            seen.active_count.series,
        ),
        "measured": (len(used), seen.utilisation.slices if seen.utilisation else 0),
    }
    for what in ("standing", "handled", "failures", "refused", "restarts"):
        mine = {key: getattr(life, what) for key, life in lives.items()}
        pairs[what] = mine, {key: getattr(one, what) for key, one in seen.sleeves.items()}
    yield from (
        f"{what}: read {mine}, the runner says {theirs}" for what, (mine, theirs) in pairs.items() if mine != theirs
    )
    if seen.utilisation and used:
        told = seen.utilisation
        numbers = [
            (fsum(used) / len(used), told.mean),
            (max(used), told.max),
            (reader.used[-1] or 0.0, told.last or 0.0),
        ]
        yield from (f"utilisation: {numbers}" for mine, theirs in numbers if abs(mine - theirs) > 1e-9 * max(1.0, mine))
