"""The rules of the portfolio: reports in, allocation out, candles last.

This file does not know how a wave reaches a strategy, what time it is, or that tasks exist. `Coordination.slice`
is a generator that yields what is to be done next and is sent the outcomes; whoever drives it (actors, or the
caller's own task) makes the same decisions happen. It may be closed at any yield: what was in flight then
counts as unknown, and is polled and sent again with the next slice.

What a sleeve *holds* is the last policy amount that it was given; the default counts as 0. Where it is not
known whether an amount arrived, the larger one counts, so the sum of what is held never exceeds the budget.
"""

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from types import MappingProxyType
from typing import Final, cast

from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._allocation import Checked, checked
from tradedesk.portfolio._errors import AllocationError, shown
from tradedesk.portfolio._sleeves import Plan, Round, Sleeves
from tradedesk.portfolio._trace import (
    Allocated,
    Failed,
    Handled,
    Refused,
    Reported,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
)
from tradedesk.portfolio._waves import Allocate, Answer, Failure, Kind, Step, Wave

Outcomes = Sequence[object]
Steps = Generator[Step, Outcomes, None]

_POLL: Final = Kind.POLL
_RISK: Final = Kind.RISK
_CANDLE: Final = Kind.CANDLE


class Coordination:
    """The state between slices: who is active, what each sleeve holds and was told."""

    def __init__(
        self,
        sleeves: Sleeves,
        default: float,
        *,
        poll_regimes: bool,
        trace: Callable[[TraceRecord], object] | None,
    ) -> None:
        count = len(sleeves.keys)
        self.sleeves = sleeves
        self.held = [0.0] * count
        self._default = default
        self._poll_regimes = poll_regimes
        self._trace = trace
        self._sequence = 0
        self.slices = 0
        self.candles = 0
        self._close_time: int | None = None
        self._active = [False] * count
        self._active_keys: list[Instrument] | None = None
        self._told: list[float | None] = [None] * count
        self._owing = set(range(count))  # sleeves whose last report is missing
        self._in_flight = False  # candles were out when the last slice was closed
        self._settled: Checked | None = None  # all of it was taken
        self.failed: dict[int, Exception] = {}  # the sleeves that failed in this slice

    @property
    def active(self) -> tuple[Instrument, ...]:
        """The sleeves whose last report was active, in declared order."""
        return tuple(key for key, on in zip(self.sleeves.keys, self._active, strict=True) if on)

    @property
    def failures(self) -> list[Exception]:
        """What strategies raised in this slice, in the order it happened."""
        return list(self.failed.values())

    def slice(self, plan: Plan, policy: str, wanted: Callable[[], bool]) -> Steps:
        """Drive one slice.

        Args:
            plan: who gets which candle.
            policy: the policy's name, for errors.
            wanted: asked before the first candle is routed; False ends the slice there.

        Raises:
            AllocationError: The policy raised or gave a bad answer; nothing was sent.
        """
        self.slices += 1
        self._close_time = plan.close_time
        if self.failed:
            self.failed = {}
        places = self._to_poll()
        if places:
            self._reported(places, (yield Wave(_POLL, places, [None] * len(places))))
        (answer,) = yield Allocate(self._active_list())
        accepted = self._answered(answer, policy)
        allocation = None if accepted is None else accepted[0]
        if allocation is not None:
            self._settled = None  # if the slice ends here, nobody knows who took what
            yield from self._send_risk(allocation)
            if not self.failed:
                self._settled = accepted
        if plan.rounds and self._may_route(plan, allocation, wanted):
            for candles in plan.rounds:
                wave = self._routed(candles)
                if wave is not None:
                    self._handled(wave, (yield wave))

    # Reports and allocation -----------------------------------------------------------------------------

    def _to_poll(self) -> Sequence[int]:
        if self._poll_regimes or self._in_flight:
            return range(len(self._active))
        return sorted(self._owing) if self._owing else ()

    def _reported(self, places: Sequence[int], outcomes: Outcomes) -> None:
        self._in_flight = False
        if self._fold(places, outcomes) or self._trace is not None:
            for place, outcome in zip(places, outcomes, strict=True):
                if type(outcome) is Failure:
                    self._fail(place, None, outcome.error)
                else:
                    self._emit(Reported, self.sleeves.keys[place], outcome)

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
        if self._owing:
            self._owing.difference_update(places)
        return failed

    def _active_list(self) -> list[Instrument]:
        if self._active_keys is None:
            self._active_keys = list(self.active)
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
        if self._trace is not None:
            allocation, budget = accepted
            self._emit(Allocated, MappingProxyType(allocation), budget)  # ours: whoever watches may only look
        return None if accepted is self._settled else accepted

    # Risk -----------------------------------------------------------------------------------------------

    def _send_risk(self, allocation: dict[Instrument, float]) -> Generator[Step, Outcomes, None]:
        """Releases and smaller grants first, and acknowledged; only then the larger ones."""
        smaller: list[tuple[int, float, bool]] = []
        larger: list[tuple[int, float, bool]] = []
        default, held, told = self._default, self.held, self._told
        for place, key in enumerate(self.sleeves.keys):
            granted = key in allocation
            amount = allocation[key] if granted else default
            holds = amount if granted else 0.0
            if told[place] != amount or held[place] != holds:
                (larger if holds > held[place] else smaller).append((place, amount, granted))
        yield from self._tell(smaller)
        if not self._stuck(allocation):
            yield from self._tell(larger)

    def _tell(self, changes: list[tuple[int, float, bool]]) -> Generator[Step, Outcomes, None]:
        held, told = self.held, self._told
        unsent = []
        for place, amount, granted in changes:
            if place in self.failed:
                continue
            holds = amount if granted else 0.0
            if told[place] == amount:
                held[place] = holds
                self._emit(RiskTurned, self.sleeves.keys[place], amount, granted)
            else:
                told[place] = None
                held[place] = max(held[place], holds)
                unsent.append((place, amount, granted))
        if unsent:
            outcomes = yield Wave(_RISK, [place for place, _, _ in unsent], [amount for _, amount, _ in unsent])
            for change, outcome in zip(unsent, outcomes, strict=True):
                self._taken(*change, outcome)

    def _taken(self, place: int, amount: float, granted: bool, outcome: object) -> None:  # noqa: FBT001 - a row
        if type(outcome) is Failure:
            self._fail(place, None, outcome.error)
            return
        self._told[place] = amount
        self.held[place] = amount if granted else 0.0
        self._emit(RiskSent, self.sleeves.keys[place], amount, granted)

    def _stuck(self, allocation: dict[Instrument, float] | None) -> bool:
        """Whether a failed sleeve still holds more than it should, so that nobody else may get more."""
        return allocation is not None and any(
            self.held[place] > allocation.get(self.sleeves.keys[place], 0.0) for place in self.failed
        )

    # Candles --------------------------------------------------------------------------------------------

    def _may_route(self, plan: Plan, allocation: dict[Instrument, float] | None, wanted: Callable[[], bool]) -> bool:
        if self.failed and self._stuck(allocation):
            self._refuse(plan.rounds, "a sleeve that failed still holds risk that others were to get")
            return False
        if not wanted():
            self._refuse(plan.rounds, "the caller left before the candles were routed")
            return False
        return True

    def _routed(self, candles: Round) -> Wave | None:
        places, events = candles.sleeves, candles.events
        if self.failed:
            places, events = self._without_failed(candles)
            if not places:
                return None
        if self._trace is not None:
            for place, event in zip(places, events, strict=True):
                self._emit(Routed, self.sleeves.keys[place], event)
        self._in_flight = True
        self.candles += len(places)
        return Wave(_CANDLE, places, events)

    def _handled(self, wave: Wave, outcomes: Outcomes) -> None:
        self._in_flight = False
        if self._fold(wave.sleeves, outcomes) or self._trace is not None:
            for place, payload, outcome in zip(wave.sleeves, wave.payloads, outcomes, strict=True):
                event = cast("CandleCloseEvent", payload)
                if type(outcome) is Failure:
                    self._fail(place, event, outcome.error)
                else:
                    self._emit(Handled, self.sleeves.keys[place], event, outcome)

    def _without_failed(self, candles: Round) -> tuple[list[int], list[CandleCloseEvent]]:
        places, events = [], []
        for place, event in zip(candles.sleeves, candles.events, strict=True):
            if place in self.failed:
                self._emit(Refused, self.sleeves.keys[place], event, "the sleeve failed earlier in this slice")
            else:
                places.append(place)
                events.append(event)
        return places, events

    def _refuse(self, rounds: Sequence[Round], reason: str) -> None:
        for candles in rounds:
            for place, event in zip(candles.sleeves, candles.events, strict=True):
                self._emit(Refused, self.sleeves.keys[place], event, reason)

    # Failures and the trace -----------------------------------------------------------------------------

    def _fail(self, place: int, event: CandleCloseEvent | None, error: Exception) -> None:
        """A sleeve failed: it gets nothing more of this slice, and owes a report in the next."""
        key = self.sleeves.keys[place]
        with suppress(AttributeError, TypeError):  # an exception that is frozen takes no note
            BaseException.add_note(error, f"in sleeve {key!r}, {_occasion(event)}, slice {self.slices}")
        self.failed[place] = error
        self._owing.add(place)
        self._emit(Failed, key, event, error)

    def _emit(self, record: Callable[..., TraceRecord], *fields: object) -> None:
        if self._trace is not None:
            self._sequence += 1
            self._trace(record(self._sequence, self.slices, self._close_time, *fields))


def _occasion(event: CandleCloseEvent | None) -> str:
    if event is None:
        return "before any candle of the slice"
    if type(event) is not CandleCloseEvent:
        return f"candle {shown(event)}"
    return f"candle {event.instrument} {event.period} {shown(event.candle)}"
