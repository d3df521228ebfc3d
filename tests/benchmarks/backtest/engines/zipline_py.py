"""zipline-reloaded: minute bars on a calendar that never closes, one algorithm over all instruments."""

import os
import shutil
import tempfile
import warnings

ROOT = os.environ["ZIPLINE_ROOT"] = tempfile.mkdtemp()  # before zipline is imported: it reads this then

import pandas as pd
from common import BEGIN, CASH, MINUTE, Clock, SmaCross, load, name, options, tell
from zipline import run_algorithm
from zipline.api import order, set_commission, set_slippage, symbol
from zipline.data.bundles import ingest, register
from zipline.finance import commission, slippage
from zipline.utils.calendar_utils import get_calendar


class Cross:
    def __init__(self, given):
        self.given = given
        self.orders = 0

    def initialize(self, context):
        names = map(name, range(self.given.instruments))
        self.rules = {symbol(each): SmaCross() for each in names}
        self.sizes = dict.fromkeys(self.rules, 0)
        set_commission(commission.PerTrade(self.given.commission))
        set_slippage(slippage.FixedSlippage(0.0))

    def handle_data(self, context, data):
        closes = data.current(list(self.rules), "close").to_numpy()
        for (asset, rule), close in zip(self.rules.items(), closes, strict=True):
            turn = rule.update(close)
            if turn > 0 and not self.sizes[asset]:
                order(asset, 1)
            elif turn < 0 and self.sizes[asset]:
                order(asset, -1)
            else:
                continue
            self.sizes[asset] = 1 - self.sizes[asset]
            self.orders += 1


class Feed:
    def __init__(self, columns):
        self.columns = columns
        length = len(columns[0][0])
        self.index = pd.to_datetime(range(BEGIN, BEGIN + length * MINUTE, MINUTE), unit="s", utc=True)
        self.first, self.last = (pd.Timestamp(self.index[place].date()) for place in (0, -1))

    def frames(self):
        for place, (opens, highs, lows, closes) in enumerate(self.columns):
            columns = {"open": opens, "high": highs, "low": lows, "close": closes, "volume": 1e6}
            yield place, pd.DataFrame(columns, self.index)

    def days(self):
        how = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}
        for place, frame in self.frames():
            days = frame.resample("1D").agg(how)
            days.index = days.index.tz_localize(None)
            yield place, days

    def write(self, environ, assets, minutes, daily, adjustments, *_):
        names = [name(place) for place in range(len(self.columns))]
        equities = pd.DataFrame(
            {
                "symbol": names,
                "asset_name": names,
                "start_date": self.first,
                "end_date": self.last,
                "auto_close_date": self.last + pd.Timedelta(days=2),
                "exchange": "X",
            }
        )
        exchanges = pd.DataFrame([{"exchange": "X", "canonical_name": "X", "country_code": "US"}])
        assets.write(equities=equities, exchanges=exchanges)
        minutes.write(self.frames(), show_progress=False)
        daily.write(self.days(), show_progress=False)
        adjustments.write()


def main():
    warnings.filterwarnings("ignore")
    given = options()
    clock = Clock()
    columns = load(given.file, given.instruments)
    feed = Feed(columns)
    register(
        "walk",
        feed.write,
        calendar_name="24/7",
        start_session=feed.first,
        end_session=feed.last,
        minutes_per_day=1_440,
    )
    ingest("walk", show_progress=False)
    rule = Cross(given)
    days = pd.date_range(feed.first, feed.last, tz="UTC")
    clock.ready()
    run_algorithm(
        start=feed.first,
        end=feed.last,
        initialize=rule.initialize,
        handle_data=rule.handle_data,
        capital_base=CASH,
        data_frequency="minute",
        bundle="walk",
        trading_calendar=get_calendar("24/7"),
        benchmark_returns=pd.Series(0.0, index=days),
    )
    tell(clock, candles=len(feed.index) * given.instruments, orders=rule.orders, profit=None)


try:
    main()
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
