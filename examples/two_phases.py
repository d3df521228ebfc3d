"""A strategy in two phases: it sees a candle before the budget is split, and acts on it after.

A strategy in one phase learns of a regime's change in its handler: the budget follows with the next slice. In two
phases, the state is brought up to date first, so the share is there for the very candle that brought the change.

Run it with: python two_phases.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner


class Base:
    """Active above 100."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self._price = 0.0
        self._risk = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self._risk = value

    def is_regime_active(self) -> bool:
        return self._price > 100

    def act(self) -> None:
        self.seen.append(f"{self._price:g} under {self._risk:g}")


class InOnePhase(Base):
    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self._price = event.candle.close
        self.act()


class InTwoPhases(Base):
    def update_state(self, event: CandleCloseEvent) -> None:
        self._price = event.candle.close

    async def evaluate_signals(self) -> None:
        self.act()


async def main() -> None:
    one, two = InOnePhase(), InTwoPhases()
    keys = Instrument("one"), Instrument("two")
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=12.0)
    async with PortfolioRunner({keys[0]: one, keys[1]: two}, policy, default_risk_per_trade=1.0) as runner:
        for price in (99.0, 101.0, 102.0, 98.0):
            candle = Candle("2024-03-01T09:00Z", price, price, price, price)
            await runner.on_slice([CandleCloseEvent(key, "1MINUTE", candle) for key in keys])
    print("in one phase: ", ", ".join(one.seen))
    print("in two phases:", ", ".join(two.seen))


if __name__ == "__main__":
    trio.run(main)
