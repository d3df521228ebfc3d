"""Text that is safe inside HTML, and numbers and times as people write them."""

import json
import re
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_BETWEEN_DIGITS: Final = re.compile(r"(?<=\d)-(?=\d)")

# None of these can end a script element or open a comment; JSON reads them back as they were.
_UNSAFE_IN_SCRIPT: Final = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def text(value: object) -> str:
    """Escape a value for the content of an element or a quoted attribute."""
    return escape(str(value), quote=True)


def script_json(value: object) -> str:
    """Write JSON that may stand inside a script element."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).translate(_UNSAFE_IN_SCRIPT)


def moment(nanoseconds: int) -> str:
    """Write a time in UTC to the second; a midnight as its date."""
    at = _EPOCH + timedelta(seconds=nanoseconds // 1_000_000_000)
    if at.hour == at.minute == at.second == 0:
        return f"{at:%Y-%m-%d}"
    return f"{at:%Y-%m-%d %H:%M}" if at.second == 0 else f"{at:%Y-%m-%d %H:%M:%S}"


def unbroken(sentence: str) -> str:
    """Keep dates on one line: a hyphen between digits becomes one at which no line breaks."""
    return _BETWEEN_DIGITS.sub("\N{NON-BREAKING HYPHEN}", sentence)


def number(value: float, digits: int = 2) -> str:
    """Write a number with thousands and a true minus; what rounds to 0 has no sign."""
    written = f"{abs(value):,.{digits}f}"
    return f"−{written}" if value < 0 and written.strip("0.,") else written


def money(value: float, currency: str) -> str:
    """Write an amount, followed by its currency where it has one."""
    return f"{number(value)} {currency}".rstrip()


def count(amount: int, one: str, many: str = "") -> str:
    """Write an amount with its noun: 1 trade, 2 trades."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"
