"""What one more candle costs an indicator: ours, TA-Lib's stream, and the window worked out anew."""

from collections import deque
from collections.abc import Callable
from functools import partial
from statistics import fmean, pstdev

import numpy as np
from talib import stream

from tests.benchmarks.measure import Measurement, Stopwatch
from tradedesk.indicators import (
    ADX,
    ATR,
    EMA,
    MACD,
    RSI,
    SMA,
    WMA,
    BollingerBands,
    DonchianChannel,
    RollingMax,
    Stdev,
    Stochastic,
)
from tradedesk.indicators.talib import TalibOfNumbers
from tradedesk.marketdata import Candle
from tradedesk.risk import PositionTracker

WINDOW = 20


def fed(update: Callable, inputs: list) -> float:
    for item in inputs[:100]:
        update(item)
    with Stopwatch() as watch:
        for item in inputs:
            update(item)
    return watch.micros(len(inputs))


def prices(count: int) -> list[float]:
    return [100 + 10 * ((place * 7919) % 1000) / 1000 for place in range(count)]


def candles(count: int) -> list[Candle]:
    return [Candle("", price, price + 0.5, price - 0.5, price + 0.1) for price in prices(count)]


def anew(function: Callable[[deque], float]) -> Callable[[float], float]:
    window: deque[float] = deque(maxlen=WINDOW)

    def update(number: float) -> float:
        window.append(number)
        return function(window)

    return update


def of_numbers(count: int) -> dict[str, Measurement]:
    history, inputs = np.array(prices(100)), prices(count)
    updates = {
        "talib.stream.SMA": lambda: stream.SMA(history, WINDOW).update,
        "TalibOfNumbers SMA": lambda: TalibOfNumbers("SMA", timeperiod=WINDOW).update,
        "SMA": lambda: SMA(WINDOW).update,
        "the mean anew (fmean)": lambda: anew(fmean),
        "EMA": lambda: EMA(WINDOW).update,
        "WMA": lambda: WMA(WINDOW).update,
        "Stdev": lambda: Stdev(WINDOW).update,
        "the deviation anew (pstdev)": lambda: anew(pstdev),
        "BollingerBands": lambda: BollingerBands(WINDOW).update,
        "RollingMax": lambda: RollingMax(WINDOW).update,
        "the maximum anew (max)": lambda: anew(max),
        "MACD": lambda: MACD().update,
        "RSI": lambda: RSI(14).update,
    }
    return {name: partial(_made_and_fed, make, inputs) for name, make in updates.items()}


def of_candles(count: int) -> dict[str, Measurement]:
    history, inputs = np.array(prices(100)), candles(count)

    def streamed() -> Callable[[Candle], float]:
        handle = stream.ATR(history + 1, history - 1, history, 14)
        return lambda candle: handle.update(candle.high, candle.low, candle.close)

    def marked() -> Callable[[Candle], None]:
        tracker = PositionTracker()
        tracker.fill(1.0, 100.0)
        return tracker.mark

    updates = {
        "talib.stream.ATR": streamed,
        "ATR": lambda: ATR(14).update,
        "DonchianChannel": lambda: DonchianChannel(WINDOW).update,
        "Stochastic": lambda: Stochastic().update,
        "ADX": lambda: ADX(14).update,
        "PositionTracker.mark": marked,
        "PositionTracker.fill, in and out": lambda: in_and_out(PositionTracker()),
    }
    return {name: partial(_made_and_fed, make, inputs) for name, make in updates.items()}


def in_and_out(tracker: PositionTracker) -> Callable[[Candle], None]:
    def update(candle: Candle) -> None:
        tracker.fill(1.5, candle.open)
        tracker.fill(-1.5, candle.close)

    return update


def _made_and_fed(make: Callable[[], Callable], inputs: list) -> float:
    return fed(make(), inputs)
