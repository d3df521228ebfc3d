"""The readers by columns; they import without polars and say at the call that it is missing."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tradedesk.marketdata._csv import open_csv, slices_of_csv
from tradedesk.marketdata._errors import UnreadableFileError
from tradedesk.marketdata._event import Slice
from tradedesk.marketdata._request import Stamp, request
from tradedesk.marketdata._row_faults import TableFile
from tradedesk.marketdata._rows import Rows

_missing = False
try:
    from tradedesk.marketdata.columns._chunks import slices_of_chunks
    from tradedesk.marketdata.columns._parquet import TextRows, open_parquet, slices_of_parquet
except ModuleNotFoundError as error:
    if error.name != "polars":
        raise
    _missing = True

_PARQUET: Final = (".parquet", ".pq")


def read_parquet(
    path: str | os.PathLike[str], *, instrument: str, period: str, stamp: Stamp = "open"
) -> Generator[Slice, None, None]:
    """Read the candles of a Parquet file as slices of one event each.

    Columns go by name as in `tradedesk.marketdata.read_csv`. Timestamps may be date-times (without a zone: UTC),
    dates, or texts and whole numbers that `parse_timestamp` reads; of the first two, `Candle.timestamp` is the
    ISO 8601 text in UTC, like ``2020-01-31T15:00:00Z`` or ``2020-01-31``. Numbers may be of any type that holds
    numbers or their texts, a tick count of a whole one.

    The arguments are checked at the call. The file is read in batches from the first `next` on; memory does not
    depend on its length. polars works in threads of its own: in a process forked after the first read it can
    hang, so start processes by "spawn".

    Raises:
        MarketDataError: The first thing that is wrong, as one of its kinds: file, row, column and rule.
        UnreadableFileError: polars is not installed.
    """
    wanted = request(instrument, period, stamp)
    _need_polars(path)
    return slices_of_parquet(Path(path), wanted)


def read_csv(
    path: str | os.PathLike[str], *, instrument: str, period: str, stamp: Stamp = "open"
) -> Generator[Slice, None, None]:
    """Read a CSV file as `tradedesk.marketdata.read_csv` does, faster.

    Candles, errors and their texts are the same. From the first part on that polars might read in another way
    than the core (quotes, blank lines, anything that is wrong), the core reads the file.

    Raises:
        MarketDataError: As the reader of the core.
        UnreadableFileError: polars is not installed.
    """
    wanted = request(instrument, period, stamp)
    _need_polars(path)
    return slices_of_chunks(Path(path), wanted)


def read_candles(
    path: str | os.PathLike[str], *, instrument: str, period: str, stamp: Stamp = "open"
) -> Generator[Slice, None, None]:
    """Read a file by its name: Parquet where it ends in `.parquet` or `.pq`, else CSV, which needs no polars.

    Raises:
        MarketDataError: As `read_parquet` and `tradedesk.marketdata.read_csv`.
    """
    if Path(path).suffix.lower() in _PARQUET:
        return read_parquet(path, instrument=instrument, period=period, stamp=stamp)
    return slices_of_csv(Path(path), request(instrument, period, stamp))


@contextmanager
def open_rows(path: str | os.PathLike[str]) -> Generator[tuple[TableFile, Rows], None, None]:
    """Open a file as `read_candles` does, and give its rows as texts, none of them checked.

    The block gets what the header says (`columns`: the place of each field in a row) and the rows; `rows.line_num` is
    the line, or the row of a Parquet file, that was given last.

    Raises:
        FileError: The file or its header cannot be read; from inside the block also what cannot be read further on.
    """
    if Path(path).suffix.lower() in _PARQUET:
        _need_polars(path)
        file, frames = open_parquet(Path(path))
        yield file, TextRows(frames)
    else:
        with open_csv(Path(path)) as opened:
            yield opened


def _need_polars(path: str | os.PathLike[str]) -> None:
    if _missing:
        raise UnreadableFileError(
            file=os.fspath(path), rule="reading it by columns needs polars: pip install 'tradedesk-actors[data]'"
        )
