"""Two currency pairs on one budget: who is active shares it, the others get the default.

A candle is handled under the risk that was allocated just before it. So a strategy that turns active on one candle
receives its share of the budget before the next.

Run it with: python portfolio.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner

EURUSD = Instrument("EURUSD")
GBPUSD = Instrument("GBPUSD")


class BigMove:
    """Active after a candle that closed more than `threshold` away from the close before it."""

    def __init__(self, instrument: Instrument, threshold: float) -> None:
        self.instrument = instrument
        self.threshold = threshold
        self.risk = 0.0
        self._active = False
        self._last: float | None = None

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self._active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        close = event.candle.close
        if self._last is not None:
            self._active = abs(close - self._last) > self.threshold
        self._last = close


def closed(instrument: Instrument, clock: str, close: float) -> CandleCloseEvent:
    """Make a flat candle: only its close matters here."""
    candle = Candle(timestamp=f"2024-03-01T{clock}Z", open=close, high=close, low=close, close=close)
    return CandleCloseEvent(instrument=instrument, period="15MINUTE", candle=candle)


EVENTS = [
    closed(EURUSD, "09:00", 1.1000),
    closed(GBPUSD, "09:00", 1.2700),
    closed(EURUSD, "09:15", 1.1020),
    closed(GBPUSD, "09:15", 1.2730),
    closed(EURUSD, "09:30", 1.1045),
    closed(GBPUSD, "09:30", 1.2735),
    closed(EURUSD, "09:45", 1.1046),
    closed(GBPUSD, "09:45", 1.2736),
]


async def main() -> None:
    strategies = {
        EURUSD: BigMove(EURUSD, threshold=0.001),
        GBPUSD: BigMove(GBPUSD, threshold=0.002),
    }
    runner = PortfolioRunner(
        strategies=strategies,
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=100.0),
        default_risk_per_trade=10.0,
    )
    print("candle                   EURUSD  GBPUSD  active afterwards")
    for event in EVENTS:
        await runner.on_candle_close(event)
        risks = "".join(f"{strategy.risk:8.1f}" for strategy in strategies.values())
        active = ", ".join(runner.statistics().active) or "none"
        print(f"{event.candle.timestamp} {event.instrument}{risks}  {active}")


if __name__ == "__main__":
    trio.run(main)
