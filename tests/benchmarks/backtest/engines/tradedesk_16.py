"""tradedesk 1.6.3: its backtest client, its portfolio and its runner; orders fill at the close that caused them."""

import asyncio
import datetime as dt
import logging

from common import BEGIN, MINUTE, Clock, SmaCross, load, name, options, tell
from tradedesk.execution.backtest import BacktestClient
from tradedesk.execution.order_handler import request_order
from tradedesk.types import Candle, OrderRequest

from tradedesk.portfolio import BasePortfolio, EqualSplitRiskPolicy, Instrument, PortfolioRunner, SleeveId

PERIOD = "1MINUTE"


class Cross:
    def __init__(self, instrument):
        self.instrument = instrument
        self.rule = SmaCross()
        self.turn = self.size = self.orders = 0

    def set_risk_per_trade(self, value):
        self.risk = value

    def is_regime_active(self):
        return True

    async def update_state(self, event):
        self.turn = self.rule.update(event.candle.close)

    async def evaluate_signals(self):
        if self.turn > 0 and not self.size:
            side = "BUY"
        elif self.turn < 0 and self.size:
            side = "SELL"
        else:
            return
        self.size = 1 - self.size
        self.orders += 1
        await request_order(OrderRequest(instrument=self.instrument, direction=side, size=1.0))


class Desk(BasePortfolio):
    def __init__(self, client, runner):
        super().__init__(client)
        self.runner = runner

    async def on_candle_close(self, event):
        await self.runner.on_candle_close(event)


async def run(client, runner):
    await client.start()
    await Desk(client, runner).run()


def main():
    logging.disable(logging.CRITICAL)
    given = options()
    clock = Clock()
    columns = load(given.file, given.instruments)
    length = len(columns[0][0])
    moments = [dt.datetime.fromtimestamp(BEGIN + row * MINUTE, dt.UTC).isoformat() for row in range(1, length + 1)]
    names = [Instrument(name(place)) for place in range(given.instruments)]
    history = {
        (each, PERIOD): [Candle(*row) for row in zip(moments, *prices, strict=True)]
        for each, prices in zip(names, columns, strict=True)
    }
    client = BacktestClient.from_history(history)
    strategies = {SleeveId(each): Cross(each) for each in names}
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(100.0), 1.0)
    clock.ready()
    asyncio.run(run(client, runner))
    orders = sum(each.orders for each in strategies.values())
    tell(clock, candles=length * given.instruments, orders=orders, profit=None)


main()
