"""What each rule remembers, and what breaks it: the rules on order, on sleeves that are out, and on the end."""

from collections import deque
from collections.abc import Mapping
from typing import Final

from actors import DeadLetter
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Allocated,
    Failed,
    Halted,
    Handled,
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
    Updated,
)
from tradedesk.testing._log import HANDLERS, Call, Item, Premises
from tradedesk.testing._rules import Violation

Key = tuple[str, str, str]
"""Sleeve, instrument, period: within a slice, one candle."""

_ACTS: Final = frozenset({"on_candle_close", "evaluate_signals"})


class Watching:
    """What monitors share."""

    name = ""

    def __init__(self, premises: Premises) -> None:
        self.premises = premises

    def on(self, item: Item) -> None:
        """Take the next item."""

    def end(self) -> None:
        """There are no more."""

    def broken(self, what: str, *because: Item | None) -> Violation:
        """How the rule is broken, and by which items; raised by the caller, whose line tells one fault from another."""
        return Violation(self.name, what, [item for item in because if item is not None])


class Numbered(Watching):
    """Records carry numbers without gaps, and slices do not mix."""

    name = "numbered_without_gaps"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._last: Item | None = None
        self._sequence = 0
        self._slice = 0

    def on(self, item: Item) -> None:
        if isinstance(item, Call | DeadLetter):
            return
        if item.sequence != self._sequence + 1:
            raise self.broken(f"record {item.sequence} stands behind {self._sequence}", self._last, item)
        if item.slice_number < self._slice:
            raise self.broken(f"slice {item.slice_number} goes on after slice {self._slice} began", self._last, item)
        self._last, self._sequence, self._slice = item, item.sequence, item.slice_number


class Allocating(Watching):
    """One allocation a slice, then the risk, then the candles, which are handled under just that risk."""

    name = "allocate_before_dispatch"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._allocated: Allocated | None = None
        self._told: dict[str, RiskSent | RiskTurned] = {}
        self._taken: dict[str, Call] = {}
        self._handling: dict[str, Call] = {}
        self._dispatched: dict[str, Item] = {}
        self._halted = False

    def on(self, item: Item) -> None:
        match item:
            case Call():
                self._call(item)
            case Allocated():
                self._allocate(item)
            case RiskSent() | RiskTurned():
                self._tell(item)
            case Routed(sleeve=sleeve) | Updated(sleeve=sleeve):
                self._dispatch(item, early=sleeve in self.premises.two_phase)
            case Handled():
                if not self._is_allocated(item):
                    raise self.broken("a candle was handled before its slice was allocated", item)
                self._dispatched[item.sleeve] = item
            case Halted() | Released():
                self._halted = isinstance(item, Halted)
            case Removed(sleeve=sleeve) | Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                for known in (self._told, self._taken, self._handling, self._dispatched):
                    known.pop(sleeve, None)

    def _is_allocated(self, item: RiskSent | RiskTurned | Routed | Updated | Handled) -> bool:
        return self._allocated is not None and self._allocated.slice_number == item.slice_number

    def _allocate(self, item: Allocated) -> None:
        before = self._allocated
        if before is not None and before.slice_number == item.slice_number:
            raise self.broken(f"slice {item.slice_number} was allocated twice", before, item)
        self._allocated = item
        self._dispatched.clear()

    def _tell(self, item: RiskSent | RiskTurned) -> None:
        if not self._is_allocated(item):
            raise self.broken(f"{item.sleeve} was given risk before its slice was allocated", item)
        if item.sleeve in self._dispatched:
            raise self.broken(f"{item.sleeve} was given risk behind its candle", self._dispatched[item.sleeve], item)
        due = self._due(item.sleeve)
        if item.granted != (due is not None) or (due is not None and item.amount != due):
            raise self.broken(f"{item.sleeve} was given what is not its allocation", self._allocated, item)
        default = 0.0 if self._halted else self.premises.default_risk
        if due is None and default is not None and item.amount != default:
            what = f"{item.sleeve} was given {item.amount:g}, and is outside the allocation: the default is {default:g}"
            raise self.broken(what, self._allocated, item)
        self._told[item.sleeve] = item

    def _due(self, sleeve: str) -> float | None:
        return None if self._allocated is None else self._allocation.get(sleeve)

    @property
    def _allocation(self) -> Mapping[str, float]:
        return {} if self._allocated is None else self._allocated.allocation  # type: ignore[return-value]

    def _dispatch(self, item: Routed | Updated, *, early: bool) -> None:
        if self._is_allocated(item) == early:
            side = "after its slice was allocated" if early else "before its slice was allocated"
            raise self.broken(f"{item.sleeve} met its candle {side}", self._allocated if early else None, item)
        if early:
            return
        self._dispatched[item.sleeve] = item
        told, due = self._told.get(item.sleeve), self._due(item.sleeve)
        if told is None or told.granted != (due is not None) or (due is not None and told.amount != due):
            raise self.broken(
                f"{item.sleeve} got a candle and was not given the risk for it", self._allocated, told, item
            )

    # What the strategies met ------------------------------------------------------------------------------

    def _call(self, call: Call) -> None:
        sleeve, at_work = call.sleeve, self._handling.get(call.sleeve)
        if call.method in HANDLERS:
            if call.moment == "begins":
                self._handling[sleeve] = call
                self._under_its_risk(call)
            else:
                self._handling.pop(sleeve, None)
        elif call.method == "set_risk_per_trade":
            if call.moment == "begins" and at_work is not None:
                raise self.broken(f"the risk of {sleeve} changed while it handled a candle", at_work, call)
            if call.moment == "ends":
                self._taken[sleeve] = call

    def _under_its_risk(self, call: Call) -> None:
        taken, told = self._taken.get(call.sleeve), self._told.get(call.sleeve)
        if call.method in _ACTS and told is not None and (taken is None or taken.value != told.amount):
            raise self.broken(f"{call.sleeve} handles a candle under another risk than it was given", told, taken, call)


