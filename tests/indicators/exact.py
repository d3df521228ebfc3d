"""What the indicators should say: each one's definition, worked out anew for every value, with two hundred digits.

A function takes the whole series, as `Decimal` or as candles of `Decimal`, and returns one entry for each input: None, or a
number, or a tuple of numbers in the order of the fields of the indicator's value.
"""

from decimal import Decimal, localcontext
from itertools import pairwise
from typing import NamedTuple

D = Decimal


class Row(NamedTuple):
    high: Decimal
    low: Decimal
    close: Decimal


def exactly(oracle, series, *settings):
    with localcontext(prec=200):
        return oracle([_exact(each) for each in series], *settings)


def _exact(item):
    return D(item) if isinstance(item, (int, float)) else Row(D(item.high), D(item.low), D(item.close))


def windows(series, size):
    return [series[end - size : end] if end >= size else None for end in range(1, len(series) + 1)]


def over_windows(function):
    return lambda series, size, *more: [
        None if window is None else function(window, *more) for window in windows(series, size)
    ]


def mean(numbers):
    return sum(numbers) / D(len(numbers))


def deviation(numbers):
    middle = mean(numbers)
    return mean([(number - middle) ** 2 for number in numbers]).sqrt()


def weighted(numbers):
    weights = range(1, len(numbers) + 1)
    return sum(weight * number for weight, number in zip(weights, numbers, strict=True)) / D(sum(weights))


def bands(numbers, width):
    middle, reach = mean(numbers), D(width) * deviation(numbers)
    return (middle - reach, middle, middle + reach)


def channel(candles):
    upper, lower = max(each.high for each in candles), min(each.low for each in candles)
    return (lower, (lower + upper) / 2, upper)


sma = over_windows(mean)
wma = over_windows(weighted)
stdev = over_windows(deviation)
bollinger = over_windows(bands)
highest = over_windows(max)
lowest = over_windows(min)
donchian = over_windows(channel)


def seeded(series, size, share):
    """None as long as the series has None; then the mean of the first items, then steps towards each."""
    start = next((place for place, item in enumerate(series) if item is not None), len(series))
    values = [None] * len(series)
    if start + size <= len(series):
        value = values[start + size - 1] = mean(series[start : start + size])
        for place in range(start + size, len(series)):
            value = values[place] = value + (series[place] - value) * share
    return values


def ema(series, size):
    return seeded(series, size, D(2) / (size + 1))


def wilder(series, size):
    return seeded(series, size, D(1) / size)


def macd(series, fast, slow, signal):
    quick = ema([None if place < slow - fast else number for place, number in enumerate(series)], fast)
    line = [None if a is None or b is None else a - b for a, b in zip(quick, ema(series, slow), strict=True)]
    return [
        None if b is None else (a, b, a - b)
        for a, b in zip(line, seeded(line, signal, D(2) / (signal + 1)), strict=True)
    ]


def momentum(series, size):
    return [None if place < size else number - series[place - size] for place, number in enumerate(series)]


def roc(series, size):
    return [
        None if place < size else 100 * (number / series[place - size] - 1) if series[place - size] else D(0)
        for place, number in enumerate(series)
    ]


def rsi(series, size):
    changes = [None, *(after - before for before, after in pairwise(series))]
    rises = wilder([None if change is None else max(change, D(0)) for change in changes], size)
    falls = wilder([None if change is None else max(-change, D(0)) for change in changes], size)
    return [
        None if rise is None else 100 * rise / (rise + fall) if rise + fall else D(0)
        for rise, fall in zip(rises, falls, strict=True)
    ]


def true_range(candles):
    return [
        None,
        *(
            max(now.high - now.low, abs(now.high - before.close), abs(now.low - before.close))
            for before, now in pairwise(candles)
        ),
    ]


def atr(candles, size):
    return wilder(true_range(candles), size)


def stochastic(candles, size, smoothing, signal):
    def raw(window):
        low, high = min(each.low for each in window), max(each.high for each in window)
        return 100 * (window[-1].close - low) / (high - low) if high > low else D(0)

    def smooth(series, count):
        return [None if window is None or None in window else mean(window) for window in windows(series, count)]

    k = smooth(over_windows(raw)(candles, size), smoothing)
    return [None if b is None else (a, b) for a, b in zip(k, smooth(k, signal), strict=True)]


def adx(candles, size):
    """Wilder's sums begin with size - 1 plain items, as in TA-Lib."""
    pairs = list(pairwise(candles))
    moves = [(now.high - before.high, before.low - now.low) for before, now in pairs]
    ups = _decaying([up if up > max(down, 0) else D(0) for up, down in moves], size)
    downs = _decaying([down if down > max(up, 0) else D(0) for up, down in moves], size)
    ranges = _decaying(true_range(candles)[1:], size)
    values, index, shares = [None] * min(size, len(candles)), None, []
    for up, down, whole in list(zip(ups, downs, ranges, strict=True))[size - 1 :]:
        share = 100 * abs(up - down) / (up + down) if up + down and whole else None
        shares.append(share)
        if len(shares) == size:
            index = mean([each or D(0) for each in shares])
        elif index is not None and share is not None:
            index += (share - index) / size
        points = (100 * up / whole, 100 * down / whole) if whole else (D(0), D(0))
        values.append(None if index is None else (index, *points))
    return values


def _decaying(items, size):
    sums, total = [], D(0)
    for count, item in enumerate(items, 1):
        total += item - (total / size if count >= size else 0)
        sums.append(total)
    return sums
