"""tradedesk: each instrument a sleeve; candles are built while the run asks for them, and count in its time."""

import trio
from common import BEGIN, CASH, MINUTE, Clock, SmaCross, load, name, options, tell

from tradedesk.backtest import run_backtest
from tradedesk.execution import Commission, PaperBroker, Terms
from tradedesk.marketdata import Candle, CandleCloseEvent, Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner

NANOS = 1_000_000_000


class Cross:
    def __init__(self, desk):
        self.desk = desk
        self.rule = SmaCross()
        self.risk = 0.0
        self.orders = 0

    def set_risk_per_trade(self, value):
        self.risk = value

    def is_regime_active(self):
        return True

    async def on_candle_close(self, event):
        turn = self.rule.update(event.candle.close)
        if turn > 0 and not self.desk.size:
            self.orders += 1
            self.desk.buy(1)
        elif turn < 0 and self.desk.size:
            self.orders += 1
            self.desk.close()


def slices(columns, names):
    rows = [zip(*each, strict=True) for each in columns]
    closes = BEGIN * NANOS
    for prices in zip(*rows, strict=True):
        closes += MINUTE * NANOS
        events = [
            CandleCloseEvent(instrument, "1MINUTE", Candle("", *row))
            for instrument, row in zip(names, prices, strict=True)
        ]
        yield Slice(closes, tuple(events))


async def main():
    given = options()
    clock = Clock()
    columns = load(given.file, given.instruments)
    names = [name(place) for place in range(given.instruments)]
    terms = Terms(commission=Commission(per_trade=given.commission), margin=0)
    broker = PaperBroker(dict.fromkeys(names, terms), cash=CASH)
    strategies = {each: Cross(broker.desk(each)) for each in names}
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(100.0), 1.0, dispatch=given.dispatch, poll_regimes=False)
    clock.ready()
    async with runner:
        result = await run_backtest(runner, broker, slices(columns, names))
    fills = None
    if given.fills:
        places = {each: place for place, each in enumerate(names)}
        fills = sorted(
            [
                places[fill.sleeve],
                (fill.close_time // NANOS - BEGIN) // MINUTE - 1,
                fill.size if fill.side == "buy" else -fill.size,
                fill.price,
            ]
            for fill in result.fills
        )
    tell(
        clock,
        candles=len(result.close_times) * given.instruments,
        orders=sum(each.orders for each in strategies.values()),
        profit=result.equity[-1] - CASH,
        fills=fills,
    )


trio.run(main)
