"""The guide's flow, once more and as simply as it can be said: no actors, no waves, no failures."""

from collections.abc import Awaitable, Iterable

from tests.laws_of_changes.desk import DEFAULT, SHORTEST_FIRST, Desk, Lab, Scripted, SleevePlan, strategies_of
from tradedesk.marketdata import CandleCloseEvent


class Model:
    def __init__(self, desk: Desk, lab: Lab) -> None:
        self.sleeves = list(desk.sleeves)
        self.strategies = strategies_of(desk, lab)
        self.policy = desk.policy()
        self.last_risk: dict[str, float] = {}

    async def on_slice(self, events: Iterable[CandleCloseEvent]) -> None:
        events = sorted(events, key=lambda event: SHORTEST_FIRST[event.period])
        wanted = {plan.key: [event for event in events if wants(plan, event)] for plan in self.sleeves}
        two_phase = [plan.key for plan in self.sleeves if plan.two_phase and wanted[plan.key]]
        for key in two_phase:
            for event in wanted[key]:
                await done(self.strategies[key].update_state(event))
                self.strategies[key].is_regime_active()
        active = [key for key, strategy in self.strategies.items() if strategy.is_regime_active()]
        allocation = self.policy.allocate(active)
        for key, strategy in self.strategies.items():
            risk = allocation.get(key, DEFAULT)
            if self.last_risk.get(key) != risk:
                strategy.set_risk_per_trade(risk)
                self.last_risk[key] = risk
        for key, candles in wanted.items():
            strategy = self.strategies[key]
            for event in [None] if key in two_phase else candles:
                await (strategy.on_candle_close(event) if event else strategy.evaluate_signals())
                strategy.is_regime_active()  # the report that follows each candle

    def add(self, plan: SleevePlan, strategy: Scripted) -> None:
        self.sleeves.append(plan)
        self.strategies[plan.key] = strategy

    def trades(self, events: Iterable[CandleCloseEvent]) -> bool:
        return {event.instrument for event in events} <= {plan.instrument for plan in self.sleeves}

    def remove(self, key: str) -> None:
        strategy = self.strategies.pop(key)
        self.sleeves = [plan for plan in self.sleeves if plan.key != key]
        if self.last_risk.pop(key, None) != 0.0:
            strategy.set_risk_per_trade(0.0)


def wants(plan: SleevePlan, event: CandleCloseEvent) -> bool:
    return event.instrument == plan.instrument and plan.period in (None, event.period)


async def done(result: Awaitable[None] | None) -> None:
    if result is not None:
        await result
