"""Rows of text into slices, one at a time, whatever kind of file they come from."""

from collections.abc import Generator, Iterator
from typing import Final, Protocol

from tradedesk.marketdata._errors import EmptyFileError
from tradedesk.marketdata._event import CandleCloseEvent, Slice
from tradedesk.marketdata._header import row_reader
from tradedesk.marketdata._request import Request
from tradedesk.marketdata._row_faults import TableFile
from tradedesk.marketdata._time import parse_timestamp

BEFORE_ALL_TIME: Final = -(1 << 127)


class Rows(Protocol):
    """Rows as texts, one for each column of the file; an empty row is a blank line."""

    @property
    def line_num(self) -> int:
        """The line of the row that was given last."""
        ...

    def __iter__(self) -> Iterator[list[str]]: ...
    def __next__(self) -> list[str]: ...


def slices_of(
    file: TableFile, rows: Rows, request: Request, last: int = BEFORE_ALL_TIME, before: str = ""
) -> Generator[Slice, None, None]:
    """Turn rows into slices; `last` and `before` are time and text of the row before the first, if there is one.

    Raises:
        FileError: What is wrong with the first row that is none, or that there is no row at all.
    """
    read, width, close_of = row_reader(file.columns), len(file.header), request.close_of
    instrument, period = request.instrument, request.period
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
            raise file.out_of_order(candle.timestamp, before, rows.line_num, repeated=stamped == last)
        last, before = stamped, candle.timestamp
        yield Slice(close_time, (CandleCloseEvent(instrument, period, candle),))
    if not before:
        raise EmptyFileError(file=str(file.path), rule="has a header but no candles")
