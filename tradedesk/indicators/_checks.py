"""What indicators refuse, at the edge and in words.

IndicatorError                a ValueError
├── IndicatorSettingError     a window or width that makes no indicator
└── IndicatorInputError       an input that is no usable number or candle; the state is unchanged
"""

from typing import TYPE_CHECKING, Final

from tradedesk.marketdata import Candle

if TYPE_CHECKING:
    from attrs import Attribute

LIMIT: Final = 1e100
"""Inputs stay below it in size, so that squares and sums of them stay numbers."""


class IndicatorError(ValueError):
    """An indicator was set up with, or given, what it cannot work with."""


class IndicatorSettingError(IndicatorError):
    """A window is no whole number of at least 1, or another setting is out of its range."""


class IndicatorInputError(IndicatorError):
    """An input is not a number, not finite, or 1e100 and more in size. The indicator is as it was before."""


def at_least_one(owner: object, attribute: "Attribute[int]", value: object) -> None:
    """Validate a window."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise IndicatorSettingError(
            f"{type(owner).__name__}: {attribute.name} is {value!r}; it must be a whole number, at least 1"
        )


def checked(number: float, owner: object) -> float:
    """Return the number as a float, or refuse it in the name of its owner."""
    try:
        number = number + 0.0  # an int becomes a float; what is no number says so
        if -LIMIT < number < LIMIT:  # not-a-number fails every comparison
            return number
    except (TypeError, OverflowError):
        pass
    raise IndicatorInputError(
        f"{owner!r} was given {_shown(number)}; it takes finite numbers below {LIMIT:g} in size and is as it was before"
    )


def checked_candle(candle: object, owner: object) -> Candle:
    """Return the candle, or refuse it. That its prices are in order is its own promise."""
    if not isinstance(candle, Candle):
        raise IndicatorInputError(f"{owner!r} was given {_shown(candle)}; it takes a Candle and is as it was before")
    if candle.low > -LIMIT and candle.high < LIMIT:
        return candle
    raise IndicatorInputError(
        f"{owner!r} was given the candle of {candle.timestamp} with prices from {_shown(candle.low)} to "
        f"{_shown(candle.high)}; it takes prices below {LIMIT:g} in size and is as it was before"
    )


def _shown(thing: object) -> str:
    """A number as it is; anything else by its type, for its text may be long."""
    if isinstance(thing, float):
        return repr(thing)
    if isinstance(thing, int) and not isinstance(thing, bool):
        return repr(thing) if abs(thing) < LIMIT else f"an int beyond {LIMIT:g}"
    return "None" if thing is None else f"a {type(thing).__name__}"
