"""What the rules on candles and on the budget remember, and what breaks them."""

from collections import Counter
from collections.abc import Mapping
from math import fsum

import attrs

from actors import DeadLetter
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Allocated,
    Failed,
    Handled,
    PolicySet,
    Quarantined,
    Readmitted,
    Refused,
    Removed,
    Restarted,
    Resting,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
    Updated,
)
from tradedesk.testing._log import Call, Item, Premises
from tradedesk.testing._monitors import Key, Watching

_SLACK = 1 + 1e-9
"""The runner's own: a policy's amounts are rounded."""


@attrs.define
class _Fate:
    """What became of one candle of one slice."""

    routed: Routed | None = None
    updated: Updated | None = None
    refused: Refused | None = None
    end: Handled | Failed | None = None
    met: Call | None = None


class Accounting(Watching):
    """Every candle has one fate: handled, failed or refused, and its strategy met it as often as that says."""

    name = "no_lost_or_duplicated_candles"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._slice = 0
        self._fates: dict[Key, _Fate] = {}
        self._out: set[str] = set()
        self._heard_of: Counter[tuple[str, int]] = Counter()  # a sleeve, and the event by identity: it may lack a hash

    def on(self, item: Item) -> None:
        if isinstance(item, Call):
            self._call(item)
            return
        if isinstance(item, DeadLetter):
            return
        if item.slice_number != self._slice:
            self._close()
            self._slice = item.slice_number
        match item:
            case Routed() | Updated() | Handled() | Refused() | Failed(event=CandleCloseEvent()):
                self._candle(item)
            case Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                self._out.add(sleeve)
            case Restarted(sleeve=sleeve) | Readmitted(sleeve=sleeve):
                self._out.discard(sleeve)
            case Removed(sleeve=sleeve):
                self._out.discard(sleeve)

    def end(self) -> None:
        self._close()
        for sleeve, event in self.premises.given or ():
            self._heard_of[sleeve, id(event)] -= 1
            if self._heard_of[sleeve, id(event)] < 0:
                self.fail(f"{_name(event, sleeve)} was given, and neither routed nor refused")

    def _candle(self, item: Routed | Updated | Handled | Refused | Failed) -> None:
        event = item.event
        if event is None:
            return
        key = item.sleeve, event.instrument, event.period
        name = _name(event, item.sleeve)
        if self.premises.given is not None and key not in self._fates:
            self._heard_of[item.sleeve, id(event)] += 1
        fate = self._fates.setdefault(key, _Fate())
        match item:
            case Routed():
                self._routed(name, fate, item)
            case Updated():
                if fate.routed is None:
                    self.fail(f"{name} was updated with, and not routed", item)
                fate.updated = item
            case Handled() | Failed() | Refused():
                if fate.refused is not None or fate.end is not None:
                    self.fail(f"{name} has two fates", fate.end or fate.refused, item)
                self._ended(name, fate, item)

    def _routed(self, name: str, fate: _Fate, item: Routed) -> None:
        if fate.routed is not None:
            self.fail(f"{name} was routed twice", fate.routed, item)
        if fate.refused is not None:
            self.fail(f"{name} was refused, and routed", fate.refused, item)
        fate.routed = item

    def _ended(self, name: str, fate: _Fate, item: Handled | Failed | Refused) -> None:
        if isinstance(item, Refused):
            if fate.routed is not None and fate.updated is None:
                self.fail(f"{name} was routed, and refused", fate.routed, item)
            fate.refused = item
            return
        if fate.routed is None:
            self.fail(f"{name} came to its end, and was not routed", item)
        if self.premises.calls and fate.met is None and isinstance(item, Handled):
            self.fail(f"{name} is said to be handled, and the strategy never met it", fate.routed, item)
        fate.end = item

    def _call(self, call: Call) -> None:
        if call.moment != "begins" or not isinstance(call.value, CandleCloseEvent) or call.sleeve in self._out:
            return  # who is out is warmed up: these candles are not routed
        event = call.value
        fate = self._fates.get((call.sleeve, event.instrument, event.period))
        if fate is None or fate.routed is None:
            self.fail(f"{_name(event, call.sleeve)} met its strategy, and was not routed", call)
        if fate.met is not None:
            self.fail(f"{_name(event, call.sleeve)} met its strategy twice", fate.routed, fate.met, call)
        fate.met = call

    def _close(self) -> None:
        """The slice is over: every candle has come to its end."""
        fates, self._fates = self._fates, {}
        for fate in fates.values():
            if fate.routed is not None and fate.end is None and fate.refused is None and not self.premises.cut:
                self.fail(f"{_name(fate.routed.event, fate.routed.sleeve)} was routed and has no end", fate.routed)


