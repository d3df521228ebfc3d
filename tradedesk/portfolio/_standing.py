"""Who failed, who is down for it and for how long: the rules of failure, without a clock but the count of slices.

A sleeve is *down* while it is quarantined or rests before a restart. From the record that says so it holds 0, and
its candles and orders are refused. When it comes back, its orders still wait for its next grant: what the
policy had given it before has gone to others.
"""

from collections import deque
from collections.abc import Sequence
from typing import Final

import attrs

from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._errors import note, shown, shown_candle
from tradedesk.portfolio._recorder import Recorder
from tradedesk.portfolio._sleeves import without
from tradedesk.portfolio._statistics import SleeveStatistics
from tradedesk.portfolio._trace import Failed, Quarantined, Readmitted, Refused, Restarted, Resting
from tradedesk.portfolio._waves import Build, Failure, Kind
from tradedesk.portfolio.types import FailureRule, Positions, Restart

_BUILD: Final = Kind.BUILD


@attrs.define
class Down:
    """A sleeve that takes no part.

    Attributes:
        error: what it failed with.
        since: the slice of that failure.
        until: the slice at whose start it comes back; None: it is quarantined.
        build: how it gets a new object then; None: it comes back with the one it has.
        readmitted: somebody asked for it, so it is no restart.
        positions: what is to become of open positions; None while it only rests.
    """

    error: Exception
    since: int
    until: int | None = None
    build: Build | None = None
    readmitted: bool = False
    positions: Positions | None = None


@attrs.define
class Tally:
    """What a sleeve has been through: failures, candles refused, restarts."""

    failures: int = 0
    refused: int = 0
    restarts: int = 0


