"""The guide's flow and the rules of failure, once more and as simply as they can be said: no actors, no waves."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

import attrs
import trio

from tests.laws.desk import (
    DEFAULT,
    SHORTEST_FIRST,
    TIMEOUT,
    Boom,
    Desk,
    Lab,
    RulePlan,
    Scripted,
    SleevePlan,
    strategies_of,
    traded,
)
from tradedesk.marketdata import CandleCloseEvent


class Failed(Exception):
    """A handler did not do its part."""


class Stuck(Failed):
    """And had not ended after twice its time."""


@attrs.define
class Down:
    until: int | None
    how: str


@attrs.define
class Member:
    """One sleeve: who plays, what it was told and holds, and what it has been through."""

    plan: SleevePlan
    rule: RulePlan
    strategy: Scripted
    told: float | None = None
    held: float = 0.0
    active: bool = False
    down: Down | None = None
    newcomer: Scripted | None = None
    seen: list[CandleCloseEvent] = attrs.Factory(list)
    failures: list[int] = attrs.Factory(list)


class Model:
    def __init__(self, desk: Desk, lab: Lab) -> None:
        self.desk = desk
        self.lab = lab
        self.members: dict[str, Member] = {}
        self.policy = desk.policy()
        self.number = 0
        self.failed: set[str] = set()
        for strategy in strategies_of(desk, lab).values():
            self.add(strategy)

    @property
    def strategies(self) -> dict[str, Scripted]:
        return {key: member.strategy for key, member in self.members.items()}

    @property
    def standings(self) -> dict[str, str]:
        return {key: _standing(member) for key, member in self.members.items()}

    # Between slices -------------------------------------------------------------------------------------

    def ask_back(self, readmitted: Mapping[str, bool]) -> None:
        for key, anew in readmitted.items():
            member = self.members.get(key)
            if member is not None and member.down is not None and member.down.until is None:
                member.newcomer = member.strategy.successor() if anew else None
                member.down = Down(self.number + 1, "given" if anew else "same")
                member.failures = []

    def add(self, strategy: Scripted) -> None:
        rule = self.desk.rules.get(strategy.key, RulePlan())
        self.members[strategy.key] = Member(strategy.plan, rule, strategy)

    def remove(self, key: str) -> None:
        member = self.members.pop(key)
        if member.told != 0.0 and member.down is None:
            with suppress(Boom):  # it is out all the same
                member.strategy.set_risk_per_trade(0.0)

    def trades(self, events: Iterable[CandleCloseEvent]) -> bool:
        return self.desk.skip_unknown or traded(events, [member.plan for member in self.members.values()])

    # One slice ------------------------------------------------------------------------------------------

    async def on_slice(self, events: Iterable[CandleCloseEvent]) -> None:
        self.number += 1
        self.failed = set()
        for key, member in self.members.items():
            if member.down is not None and member.down.until is not None and member.down.until <= self.number:
                await self._come_back(key, member, member.down)
        events = sorted(events, key=lambda event: SHORTEST_FIRST[event.period])
        wanted = {key: [e for e in events if member.plan.wants(e)] for key, member in self.members.items()}
        updated = {key: await self._update(key, wanted.pop(key)) for key in [*wanted] if self._two_phase(key)}
        for key, member in self._present():
            try:
                member.active = member.strategy.is_regime_active()
            except Boom:
                self._fail(key)
        active = [key for key, member in self.members.items() if member.active and member.down is None]
        allocation = self.policy.allocate(active)
        self._tell(allocation)
        if not self._holds_up(allocation):
            for key, candles in wanted.items():
                for event in candles:
                    await self._part(key, event, [event])
            for key, candles in updated.items():
                if candles:
                    await self._part(key, None, candles)

    def _two_phase(self, key: str) -> bool:
        return self.members[key].plan.two_phase

    def _present(self) -> list[tuple[str, Member]]:
        return [(key, one) for key, one in self.members.items() if one.down is None and key not in self.failed]

    async def _update(self, key: str, candles: Iterable[CandleCloseEvent]) -> list[CandleCloseEvent]:
        return [event for event in candles if await self._part(key, event, [])]

    def _tell(self, allocation: Mapping[str, float]) -> None:
        """What is smaller or no grant comes first; after a failed release nothing larger comes at all."""
        smaller = [(key, one) for key, one in self._present() if allocation.get(key, 0.0) <= one.held]
        larger = [(key, one) for key, one in self._present() if allocation.get(key, 0.0) > one.held]
        for members in (smaller, larger):
            if members is larger and self._holds_up(allocation):
                return
            for key, member in members:
                risk, holds = allocation.get(key, DEFAULT), allocation.get(key, 0.0)
                if member.told != risk:
                    member.told = None
                    member.held = max(member.held, holds)
                    try:
                        member.strategy.set_risk_per_trade(risk)
                    except Boom:
                        self._fail(key)
                        continue
                member.told, member.held = risk, holds

    def _holds_up(self, allocation: Mapping[str, float]) -> bool:
        return any(self.members[key].held > allocation.get(key, 0.0) for key in self.failed)

    async def _part(self, key: str, event: CandleCloseEvent | None, done: list[CandleCloseEvent]) -> bool:
        """Let a sleeve handle or update with a candle, or evaluate (None); ``done`` are the candles this ends."""
        member = self.members[key]
        if member.down is not None or key in self.failed:
            return False
        try:
            member.active = await self._handle(member.strategy, event)
        except (Boom, Failed) as failure:
            self._fail(key, stuck=isinstance(failure, Stuck))
            return False
        member.seen += done
        return True

    async def _handle(self, strategy: Scripted, event: CandleCloseEvent | None) -> bool:
        """A part, and the report that follows it, within the time that there is."""
        began = trio.current_time()
        limit = TIMEOUT if self.desk.hangs else float("inf")
        try:
            with trio.move_on_after(limit):
                await _called(strategy, event)
                return strategy.is_regime_active()
        finally:
            took = trio.current_time() - began
            if took >= limit:
                raise Stuck if took >= 2 * limit else Failed
        raise AssertionError("a handler was cut before its time")

    # Failure --------------------------------------------------------------------------------------------

    def _fail(self, key: str, *, stuck: bool = False) -> None:
        self.failed.add(key)
        member = self.members[key]
        rule = member.rule
        if rule.kind == "raise" and not stuck and member.down is None:
            return
        until = None
        if rule.kind == "restart" and not stuck:
            member.failures = [n for n in member.failures if n > self.number - rule.within] + [self.number]
            if len(member.failures) <= rule.limit:
                until = self.number + 1 + rule.backoff
        member.down = Down(until, "anew")
        member.held = self.lab.held[key] = 0.0
        member.told = None

    async def _come_back(self, key: str, member: Member, down: Down) -> None:
        try:
            if down.how == "anew":
                await self._replace(member, member.strategy.factory(key))
            elif down.how == "given" and member.newcomer is not None:
                await self._replace(member, member.newcomer)
        except (Boom, Failed) as failure:
            self._fail(key, stuck=isinstance(failure, Stuck))
            return
        member.down = None
        member.active = False

    async def _replace(self, member: Member, strategy: Scripted) -> None:
        strategy.set_risk_per_trade(0.0)
        warm_up = member.rule.warm_up if member.down is not None and member.down.how == "anew" else 0
        seen = member.seen
        for event in seen[len(seen) - min(warm_up, len(seen)) :]:
            await self._handle(strategy, event)
        member.strategy = strategy


def _standing(member: Member) -> str:
    if member.down is not None:
        return "quarantined" if member.down.until is None else "resting"
    return "active" if member.active else "inactive"


async def _called(strategy: Scripted, event: CandleCloseEvent | None) -> None:
    """In two phases a candle means update, and None evaluate."""
    if event is None:
        await strategy.evaluate_signals()
    elif not strategy.plan.two_phase:
        await strategy.on_candle_close(event)
    elif (result := strategy.update_state(event)) is not None:
        await result
