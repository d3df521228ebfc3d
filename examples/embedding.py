"""A runner inside a trio application that has a life of its own.

The application has a nursery, and in it a feed and a task that trades, with a memory channel between them. The runner
is entered in the task that trades and reads the channel to its end. The end is graceful: the feed closes its side of
the channel, the runner serves what is still in it and leaves its block, and every task is gone.

The channel holds four candles. A feed that is faster than the strategies waits there.

Run it with: python embedding.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner

PRICES = {
    Instrument("BTCEUR"): [61_200.0, 61_450.0, 61_400.0, 61_900.0, 61_850.0],
    Instrument("ETHEUR"): [3_310.0, 3_305.0, 3_340.0, 3_352.0, 3_351.0],
}


class Rising:
    """Active while the price rises; counts the risk it was under, candle by candle."""

    def __init__(self) -> None:
        self.seen: list[float] = []
        self._risk = 0.0
        self._active = False
        self._last: float | None = None

    def set_risk_per_trade(self, value: float) -> None:
        self._risk = value

    def is_regime_active(self) -> bool:
        return self._active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.seen.append(self._risk)
        await trio.sleep(0.001)  # a real strategy would ask somebody something here
        close = event.candle.close
        self._active = self._last is not None and close > self._last
        self._last = close


async def feed(channel: trio.MemorySendChannel[CandleCloseEvent]) -> None:
    """Stand in for a broker's stream; the channel closes when the stream ends."""
    async with channel:
        for minute in range(5):
            for instrument, prices in PRICES.items():
                price = prices[minute]
                candle = Candle(f"2024-03-01T09:0{minute}Z", open=price, high=price, low=price, close=price)
                await channel.send(CandleCloseEvent(instrument, "1MINUTE", candle))


async def trade(channel: trio.MemoryReceiveChannel[CandleCloseEvent]) -> None:
    """Own the portfolio: its actors live in this block and nowhere else."""
    strategies = {instrument: Rising() for instrument in PRICES}
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(portfolio_risk_budget=60.0), default_risk_per_trade=5.0)
    async with channel, runner:
        await runner.run(channel)
    for instrument, strategy in strategies.items():
        print(instrument, "handled its candles under", strategy.seen)
    print(runner.statistics().candles, "candles; the feed has ended and the runner with it")


async def main() -> None:
    send, receive = trio.open_memory_channel[CandleCloseEvent](4)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed, send)
        nursery.start_soon(trade, receive)
    print("the nursery is closed: nothing was left behind")


if __name__ == "__main__":
    trio.run(main)
