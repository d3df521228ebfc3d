"""Indicators: a number or a candle in, the newest value out; O(1) amortised each, picklable, without drift.

_protocol    `Indicator`: what all of them are
_checks      what they refuse, and the errors
_averages    SMA, EMA, WMA  (_seeded: the recursive ones)
_spread      Stdev, BollingerBands
_extremes    RollingMax, RollingMin, DonchianChannel, Stochastic
_changes     Momentum, ROC, MACD
_wilder      RSI, TrueRange, ATR, ADX
talib        any function of TA-Lib behind the same protocol; needs the extra ``talib``
"""

from tradedesk.indicators._averages import EMA, SMA, WMA
from tradedesk.indicators._changes import MACD, ROC, MACDValue, Momentum
from tradedesk.indicators._checks import IndicatorError, IndicatorInputError, IndicatorSettingError
from tradedesk.indicators._extremes import (
    DonchianChannel,
    DonchianValue,
    RollingMax,
    RollingMin,
    Stochastic,
    StochasticValue,
)
from tradedesk.indicators._protocol import Indicator
from tradedesk.indicators._spread import BollingerBands, BollingerValue, Stdev
from tradedesk.indicators._wilder import ADX, ATR, RSI, ADXValue, TrueRange

__all__ = [
    "Indicator",
    # of numbers
    "SMA",
    "EMA",
    "WMA",
    "Stdev",
    "BollingerBands",
    "BollingerValue",
    "RollingMax",
    "RollingMin",
    "Momentum",
    "ROC",
    "MACD",
    "MACDValue",
    "RSI",
    # of candles
    "TrueRange",
    "ATR",
    "ADX",
    "ADXValue",
    "DonchianChannel",
    "DonchianValue",
    "Stochastic",
    "StochasticValue",
    # errors
    "IndicatorError",
    "IndicatorSettingError",
    "IndicatorInputError",
]
