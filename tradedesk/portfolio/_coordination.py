"""The rules of the portfolio: reports in, allocation out, candles last.

This file does not know how a wave reaches a strategy, what time it is, or that tasks exist. `Coordination.slice`
is a generator that yields what is to be done next and is sent the outcomes; whoever drives it (actors, or the
caller's own task) makes the same decisions happen. It may be closed at any yield: what was in flight then
counts as unknown, and is polled and sent again with the next slice.

Its parts: `Holdings` sends risk and knows who holds what, `Standing` knows who failed and what becomes of
them, `Halts` is the kill switch, the meters count, `Recorder` writes down.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, cast

import attrs

from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._allocation import Checked, checked
from tradedesk.portfolio._errors import AllocationError, shown
from tradedesk.portfolio._halts import Halts
from tradedesk.portfolio._holdings import Holdings, Outcomes, Steps
from tradedesk.portfolio._meters import ActiveMeter, HandledMeter, UtilisationMeter
from tradedesk.portfolio._numbers import number
from tradedesk.portfolio._phases import EVALUATE
from tradedesk.portfolio._recorder import Recorder
from tradedesk.portfolio._sleeves import Plan, Round, Sleeve, Sleeves
from tradedesk.portfolio._standing import Standing
from tradedesk.portfolio._statistics import ActiveCount, SleeveStatistics, SliceReport, Utilisation
from tradedesk.portfolio._trace import (
    Added,
    Allocated,
    Failed,
    Handled,
    PolicySet,
    Removed,
    Reported,
    Routed,
    TraceRecord,
)
from tradedesk.portfolio._updates import Updates, Wanted
from tradedesk.portfolio._waves import Allocate, Answer, Failure, Kind, Step, Wave
from tradedesk.portfolio.types import FailureRule

_NO_CANDLES: Final = (Round((), ()),)
_POLL: Final = Kind.POLL
_CANDLE: Final = Kind.CANDLE
_BUILD: Final = Kind.BUILD


class Coordination:
    """The state between slices: who is active, what each sleeve holds and was told."""

    def __init__(
        self,
        sleeves: Sleeves,
        default: float,
        *,
        rules: Sequence[FailureRule],
        poll_regimes: bool,
        trace: Callable[[TraceRecord], object] | None,
    ) -> None:
        count = len(sleeves.keys)
        self.sleeves = sleeves
        self.candles = 0
        self._poll_regimes = poll_regimes
        self._recorder = Recorder(trace)
        self.standing = Standing(sleeves.keys, rules, self._recorder)
        self._holdings = Holdings(sleeves.keys, default, self.standing, self._recorder)
        self.halts = Halts(self._recorder)
        self._active_meter = ActiveMeter()
        self._utilisation_meter = UtilisationMeter()
        self._handled_meter = HandledMeter()
        self._updates = Updates(sleeves.keys, self.standing, self._recorder, self._fail)
        self._active = [False] * count
        self._active_keys: list[Instrument] | None = None
        self._in_flight = False  # candles were out when the last slice was closed
        self._settled: Checked | None = None  # all of it was taken
        self._budget: float | None = None  # the last one known

    @property
    def slices(self) -> int:
        """Slices begun."""
        return self._recorder.slice_number

    @property
    def held(self) -> Sequence[float]:
        """What each sleeve holds, in declared order."""
        return self._holdings.held

    @property
    def active(self) -> tuple[Instrument, ...]:
        """The sleeves whose last report was active and that are not down, in declared order."""
        down = self.standing.down
        keys = enumerate(self.sleeves.keys)
        return tuple(key for place, key in keys if self._active[place] and place not in down)

    def report(self) -> SliceReport:
        """What is to be said of this slice."""
        standing, keys = self.standing, self.sleeves.keys
        return SliceReport(
            MappingProxyType({keys[place]: error for place, error in standing.failed.items()}),
            MappingProxyType({keys[place]: count for place, count in standing.refused.items()}),
        )

    def sleeve_statistics(self) -> dict[Instrument, SleeveStatistics]:
        """How each sleeve stands, in declared order."""
        handled = self._handled_meter.settle(len(self._active))
        return {
            key: self.standing.statistics(place, active=self._active[place], handled=handled[place])
            for place, key in enumerate(self.sleeves.keys)
        }

    def active_count(self) -> ActiveCount:
        """How many sleeves were active, over all slices."""
        return self._active_meter.statistics(self.slices)

    def utilisation(self) -> Utilisation | None:
        """What part of the budget was held, over all slices that had one."""
        return self._utilisation_meter.statistics(self.slices)

    def slice(self, plan: Plan, policy: str, wanted: Wanted) -> Steps:
        """Drive one slice.

        Args:
            plan: who gets which candle.
            policy: the policy's name, for errors.
            wanted: asked before the first candle is routed; False ends the slice there.

        Raises:
            AllocationError: The policy raised or gave a bad answer; nothing was sent.
        """
        standing = self.standing
        self._begin(plan)
        if standing.down:
            yield from self._come_back()
        rounds, updates = plan.rounds, self._updates
        if self.sleeves.two_phase:
            unknown = self._in_flight  # an update leaves nothing to ask for that was not to be asked for before
            update = updates.drive(rounds, self.sleeves.two_phase, wanted, self._routed, self._fold)
            rounds, wanted = yield from update
            self._in_flight = unknown
        places = self._to_poll()
        if places:
            self._reported(places, (yield Wave(_POLL, places, [None] * len(places))))
        (answer,) = yield Allocate(self._active_list())
        try:
            accepted = self._halted(answer, policy) if self.halts.on else self._answered(answer, policy)
        except AllocationError:
            self._refuse(rounds, "the policy raised, or its answer was refused")
            raise
        allocation = None if accepted is None else accepted[0]
        if accepted is not None and allocation is not None:
            self._settled = None  # if the slice ends here, nobody knows who took what
            self._budget = accepted[1]
            yield from self._holdings.send(allocation)
            self._measure(self._recorder.slice_number)
            if not standing.failed:
                self._settled = accepted
        if (rounds or updates.waiting) and self._may_route(rounds, allocation, wanted):
            for candles in rounds or _NO_CANDLES:
                wave = self._joined(candles) if updates.waiting else self._routed(candles)
                if wave is not None:
                    self._handled(wave, (yield wave))

    def _begin(self, plan: Plan) -> None:
        self._recorder.begin(plan.close_time)
        if self.standing.eventful:
            self._active_keys = None
            self.standing.begin()
            self._measure(self.slices)

    def _come_back(self) -> Steps:
        """Whose rest is over gets its new object, or goes on with the old one, before anybody reports."""
        due = self.standing.due()
        builds = {place: down.build for place, down in due.items() if down.build is not None}
        outcomes: Mapping[int, object] = {}
        if builds:
            orders = [attrs.evolve(build, candles=tuple(build.candles)) for build in builds.values()]
            outcomes = dict(zip(builds, (yield Wave(_BUILD, list(builds), orders)), strict=True))
        for place in due:
            outcome = outcomes.get(place)
            if type(outcome) is Failure:
                self._fail(place, None, outcome, _BUILD)
            else:
                self._active[place] = False  # until it reports
                self._settled = None  # it is to be told
                self.standing.come_back(place)

    # Between slices -------------------------------------------------------------------------------------

    def admit(self, sleeve: Sleeve, rule: FailureRule) -> None:
        """Take in a sleeve, behind all others."""
        self._handled_meter.settle(len(self._active))
        self.sleeves.add(sleeve)
        self._active.append(False)
        self.standing.admit(rule)
        self._holdings.admit()
        self._settled = None
        self._recorder.emit(Added, sleeve.key, sleeve.instrument, sleeve.period)

    def release(self, place: int) -> Generator[Step, Outcomes, Exception | None]:
        """Tell a sleeve an amount of 0 before it goes, unless it is down; return what it raised."""
        return self._holdings.release(place)

    def dismiss(self, place: int, error: Exception | None) -> None:
        """Take a sleeve out; ``error`` is what it raised when it was told."""
        key = self.sleeves.keys[place]
        if error is not None:
            self._recorder.emit(Failed, key, None, error)
        self._handled_meter.dismiss(place, len(self._active))
        self.sleeves.remove(place)
        del self._active[place]
        self._active_keys = None
        self.standing.dismiss(place)
        self._holdings.dismiss(place)
        self._updates.begin()
        self._settled = None
        self._recorder.emit(Removed, key)

    def policy_set(self, policy: str, budget: float | None) -> None:
        """Write down that another policy allocates from now on."""
        self._budget = number(budget)
        self._recorder.emit(PolicySet, policy, budget)

    def release_halt(self, calls: int) -> bool:
        """Let the policy allocate again, unless the switch was pulled after ``calls`` calls; say if it does."""
        if not self.halts.release(calls):
            return False
        self._holdings.halted = False
        self._settled = None
        return True

    # Reports and allocation -----------------------------------------------------------------------------

    def _to_poll(self) -> Sequence[int]:
        owing, out = self.standing.owing, self.standing.out
        if self._poll_regimes or self._in_flight:
            everybody = range(len(self._active))
            return [place for place in everybody if place not in out] if out else everybody
        return sorted(owing - out) if owing else ()

    def _reported(self, places: Sequence[int], outcomes: Outcomes) -> None:
        self._in_flight = False
        if self._fold(places, outcomes) or self._recorder.on:
            for place, outcome in zip(places, outcomes, strict=True):
                if type(outcome) is Failure:
                    self._fail(place, None, outcome, _POLL)
                else:
                    self._recorder.emit(Reported, self.sleeves.keys[place], outcome)

    def _fold(self, places: Sequence[int], outcomes: Outcomes) -> bool:
        """Take reports into the state, leaving the last one standing where a sleeve failed; say if one did."""
        active = self._active
        failed = False
        for place, outcome in zip(places, outcomes, strict=True):
            if outcome is not active[place]:
                if type(outcome) is Failure:
                    failed = True
                else:
                    active[place] = cast("bool", outcome)
                    self._active_keys = None
        if self.standing.owing:
            self.standing.owing.difference_update(places)
        return failed

    def _active_list(self) -> list[Instrument]:
        if self._active_keys is None:
            self._active_keys = list(self.active)
            self._active_meter.change(self._recorder.slice_number, len(self._active_keys))
        return self._active_keys.copy()

    def accept(self, answer: Answer, policy: str) -> Checked:
        """Check what the policy said. To look at an answer runs its code, which may raise anything."""
        settled = self._settled
        # NaN is unequal to itself, so an answer that equals a checked one is as good
        if settled is not None and type(answer.allocation) is dict and (answer.allocation, answer.budget) == settled:
            return settled
        return checked(answer, self.sleeves.place_of.keys(), policy)

    def _answered(self, outcome: object, policy: str) -> Checked | None:
        """Take what was accepted; None means that every sleeve was told all of it before."""
        if type(outcome) is Failure:
            if isinstance(outcome.error, AllocationError):
                raise outcome.error
            raise AllocationError(policy, f"raised {shown(outcome.error)}") from outcome.error
        accepted = cast("Checked", outcome)
        if self._recorder.on:
            allocation, budget = accepted
            self._recorder.emit(Allocated, MappingProxyType(allocation), budget)  # ours: whoever watches may only look
        return None if accepted is self._settled else accepted

    def _halted(self, answer: object, policy: str) -> Checked | None:
        """Nothing for anybody, whatever a policy said that was asked before the switch was pulled."""
        if self.halts.take_effect():
            self._holdings.halted = True
            self._settled = None
        if type(answer) is Failure:
            return self._answered(answer, policy)
        nothing: Checked = {}, self._budget
        if self._recorder.on:
            self._recorder.emit(Allocated, MappingProxyType({}), self._budget)
        return None if nothing == self._settled else nothing

    def _measure(self, slice_number: int) -> None:
        budget = self._budget
        self._utilisation_meter.change(slice_number, sum(self.held) if budget else 0.0, budget)

    # Candles --------------------------------------------------------------------------------------------

    def _may_route(self, rounds: Sequence[Round], allocation: dict[Instrument, float] | None, wanted: Wanted) -> bool:
        if allocation is not None and self.standing.failed and self._holdings.stuck(allocation):
            self._refuse(rounds, "a sleeve that failed still holds risk that others were to get")
            return False
        if not wanted():
            self._refuse(rounds, "the caller left before the candles were routed")
            return False
        return True

    def _joined(self, candles: Round) -> Wave | None:
        """Let the evaluations of this slice stand beside candles, in one wave."""
        wave = self._routed(candles) if candles.sleeves else None
        wave = self._updates.join(wave)
        self._in_flight = wave is not None
        return wave

    def _routed(self, candles: Round) -> Wave | None:
        places, events = candles.sleeves, candles.events
        if self.standing.out:
            places, events = self._without_out(candles)
            if not places:
                return None
        if self._recorder.on:
            for place, event in zip(places, events, strict=True):
                self._recorder.emit(Routed, self.sleeves.keys[place], event)
        self._in_flight = True
        self.candles += len(places)
        return Wave(_CANDLE, places, events)

    def _handled(self, wave: Wave, outcomes: Outcomes) -> None:
        self._in_flight = False
        memories, meter = self.standing.memories, self._handled_meter
        singly = self._fold(wave.sleeves, outcomes) or self.sleeves.two_phase
        if not singly:
            if len(outcomes) == len(self._active):
                meter.whole += 1
            else:
                meter.wave(wave.sleeves)
        if singly or self._recorder.on or memories:
            for place, payload, outcome in zip(wave.sleeves, wave.payloads, outcomes, strict=True):
                event = cast("CandleCloseEvent", payload)
                if payload is EVALUATE:
                    meter.one(place, self._updates.evaluated(place, outcome))
                elif type(outcome) is Failure:
                    self._fail(place, event, outcome, _CANDLE)
                else:
                    if singly:
                        meter.one(place)
                    self._recorder.emit(Handled, self.sleeves.keys[place], event, outcome)
                    if place in memories:
                        memories[place].append(event)

    def _without_out(self, candles: Round) -> tuple[list[int], list[CandleCloseEvent]]:
        places, events = [], []
        for place, event in zip(candles.sleeves, candles.events, strict=True):
            if place in self.standing.out:
                self.standing.refuse_out(place, event)
            else:
                places.append(place)
                events.append(event)
        return places, events

    def _refuse(self, rounds: Sequence[Round], reason: str) -> None:
        self._updates.refuse(reason)
        for candles in rounds:
            for place, event in zip(candles.sleeves, candles.events, strict=True):
                self.standing.refuse(place, event, reason)

    def _fail(self, place: int, event: CandleCloseEvent | None, failure: Failure, kind: Kind) -> None:
        if self.standing.fail(place, event, failure, kind):
            self._holdings.drop(place)
        self._active_keys = None
