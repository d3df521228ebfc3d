"""The one module that imports polars: frames from files, and what they hold as Python lists.

polars is asked only for what it does as Python does. Where the two could differ, the answer is None, and the
caller goes through rows of text.
"""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import repeat
from pathlib import Path
from typing import Final

import polars as pl
from attrs import frozen
from polars.exceptions import PanicException, PolarsError

from tradedesk.marketdata._errors import DamagedFileError, HeaderError
from tradedesk.marketdata._time import NANOSECONDS, UNIT_BY_DIGITS, parse_timestamp
from tradedesk.marketdata.columns._batch import BATCH, Batch

_FRAME: Final = 50_000
"""Rows of a frame, some 3 MB: larger ones are read no faster."""

_NEEDED: Final[Mapping[str, str]] = {
    "timestamp": "date-times, dates, whole counts",
    "tick_count": "whole numbers",
}
_UNITS: Final[Mapping[str, int]] = {"ms": 1_000_000, "us": 1_000, "ns": 1}
_MOMENT: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](Z|\+00:00)?$"
_TO_THE_SECOND: Final = len("2020-01-31T15:00:00")
_DATE: Final = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_COUNT: Final = r"^[0-9]+$"
_YEAR_1: Final = -62_135_596_800
"""The first second of Python's calendar; polars knows years before 1, too."""


@frozen
class Stamps:
    """The timestamps of a frame: texts and, where polars can tell them, whole numbers of `unit` nanoseconds."""

    texts: pl.Series
    counts: pl.Series | None
    unit: int = 1

    def times(self, start: int) -> Sequence[int]:
        """Give a batch in nanoseconds since the Unix epoch.

        Raises:
            TimestampError: A text is no moment.
        """
        if self.counts is None:
            return list(map(parse_timestamp, self.texts[start : start + BATCH].to_list()))
        unit = self.unit
        return [count * unit for count in self.counts[start : start + BATCH].to_list()]


@frozen
class Frame:
    """Rows of a file; the columns are named by the fields of a candle, in its order."""

    table: pl.DataFrame

    def batches(self) -> Iterator[Batch | None]:
        """Give the rows a batch at a time; None, and no more, from where they are not plain moments and numbers."""
        moments, *numbers = self.table.get_columns()
        if any(column.null_count() for column in (moments, *numbers)) or not all(map(_is_plain, numbers)):
            yield None
            return
        stamps = _stamps(moments)
        floats = [one if one.name == "tick_count" else one.cast(pl.Float64) for one in numbers]
        for start in range(0, len(moments), BATCH):
            yield _batch(stamps, floats, start)

    def rows(self) -> list[list[str]]:
        """Give the rows as the texts that a CSV file would hold; nothing is an empty text."""
        moments, *numbers = self.table.get_columns()
        columns = (_stamps(moments).texts.to_list(), *(column.to_list() for column in numbers))
        return [["" if cell is None else str(cell) for cell in row] for row in zip(*columns, strict=True)]


def parquet_columns(path: Path) -> Mapping[str, pl.DataType]:
    """Give the columns of a Parquet file with their types.

    Raises:
        DamagedFileError: It is none, or not a whole one.
    """
    with _explained(path):
        return dict(_scan(path).collect_schema())


def check_types(path: Path, types: Mapping[str, pl.DataType], names: Mapping[str, str]) -> None:
    """Check that each column can hold its field; `names` gives the columns by their fields.

    Raises:
        HeaderError: A column holds neither what its field is nor its text.
    """
    for field, name in names.items():
        kind = types[name]
        if kind != pl.String and not _fits(field, kind):
            needed = _NEEDED.get(field, "numbers")
            raise HeaderError(
                file=str(path), rule=f"column {name!r} holds {kind}; the {field} must be {needed} or their texts"
            )


def parquet_frames(path: Path, names: Mapping[str, str]) -> Generator[Frame, None, None]:
    """Read a file in frames; `names` gives the columns by their fields.

    Raises:
        DamagedFileError: The file is not whole.
    """
    wanted = _scan(path).select(pl.col(name).alias(field) for field, name in names.items())
    start = 0
    while True:
        with _explained(path):
            table = wanted.slice(start, _FRAME).collect()
        if len(table) == 0:
            return
        yield Frame(table)
        start += _FRAME


