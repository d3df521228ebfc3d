"""Find the columns of a candle in the first row of a CSV file."""

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from operator import itemgetter
from typing import Final

from tradedesk.marketdata._candle import Candle
from tradedesk.marketdata._errors import HeaderError

REQUIRED: Final = ("timestamp", "open", "high", "low", "close")
OPTIONAL: Final = ("volume", "tick_count")
_FIELD_OF: Final[Mapping[str, str]] = {
    **dict.fromkeys(("time", "date", "datetime"), "timestamp"),
    **{name: name for name in (*REQUIRED, *OPTIONAL)},
}

Columns = Mapping[str, int]
"""The fields of a candle that a file has, in the order of `Candle`, and where they stand in a row."""


def find_columns(header: list[str], file: str) -> Columns:
    """Match a header with the fields of a candle: by name, in any case and order.

    Raises:
        HeaderError: A required field has no column, or a field has two.
    """
    found: dict[str, int] = {}
    for index, name in enumerate(header):
        field = _FIELD_OF.get(name.strip().lower())
        if field is None:
            continue
        if field in found:
            raise HeaderError(
                file=file,
                rule=f"columns {header[found[field]]!r} and {name!r} both give the {field}; keep one",
            )
        found[field] = index
    missing = [field for field in REQUIRED if field not in found]
    if missing:
        raise HeaderError(file=file, rule=_missing(missing, header))
    return {field: found[field] for field in (*REQUIRED, *OPTIONAL) if field in found}


def row_reader(columns: Columns) -> Callable[[list[str]], Candle]:
    """Make the function that turns a row into a candle; it raises ValueError on any row that is none."""
    # Spelt out four times: `Candle(timestamp, *map(float, numbers))` costs 310 ns more, a sixth of a row.
    pick = itemgetter(*columns.values())

    def prices(row: list[str]) -> Candle:
        t, o, h, lo, c = pick(row)
        return Candle(t, float(o), float(h), float(lo), float(c))

    def with_volume(row: list[str]) -> Candle:
        t, o, h, lo, c, v = pick(row)
        return Candle(t, float(o), float(h), float(lo), float(c), float(v))

    def with_ticks(row: list[str]) -> Candle:
        t, o, h, lo, c, n = pick(row)
        return Candle(t, float(o), float(h), float(lo), float(c), tick_count=int(n))

    def with_both(row: list[str]) -> Candle:
        t, o, h, lo, c, v, n = pick(row)
        return Candle(t, float(o), float(h), float(lo), float(c), float(v), int(n))

    if "tick_count" in columns:
        return with_both if "volume" in columns else with_ticks
    return with_volume if "volume" in columns else prices


def _missing(missing: list[str], header: list[str]) -> str:
    rule = f"has no column {', '.join(map(repr, missing))}; its columns are {', '.join(map(repr, header))}"
    if len(header) == 1 and (mark := next((mark for mark in ";\t|" if mark in header[0]), None)):
        return f"{rule}; separate columns with commas, not with {mark!r}"
    unknown = {name.strip().lower(): name for name in header if name.strip().lower() not in _FIELD_OF}
    likely = [
        f"rename {unknown[match]!r} to {field!r}"
        for field in missing
        for match in get_close_matches(field, unknown, n=1)
    ]
    return "; ".join([rule, *(likely or ["the first line of the file must name the columns"])])
