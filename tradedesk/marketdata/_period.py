"""Periods: "15MINUTE", "HOUR" (which is "1HOUR"), "DAY", "MONTH"."""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from datetime import MAXYEAR, date
from typing import Final

from tradedesk.marketdata._errors import PeriodError
from tradedesk.marketdata._time import NANOSECONDS

_MONTH: Final = "MONTH"
_SECONDS: Final[Mapping[str, int]] = {
    "SECOND": 1,
    "MINUTE": 60,
    "HOUR": 3_600,
    "DAY": 86_400,
    "WEEK": 604_800,
    _MONTH: 2_629_746,  # 400 Gregorian years are 146,097 days, and 4,800 months
}
_NAMES: Final[Mapping[str, str]] = {f"1{unit}": unit for unit in _SECONDS}
_GRAMMAR: Final = re.compile(rf"([1-9]\d{{0,4}})?({'|'.join(_SECONDS)})", re.ASCII)
DAY: Final = 86_400 * NANOSECONDS
EPOCH_DAY: Final = date(1970, 1, 1).toordinal()


def period_seconds(period: str) -> int:
    """Give the length of a period in seconds; a month counts as the average one (30.436875 days).

    Raises:
        PeriodError: `period` is not a count (1 to 99999, absent for 1) followed by a unit in capitals.
    """
    count, unit = split_period(period)
    return count * _SECONDS[unit]


def period_close(period: str, open_time: int) -> int:
    """Give the close of the candle that opens at `open_time`; both in nanoseconds since the Unix epoch, UTC.

    A day is 24 hours. A month ends on the same day of the next one, or its last day if that one is shorter; a
    month that opens on the last day of one ends on the last day of the next.

    Raises:
        PeriodError: `period` is no period, or the candle would close after the year 9999.
    """
    return closing(period)(open_time)


def period_name(period: str) -> str:
    """Give the text by which periods compare: "1HOUR" is "HOUR". What is no period stays as it is."""
    return _NAMES.get(period, period)


def closing(period: str) -> Callable[[int], int]:
    """Read the period once and return `period_close` for it: the form for loops."""
    count, unit = split_period(period)
    if unit == _MONTH:
        return lambda open_time: _months_later(open_time, count, period)
    length = count * _SECONDS[unit] * NANOSECONDS
    return lambda open_time: open_time + length


def unit_seconds(unit: str) -> int:
    """Give the length of a unit in seconds."""
    return _SECONDS[unit]


def split_period(period: str) -> tuple[int, str]:
    """Give count and unit of a period."""
    found = _GRAMMAR.fullmatch(period)
    if found is None:
        raise PeriodError(
            period=period,
            rule=f"is not a count and a unit, like 15MINUTE or DAY; the units are {', '.join(_SECONDS)}",
        )
    return int(found[1] or 1), found[2]


def _months_later(open_time: int, count: int, period: str) -> int:
    days, time_of_day = divmod(open_time, DAY)
    opens = date.fromordinal(EPOCH_DAY + days)
    year, month = divmod(opens.year * 12 + opens.month - 1 + count, 12)
    if year > MAXYEAR:
        raise PeriodError(period=period, rule=f"from {opens} closes after the year {MAXYEAR}")
    last = monthrange(year, month + 1)[1]
    opens_last = opens.day == monthrange(opens.year, opens.month)[1]
    closes = date(year, month + 1, last if opens_last else min(opens.day, last))
    return (closes.toordinal() - EPOCH_DAY) * DAY + time_of_day
