"""A sleeve fails and is taken out; the other gets its risk; somebody looks, and lets it take part again.

Run it with: python quarantine.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner, Quarantine

EURUSD, GBPUSD = Instrument("EURUSD"), Instrument("GBPUSD")


class Ratio:
    """Wants risk always, and has no answer to a close of 0."""

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return True

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        if event.candle.close == 0:
            raise ValueError("close of 0")
        self.ratio = 1 / event.candle.close


def closing_at(euro: float, pound: float) -> list[CandleCloseEvent]:
    closes = ((EURUSD, euro), (GBPUSD, pound))
    return [CandleCloseEvent(name, "HOUR", Candle("2024-03-01T09:00Z", at, at, at, at)) for name, at in closes]


def show(runner: PortfolioRunner) -> None:
    held = ", ".join(f"{sleeve} {amount:g}" for sleeve, amount in runner.statistics().held.items())
    print(f"held: {held}")
    print("    orders of EURUSD:", runner.order_refusal(EURUSD) or "may go")


def look_after(runner: PortfolioRunner) -> None:
    """Take back what is quarantined; in earnest, a person would look first."""
    for sleeve, now in runner.statistics().sleeves.items():
        if now.standing == "quarantined":
            print(f"{sleeve} is out after {now.error!r}, and missed {now.refused} candle")
            runner.readmit(sleeve, Ratio())


async def main() -> None:
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=12.0)
    strategies = {EURUSD: Ratio(), GBPUSD: Ratio()}
    runner = PortfolioRunner(strategies, policy, 1.0, on_failure=Quarantine(), candle_timeout=2.0)
    async with runner:
        report = await runner.on_slice(closing_at(0.0, 1.27))
        print("failed:", dict(report.failures))
        show(runner)
        await runner.on_slice(closing_at(1.09, 1.27))
        show(runner)
        look_after(runner)
        await runner.on_slice(closing_at(1.10, 1.28))
        show(runner)


if __name__ == "__main__":
    trio.run(main)
