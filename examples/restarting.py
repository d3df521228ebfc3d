"""A strategy fails; a new one is built and warmed with the last candles, while the other goes on.

Run it with: python restarting.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner, Restart

EURUSD, GBPUSD = Instrument("EURUSD"), Instrument("GBPUSD")


class Mean:
    """Keeps the last three closes, always wants risk, and cannot stand a close of 0."""

    def __init__(self, sleeve: Instrument) -> None:
        self.sleeve = sleeve
        self.closes: list[float] = []

    def set_risk_per_trade(self, value: float) -> None:
        pass

    def is_regime_active(self) -> bool:
        return True

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        if event.candle.close == 0:
            raise ValueError(f"{self.sleeve} does not trade at 0")
        self.closes = [*self.closes[-2:], event.candle.close]


def candle(instrument: Instrument, hour: int, close: float) -> CandleCloseEvent:
    time = f"2024-03-01T{hour:02}:00Z"
    return CandleCloseEvent(instrument, "HOUR", Candle(time, open=close, high=close, low=close, close=close))


async def main() -> None:
    rule = Restart(factory=Mean, limit=2, within=50, backoff=1, warm_up=3)
    strategies = {name: Mean(name) for name in (EURUSD, GBPUSD)}
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=12.0)
    runner = PortfolioRunner(strategies, policy, 1.0, on_failure=rule, candle_timeout=5.0)
    async with runner:
        for hour, close in enumerate([10.0, 11.0, 12.0, 0.0, 13.0, 14.0]):
            report = await runner.on_slice([candle(EURUSD, hour, close), candle(GBPUSD, hour, 20.0)])
            now = runner.statistics()
            print(f"close {close:4}: EURUSD {now.sleeves[EURUSD].standing}, held {dict(now.held)}")
            for sleeve, error in report.failures.items():
                print(f"  {sleeve} failed: {error}")
            if refusal := runner.order_refusal(EURUSD):
                print(f"  no orders of EURUSD: {refusal}")
        present = runner.strategies[EURUSD]
        if isinstance(present, Mean):
            print("the new object has seen", present.closes)


if __name__ == "__main__":
    trio.run(main)
