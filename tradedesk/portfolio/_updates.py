"""The candles of strategies in two phases, between their update and their evaluation. Pure."""

from collections.abc import Callable, Container, Generator, Sequence
from typing import cast

from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._phases import EVALUATE
from tradedesk.portfolio._recorder import Recorder
from tradedesk.portfolio._sleeves import Round
from tradedesk.portfolio._standing import Standing
from tradedesk.portfolio._trace import Failed, Handled, Updated
from tradedesk.portfolio._waves import Failure, Kind, Step, Wave

Fail = Callable[[int, CandleCloseEvent | None, Failure, Kind], None]
Wanted = Callable[[], bool]


class Updates:
    """What each sleeve has updated with in this slice: candles that are without an end.

    Attributes:
        waiting: those whose evaluation is yet to be asked for.
    """

    def __init__(self, keys: list[Instrument], standing: Standing, recorder: Recorder, fail: Fail) -> None:
        self.waiting: dict[int, list[CandleCloseEvent]] = {}
        self._asked: dict[int, list[CandleCloseEvent]] = {}
        self._keys = keys
        self._standing = standing
        self._recorder = recorder
        self._fail = fail

    def begin(self) -> None:
        """A slice begins: what the last one left, if it was closed, has no end."""
        if self.waiting:
            self.waiting = {}

    def drive(
        self,
        rounds: Sequence[Round],
        places: Container[int],
        wanted: Wanted,
        routed: Callable[[Round], Wave | None],
        fold: Callable[[Sequence[int], Sequence[object]], object],
    ) -> Generator[Step, Sequence[object], tuple[Sequence[Round], Wanted]]:
        """Let the sleeves at ``places`` update; return the candles of the others, and whether they are wanted.

        Args:
            rounds: the candles of the slice.
            places: of the sleeves in two phases.
            wanted: asked before the first update.
            routed: makes a wave of a round.
            fold: takes the reports of a wave.
        """
        self.begin()
        updates, others = parted(rounds, places)
        if not updates:
            return rounds, wanted
        if not wanted():
            return rounds, never
        for candles in updates:
            wave = routed(candles)
            if wave is not None:
                outcomes = yield wave
                fold(wave.sleeves, outcomes)
                self.updated(wave, outcomes)
        return others, always  # an update is a routing: behind it the slice is finished, whoever leaves

    def updated(self, wave: Wave, outcomes: Sequence[object]) -> None:
        """A wave of updates is done."""
        for place, payload, outcome in zip(wave.sleeves, wave.payloads, outcomes, strict=True):
            event = cast("CandleCloseEvent", payload)
            if type(outcome) is Failure:
                self._fail(place, event, outcome, Kind.CANDLE)
            else:
                self.waiting.setdefault(place, []).append(event)
                self._recorder.emit(Updated, self._keys[place], event, outcome)

    def join(self, wave: Wave | None) -> Wave | None:
        """Let the evaluations stand beside the candles of a wave, in declared order."""
        for place in sorted(self._standing.out & self.waiting.keys()):
            for event in self.waiting.pop(place):
                self._standing.refuse_out(place, event)
        if not self.waiting:
            return wave
        due: dict[int, object] = dict.fromkeys(self.waiting, EVALUATE)
        self._asked, self.waiting = self.waiting, {}
        if wave is not None:
            due |= zip(wave.sleeves, wave.payloads, strict=True)
        places = sorted(due)
        return Wave(Kind.CANDLE, places, [due[place] for place in places])

    def evaluated(self, place: int, outcome: object) -> int:
        """A sleeve has evaluated: its candles end with that. Return how many it has handled."""
        *others, last = self._asked.pop(place)
        key = self._keys[place]
        if type(outcome) is Failure:
            for event in others:
                self._recorder.emit(Failed, key, event, outcome.error)
            self._fail(place, last, outcome, Kind.CANDLE)
            return 0
        memory = self._standing.memories.get(place)
        for event in (*others, last):
            self._recorder.emit(Handled, key, event, outcome)
            if memory is not None:
                memory.append(event)
        return len(others) + 1

    def refuse(self, reason: str) -> None:
        """There will be no evaluation in this slice."""
        for place in sorted(self.waiting):
            for event in self.waiting.pop(place):
                self._standing.refuse(place, event, reason)


def parted(rounds: Sequence[Round], places: Container[int]) -> tuple[list[Round], list[Round]]:
    """Part the candles for some places from the others."""
    ours, others = [], []
    for candles in rounds:
        rows = list(zip(candles.sleeves, candles.events, strict=True))
        ours.append([row for row in rows if row[0] in places])
        others.append([row for row in rows if row[0] not in places])
    return _rounds(ours), _rounds(others)


def _rounds(parts: Sequence[Sequence[tuple[int, CandleCloseEvent]]]) -> list[Round]:
    return [Round([place for place, _ in rows], [event for _, event in rows]) for rows in parts if rows]


def always() -> bool:
    """Wanted by the rules."""
    return True


def never() -> bool:
    """Wanted by nobody."""
    return False
