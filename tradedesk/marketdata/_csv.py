"""Candles from CSV files, one row at a time."""

import csv
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from tradedesk.marketdata._errors import EmptyFileError
from tradedesk.marketdata._event import Slice
from tradedesk.marketdata._header import find_columns
from tradedesk.marketdata._request import Request, request
from tradedesk.marketdata._row_faults import TableFile, not_csv
from tradedesk.marketdata._rows import Rows, slices_of
from tradedesk.marketdata._text import open_text, undecodable


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
    return slices_of_csv(Path(path), request(instrument, period, stamp))


def slices_of_csv(path: Path, wanted: Request) -> Generator[Slice, None, None]:
    """Read a file for a request that was checked."""
    with open_csv(path) as (file, rows):
        yield from slices_of(file, rows, wanted)


@contextmanager
def open_csv(path: Path) -> Generator[tuple[TableFile, Rows], None, None]:
    """Open a file, understand its header and give it with the rows below.

    Raises:
        FileError: The file or its header cannot be read; from inside the block also what is no CSV.
    """
    with open_text(path) as stream:
        rows = csv.reader(stream, skipinitialspace=True, strict=True)
        try:
            header = next((row for row in rows if row), None)
            yield understood(path, header), rows
        except csv.Error as error:
            raise not_csv(path, rows.line_num, error) from error


def understood(path: Path, header: list[str] | None) -> TableFile:
    """Find the columns in the first row that is not blank; None if there is no such row."""
    if header is None:
        raise EmptyFileError(file=str(path), rule="is empty; its first line must name the columns")
    if "\0" in "".join(header):
        raise undecodable(path)
    return TableFile(path, header, find_columns(header, str(path)))
