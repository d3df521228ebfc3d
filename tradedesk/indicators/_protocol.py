"""What every indicator is."""

from typing import Protocol, TypeVar

_Input_contra = TypeVar("_Input_contra", contravariant=True)
_Value_co = TypeVar("_Value_co", covariant=True)


class Indicator(Protocol[_Input_contra, _Value_co]):
    """Takes one input at a time and says what follows from all it has taken.

    ``Indicator[float, float]`` takes numbers, usually closes; ``Indicator[Candle, float]`` takes candles. An input
    that is refused raises `IndicatorInputError` and leaves the indicator as it was. Every indicator can be copied and,
    those of TA-Lib apart, pickled at any moment: the copy goes on exactly as the original would. Handles: two
    indicators are equal when they are the same object.
    """

    @property
    def value(self) -> _Value_co | None:
        """The newest value; None until `warm_up` inputs were taken."""
        ...

    @property
    def warm_up(self) -> int:
        """The number of inputs up to and including the one that gives the first value."""
        ...

    def update(self, item: _Input_contra, /) -> _Value_co | None:
        """Take one input and return the new value."""
        ...
