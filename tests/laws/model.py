"""The guide's flow and the rules of failure, once more and as simply as they can be said: no actors, no waves."""

from collections.abc import Iterable, Mapping

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
    factory_of,
    strategies_of,
    successor,
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


class Model:
    def __init__(self, desk: Desk, lab: Lab) -> None:
        self.desk = desk
        self.lab = lab
        self.strategies = strategies_of(desk, lab)
        self.factory = factory_of(desk, lab, dict(self.strategies))
        self.policy = desk.policy()
        self.number = 0
        self.told: dict[str, float] = {}
        self.held = dict.fromkeys(self.strategies, 0.0)
        self.active = dict.fromkeys(self.strategies, False)
        self.seen: dict[str, list[CandleCloseEvent]] = {key: [] for key in self.strategies}
        self.failures: dict[str, list[int]] = {key: [] for key in self.strategies}
        self.down: dict[str, Down] = {}
        self.newcomers: dict[str, Scripted] = {}
        self.failed: set[str] = set()

    @property
    def standings(self) -> dict[str, str]:
        return {
            key: ("quarantined" if self.down[key].until is None else "resting")
            if key in self.down
            else ("active" if self.active[key] else "inactive")
            for key in self.strategies
        }

    def ask_back(self, readmitted: Mapping[str, bool]) -> None:
        for key, anew in readmitted.items():
            if key in self.down and self.down[key].until is None:
                if anew:
                    self.newcomers[key] = successor(self.desk, self.lab, self.strategies[key])
                    self.down[key] = Down(self.number + 1, "given")
                else:
                    self.down[key] = Down(self.number + 1, "same")
                self.failures[key] = []

    async def on_slice(self, events: Iterable[CandleCloseEvent]) -> None:
        self.number += 1
        self.failed = set()
        for key, down in sorted(self.down.items()):
            if down.until is not None and down.until <= self.number:
                await self._come_back(key, down)
        for key in self._present():
            try:
                self.active[key] = self.strategies[key].is_regime_active()
            except Boom:
                self._fail(key)
        active = [key for key in self.strategies if self.active[key] and key not in self.down]
        allocation = self.policy.allocate(active)
        self._tell(allocation)
        if not self._holds_up(allocation):
            for plan in self.desk.sleeves:
                for event in sorted(events, key=lambda event: SHORTEST_FIRST[event.period]):
                    if event.instrument == plan.instrument and plan.period in (None, event.period):
                        await self._candle(plan.key, event)

    def _present(self) -> list[str]:
        return [key for key in self.strategies if key not in self.down and key not in self.failed]

    def _tell(self, allocation: Mapping[str, float]) -> None:
        """What is smaller or no grant comes first; after a failed release nothing larger comes at all."""
        smaller = [key for key in self._present() if allocation.get(key, 0.0) <= self.held[key]]
        larger = [key for key in self._present() if key not in smaller]
        for keys in (smaller, larger):
            if keys is larger and self._holds_up(allocation):
                return
            for key in keys:
                risk, holds = allocation.get(key, DEFAULT), allocation.get(key, 0.0)
                if self.told.get(key) != risk:
                    self.told.pop(key, None)
                    self.held[key] = max(self.held[key], holds)
                    try:
                        self.strategies[key].set_risk_per_trade(risk)
                    except Boom:
                        self._fail(key)
                        continue
                self.told[key], self.held[key] = risk, holds

    def _holds_up(self, allocation: Mapping[str, float]) -> bool:
        return any(self.held[key] > allocation.get(key, 0.0) for key in self.failed)

    async def _candle(self, key: str, event: CandleCloseEvent) -> None:
        if key not in self._present():
            return
        try:
            self.active[key] = await self._handle(self.strategies[key], event)
            self.seen[key].append(event)
        except (Boom, Failed) as failure:
            self._fail(key, stuck=isinstance(failure, Stuck))

    async def _handle(self, strategy: Scripted, event: CandleCloseEvent) -> bool:
        """The candle, and the report that follows it, within the time that there is."""
        began = trio.current_time()
        limit = TIMEOUT if self.desk.hangs else float("inf")
        try:
            with trio.move_on_after(limit):
                await strategy.on_candle_close(event)
                return strategy.is_regime_active()
        finally:
            took = trio.current_time() - began
            if took >= limit:
                raise Stuck if took >= 2 * limit else Failed
        raise AssertionError("a handler was cut before its time")

    # Failure --------------------------------------------------------------------------------------------

    def _fail(self, key: str, *, stuck: bool = False) -> None:
        self.failed.add(key)
        rule = self.desk.rules.get(key, RulePlan())
        if rule.kind == "raise" and not stuck and key not in self.down:
            return
        until = None
        if rule.kind == "restart" and not stuck:
            self.failures[key] = [n for n in self.failures[key] if n > self.number - rule.within] + [self.number]
            if len(self.failures[key]) <= rule.limit:
                until = self.number + 1 + rule.backoff
        self.down[key] = Down(until, "anew")
        self.held[key] = self.lab.held[key] = 0.0
        self.told.pop(key, None)

    async def _come_back(self, key: str, down: Down) -> None:
        rule = self.desk.rules.get(key, RulePlan())
        try:
            if down.how == "anew":
                await self._replace(key, self.factory(key), rule.warm_up)
            elif down.how == "given":
                await self._replace(key, self.newcomers.pop(key), 0)
        except (Boom, Failed) as failure:
            self._fail(key, stuck=isinstance(failure, Stuck))
            return
        del self.down[key]
        self.active[key] = False

    async def _replace(self, key: str, strategy: Scripted, warm_up: int) -> None:
        strategy.set_risk_per_trade(0.0)
        seen = self.seen[key]
        for event in seen[len(seen) - min(warm_up, len(seen)) :]:
            await self._handle(strategy, event)
        self.strategies[key] = strategy
