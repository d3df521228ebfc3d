"""What a runner says of itself: its statistics, with the time that handlers take.

Run it with: python watching.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner, Quarantine

FAST, SLOW, BROKEN = Instrument("EURUSD"), Instrument("GBPUSD"), Instrument("USDJPY")


class Worker:
    """Takes its time for each candle, and is active for the first few."""

    def __init__(self, milliseconds: float, *, active_for: int, fails_at: int = -1) -> None:
        self.seconds = milliseconds / 1000
        self.left = active_for
        self.fails_at = fails_at

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.left > 0

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        await trio.sleep(self.seconds)
        if event.candle.timestamp.endswith(f"T{self.fails_at:02}:00Z"):
            raise ValueError("a candle that nobody understands")
        self.left -= 1


def candle(instrument: Instrument, hour: int) -> CandleCloseEvent:
    time = f"2024-03-01T{hour:02}:00Z"
    return CandleCloseEvent(instrument, "HOUR", Candle(time, open=1.0, high=1.0, low=1.0, close=1.0))


async def main() -> None:
    strategies = {
        FAST: Worker(1, active_for=2),
        SLOW: Worker(20, active_for=6),
        BROKEN: Worker(2, active_for=6, fails_at=3),
    }
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=12.0)
    async with PortfolioRunner(strategies, policy, 1.0, on_failure=Quarantine(), time_handlers=True) as runner:
        for number in range(8):
            await runner.on_slice([candle(name, number) for name in strategies])
        seen = runner.statistics()

    print("slices by number of active sleeves:", dict(seen.active_count.slices))
    print("active, slice by slice:", [count for _, count in seen.active_count.series])
    if used := seen.utilisation:
        print(f"of the budget, held on average {used.mean:.1%}, at most {used.max:.1%}, now {used.last or 0:.1%}")
    for name, sleeve in seen.sleeves.items():
        counts = f"{sleeve.handled} handled, {sleeve.failures} failed, {sleeve.refused} refused"
        print(f"{name}: {sleeve.standing}, {counts}")
    slowest = max((times.total, name) for name, one in seen.sleeves.items() if (times := one.times))[1]
    print("most time went into", slowest)


if __name__ == "__main__":
    trio.run(main)
