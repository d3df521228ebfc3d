"""Moving averages.

Windows are summed in blocks, here and in the other modules. The inputs are cut into blocks of one window's length. A
window then is the rest of the block before and the start of the running block: the sums of all such rests are made when
a block ends, in one pass from its end, and the start's sum grows with each input. Nothing is ever subtracted, so what
has left the window leaves no rounding error behind, whatever its size and however long the series; and each input costs
the same on average. The idea is van Herk's (1992) and Gil and Werman's (1993), there for the maximum.

``NO_OP``: a class that checks its settings would by attrs' default send every assignment to any of its fields through
the checks, which takes longer than most of these updates.
"""

from itertools import accumulate

from attrs import define, field
from attrs.setters import NO_OP

from tradedesk.indicators._checks import at_least_one, checked
from tradedesk.indicators._seeded import Seeded, exponential


@define(on_setattr=NO_OP, eq=False)
class SMA:
    """Simple moving average: the mean of the last `window` numbers. First value after `window` numbers."""

    window: int = field(validator=at_least_one)
    _rests: list[float] = field(factory=list, init=False, repr=False)
    """Sums of the last 1, 2, ... numbers of the block before that are still in the window."""
    _block: list[float] = field(factory=list, init=False, repr=False)
    _sum: float = field(default=0.0, init=False, repr=False)
    _value: float | None = field(default=None, init=False, repr=False)

    @property
    def value(self) -> float | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new mean."""
        number = checked(number, self)
        self._block.append(number)
        self._sum += number
        if len(self._block) == self.window:
            self._value = self._sum / self.window
            self._rests = list(accumulate(reversed(self._block)))
            self._rests.pop()
            self._block.clear()
            self._sum = 0.0
        elif self._rests:
            self._value = (self._rests.pop() + self._sum) / self.window
        return self._value


@define(on_setattr=NO_OP, eq=False)
class WMA:
    """Linearly weighted moving average: weights `window` for the newest number down to 1 for the oldest.

    First value after `window` numbers.
    """

    window: int = field(validator=at_least_one)
    _rests: list[float] = field(factory=list, init=False, repr=False)
    """Of the last 1, 2, ... numbers of the block before: their sum with weights that rise from 1 for the oldest."""
    _block: list[float] = field(factory=list, init=False, repr=False)
    _sum: float = field(default=0.0, init=False, repr=False)
    _weighted: float = field(default=0.0, init=False, repr=False)
    _value: float | None = field(default=None, init=False, repr=False)

    @property
    def value(self) -> float | None:
        return self._value

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new average."""
        number = checked(number, self)
        window, block = self.window, self._block
        block.append(number)
        self._sum += number
        self._weighted += number * len(block)
        weights = window * (window + 1) / 2
        if len(block) == window:
            self._value = self._weighted / weights
            # A number in front adds 1 to the weight of all behind it: a rest is the one behind it plus a plain sum.
            self._rests = list(accumulate(accumulate(reversed(block))))
            self._rests.pop()
            block.clear()
            self._sum = self._weighted = 0.0
        elif self._rests:
            start = self._weighted + self._sum * (window - len(block))
            self._value = (self._rests.pop() + start) / weights
        return self._value


@define(on_setattr=NO_OP, eq=False)
class EMA:
    """Exponential moving average with the weight 2 / (window + 1) for the newest number.

    Seeded with the mean of the first `window` numbers, as TA-Lib does. First value after `window` numbers.
    """

    window: int = field(validator=at_least_one)
    _average: Seeded = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._average = exponential(self.window)

    @property
    def value(self) -> float | None:
        return self._average.value

    @property
    def warm_up(self) -> int:
        return self.window

    def update(self, number: float, /) -> float | None:
        """Take one number and return the new average."""
        return self._average.update(checked(number, self))
