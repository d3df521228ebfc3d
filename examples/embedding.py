"""A runner inside a trio application that has a life of its own.

The application has a nursery. In it live a feed, a channel behind it, and a runner that serves the channel. In
between, the candles of one minute are collected into one slice, so that the budget is split once for all of them.

The feed here is as feeds are: the candles of a minute come in any order, one comes late, and one never comes.

Run it with: python embedding.py
"""

import trio
from trio.testing import MockClock

from tradedesk.marketdata import Candle
from tradedesk.portfolio import (
    Allocated,
    CandleCloseEvent,
    EqualSplitRiskPolicy,
    Handled,
    Instrument,
    PortfolioRunner,
    TraceRecord,
    collect_slices,
)

BTC, ETH = Instrument("BTCEUR"), Instrument("ETHEUR")

FEED = [  # seconds since the one before, instrument, minute, price
    (0.0, BTC, 0, 61_200.0),
    (0.4, ETH, 0, 3_310.0),
    (59.6, ETH, 1, 3_315.0),
    (0.2, BTC, 1, 61_450.0),
    (59.8, BTC, 2, 61_900.0),
    (7.0, ETH, 2, 3_340.0),  # late: five seconds are the patience
    (53.0, BTC, 3, 61_850.0),  # and ETHEUR has none
    (60.0, ETH, 4, 3_351.0),
    (0.1, BTC, 4, 61_990.0),
]


class Rising:
    """Active while the price rises."""

    def __init__(self) -> None:
        self._active = False
        self._last: float | None = None

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self._active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        await trio.sleep(0.05)  # a real strategy would ask somebody something here
        close = event.candle.close
        self._active = self._last is not None and close > self._last
        self._last = close


async def feed(channel: trio.MemorySendChannel[CandleCloseEvent]) -> None:
    """Stand in for a broker's stream; the channel closes when the stream ends."""
    async with channel:
        for seconds, instrument, minute, price in FEED:
            await trio.sleep(seconds)
            candle = Candle(f"2024-03-01T09:0{minute}Z", open=price, high=price, low=price, close=price)
            await channel.send(CandleCloseEvent(instrument, "1MINUTE", candle))


def show(record: TraceRecord) -> None:
    match record:
        case Allocated(slice_number=number, allocation=allocation):
            print(f"slice {number}: {dict(allocation)}")
        case Handled(sleeve=sleeve, event=event):
            print(f"    {sleeve} {event.candle.timestamp[11:16]}")


async def main() -> None:
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=60.0)
    runner = PortfolioRunner({BTC: Rising(), ETH: Rising()}, policy, default_risk_per_trade=5.0, trace=show)
    send, receive = trio.open_memory_channel[CandleCloseEvent](4)
    async with collect_slices(receive, expected=[BTC, ETH], patience=5.0) as slices, trio.open_nursery() as nursery:
        serving = await nursery.start(runner.serve, slices)
        nursery.start_soon(feed, send)
        print("the application goes about its business; stopped:", serving.stopped)
    print("the feed has ended, and the runner with it:", runner.statistics().candles, "candles")


if __name__ == "__main__":
    trio.run(main, clock=MockClock(autojump_threshold=0.0))  # five minutes in no time; leave the clock out to live them
