"""The guide's flow, once more and as simply as it can be said: no actors, no waves, no failures."""

from collections.abc import Iterable

from tests.laws.desk import DEFAULT, SHORTEST_FIRST, Desk, Lab, strategies_of
from tradedesk.marketdata import CandleCloseEvent


class Model:
    def __init__(self, desk: Desk, lab: Lab) -> None:
        self.desk = desk
        self.strategies = strategies_of(desk, lab)
        self.policy = desk.policy()
        self.last_risk: dict[str, float] = {}

    async def on_slice(self, events: Iterable[CandleCloseEvent]) -> None:
        active = [key for key, strategy in self.strategies.items() if strategy.is_regime_active()]
        allocation = self.policy.allocate(active)
        for key, strategy in self.strategies.items():
            risk = allocation.get(key, DEFAULT)
            if self.last_risk.get(key) != risk:
                strategy.set_risk_per_trade(risk)
                self.last_risk[key] = risk
        events = sorted(events, key=lambda event: SHORTEST_FIRST[event.period])
        for plan in self.desk.sleeves:
            for event in events:
                if event.instrument == plan.instrument and plan.period in (None, event.period):
                    await self.strategies[plan.key].on_candle_close(event)
                    self.strategies[plan.key].is_regime_active()  # the report that follows each candle
