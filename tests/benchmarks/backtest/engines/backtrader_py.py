"""backtrader: one Cerebro, a feed for each instrument, one strategy over all; orders fill at the next open."""

import datetime as dt

import backtrader
import pandas as pd
from common import BEGIN, CASH, MINUTE, Clock, SmaCross, load, options, tell


class Cross(backtrader.Strategy):
    def __init__(self):
        self.rules = [SmaCross() for _ in self.datas]
        self.sizes = [0] * len(self.datas)
        self.orders = 0
        self.fills = []
        self.places = {id(data): place for place, data in enumerate(self.datas)}  # == compares their prices

    def next(self):
        for place, data in enumerate(self.datas):
            turn = self.rules[place].update(data.close[0])
            if turn > 0 and not self.sizes[place]:
                self.buy(data, size=1)
            elif turn < 0 and self.sizes[place]:
                self.sell(data, size=1)
            else:
                continue
            self.sizes[place] = 1 if turn > 0 else 0
            self.orders += 1

    def notify_order(self, order):
        if order.status == order.Completed:
            done = order.executed
            moment = backtrader.num2date(done.dt).replace(tzinfo=dt.UTC).timestamp()
            place = self.places[id(order.data)]
            self.fills.append([place, round((moment - BEGIN) / MINUTE), done.size, done.price])


def main():
    given = options()
    clock = Clock()
    columns = load(given.file, given.instruments)
    length = len(columns[0][0])
    index = pd.to_datetime(range(BEGIN, BEGIN + length * MINUTE, MINUTE), unit="s")
    cerebro = backtrader.Cerebro(stdstats=False)
    cerebro.broker.setcash(CASH)
    cerebro.broker.addcommissioninfo(PerOrder(commission=given.commission))
    for opens, highs, lows, closes in columns:
        frame = pd.DataFrame({"open": opens, "high": highs, "low": lows, "close": closes, "volume": 1.0}, index)
        cerebro.adddata(backtrader.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(Cross)
    clock.ready()
    strategy = cerebro.run()[0]
    tell(
        clock,
        candles=length * given.instruments,
        orders=strategy.orders,
        profit=cerebro.broker.getvalue() - CASH,
        fills=sorted(strategy.fills) if given.fills else None,
    )


class PerOrder(backtrader.CommInfoBase):
    params = (("stocklike", True), ("commtype", backtrader.CommInfoBase.COMM_FIXED))

    def _getcommission(self, size, price, pseudoexec):
        return self.p.commission


main()
