"""Follow the trend of five shares on one budget: indicators say when, the allocated risk says how much.

A strategy is in its regime while the fast average of its closes is above the slow one. It then buys what loses its risk
per trade if the price falls by two average true ranges, and sells when the regime ends. Here is no broker: an order
counts as filled at the close that caused it, without costs, so read the profits as an illustration.

Run it with: python trend_following.py
"""

import trio

from tradedesk.indicators import ATR, SMA, Indicator
from tradedesk.marketdata import Candle, merge
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.risk import PositionTracker, RoundTrip, atr_normalised_size
from tradedesk.sampledata import names, read


class TrendFollower:
    """Long while the average of `fast` closes is above that of `slow` closes."""

    def __init__(self, *, fast: int = 50, slow: int = 200, window: int = 14) -> None:
        self.position = PositionTracker()
        self.trips: list[RoundTrip] = []
        self._fast: Indicator[float, float] = SMA(fast)
        self._slow: Indicator[float, float] = SMA(slow)
        self._range: Indicator[Candle, float] = ATR(window)
        self._risk = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self._risk = value

    def is_regime_active(self) -> bool:
        fast, slow = self._fast.value, self._slow.value
        return fast is not None and slow is not None and fast > slow

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        candle = event.candle
        self.position.mark(candle)  # before the fills at its close
        self._fast.update(candle.close)
        self._slow.update(candle.close)
        atr = self._range.update(candle)
        if self.position.side is None and self.is_regime_active() and atr:
            self._enter(candle.close, atr)
        elif self.position.side == "long" and not self.is_regime_active():
            trip = self.position.close(candle.close).trip
            if trip is not None:
                self.trips.append(trip)

    def _enter(self, price: float, atr: float) -> None:
        size = atr_normalised_size(risk_per_trade=self._risk, atr=atr, atr_risk_mult=2.0, lot_step=1.0)
        if size:
            self.position.fill(size, price)


async def main() -> None:
    strategies = {Instrument(name): TrendFollower() for name in names()}
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=1_000.0)
    async with PortfolioRunner(strategies, policy, default_risk_per_trade=100.0) as runner:
        await runner.run(merge(*map(read, names())))
    print("share  trips     profit  best trip at most   worst trip at worst   open")
    for name, strategy in strategies.items():
        trips = strategy.trips
        best = max((trip.mfe for trip in trips), default=0.0)
        worst = min((trip.mae for trip in trips), default=0.0)
        profit = sum(trip.profit for trip in trips)
        print(f"{name:<6}{len(trips):>6}{profit:>11,.2f}{best:>19,.2f}{worst:>22,.2f}{strategy.position.size:>7,.0f}")


if __name__ == "__main__":
    trio.run(main)