class InOrder(Watching):
    """Candles of an instrument are handled in the order in which they were routed, one at a time."""

    name = "fifo_per_instrument"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._routed: dict[tuple[str, str], deque[Routed]] = {}
        self._to_meet: dict[tuple[str, str], deque[Routed]] = {}
        self._handling: dict[str, Call] = {}

    def on(self, item: Item) -> None:
        match item:
            case Call():
                self._call(item)
            case Routed():
                for lines in (self._routed, self._to_meet):
                    lines.setdefault((item.sleeve, item.event.instrument), deque()).append(item)
            case Updated(event=event):
                self._take(self._routed, item.sleeve, event, item)
            case Handled(event=event) | Failed(event=CandleCloseEvent() as event):
                if (
                    item.sleeve not in self.premises.two_phase
                ):  # there the end is that of a slice, and of all its candles
                    self._take(self._routed, item.sleeve, event, item)
                elif isinstance(item, Failed):
                    self._forget(item.sleeve, event)
            case Removed(sleeve=sleeve) | Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                self._handling.pop(sleeve, None)
                self._to_meet = {key: line for key, line in self._to_meet.items() if key[0] != sleeve}

    def _call(self, call: Call) -> None:
        if call.method not in HANDLERS:
            return
        if call.moment != "begins":
            self._handling.pop(call.sleeve, None)
            return
        if call.sleeve in self._handling:
            raise self.broken(f"{call.sleeve} handles two candles at a time", self._handling[call.sleeve], call)
        self._handling[call.sleeve] = call
        if isinstance(call.value, CandleCloseEvent):
            self._take(self._to_meet, call.sleeve, call.value, call)

    def _forget(self, sleeve: str, event: CandleCloseEvent) -> None:
        line = self._routed.get((sleeve, event.instrument), deque())
        self._routed[sleeve, event.instrument] = deque(routed for routed in line if routed.event is not event)

    def _take(
        self, lines: dict[tuple[str, str], deque[Routed]], sleeve: str, event: CandleCloseEvent, item: Item
    ) -> None:
        line = lines.get((sleeve, event.instrument))
        if not line:
            return
        if line[0].event is event:
            line.popleft()
            return
        overtaken = next((routed for routed in line if routed.event is event), None)
        if overtaken is not None:
            raise self.broken(
                f"a candle of {event.instrument} overtook another on its way to {sleeve}", line[0], overtaken, item
            )


class LeftAlone(Watching):
    """A sleeve that is quarantined or rests is asked, told and routed nothing, until it comes back."""

    name = "out_is_left_alone"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._out: dict[str, Item] = {}

    def on(self, item: Item) -> None:
        match item:
            case Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                self._out[sleeve] = item
            case Restarted(sleeve=sleeve) | Readmitted(sleeve=sleeve):
                if sleeve not in self._out:
                    raise self.broken(f"{sleeve} came back and was not away", item)
                del self._out[sleeve]
            case Removed(sleeve=sleeve):
                self._out.pop(sleeve, None)
            case Reported() | RiskSent() | RiskTurned() | Routed() if item.sleeve in self._out:
                raise self.broken(f"{item.sleeve} is out, and is not left alone", self._out[item.sleeve], item)


class Quiet(Watching):
    """At the end nobody is at work, no candle is on its way, and no message lies where nobody takes it."""

    name = "quiesces"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._at_work: dict[str, Call] = {}
        self._routed: dict[Key, Routed] = {}
        self._dead: DeadLetter | None = None

    def on(self, item: Item) -> None:
        match item:
            case Call(method=method) if method in HANDLERS:
                if item.moment == "begins":
                    self._at_work[item.sleeve] = item
                else:
                    self._at_work.pop(item.sleeve, None)
            case Routed(event=event):
                self._routed[item.sleeve, event.instrument, event.period] = item
            case Handled(event=event) | Refused(event=event) | Failed(event=CandleCloseEvent() as event):
                self._routed.pop((item.sleeve, event.instrument, event.period), None)
            case DeadLetter():
                self._dead = self._dead or item

    def end(self) -> None:
        for call in self._at_work.values():
            raise self.broken(f"{call.sleeve} is still at work", call)
        if self._dead is not None:
            raise self.broken(f"nobody took a message to {self._dead.actor}", self._dead)
        if not self.premises.cut:
            for routed in self._routed.values():
                raise self.broken(f"a candle is still on its way to {routed.sleeve}", routed)
