"""How far the numbers of a window spread.

The textbook's mean of squares minus square of the mean loses every digit when the spread is small beside the price
(1,000,000 plus or minus 0.000001). Here a window's sum of squared deviations is put together from those of two parts,
the blocks of ``_averages``: a part that grows after B. P. Welford, "Note on a method for calculating corrected sums of
squares and products", Technometrics 4 (1962); the two together after T. F. Chan, G. H. Golub and R. J. LeVeque,
"Updating formulae and a pairwise algorithm for computing sample variances" (1979).
"""

from math import inf, sqrt
from typing import TYPE_CHECKING

from attrs import define, field
from attrs.setters import NO_OP

from tradedesk._value import value
from tradedesk.indicators._checks import IndicatorSettingError, at_least_one, checked

if TYPE_CHECKING:
    from attrs import Attribute


@define(on_setattr=NO_OP, eq=False)
class _Moments:
    """The mean and the sum of squared deviations from it, of the last `window` numbers.

    Each part measures from an origin of its own, one of its numbers: their differences are small where the numbers are
    close to each other, and keep the digits that the mean of large numbers has no room for.
    """

    window: int
    _rests: list[tuple[float, float]] = field(factory=list, init=False)
    """Both of the last 1, 2, ... numbers of the block before that are still in the window."""
    _rests_origin: float = field(default=0.0, init=False)
    _block: list[float] = field(factory=list, init=False)
    _origin: float = field(default=0.0, init=False)
    _mean: float = field(default=0.0, init=False)
    """From the origin, as all means here but the one that is returned."""
    _squares: float = field(default=0.0, init=False)

    def update(self, number: float) -> tuple[float, float] | None:
        block = self._block
        if not block:
            self._origin = number
        block.append(number)
        count = len(block)
        distance = number - self._origin
        off = distance - self._mean
        mean = self._mean = self._mean + off / count
        squares = self._squares = self._squares + off * (distance - mean)
        if count == self.window:
            self._start_a_block()
            return self._origin + mean, squares
        if not self._rests:
            return None
        rest_mean, rest_squares = self._rests.pop()
        apart = (self._rests_origin - self._origin) + (rest_mean - mean)
        share = (self.window - count) / self.window
        return self._origin + (mean + apart * share), squares + rest_squares + apart * apart * share * count

    def _start_a_block(self) -> None:
        rests = []
        origin = self._rests_origin = self._block[-1]  # the one that stays longest
        mean = squares = 0.0
        for count, number in enumerate(reversed(self._block), 1):
            distance = number - origin
            off = distance - mean
            mean += off / count
            squares += off * (distance - mean)
            rests.append((mean, squares))
        rests.pop()
        self._rests = rests
        self._block.clear()
        self._mean = self._squares = 0.0


@define(on_setattr=NO_OP, eq=False)
class Stdev:
    """Population standard deviation of the last `window` numbers, in their unit (TA-Lib's STDDEV).

    First value after `window` numbers. A window of equal numbers gives exactly 0.
    """

    window: int = field(validator=at_least_one)
    _moments: _Moments = field(init=False, repr=False)
    _value: float | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._moments = _Moments(self.window)

    @property
    def value(self) -> float | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new deviation."""
        moments = self._moments.update(checked(number, self))
        if moments is not None:
            self._value = sqrt(moments[1] / self.window)
        return self._value


@value
class BollingerValue:
    """The bands after one number, in its unit."""

    lower: float
    middle: float
    upper: float


def _a_width(owner: object, attribute: "Attribute[float]", width: object) -> None:
    if not isinstance(width, int | float) or not 0 <= width < inf:
        raise IndicatorSettingError(
            f"{type(owner).__name__}: {attribute.name} is {width!r}; it must be a finite number, at least 0"
        )


@define(on_setattr=NO_OP, eq=False)
class BollingerBands:
    """The mean of the last `window` numbers, and `width` population standard deviations above and below it.

    First value after `window` numbers. J. Bollinger, "Bollinger on Bollinger Bands" (2001).
    """

    window: int = field(default=20, validator=at_least_one)
    width: float = field(default=2.0, validator=_a_width)
    _moments: _Moments = field(init=False, repr=False)
    _value: BollingerValue | None = field(default=None, init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._moments = _Moments(self.window)

    @property
    def value(self) -> BollingerValue | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, number: float, /) -> BollingerValue | None:
        """Take one number and return the new bands."""
        moments = self._moments.update(checked(number, self))
        if moments is not None:
            mean, squares = moments
            reach = self.width * sqrt(squares / self.window)
            self._value = BollingerValue(mean - reach, mean, mean + reach)
        return self._value