def _name(event: CandleCloseEvent, sleeve: str) -> str:
    return f"the candle of {event.instrument} {event.period} for {sleeve}"


class Budgeting(Watching):
    """What the sleeves hold is never more than the budget, at any step."""

    name = "budget_conserved"

    def __init__(self, premises: Premises) -> None:
        super().__init__(premises)
        self._held: dict[str, float] = {}
        self._why: dict[str, Item] = {}
        self._due: Mapping[str, float] = {}
        self._slice = 0
        self._total = 0.0
        self._target = self._limit = premises.budget  # after it shrank, what is held may only fall
        self._waiting: Failed | None = None

    def on(self, item: Item) -> None:
        waiting, self._waiting = self._waiting, None
        if waiting is not None:
            self._failed(waiting, item)
        if isinstance(item, Call):
            self._call(item)
        elif not isinstance(item, DeadLetter):
            self._record(item)

    def end(self) -> None:
        if self._waiting is not None:
            self._hold(self._waiting.sleeve, self._largest(self._waiting.sleeve), self._waiting)

    def _record(self, item: TraceRecord) -> None:
        if item.slice_number != self._slice:  # what fails before its allocation failed at the poll
            self._due, self._slice = {}, item.slice_number
        match item:
            case Allocated(allocation=allocation, budget=budget):
                self._settle()
                self._due = allocation  # type: ignore[assignment] # a key is text, whatever it is called
                if budget != self._target:
                    self._set(budget)
            case PolicySet(budget=budget):
                self._settle()
                self._due = {}
                self._set(budget)
            case RiskSent() | RiskTurned():
                self._hold(item.sleeve, item.amount if item.granted else 0.0, item)
            case Failed(event=None):
                self._waiting = item
            case Removed(sleeve=sleeve) | Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                self._hold(sleeve, 0.0, item)

    def _failed(self, failed: Failed, following: Item) -> None:
        """The larger amount counts for who failed to take one, unless it was told 0 on its way out."""
        if not (isinstance(following, Removed) and following.sleeve == failed.sleeve):
            self._hold(failed.sleeve, self._largest(failed.sleeve), failed)

    def _largest(self, sleeve: str) -> float:
        return max(self._held.get(sleeve, 0.0), self._due.get(sleeve, 0.0))

    def _call(self, call: Call) -> None:
        amount = call.value
        if call.method != "set_risk_per_trade" or not isinstance(amount, int | float) or call.moment == "fails":
            return
        new = float(amount) if call.sleeve in self._due else 0.0
        before = self._held.get(call.sleeve, 0.0)
        self._hold(call.sleeve, max(before, new) if call.moment == "begins" else new, call)

    def _set(self, budget: float | None) -> None:
        self._target = budget
        self._limit = None if budget is None else max(budget, self._total)

    def _settle(self) -> None:
        """Add up anew, so that no rounding gathers."""
        self._total = fsum(self._held.values())

    def _hold(self, sleeve: str, amount: float, why: Item) -> None:
        self._total += amount - self._held.get(sleeve, 0.0)
        self._held[sleeve], self._why[sleeve] = amount, why
        limit, target = self._limit, self._target
        if limit is None or target is None:
            return
        if self._total > limit:
            self._settle()
            if self._total > limit * _SLACK:
                held = {key: each for key, each in self._held.items() if each}
                self.fail(f"{held} is held, more than {limit:g}", *(self._why[key] for key in held))
        self._limit = max(target, min(limit, self._total))
