"""backtesting.py: one instrument to a run, so each instrument is a run of its own; orders fill at the next open."""

import contextlib
import io
import warnings

import pandas as pd
from backtesting import Backtest, Strategy
from common import BEGIN, CASH, MINUTE, Clock, SmaCross, load, options, tell


class Cross(Strategy):
    def init(self):
        self.rule = SmaCross()
        self.orders_given = 0
        self.seen = 0
        COUNTED.append(self)

    def next(self):
        closes = self.data.Close
        for close in closes[self.seen :] if self.seen == 0 else closes[-1:]:  # it begins at the second candle
            turn = self.rule.update(float(close))
        self.seen = len(closes)
        if turn > 0 and not self.position:
            self.orders_given += 1
            self.buy(size=1)
        elif turn < 0 and self.position:
            self.orders_given += 1
            self.position.close()


COUNTED = []


def main():
    warnings.filterwarnings("ignore")
    given = options()
    clock = Clock()
    columns = load(given.file, given.instruments)
    length = len(columns[0][0])
    index = pd.to_datetime(range(BEGIN, BEGIN + length * MINUTE, MINUTE), unit="s")
    runs = []
    for opens, highs, lows, closes in columns:
        frame = pd.DataFrame({"Open": opens, "High": highs, "Low": lows, "Close": closes, "Volume": 1.0}, index)
        runs.append(Backtest(frame, Cross, cash=CASH, commission=lambda *_: given.commission))
    clock.ready()
    fills, profit = [], 0.0
    with contextlib.redirect_stderr(io.StringIO()):
        for place, each in enumerate(runs):
            statistics = each.run()
            profit += statistics["Equity Final [$]"] - CASH
            if given.fills:
                fills += of(place, statistics)
    orders = sum(each.orders_given for each in COUNTED)
    tell(
        clock,
        candles=length * given.instruments,
        orders=orders,
        profit=profit,
        fills=sorted(fills) if given.fills else None,
    )


def of(place, statistics):
    """Read the fills out of what a run says of its trades."""
    for trade in statistics["_trades"].itertuples():
        yield [place, int(trade.EntryBar), trade.Size, trade.EntryPrice]
        yield [place, int(trade.ExitBar), -trade.Size, trade.ExitPrice]
    for trade in statistics["_strategy"].trades:
        yield [place, int(trade.entry_bar), trade.size, trade.entry_price]


main()
