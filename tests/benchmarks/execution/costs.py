"""What a candle costs a paper broker: with nothing to do, with orders, with brackets at work."""

from collections.abc import Callable
from functools import partial
from random import Random

from tests.benchmarks.measure import Measurement, Stopwatch
from tradedesk.execution import Commission, Desk, PaperBroker, Slippage, Terms
from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument, Slice

TERMS = Terms(spread=0.02, slippage=Slippage(bps=1), commission=Commission(per_unit=0.005, minimum=1), margin=0.05)
ORDERS = 0.04
"""The share of candles at which a desk gives a market order."""

Trade = Callable[[Desk, Random], object]


def slices(count: int, instruments: int) -> list[Slice]:
    chance = Random(1)
    prices = [100.0] * instruments
    made = []
    for number in range(1, count // instruments + 1):
        events = []
        for place, opens in enumerate(prices):
            prices[place] = close = opens * (1 + chance.gauss(0, 0.001))
            candle = Candle("", opens, max(opens, close) * 1.0002, min(opens, close) * 0.9998, close)
            events.append(CandleCloseEvent(Instrument(f"I{place}"), "1MINUTE", candle))
        made.append(Slice(number * 60_000_000_000, tuple(events)))
    return made


def bare(source: list[Slice], instruments: int) -> float:
    """Look every candle's instrument up, and add its close."""
    closes = dict.fromkeys((f"I{place}" for place in range(instruments)), 0.0)
    with Stopwatch() as watch:
        for slice_ in source:
            for event in slice_.events:
                closes[event.instrument] += event.candle.close
    return watch.micros(len(source) * instruments)


def worked(source: list[Slice], instruments: int, trade: Trade | None) -> float:
    """Open and close every slice, with an order now and then, and ask for the equity."""
    names = [Instrument(f"I{place}") for place in range(instruments)]
    broker = PaperBroker(dict.fromkeys(names, TERMS), cash=1e7)
    desks = [broker.desk(name) for name in names]
    chance = Random(2)
    equity = 0.0
    with Stopwatch() as watch:
        for slice_ in source:
            broker.open_slice(slice_)
            if trade is not None:
                for desk in desks:
                    trade(desk, chance)
            broker.close_slice()
            equity = broker.equity
    if not equity > 0:
        raise ValueError(f"equity is {equity!r}, so this was no fair measurement")
    return watch.micros(len(source) * instruments)


def in_and_out(desk: Desk, chance: Random) -> None:
    if chance.random() < ORDERS and desk.close() is None:
        desk.buy(10)


def bracketed(desk: Desk, chance: Random) -> None:
    if chance.random() < ORDERS and not desk.size and not desk.orders:
        desk.buy(10, stop_loss=1.0, take_profit=1e6)


def of_candles(count: int, instruments: int) -> dict[str, Measurement]:
    source = slices(count, instruments)
    return {
        "bare loop": partial(bare, source, instruments),
        "no orders": partial(worked, source, instruments, None),
        "market orders, one candle in 25": partial(worked, source, instruments, in_and_out),
        "a bracket at work in each": partial(worked, source, instruments, bracketed),
    }
