"""One strategy on days and one on weeks, from daily files alone; and candles from ticks."""

import trio

from tradedesk.marketdata import IncompleteCandle, Trade, aggregate, candles_from_ticks, merge
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner, StrategySpec
from tradedesk.sampledata import read


class Counting:
    def __init__(self, instrument: str) -> None:
        self.instrument = Instrument(instrument)
        self.candles = 0
        self.last: CandleCloseEvent | None = None

    def set_risk_per_trade(self, value: float) -> None:
        pass

    def is_regime_active(self) -> bool:
        return True

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.candles += 1
        self.last = event


async def main() -> None:
    daily, weekly = Counting("IBM"), Counting("IBM")
    runner = PortfolioRunner(
        {
            Instrument("days"): StrategySpec(daily, period="DAY"),
            Instrument("weeks"): StrategySpec(weekly, period="WEEK"),
        },
        EqualSplitRiskPolicy(portfolio_risk_budget=100.0),
        default_risk_per_trade=1.0,
    )
    short_weeks: list[IncompleteCandle] = []
    async with runner:
        # Read twice, once as it is: a week stands in the slice of its own close.
        await runner.run(merge(read("IBM"), aggregate(read("IBM"), "WEEK", on_incomplete=short_weeks.append)))
    for name, strategy in (("days", daily), ("weeks", weekly)):
        assert strategy.last is not None
        print(f"{name}: {strategy.candles:,} candles, the last is {strategy.last.candle}")
    left_out = [week for week in short_weeks if not week.kept]
    print(
        f"{len(left_out)} weeks at the edges left out, with {' and '.join(str(week.found) for week in left_out)} days"
    )


def from_ticks() -> None:
    start = 1_577_836_800 * 10**9  # 2020-01-01 in nanoseconds
    prices = [(0, 100.0), (20, 101.0), (59, 99.5), (60, 99.0), (200, 98.0), (250, 98.5)]
    trades = [Trade(start + second * 10**9, price, volume=2.0) for second, price in prices]
    for empty in ("skip", "repeat"):
        print(f"empty={empty!r}")
        for one in candles_from_ticks(trades, "MINUTE", instrument="ABC", empty=empty):
            candle = one.events[0].candle
            print(f"  {candle.timestamp} close {candle.close} volume {candle.volume} ticks {candle.tick_count}")


trio.run(main)
from_ticks()
