"""The indicators of J. W. Wilder, "New Concepts in Technical Trading Systems" (1978), with his smoothing.

His average of `window` begins as the mean of the first `window` items; each later item replaces one `window`-th of it:
``(average * (window - 1) + item) / window``.
"""

from attrs import define, field
from attrs.setters import NO_OP

from tradedesk._value import value
from tradedesk.indicators._checks import at_least_one, checked, checked_candle
from tradedesk.indicators._seeded import Seeded, wilder
from tradedesk.marketdata import Candle


@define(on_setattr=NO_OP, eq=False)
class RSI:
    """Relative strength index: the average rise as a share of average rise plus average fall, 0 to 100.

    Wilder's averages over the changes from number to number. Where nothing has ever changed there is no share, and the
    value is 0, as in TA-Lib. First value after ``window + 1`` numbers.
    """

    window: int = field(default=14, validator=at_least_one)
    _rise: Seeded = field(init=False, repr=False)
    _fall: Seeded = field(init=False, repr=False)
    _last: float | None = field(default=None, init=False, repr=False)
    _value: float | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._rise, self._fall = wilder(self.window), wilder(self.window)

    @property
    def value(self) -> float | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window + 1

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new index."""
        number = checked(number, self)
        last, self._last = self._last, number
        if last is None:
            return None
        change = number - last
        rise = self._rise.update(change if change > 0 else 0.0)
        fall = self._fall.update(-change if change < 0 else 0.0)
        if rise is not None and fall is not None:
            both = rise + fall
            self._value = 100 * (rise / both) if both else 0.0
        return self._value


def _true_range(candle: Candle, last_close: float) -> float:
    """From the candle's low, or the close before if that is lower, to its high, or that close if it is higher."""
    return max(candle.high, last_close) - min(candle.low, last_close)


@define(on_setattr=NO_OP, eq=False)
class TrueRange:
    """The candle's range, stretched to the close before it, in the unit of the price. First value after 2 candles."""

    _last_close: float | None = field(default=None, init=False, repr=False)
    _value: float | None = field(default=None, init=False, repr=False)

    @property
    def value(self) -> float | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return 2

    def update(self, candle: Candle, /) -> float | None:
        """Take one candle and return its true range."""
        checked_candle(candle, self)
        if self._last_close is not None:
            self._value = _true_range(candle, self._last_close)
        self._last_close = candle.close
        return self._value


@define(on_setattr=NO_OP, eq=False)
class ATR:
    """Average true range: Wilder's average of the true ranges, in the unit of the price.

    The first candle has no close before it and no true range; so the first value comes after ``window + 1`` candles.
    """

    window: int = field(default=14, validator=at_least_one)
    _average: Seeded = field(init=False, repr=False)
    _last_close: float | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._average = wilder(self.window)

    @property
    def value(self) -> float | None:
        return self._average.value

    @property
    def warm_up(self) -> int:
        return self.window + 1

    def update(self, candle: Candle, /) -> float | None:
        """Take one candle and return the new average."""
        checked_candle(candle, self)
        last_close, self._last_close = self._last_close, candle.close
        return None if last_close is None else self._average.update(_true_range(candle, last_close))


@value
class ADXValue:
    """Strength of a trend, and the shares of range that went up and down; each 0 to 100."""

    adx: float
    plus_di: float
    minus_di: float


@define(on_setattr=NO_OP, eq=False)
class _Decaying:
    """Wilder's sum: begins with ``window - 1`` plain items, then each item comes after one `window`-th has gone."""

    window: int
    _taken: int = field(default=0, init=False)
    sum: float = field(default=0.0, init=False)

    def update(self, item: float) -> None:
        self._taken += 1
        if self._taken >= self.window:
            self.sum -= self.sum / self.window
        self.sum += item


@define(on_setattr=NO_OP, eq=False)
class ADX:
    """Average directional index: Wilder's average of ``100 * |plus_di - minus_di| / (plus_di + minus_di)``.

    A candle's movement is up by what its high exceeds the high before, or down by what its low falls short of the low
    before, whichever is more; ``plus_di`` and ``minus_di`` are the sums of both in percent of the sum of true ranges.
    A candle for which that quotient does not exist leaves ``adx`` as it is and counts as 0 in the first average. First
    value after ``2 * window`` candles. Sums begin as in TA-Lib, with one item fewer than `window`.
    """

    window: int = field(default=14, validator=at_least_one)
    _ranges: _Decaying = field(init=False, repr=False)
    _ups: _Decaying = field(init=False, repr=False)
    _downs: _Decaying = field(init=False, repr=False)
    _adx: Seeded = field(init=False, repr=False)
    _last: Candle | None = field(default=None, init=False, repr=False)
    _pairs: int = field(default=0, init=False, repr=False)
    _value: ADXValue | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._ranges, self._ups, self._downs = (_Decaying(self.window) for _ in range(3))
        self._adx = wilder(self.window)

    @property
    def value(self) -> ADXValue | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return 2 * self.window

    def update(self, candle: Candle, /) -> ADXValue | None:
        """Take one candle and return the new values."""
        checked_candle(candle, self)
        last, self._last = self._last, candle
        if last is None:
            return None
        self._pairs += 1
        up, down = candle.high - last.high, last.low - candle.low
        self._ranges.update(_true_range(candle, last.close))
        self._ups.update(up if up > down and up > 0 else 0.0)
        self._downs.update(down if down > up and down > 0 else 0.0)
        if self._pairs >= self.window:
            self._average()
        return self._value

    def _average(self) -> None:
        ranges, ups, downs = self._ranges.sum, self._ups.sum, self._downs.sum
        if ups + downs > 0 and ranges > 0:
            adx = self._adx.update(100 * abs(ups - downs) / (ups + downs))
        else:
            adx = self._adx.value if self._adx.value is not None else self._adx.update(0.0)
        if adx is not None:
            plus, minus = (100 * ups / ranges, 100 * downs / ranges) if ranges > 0 else (0.0, 0.0)
            self._value = ADXValue(adx, plus, minus)