def parsed(text: bytes, width: int, columns: Mapping[str, int]) -> Frame | None:
    """Read lines of CSV without quotes, blank lines and carriage returns; None if one is not what it should be."""
    fields = {index: field for field, index in columns.items()}
    schema = {fields.get(index, str(index)): _csv_type(fields.get(index)) for index in range(width)}
    try:
        table = pl.read_csv(text, has_header=False, schema=schema, quote_char=None)
    except (PolarsError, PanicException):
        return None
    # Missing fields at the end of a line become nulls, also in columns that nobody looks at.
    if text.count(b",") != len(table) * (width - 1):
        return None
    return Frame(table.select(list(columns)))


def _csv_type(field: str | None) -> pl.DataType:
    if field is None or field == "timestamp":
        return pl.String()
    return pl.Int64() if field == "tick_count" else pl.Float64()


def _scan(path: Path) -> pl.LazyFrame:
    return pl.scan_parquet(path, glob=False, hive_partitioning=False)


@contextmanager
def _explained(path: Path) -> Generator[None, None, None]:
    try:
        yield
    except (PolarsError, PanicException) as error:
        reason = str(error).partition("\n")[0]
        raise DamagedFileError(
            file=str(path), rule=f"it is no Parquet file, or not a whole one ({reason}); write or fetch it again"
        ) from error


def _fits(field: str, kind: pl.DataType) -> bool:
    if field == "timestamp":
        return kind.is_integer() or isinstance(kind, pl.Date | pl.Datetime)
    return kind.is_integer() or (field != "tick_count" and kind.is_numeric())


def _is_plain(column: pl.Series) -> bool:
    return column.dtype.is_integer() or column.dtype.is_float()


def _batch(stamps: Stamps, numbers: Sequence[pl.Series], start: int) -> Batch | None:
    lists: list[Sequence[float] | repeat[float]] = [one[start : start + BATCH].to_list() for one in numbers]
    if numbers[-1].name == "tick_count" and len(numbers) == len(("open", "high", "low", "close", "tick_count")):
        lists.insert(-1, repeat(0.0))  # the volume stands before it
    try:
        times = stamps.times(start)
    except ValueError:
        return None
    return Batch(stamps.texts[start : start + BATCH].to_list(), times, tuple(lists))


def _stamps(moments: pl.Series) -> Stamps:
    """Read date-times and dates as whole numbers and write them as texts; texts are tried in the usual forms."""
    kind = moments.dtype
    if isinstance(kind, pl.Datetime):
        plain = moments if kind.time_zone is None else moments.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
        return Stamps(plain.dt.to_string("%Y-%m-%dT%H:%M:%S%.fZ"), plain.to_physical(), _UNITS[kind.time_unit])
    if isinstance(kind, pl.Date):
        return Stamps(moments.dt.to_string("%Y-%m-%d"), moments.to_physical(), 86_400 * NANOSECONDS)
    texts = moments if kind == pl.String else moments.cast(pl.String)
    return _moments(texts) or _counts(texts) or Stamps(texts, None)


def _moments(texts: pl.Series) -> Stamps | None:
    if texts.str.contains(_MOMENT).all():
        clock = texts.str.slice(0, _TO_THE_SECOND).str.replace("T", " ", literal=True)
        read = clock.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False)
    elif texts.str.contains(_DATE).all():
        read = texts.str.to_datetime("%Y-%m-%d", time_unit="ms", strict=False)
    else:
        return None
    counts = read.to_physical()
    lowest = counts.min()
    if counts.null_count() or not isinstance(lowest, int) or lowest < _YEAR_1 * 1_000:
        return None
    return Stamps(texts, counts, _UNITS["ms"])


def _counts(texts: pl.Series) -> Stamps | None:
    digits = texts.str.len_bytes().unique().to_list()
    unit = UNIT_BY_DIGITS.get(digits[0]) if len(digits) == 1 else None
    if unit is None or not texts.str.contains(_COUNT).all():
        return None
    counts = texts.cast(pl.Int64, strict=False)
    return None if counts.null_count() else Stamps(texts, counts, unit)
