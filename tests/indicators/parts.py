"""The indicators as a table: how to make one, its definition, TA-Lib's function; and series that are hard on arithmetic."""

from collections.abc import Callable, Iterable
from itertools import chain
from random import Random
from typing import Any, NamedTuple

import attrs
import numpy as np
import talib

from tests.indicators import exact
from tradedesk.indicators import (
    ADX,
    ATR,
    EMA,
    MACD,
    ROC,
    RSI,
    SMA,
    WMA,
    BollingerBands,
    DonchianChannel,
    Momentum,
    RollingMax,
    RollingMin,
    Stdev,
    Stochastic,
    TrueRange,
)
from tradedesk.marketdata import Candle


class Case(NamedTuple):
    kind: type
    settings: tuple[float, ...]
    warm_up: int
    exact: Callable[..., list]
    talib: Callable[..., Any] | None
    """From numbers, or from highs, lows and closes, to one array or a tuple of them in the order of the value's fields."""

    takes: str = "numbers"
    rounding: float = 0.0
    """Allowed on top, as a share of the largest price, where a value is a difference of numbers of that size."""

    def make(self):
        return self.kind(*self.settings)


def f(name, *settings):
    return lambda *arrays: getattr(talib, name)(*arrays, *settings)


def reordered(function, *order):
    return lambda *arrays: tuple(function(*arrays)[place] for place in order)


def donchian(size):
    def channel(highs, lows, _):
        upper, lower = talib.MAX(highs, size), talib.MIN(lows, size)
        return lower, (lower + upper) / 2, upper

    return channel


def directional(size):
    return lambda *arrays: (f("ADX", size)(*arrays), f("PLUS_DI", size)(*arrays), f("MINUS_DI", size)(*arrays))


OF_A_PRICE = 1e-15
CASES = [
    Case(SMA, (7,), 7, exact.sma, f("SMA", 7)),
    Case(SMA, (1,), 1, exact.sma, None),
    Case(EMA, (7,), 7, exact.ema, f("EMA", 7)),
    Case(WMA, (7,), 7, exact.wma, f("WMA", 7)),
    Case(WMA, (1,), 1, exact.wma, None),
    Case(Stdev, (7,), 7, exact.stdev, f("STDDEV", 7)),
    Case(Stdev, (1,), 1, exact.stdev, None),
    Case(
        BollingerBands, (7, 2.5), 7, exact.bollinger, reordered(f("BBANDS", 7, 2.5, 2.5), 2, 1, 0), rounding=OF_A_PRICE
    ),
    Case(RollingMax, (7,), 7, exact.highest, f("MAX", 7)),
    Case(RollingMax, (1,), 1, exact.highest, None),
    Case(RollingMin, (7,), 7, exact.lowest, f("MIN", 7)),
    Case(Momentum, (7,), 8, exact.momentum, f("MOM", 7)),
    Case(ROC, (7,), 8, exact.roc, f("ROC", 7)),
    Case(MACD, (3, 8, 4), 11, exact.macd, f("MACD", 3, 8, 4), rounding=OF_A_PRICE),
    Case(RSI, (7,), 8, exact.rsi, f("RSI", 7)),
    Case(TrueRange, (), 2, exact.true_range, f("TRANGE"), takes="candles"),
    Case(ATR, (7,), 8, exact.atr, f("ATR", 7), takes="candles"),
    Case(ATR, (1,), 2, exact.atr, f("ATR", 1), takes="candles"),
    Case(DonchianChannel, (7,), 7, exact.donchian, donchian(7), takes="candles"),
    Case(Stochastic, (5, 3, 4), 10, exact.stochastic, f("STOCH", 5, 3, 0, 4, 0), takes="candles"),
    Case(ADX, (7,), 14, exact.adx, directional(7), takes="candles"),
]


def named(case: object) -> str:
    return repr(case.make()) if isinstance(case, Case) else str(case)


def candles_of(closes: Iterable[float]) -> list[Candle]:
    """Candles that open at the close before; wicks of both sides, now and then none."""
    chance = Random(5)
    made, before = [], None
    for close in closes:
        open_ = close if before is None else before
        reach = abs(close) * chance.choice([0.0, 0.001, 0.01])
        high, low = max(open_, close) + reach * chance.random(), min(open_, close) - reach * chance.random()
        made.append(Candle(str(len(made)), open_, high, low, close))
        before = close
    return made


def inputs(case: Case, closes: list[float]) -> list:
    return closes if case.takes == "numbers" else candles_of(closes)


def flat(value: object) -> tuple[float, ...] | None:
    """The numbers of a value, in the order of its fields."""
    if value is None or isinstance(value, tuple):
        return value
    return attrs.astuple(value) if attrs.has(type(value)) else (value,)


def values(case: Case, closes: list[float]) -> list[tuple[float, ...] | None]:
    indicator = case.make()
    return [flat(indicator.update(each)) for each in inputs(case, closes)]


def exact_values(case: Case, closes: list[float]) -> list[tuple[float, ...] | None]:
    return [flat(value) for value in exact.exactly(case.exact, inputs(case, closes), *case.settings)]


def talib_values(case: Case, closes: list[float]) -> list[tuple[float, ...] | None]:
    if case.takes == "numbers":
        arrays = [np.array(closes, float)]
    else:
        made = candles_of(closes)
        arrays = [np.array([getattr(each, name) for each in made], float) for name in ("high", "low", "close")]
    answer = case.talib(*arrays)
    columns = answer if isinstance(answer, tuple) else (answer,)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [None if any(number != number for number in row) else row for row in rows]  # noqa: PLR0124 - not a number


def furthest(ours: list, theirs: list, *, relative: float, absolute: float = 0.0) -> float:
    """The largest difference, in units of what is allowed; infinite where only one of both has a value."""
    worst = 0.0
    for our, their in zip(ours, theirs, strict=True):
        if our is None or their is None:
            worst = worst if our is their else float("inf")
            continue
        for one, other in zip(our, their, strict=True):
            apart = abs(exact.D(one) - exact.D(other))
            allowed = exact.D(relative) * abs(exact.D(other)) + exact.D(absolute)
            worst = max(worst, float(apart / allowed) if allowed else float("inf") if apart else 0.0)
    return worst


def walk(seed: int, length: int, start: float = 100.0) -> list[float]:
    chance, price, prices = Random(seed), start, []
    for _ in range(length):
        price *= 1 + 0.02 * (chance.random() - 0.5)
        prices.append(price)
    return prices


def hard_series() -> dict[str, list[float]]:
    chance = Random(3)
    return {
        "constant": [123.456] * 60,
        "zero": [0.0] * 60,
        "a million and millionths": [1e6 + 1e-6 * chance.randint(-9, 9) for _ in range(200)],
        "tiny ticks": [1 + 1e-9 * chance.randint(0, 3) for _ in range(200)],
        "tiny": [1e-9 * (1 + chance.random()) for _ in range(200)],
        "huge": [1e90 * (1 + chance.random()) for _ in range(200)],
        "alternating": [1.0 if place % 2 else 1e9 for place in range(100)],
        "spikes": [1e12 if place % 23 == 0 else 1 + chance.random() for place in range(200)],
        "rising": [1.0 + place for place in range(100)],
        "falling to a hair": [2.0**-place for place in range(80)],
        "constant, then not": [100.0] * 30 + walk(1, 60) + [100.0] * 30,
        "below zero": list(chain(walk(2, 50, -40.0), walk(3, 50, 30.0))),
        "walk": walk(4, 300),
    }
