"""Timestamps as text, and as whole nanoseconds since the Unix epoch. No float touches time."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from tradedesk.marketdata._errors import TimestampError

NANOSECONDS: Final = 1_000_000_000
"""Nanoseconds in a second."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_NAIVE: Final = datetime(1970, 1, 1)  # noqa: DTZ001 - what text without an offset is measured from

# 8, 14 and 17 digits stay out: they may be a date without dashes, and a wrong guess would be silent.
UNIT_BY_DIGITS: Final[Mapping[int, int]] = {
    **dict.fromkeys((1, 2, 3, 4, 5, 6, 7, 9, 10, 11), NANOSECONDS),
    **dict.fromkeys((12, 13), 1_000_000),
    **dict.fromkeys((15, 16), 1_000),
    **dict.fromkeys((18, 19), 1),
}

# fromisoformat drops what is finer than a microsecond and reads "T12.5" as half a second past twelve.
_WITH_FRACTION: Final = re.compile(
    r"(?P<whole>.+[T ]\d\d:?\d\d:?\d\d)[.,](?P<fraction>\d+)(?P<offset>Z|[+-][\d:]+)?", re.ASCII
)
_FINEST: Final = 9  # digits of a second
_WHAT_TO_WRITE: Final = "write ISO 8601 (2020-01-31T15:00:00.25Z) or a whole count since 1970 (1580482800)"


def parse_timestamp(text: str) -> int:
    """Read a moment as whole nanoseconds since the Unix epoch, UTC.

    `text` is ISO 8601 or a count since the Unix epoch. ISO text without an offset is UTC, a date alone its
    midnight; fractions may go down to the nanosecond. The number of digits of a count tells its unit: up to 7
    and 9 to 11 seconds, 12 and 13 milliseconds, 15 and 16 microseconds, 18 and 19 nanoseconds.

    Raises:
        TimestampError: The text is neither, or could be both.
    """
    if text.isdecimal():
        return _count(text)
    if "." in text or "," in text:
        return _with_fraction(text)
    return _whole_seconds(text)


def format_timestamp(time: int) -> str:
    """Write nanoseconds since the Unix epoch as ISO 8601 in UTC, like ``2020-01-31T15:00:00Z``.

    A fraction of a second has 3, 6 or 9 digits. `parse_timestamp` reads the text back.

    Raises:
        TimestampError: The year is not between 1 and 9999.
    """
    seconds, nanoseconds = divmod(time, NANOSECONDS)
    try:
        moment = _EPOCH_NAIVE + timedelta(seconds=seconds)
    except OverflowError as error:
        raise TimestampError(text=str(time), rule="nanoseconds since 1970 lie outside the years 1 to 9999") from error
    return f"{moment.isoformat()}{_fraction(nanoseconds)}Z"


def _fraction(nanoseconds: int) -> str:
    digits = f"{nanoseconds:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f".{digits}" if digits else ""


def _count(text: str) -> int:
    unit = UNIT_BY_DIGITS.get(len(text))
    if unit is None:
        raise TimestampError(
            text=text,
            rule=f"has {len(text)} digits, which leaves open what it counts; write a date with dashes "
            "(2020-01-31), or a count since 1970 in seconds, milliseconds, microseconds or nanoseconds",
        )
    return int(text) * unit


def _whole_seconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TimestampError(text=text, rule=f"is not a moment ({error}); {_WHAT_TO_WRITE}") from error
    since = moment - (_EPOCH if moment.tzinfo else _EPOCH_NAIVE)
    return (since.days * 86_400 + since.seconds) * NANOSECONDS


def _with_fraction(text: str) -> int:
    found = _WITH_FRACTION.fullmatch(text)
    if found is None:
        raise TimestampError(text=text, rule=f"is not a moment; {_WHAT_TO_WRITE}")
    fraction = found["fraction"].rstrip("0")
    if len(fraction) > _FINEST:
        raise TimestampError(text=text, rule="is finer than a nanosecond; shorten the fraction to 9 digits")
    return _whole_seconds(found["whole"] + (found["offset"] or "")) + int(fraction.ljust(_FINEST, "0"))
