"""What the rule on the fates of candles remembers, and what breaks it."""

from collections import Counter

import attrs

from actors import DeadLetter
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Failed,
    Handled,
    Quarantined,
    Readmitted,
    Refused,
    Removed,
    Restarted,
    Resting,
    Routed,
    Updated,
)
from tradedesk.testing._log import Call, Item, Premises
from tradedesk.testing._monitors import Key, Watching


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
                raise self.broken(f"{_name(event, sleeve)} was given, and neither routed nor refused")

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
                    raise self.broken(f"{name} was updated with, and not routed", item)
                fate.updated = item
            case Handled() | Failed() | Refused():
                if fate.refused is not None or fate.end is not None:
                    raise self.broken(f"{name} has two fates", fate.end or fate.refused, item)
                self._ended(name, fate, item)

    def _routed(self, name: str, fate: _Fate, item: Routed) -> None:
        if fate.routed is not None:
            raise self.broken(f"{name} was routed twice", fate.routed, item)
        if fate.refused is not None:
            raise self.broken(f"{name} was refused, and routed", fate.refused, item)
        fate.routed = item

    def _ended(self, name: str, fate: _Fate, item: Handled | Failed | Refused) -> None:
        if isinstance(item, Refused):
            if fate.routed is not None and fate.updated is None:
                raise self.broken(f"{name} was routed, and refused", fate.routed, item)
            fate.refused = item
            return
        if fate.routed is None:
            raise self.broken(f"{name} came to its end, and was not routed", item)
        if self.premises.calls and fate.met is None and isinstance(item, Handled):
            raise self.broken(f"{name} is said to be handled, and the strategy never met it", fate.routed, item)
        fate.end = item

    def _call(self, call: Call) -> None:
        if call.moment != "begins" or not isinstance(call.value, CandleCloseEvent) or call.sleeve in self._out:
            return  # who is out is warmed up: these candles are not routed
        event = call.value
        fate = self._fates.get((call.sleeve, event.instrument, event.period))
        if fate is None or fate.routed is None:
            raise self.broken(f"{_name(event, call.sleeve)} met its strategy, and was not routed", call)
        if fate.met is not None:
            raise self.broken(f"{_name(event, call.sleeve)} met its strategy twice", fate.routed, fate.met, call)
        fate.met = call

    def _close(self) -> None:
        """The slice is over: every candle has come to its end."""
        fates, self._fates = self._fates, {}
        for fate in fates.values():
            if fate.routed is not None and fate.end is None and fate.refused is None and not self.premises.cut:
                raise self.broken(
                    f"{_name(fate.routed.event, fate.routed.sleeve)} was routed and has no end", fate.routed
                )


def _name(event: CandleCloseEvent, sleeve: str) -> str:
    return f"the candle of {event.instrument} {event.period} for {sleeve}"
