"""The grid of a period: where its candles begin and end, in UTC."""

from collections.abc import Callable
from datetime import MAXYEAR, MINYEAR, date
from typing import Final

from tradedesk.marketdata._errors import PeriodError
from tradedesk.marketdata._period import DAY, EPOCH_DAY, split_period, unit_seconds
from tradedesk.marketdata._time import NANOSECONDS, parse_timestamp

Bounds = Callable[[int], tuple[int, int]]
"""Gives start and end of the candle that holds a moment: start < moment <= end."""

_FIRST_MONDAY: Final = 4 * DAY
_MONTHS_TO_1970: Final = 1970 * 12


def grid(period: str, anchor: str | None = None) -> Bounds:
    """Lay the grid of a period; `anchor` is a moment at which one of its candles begins.

    Without an anchor, weeks begin on Monday, months on the first, everything else counts from 1970: at midnight
    where the period divides a day.

    Raises:
        PeriodError: `period` is none, or months should begin elsewhere than at midnight of the first.
        TimestampError: `anchor` is no moment.
    """
    count, unit = split_period(period)
    at = None if anchor is None else parse_timestamp(anchor)
    if unit == "MONTH":
        return _months(count, period, 0 if at is None else _month_of(at, period))
    length = count * unit_seconds(unit) * NANOSECONDS
    begin = at if at is not None else _FIRST_MONDAY if unit == "WEEK" else 0

    def bounds(moment: int) -> tuple[int, int]:
        end = moment + (begin - moment) % length
        return end - length, end

    return bounds


def _months(count: int, period: str, begin: int) -> Bounds:
    def bounds(moment: int) -> tuple[int, int]:
        day = _date_of(moment - 1, period)
        month = day.year * 12 + day.month - 1 - _MONTHS_TO_1970
        start = month - (month - begin) % count
        return _start_of(start, period), _start_of(start + count, period)

    return bounds


def _month_of(anchor: int, period: str) -> int:
    day = _date_of(anchor, period)
    if day.day != 1 or anchor % DAY:
        raise PeriodError(period=period, rule="begins at midnight UTC of the first of a month; its anchor must, too")
    return day.year * 12 + day.month - 1 - _MONTHS_TO_1970


def _date_of(moment: int, period: str) -> date:
    ordinal = EPOCH_DAY + moment // DAY
    if not 1 <= ordinal <= date.max.toordinal():
        raise PeriodError(period=period, rule=f"has no months outside the years {MINYEAR} to {MAXYEAR}")
    return date.fromordinal(ordinal)


def _start_of(month: int, period: str) -> int:
    year, index = divmod(month + _MONTHS_TO_1970, 12)
    if not MINYEAR <= year <= MAXYEAR:
        raise PeriodError(period=period, rule=f"has no months outside the years {MINYEAR} to {MAXYEAR}")
    return (date(year, index + 1, 1).toordinal() - EPOCH_DAY) * DAY