class Standing:
    """How each sleeve stands.

    Attributes:
        eventful: somebody failed in this slice, or was refused a candle.
        failed: what the sleeves that failed in this slice failed with, in the order it happened.
        refused: how many candles of this slice each sleeve was refused.
        down: the sleeves that take no part.
        out: who gets nothing more of this slice: who is down, and who failed in it.
        owing: sleeves whose last report is missing.
        ungranted: the sleeves that came back and wait for a grant, and what brought them back.
        memories: the last candles handled by each sleeve that a new object may be warmed with.
        tallies: of the sleeves that ever failed or were refused a candle.
    """

    def __init__(self, keys: Sequence[Instrument], rules: Sequence[FailureRule], recorder: Recorder) -> None:
        self.eventful = False
        self.failed: dict[int, Exception] = {}
        self.refused: dict[int, int] = {}
        self.down: dict[int, Down] = {}
        self.out: set[int] = set()
        self.owing: set[int] = set()
        self.ungranted: dict[int, str] = {}
        self.tallies: dict[int, Tally] = {}
        self.memories: dict[int, deque[CandleCloseEvent]] = {}
        self._keys = keys
        self._rules: list[FailureRule] = []
        self._recorder = recorder
        self._causes: dict[int, list[tuple[int, Exception]]] = {}  # by sleeve, the failures that a limit counts
        for rule in rules:
            self.admit(rule)

    @property
    def raised(self) -> list[Exception]:
        """What comes out of the call: the failures of this slice that no rule takes up."""
        return [error for place, error in self.failed.items() if self._rules[place] == "raise"]

    def begin(self) -> None:
        """A slice begins after an eventful one: what failed in that takes part again, unless it is down."""
        self.eventful = False
        self.failed, self.refused = {}, {}
        self.out = set(self.down)

    # Coming and going -----------------------------------------------------------------------------------

    def admit(self, rule: FailureRule) -> None:
        """A sleeve is new, behind all others."""
        place = len(self._rules)
        self._rules.append(rule)
        self.owing.add(place)
        if isinstance(rule, Restart) and rule.warm_up:
            self.memories[place] = deque(maxlen=rule.warm_up)

    def dismiss(self, place: int) -> None:
        """A sleeve is gone; those behind it have moved up."""
        del self._rules[place]
        self.failed = without(self.failed, place)
        self.refused = without(self.refused, place)
        self.down = without(self.down, place)
        self.ungranted = without(self.ungranted, place)
        self.tallies = without(self.tallies, place)
        self.memories = without(self.memories, place)
        self._causes = without(self._causes, place)
        self.out = set(without(dict.fromkeys(self.out), place))
        self.owing = set(without(dict.fromkeys(self.owing), place))

    # Failing --------------------------------------------------------------------------------------------

    def fail(self, place: int, event: CandleCloseEvent | None, failure: Failure, kind: Kind) -> bool:
        """A sleeve failed at ``event``, or without one; return whether it is down now, and so holds 0."""
        key, error = self._keys[place], failure.error
        occasion = _occasion(kind, event, failure)
        note(error, f"in sleeve {key!r}, {occasion}, slice {self._recorder.slice_number}")
        self.eventful = True
        self.failed[place] = error
        self.out.add(place)
        self.owing.add(place)
        self._tally(place).failures += 1
        self._recorder.emit(Failed, key, event, error)
        self._judge(place, failure)
        return place in self.down

    def _judge(self, place: int, failure: Failure) -> None:
        rule = self._rules[place]
        if isinstance(rule, Restart) and not failure.stuck:
            group = self._one_too_many(place, rule, failure.error)
            if group is None:
                self._rest(place, rule, failure.error)
            else:
                self._quarantine(place, group, rule.positions)
        elif not isinstance(rule, str):
            self._quarantine(place, failure.error, rule.positions)
        elif failure.stuck or place in self.down:  # what did not come back stays where it was
            self._quarantine(place, failure.error, "hold")

    def _one_too_many(self, place: int, rule: Restart, error: Exception) -> Exception | None:
        now = self._recorder.slice_number
        recent = [(at, cause) for at, cause in self._causes.get(place, ()) if at > now - rule.within]
        self._causes[place] = recent = [*recent, (now, error)]
        if len(recent) <= rule.limit:
            return None
        message = (
            f"sleeve {self._keys[place]!r} failed {len(recent)} times within {rule.within} slices, limit {rule.limit}"
        )
        return ExceptionGroup(message, [cause for _, cause in recent])

    def _rest(self, place: int, rule: Restart, error: Exception) -> None:
        now = self._recorder.slice_number
        until = now + 1 + rule.backoff
        build = Build(rule.factory, self.memories.get(place, ()))
        self.down[place] = Down(error, now, until, build)
        self._recorder.emit(Resting, self._keys[place], until)

    def _quarantine(self, place: int, error: Exception, positions: Positions) -> None:
        self.down[place] = Down(error, self._recorder.slice_number, positions=positions)
        self._recorder.emit(Quarantined, self._keys[place], error, positions)

    # Refusing -------------------------------------------------------------------------------------------

    def refuse(self, place: int, event: CandleCloseEvent, reason: str) -> None:
        """A candle is not routed."""
        self.eventful = True
        self._tally(place).refused += 1
        self.refused[place] = self.refused.get(place, 0) + 1
        self._recorder.emit(Refused, self._keys[place], event, reason)

    def refuse_out(self, place: int, event: CandleCloseEvent) -> None:
        """A candle is not routed because its sleeve is out."""
        if place in self.failed:
            self.refuse(place, event, "the sleeve failed earlier in this slice")
        else:
            self.refuse(place, event, self._down_because(self.down[place]))

    def order_refusal(self, place: int) -> str | None:
        """Why an order of the sleeve is to be refused now; None when it may go."""
        down = self.down.get(place)
        if down is not None:
            return f"{self._down_because(down)}: {shown(down.error)}"
        came_back = self.ungranted.get(place)
        return None if came_back is None else f"the sleeve was {came_back} and has had no grant since"

    def _down_because(self, down: Down) -> str:
        if down.until is None:
            return f"the sleeve is quarantined since slice {down.since}"
        return f"the sleeve rests until slice {down.until}"

    # Coming back ----------------------------------------------------------------------------------------

    def due(self) -> dict[int, Down]:
        """Who comes back at the start of this slice, in declared order."""
        now = self._recorder.slice_number
        return {
            place: down for place, down in sorted(self.down.items()) if down.until is not None and down.until <= now
        }

    def readmit(self, place: int, build: Build | None) -> None:
        """Let a quarantined sleeve come back when the next slice begins, its failures forgotten."""
        down = self.down[place]
        until = self._recorder.slice_number + 1
        self.down[place] = attrs.evolve(down, until=until, build=build, readmitted=True, positions=None)
        self._causes.pop(place, None)

    def come_back(self, place: int) -> None:
        """A sleeve takes part again: it owes a report, and its orders wait for a grant."""
        down = self.down.pop(place)
        self.out.discard(place)
        self.owing.add(place)
        key, now = self._keys[place], self._recorder.slice_number
        if down.readmitted:
            self.ungranted[place] = f"readmitted in slice {now}"
            self._recorder.emit(Readmitted, key, down.build is not None)
        else:
            self._tally(place).restarts += 1
            self.ungranted[place] = f"restarted in slice {now}"
            self._recorder.emit(Restarted, key, len(self.memories.get(place, ())))

    def statistics(self, place: int, *, active: bool, handled: int = 0) -> SleeveStatistics:
        """How a sleeve stands."""
        tally = attrs.asdict(self.tallies.get(place, Tally())) | {"handled": handled}
        down = self.down.get(place)
        if down is None:
            return SleeveStatistics("active" if active else "inactive", **tally)
        if down.until is None:
            return SleeveStatistics("quarantined", down.error, positions=down.positions, **tally)
        return SleeveStatistics("resting", down.error, down.until, **tally)

    def _tally(self, place: int) -> Tally:
        return self.tallies.setdefault(place, Tally())


def _occasion(kind: Kind, event: CandleCloseEvent | None, failure: Failure) -> str:
    if event is not None:
        return shown_candle(event)
    if kind is not _BUILD:
        return "before any candle of the slice"
    if failure.candle is None:
        return "while a new object was built"
    return f"while a new object was warmed with {shown_candle(failure.candle)}"
