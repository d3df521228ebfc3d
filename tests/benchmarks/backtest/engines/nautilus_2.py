"""NautilusTrader 2.0: a strategy for each instrument; the engine fills market orders at the close that caused them."""

from common import BEGIN, CASH, MINUTE, Clock, SmaCross, load, name, options, tell
from nautilus_trader.backtest import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggerConfig
from nautilus_trader.execution import FixedFeeModel
from nautilus_trader.model import (
    AccountType,
    Bar,
    BarType,
    Currency,
    Equity,
    InstrumentId,
    Money,
    OmsType,
    OrderSide,
    Price,
    Quantity,
    Symbol,
    TraderId,
    Venue,
)
from nautilus_trader.trading import Strategy, StrategyConfig

NANOS = 1_000_000_000


class Cross(Strategy):
    def __new__(cls, instrument, bars, tag):
        return super().__new__(cls, StrategyConfig(order_id_tag=tag, log_events=False, log_commands=False))

    def __init__(self, instrument, bars, tag):
        self.instrument = instrument
        self.bars = bars
        self.rule = SmaCross()
        self.size = 0
        self.orders = 0
        self.one = Quantity.from_str("1")

    def on_start(self):
        self.subscribe_bars(self.bars)

    def on_bar(self, bar):
        turn = self.rule.update(bar.close.as_double())
        if turn > 0 and not self.size:
            side = OrderSide.BUY
        elif turn < 0 and self.size:
            side = OrderSide.SELL
        else:
            return
        self.size = 1 - self.size
        self.orders += 1
        self.submit_order(self.order_factory.market(self.instrument, side, self.one))


def main():
    given = options()
    clock = Clock()
    columns = load(given.file, given.instruments)
    length = len(columns[0][0])
    dollar, venue = Currency.from_str("USD"), Venue("SIM")
    quiet = BacktestEngineConfig(
        trader_id=TraderId("B-001"),
        bypass_logging=True,
        logging=LoggerConfig(bypass_logging=True),
        run_analysis=False,
    )
    engine = BacktestEngine(quiet)
    engine.add_venue(
        venue,
        OmsType.NETTING,
        AccountType.MARGIN,
        [Money.from_str(f"{CASH:.0f} USD")],
        base_currency=dollar,
        fee_model=FixedFeeModel(Money.from_str(f"{given.commission:.2f} USD")),
    )
    times = [(BEGIN + number * MINUTE) * NANOS for number in range(1, length + 1)]
    volume = Quantity.from_str("1000000")
    strategies = []
    for place, prices in enumerate(columns):
        symbol = Symbol(name(place))
        instrument = InstrumentId(symbol, venue)
        cent = Price.from_str("0.0001")
        engine.add_instrument(Equity(instrument, symbol, dollar, 4, cent, 0, 0, lot_size=Quantity.from_str("1")))
        kind = BarType.from_str(f"{name(place)}.SIM-1-MINUTE-LAST-EXTERNAL")
        bars = [
            Bar(kind, *(Price(price, 4) for price in row), volume, moment, moment)
            for *row, moment in zip(*prices, times, strict=True)
        ]
        engine.add_data(bars, sort=place == given.instruments - 1)
        strategies.append(Cross(instrument, kind, name(place)))
    for strategy in strategies:
        engine.add_strategy(strategy)
    clock.ready()
    engine.run()
    tell(clock, candles=length * given.instruments, orders=sum(each.orders for each in strategies), profit=None)


main()
