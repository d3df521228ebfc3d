"""A portfolio that changes while it runs: sleeves come and go, and the budget shrinks.

What it prints is read from the trace.

Run it with: python changing.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import (
    Added,
    CandleCloseEvent,
    EqualSplitRiskPolicy,
    Handled,
    Instrument,
    PolicySet,
    PortfolioRunner,
    Removed,
    RiskSent,
    StrategySpec,
    TraceRecord,
)

EURUSD, GBPUSD, SLOW = Instrument("EURUSD"), Instrument("GBPUSD"), Instrument("slow euro")


class Always:
    """Always active."""

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return True

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.last = event


def event(instrument: Instrument, period: str) -> CandleCloseEvent:
    return CandleCloseEvent(instrument, period, Candle("2024-03-01T09:00Z", 1.0, 1.0, 1.0, 1.0))


def show(record: TraceRecord) -> None:
    match record:
        case Added(sleeve=sleeve):
            print(f"{sleeve} is added")
        case Removed(sleeve=sleeve):
            print(f"{sleeve} is removed")
        case PolicySet(budget=budget):
            print(f"the budget is {budget:g}")
        case RiskSent(sleeve=sleeve, amount=amount):
            print(f"    {sleeve} gets {amount:g}")
        case Handled(sleeve=sleeve, event=candle):
            print(f"    {sleeve} handles {candle.period}")


async def main() -> None:
    pound = Always()
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=12.0)
    async with PortfolioRunner({EURUSD: Always(), GBPUSD: pound}, policy, 1.0, trace=show) as runner:
        await runner.on_slice([event(EURUSD, "1MINUTE"), event(GBPUSD, "1MINUTE")])

        await runner.add(SLOW, StrategySpec(Always(), instrument=EURUSD, period="HOUR"))
        await runner.on_slice([event(EURUSD, "HOUR")])

        assert await runner.remove(GBPUSD) is pound
        await runner.on_slice([])

        await runner.set_policy(EqualSplitRiskPolicy(portfolio_risk_budget=6.0))
        await runner.add(GBPUSD, pound)
        await runner.on_slice([])
    print(dict(runner.statistics().held))


if __name__ == "__main__":
    trio.run(main)
