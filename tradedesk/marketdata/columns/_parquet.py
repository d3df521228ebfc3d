"""Parquet files: by columns where all is plain, through rows of text where it is not."""

from collections.abc import Generator, Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Self

from tradedesk.marketdata._errors import EmptyFileError
from tradedesk.marketdata._event import Slice
from tradedesk.marketdata._header import find_columns
from tradedesk.marketdata._request import Request
from tradedesk.marketdata._row_faults import TableFile
from tradedesk.marketdata._rows import BEFORE_ALL_TIME, slices_of
from tradedesk.marketdata._text import open_bytes
from tradedesk.marketdata.columns._batch import slices_of_batch
from tradedesk.marketdata.columns._frames import Frame, check_types, parquet_columns, parquet_frames


class TextRows:
    """The rows of frames as texts, numbered from 1; the first `skipped` were seen before."""

    def __init__(self, frames: Iterable[Frame], before: int = 0, skipped: int = 0) -> None:
        self.line_num = before + skipped
        rows = chain.from_iterable(frame.rows() for frame in frames)
        self._rows = islice(rows, skipped, None)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> list[str]:
        row = next(self._rows)
        self.line_num += 1
        return row


def slices_of_parquet(path: Path, wanted: Request) -> Generator[Slice, None, None]:
    """Read a file for a request that was checked."""
    file, frames = open_parquet(path)
    earlier, last, before = 0, BEFORE_ALL_TIME, ""
    for frame in frames:
        done = 0
        for batch in frame.batches():
            made = 0 if batch is None else (yield from slices_of_batch(batch, wanted, last))
            done += made
            if batch is not None and made:
                last, before = batch.times[made - 1], batch.texts[made - 1]
            if batch is None or made < len(batch.times):
                rows = TextRows(chain((frame,), frames), earlier, done)
                yield from slices_of(file, rows, wanted, last, before)
                return
        earlier += done
    if not earlier:
        raise EmptyFileError(file=str(path), rule="has columns but no candles")


def open_parquet(path: Path) -> tuple[TableFile, Iterator[Frame]]:
    """Understand the columns of a file and give it with its frames, none of them read yet.

    Raises:
        FileError: The file or its columns cannot be read.
    """
    # The operating system's refusals get the words they have for CSV; polars has its own.
    with open_bytes(path):
        pass
    types = parquet_columns(path)
    header = list(types)
    names = {field: header[index] for field, index in find_columns(header, str(path)).items()}
    check_types(path, types, names)
    places = {field: place for place, field in enumerate(names)}
    return TableFile(path, list(names.values()), places, counted="row"), parquet_frames(path, names)
