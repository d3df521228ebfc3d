"""Highest and lowest of a window, and what is made of them. The blocks are those of ``_averages``."""

from itertools import accumulate

from attrs import define, field
from attrs.setters import NO_OP

from tradedesk._value import value
from tradedesk.indicators._averages import SMA
from tradedesk.indicators._checks import at_least_one, checked, checked_candle
from tradedesk.marketdata import Candle


@define(on_setattr=NO_OP, eq=False)
class _Highest:
    """The largest of the last `window` numbers; None before."""

    window: int
    value: float | None = field(default=None, init=False)
    _rests: list[float] = field(factory=list, init=False)
    """The largest of the last 1, 2, ... numbers of the block before that are still in the window."""
    _block: list[float] = field(factory=list, init=False)
    _most: float = field(default=0.0, init=False)

    def update(self, number: float) -> float | None:
        if number > self._most or not self._block:
            self._most = number
        self._block.append(number)
        if len(self._block) == self.window:
            self.value = self._most
            self._rests = list(accumulate(reversed(self._block), max))
            self._rests.pop()
            self._block.clear()
        elif self._rests:
            self.value = max(self._rests.pop(), self._most)
        return self.value


@define(on_setattr=NO_OP, eq=False)
class RollingMax:
    """The largest of the last `window` numbers. First value after `window` numbers."""

    window: int = field(validator=at_least_one)
    _highest: _Highest = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._highest = _Highest(self.window)

    @property
    def value(self) -> float | None:
        return self._highest.value

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new maximum."""
        return self._highest.update(checked(number, self))


@define(on_setattr=NO_OP, eq=False)
class RollingMin:
    """The smallest of the last `window` numbers. First value after `window` numbers."""

    window: int = field(validator=at_least_one)
    _mirrored: _Highest = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._mirrored = _Highest(self.window)

    @property
    def value(self) -> float | None:
        return _mirrored(self._mirrored.value)

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new minimum."""
        return _mirrored(self._mirrored.update(-checked(number, self)))


def _mirrored(number: float | None) -> float | None:
    return None if number is None else 0.0 - number  # never -0.0


@value
class DonchianValue:
    """The channel after one candle, in the unit of its prices."""

    lower: float
    middle: float
    upper: float


@define(on_setattr=NO_OP, eq=False)
class DonchianChannel:
    """Highest high and lowest low of the last `window` candles, and the middle between them.

    The newest candle is among them: for a breakout compare its close with the channel's value before the update.
    First value after `window` candles.
    """

    window: int = field(default=20, validator=at_least_one)
    _highest: _Highest = field(init=False, repr=False)
    _mirrored: _Highest = field(init=False, repr=False)
    _value: DonchianValue | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._highest, self._mirrored = _Highest(self.window), _Highest(self.window)

    @property
    def value(self) -> DonchianValue | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, candle: Candle, /) -> DonchianValue | None:
        """Take one candle and return the new channel."""
        checked_candle(candle, self)
        upper, lower = self._highest.update(candle.high), _mirrored(self._mirrored.update(-candle.low))
        if upper is not None and lower is not None:
            self._value = DonchianValue(lower, lower + (upper - lower) / 2, upper)
        return self._value


@value
class StochasticValue:
    """Both lines after one candle, in percent."""

    k: float
    d: float


@define(on_setattr=NO_OP, eq=False)
class Stochastic:
    """Slow stochastic oscillator (TA-Lib's STOCH): where the close stands between lowest low and highest high.

    ``k`` is the mean over `smoothing` candles of ``100 * (close - lowest) / (highest - lowest)`` of the last `window`
    candles, which counts as 0 when all of them stand at one price; ``d`` is the mean of the last `signal` values of
    ``k``. First value after ``window + smoothing + signal - 2`` candles. G. C. Lane, "Lane's Stochastics" (1984).
    """

    window: int = field(default=5, validator=at_least_one)
    smoothing: int = field(default=3, validator=at_least_one)
    signal: int = field(default=3, validator=at_least_one)
    _highest: _Highest = field(init=False, repr=False)
    _mirrored: _Highest = field(init=False, repr=False)
    _k: SMA = field(init=False, repr=False)
    _d: SMA = field(init=False, repr=False)
    _value: StochasticValue | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._highest, self._mirrored = _Highest(self.window), _Highest(self.window)
        self._k, self._d = SMA(self.smoothing), SMA(self.signal)

    @property
    def value(self) -> StochasticValue | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window + self.smoothing + self.signal - 2

    def update(self, candle: Candle, /) -> StochasticValue | None:
        """Take one candle and return the new lines."""
        checked_candle(candle, self)
        highest, lowest = self._highest.update(candle.high), _mirrored(self._mirrored.update(-candle.low))
        if highest is None or lowest is None:
            return None
        k = self._k.update(100 * (candle.close - lowest) / (highest - lowest) if highest > lowest else 0.0)
        d = None if k is None else self._d.update(k)
        if k is not None and d is not None:
            self._value = StochasticValue(k, d)
        return self._value
