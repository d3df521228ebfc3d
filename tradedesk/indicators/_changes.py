"""From one number to a later one, and from a slow average to a fast one."""

from collections import deque

from attrs import define, field
from attrs.setters import NO_OP

from tradedesk._value import value
from tradedesk.indicators._checks import IndicatorSettingError, at_least_one, checked
from tradedesk.indicators._seeded import Seeded, exponential


@define(on_setattr=NO_OP, eq=False)
class Momentum:
    """The newest number minus the one `window` before it. First value after ``window + 1`` numbers."""

    window: int = field(validator=at_least_one)
    _past: deque[float] = field(init=False, repr=False)
    _value: float | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._past = deque(maxlen=self.window)

    @property
    def value(self) -> float | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window + 1

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new difference."""
        number = checked(number, self)
        if len(self._past) == self.window:
            self._value = number - self._past[0]
        self._past.append(number)
        return self._value


@define(on_setattr=NO_OP, eq=False)
class ROC:
    """Rate of change: the newest number against the one `window` before it, in percent of the earlier one.

    Where the earlier one is 0 there is no rate, and the value is 0, as in TA-Lib; where it is so small that the rate is
    beyond all floats, the value is infinite. First value after
    ``window + 1`` numbers.
    """

    window: int = field(validator=at_least_one)
    _past: deque[float] = field(init=False, repr=False)
    _value: float | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._past = deque(maxlen=self.window)

    @property
    def value(self) -> float | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window + 1

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new rate."""
        number = checked(number, self)
        if len(self._past) == self.window:
            earlier = self._past[0]
            # the difference first: the quotient minus 1 would lose the digits of a small change
            self._value = (number - earlier) / earlier * 100 if earlier else 0.0
        self._past.append(number)
        return self._value


@value
class MACDValue:
    """All three after one number, in its unit; ``histogram`` is ``macd - signal``."""

    macd: float
    signal: float
    histogram: float


@define(on_setattr=NO_OP, eq=False)
class MACD:
    """Moving average convergence divergence: `EMA` of `fast` minus `EMA` of `slow`, and its own `EMA` of `signal`.

    Both averages have their first value at the same number, as in TA-Lib: the fast one starts ``slow - fast`` numbers
    late. First value after ``slow + signal - 1`` numbers. G. Appel, "The Moving Average Convergence-Divergence Trading
    Method" (1979).
    """

    fast: int = field(default=12, validator=at_least_one)
    slow: int = field(default=26, validator=at_least_one)
    signal: int = field(default=9, validator=at_least_one)
    _fast: Seeded = field(init=False, repr=False)
    _slow: Seeded = field(init=False, repr=False)
    _signal: Seeded = field(init=False, repr=False)
    _skip: int = field(init=False, repr=False)
    _value: MACDValue | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.fast >= self.slow:
            raise IndicatorSettingError(f"MACD: fast is {self.fast} and slow {self.slow}; fast must be smaller")
        self._fast, self._slow, self._signal = map(exponential, (self.fast, self.slow, self.signal))
        self._skip = self.slow - self.fast

    @property
    def value(self) -> MACDValue | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.slow + self.signal - 1

    def update(self, number: float, /) -> MACDValue | None:
        """Take one number and return the new values."""
        number = checked(number, self)
        slow = self._slow.update(number)
        if self._skip:
            self._skip -= 1
            return None
        fast = self._fast.update(number)
        if fast is None or slow is None:
            return None
        macd = fast - slow
        signal = self._signal.update(macd)
        if signal is not None:
            self._value = MACDValue(macd, signal, macd - signal)
        return self._value
