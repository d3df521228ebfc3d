"""The candle and the one rule it must keep."""

from collections.abc import Mapping
from math import inf

from tradedesk._value import value
from tradedesk.marketdata._errors import CandleError

_LOWEST = -inf


@value
class Candle:
    """One candle: what the price did during one period.

    `timestamp` is kept as the source wrote it; `parse_timestamp` reads it. All numbers are finite,
    `low <= open, close <= high`, `volume >= 0` and `tick_count >= 0`; anything else raises `CandleError`.
    Equal by value, hashable, never to be changed (the type checker refuses it, the interpreter does not).
    """

    timestamp: str
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    tick_count: int = 0

    # attrs hands the arguments over before it assigns them: 69 ns on top of 97. `__attrs_post_init__`, which
    # reads the fields back, costs 85; an `__init__` of our own 42, but mypy lets none assign frozen fields.
    # There is no unchecked way in: `read_csv` would gain 4 % by it, a columnar reader a seventh, and a class
    # without the check would be another type, unequal to this one.
    def __attrs_pre_init__(  # noqa: PLR0917 - the guide's fields
        self,
        timestamp: str,
        open: float,  # noqa: A002 - the field's name
        high: float,
        low: float,
        close: float,
        volume: float = 0.0,
        tick_count: int = 0,
    ) -> None:
        # Not-a-number fails every comparison, so the good path needs no test of its own for it.
        try:
            if _LOWEST < low <= open <= high < inf > volume >= 0.0 and low <= close <= high and 0 <= tick_count < inf:
                return
        except TypeError:
            pass  # not a number: the search below names it
        raise _broken(timestamp, open=open, high=high, low=low, close=close, volume=volume, tick_count=tick_count)


def _broken(timestamp: str, **numbers: float) -> CandleError:
    field, rule = _unusable(numbers) or _negative(numbers) or _crossed(numbers)
    return CandleError(field=field, value=numbers[field], rule=rule, timestamp=timestamp)


def _unusable(numbers: Mapping[str, object]) -> tuple[str, str] | None:
    for field, number in numbers.items():
        if not isinstance(number, (int, float)):
            return field, f"is {type(number).__name__} and must be a float or an int"
        if not abs(number) < inf:  # math.isfinite raises for an int beyond the largest float
            return field, "is not finite"
    return None


def _negative(numbers: Mapping[str, float]) -> tuple[str, str] | None:
    return next(((field, "is negative") for field in ("volume", "tick_count") if numbers[field] < 0), None)


def _crossed(numbers: Mapping[str, float]) -> tuple[str, str]:
    low, high = numbers["low"], numbers["high"]
    field = "high" if high < low else "close" if low <= numbers["open"] <= high else "open"
    side = f"below low {low!r}" if numbers[field] < low else f"above high {high!r}"
    return field, f"is {side}; a candle keeps low <= open, close <= high"
