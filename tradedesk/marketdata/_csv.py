"""Candles from CSV files, one row at a time."""

import csv
import os
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Final, Literal

from tradedesk.marketdata._csv_faults import CsvFile, not_csv
from tradedesk.marketdata._errors import EmptyFileError, MarketDataError
from tradedesk.marketdata._event import CandleCloseEvent, Instrument, Slice
from tradedesk.marketdata._header import find_columns, row_reader
from tradedesk.marketdata._period import closing
from tradedesk.marketdata._text import open_text, undecodable
from tradedesk.marketdata._time import parse_timestamp

_BEFORE_ALL_TIME: Final = -(1 << 127)


def read_csv(
    path: str | os.PathLike[str],
    *,
    instrument: str,
    period: str,
    stamp: Literal["open", "close"] = "open",
) -> Generator[Slice, None, None]:
    """Read the candles of a `.csv` or `.csv.gz` file as slices of one event each.

    Columns go by name, in any case and order: `timestamp` (or time, date, datetime), `open`, `high`, `low`,
    `close`, and where present `volume` and `tick_count`; others are ignored, and so are blank lines. The
    separator is a comma and the encoding UTF-8. Timestamps are what `parse_timestamp` reads; they mark the
    start of the candle, or its close with `stamp="close"`, and must rise.

    The arguments are checked at the call. The file is opened by the first `next` and closed at the end, on an
    error and by `close()`; memory does not depend on its length.

    Raises:
        MarketDataError: The first thing that is wrong, as one of its kinds: file, line, column and rule.
    """
    if stamp not in ("open", "close"):
        raise MarketDataError(
            f"stamp is {stamp!r}; it must be 'open' or 'close', the end of the candle that is stamped"
        )
    close_of = closing(period)
    return _slices(Path(path), Instrument(instrument), period, close_of if stamp == "open" else _itself)


def _slices(
    path: Path, instrument: Instrument, period: str, close_of: Callable[[int], int]
) -> Generator[Slice, None, None]:
    with open_text(path) as stream:
        last, before = _BEFORE_ALL_TIME, ""
        rows = csv.reader(stream, skipinitialspace=True, strict=True)
        try:
            file = _begin(path, rows)
            read, width = row_reader(file.columns), len(file.header)
            for row in rows:
                if len(row) != width:
                    if not row:
                        continue
                    raise file.wrong_width(row, rows.line_num, rows)
                try:
                    candle = read(row)
                    stamped = parse_timestamp(candle.timestamp)
                    close_time = close_of(stamped)
                except ValueError as error:
                    raise file.bad_row(row, rows.line_num, error) from error
                if stamped <= last:
                    repeated = stamped == last
                    raise file.out_of_order(candle.timestamp, before, rows.line_num, repeated=repeated)
                last, before = stamped, candle.timestamp
                yield Slice(close_time, (CandleCloseEvent(instrument, period, candle),))
        except csv.Error as error:
            raise not_csv(path, rows.line_num, error) from error
    if not before:
        raise EmptyFileError(file=str(path), rule="has a header but no candles")


def _begin(path: Path, rows: Iterator[list[str]]) -> CsvFile:
    header = next((row for row in rows if row), None)
    if header is None:
        raise EmptyFileError(file=str(path), rule="is empty; its first line must name the columns")
    if "\0" in "".join(header):
        raise undecodable(path)
    return CsvFile(path, header, find_columns(header, str(path)))


def _itself(close_time: int) -> int:
    return close_time
