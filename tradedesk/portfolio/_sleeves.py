"""Who trades what: the sleeves in declared order, and which of them want an event.

Pure: a slice of events goes in, rounds of (sleeve, event) come out, and bad input is refused before anything
is sent.
"""

from collections.abc import Mapping, Sequence
from math import inf
from typing import Final, TypeVar

import attrs

from tradedesk.marketdata import (
    CandleCloseEvent,
    DuplicateCandleError,
    Instrument,
    PeriodError,
    period_name,
    period_seconds,
)
from tradedesk.portfolio._errors import UnknownInstrumentError

T = TypeVar("T")

_NO_EDITION: Final = -1
"""Of a plan that is yet to be made."""


@attrs.define
class Sleeve:
    """One strategy's place in the portfolio."""

    key: Instrument
    instrument: Instrument
    period: str | None
    two_phase: bool = False


@attrs.define
class Round:
    """At most one event for each sleeve, in declared order."""

    sleeves: Sequence[int]
    events: Sequence[CandleCloseEvent]


@attrs.define
class Plan:
    """What one slice means for this portfolio.

    Attributes:
        close_time: nanoseconds since the Unix epoch; None where the caller gave none.
        rounds: the candles. A sleeve with several periods meets them one a round, shortest first.
        events: all that it was made from.
        edition: which edition of the sleeves it was made for.
    """

    close_time: int | None
    rounds: Sequence[Round]
    events: Sequence[CandleCloseEvent]
    edition: int


class Sleeves:
    """The sleeves of a portfolio and the routes to them.

    Attributes:
        keys: of all sleeves, in declared order; one list for as long as the portfolio lives.
        place_of: where in it a key stands.
        two_phase: the places of the strategies that update before the allocation and evaluate after it.
        edition: grows with every change. A place means nothing beyond its edition.
        changing: how many changes are on their way; until they are made, nobody can plan.
    """

    def __init__(self, sleeves: Sequence[Sleeve], *, skip_unknown: bool) -> None:
        self.all = list(sleeves)
        self.keys = [sleeve.key for sleeve in sleeves]
        self.edition = 0
        self.changing = 0
        self._skip_unknown = skip_unknown
        self._index()

    def _index(self) -> None:
        self.place_of = {key: place for place, key in enumerate(self.keys)}
        self.two_phase = frozenset(place for place, sleeve in enumerate(self.all) if sleeve.two_phase)
        self._routes: dict[Instrument, list[int]] = {}
        for place, sleeve in enumerate(self.all):
            self._routes.setdefault(sleeve.instrument, []).append(place)
        self._only = _only_routes(self._routes, self.all)

    def add(self, sleeve: Sleeve) -> None:
        """Take in another one, behind all others."""
        self.all.append(sleeve)
        self.keys.append(sleeve.key)
        self.edition += 1
        self._index()

    def remove(self, place: int) -> None:
        """Take one out; those behind it move up."""
        del self.all[place], self.keys[place]
        self.edition += 1
        self._index()

    def again(self, plan: Plan) -> Plan:
        """Plan once more what was planned for an earlier edition."""
        changing, self.changing = self.changing, 0  # those that are on their way are behind this one
        try:
            return self.plan(plan.events, plan.close_time)
        finally:
            self.changing = changing

    def plan(self, events: Sequence[CandleCloseEvent], close_time: int | None) -> Plan:
        """Say who gets which event.

        Raises:
            UnknownInstrumentError: No sleeve trades an event's instrument.
            DuplicateCandleError: The slice holds two candles of one instrument and period.
        """
        if self.changing:
            return Plan(close_time, (), events, _NO_EDITION)
        if not events:
            return Plan(close_time, (), (), self.edition)
        # One pass in C for the usual slice: each instrument once, each with one sleeve that takes all periods.
        only = self._only
        places = [only.get(event.instrument, -1) for event in events]
        ordered = sorted(set(places))
        if len(ordered) != len(places) or ordered[0] < 0:
            return Plan(close_time, self._rounds(events, close_time), events, self.edition)
        if ordered != places:
            by_place = dict(zip(places, events, strict=True))
            events = [by_place[place] for place in ordered]
        return Plan(close_time, (Round(ordered, events),), events, self.edition)

    def _rounds(self, events: Sequence[CandleCloseEvent], close_time: int | None) -> list[Round]:
        _refuse_duplicates(events, close_time)
        wanted: dict[int, list[CandleCloseEvent]] = {}
        for event in events:
            for place in self._takers(event):
                wanted.setdefault(place, []).append(event)
        for share in wanted.values():
            share.sort(key=_shortest_first)
        rounds = []
        for rank in range(max(map(len, wanted.values()), default=0)):
            places = sorted(place for place, share in wanted.items() if len(share) > rank)
            rounds.append(Round(places, [wanted[place][rank] for place in places]))
        return rounds

    def _takers(self, event: CandleCloseEvent) -> list[int]:
        places = self._routes.get(event.instrument)
        if places is None:
            if self._skip_unknown:
                return []
            raise UnknownInstrumentError(event.instrument, self._routes)
        name = period_name(event.period)
        return [place for place in places if self.all[place].period in (None, name)]


def without(by_place: dict[int, T], gone: int) -> dict[int, T]:
    """Return what is known of each place, when the sleeve at ``gone`` is taken out and those behind it move up."""
    return {place - (place > gone): known for place, known in by_place.items() if place != gone}


def _only_routes(routes: Mapping[Instrument, list[int]], sleeves: Sequence[Sleeve]) -> dict[Instrument, int]:
    return {
        instrument: places[0]
        for instrument, places in routes.items()
        if len(places) == 1 and sleeves[places[0]].period is None
    }


def _refuse_duplicates(events: Sequence[CandleCloseEvent], close_time: int | None) -> None:
    seen: set[tuple[str, str]] = set()
    for event in events:
        key = event.instrument, period_name(event.period)
        if key in seen:
            raise DuplicateCandleError(instrument=event.instrument, period=event.period, close_time=close_time)
        seen.add(key)


def _shortest_first(event: CandleCloseEvent) -> tuple[float, str]:
    """Order periods by length; what is no period comes last, by its text, so the order is always the same."""
    try:
        return period_seconds(event.period), event.period
    except PeriodError:
        return inf, event.period
