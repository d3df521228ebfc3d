"""CSV files in chunks of whole lines: by columns where all is plain, left to the core where it is not."""

import csv
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from tradedesk.marketdata._csv import slices_of_csv, understood
from tradedesk.marketdata._errors import FileError
from tradedesk.marketdata._event import Slice
from tradedesk.marketdata._request import Request
from tradedesk.marketdata._row_faults import TableFile
from tradedesk.marketdata._rows import BEFORE_ALL_TIME
from tradedesk.marketdata._text import open_bytes
from tradedesk.marketdata.columns._batch import slices_of_batch
from tradedesk.marketdata.columns._frames import parsed

_CHUNK: Final = 1 << 19
"""Bytes: polars takes a millisecond for each call, whatever the size, so that smaller ones cost more a row."""

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_NOT_PLAIN: Final = (b'"', b"\r")
"""What polars could read in another way. Blank lines and blanks it takes for something missing or wrong."""


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


def slices_of_chunks(path: Path, wanted: Request) -> Generator[Slice, None, None]:
    """Read a file for a request that was checked."""
    done = yield from _plain_slices(path, wanted)
    if done is not None:
        # The core is the judge of what is odd: it says what is wrong, or that nothing is.
        with closing(slices_of_csv(path, wanted)) as slices:
            yield from islice(slices, done, None)


def _plain_slices(path: Path, wanted: Request) -> Generator[Slice, None, int | None]:
    """Read while all is plain; give how many candles there were if it stopped before the end."""
    done, last = 0, BEFORE_ALL_TIME
    with open_bytes(path) as stream:
        chunks = _chunks(stream)
        first = next(chunks, b"").removeprefix(_BYTE_ORDER_MARK)
        head, _, text = first.partition(b"\n")
        file = _header(path, head)
        while file is not None:
            if text:
                frame = parsed(text, len(file.header), file.columns) if _is_plain(text) else None
                for batch in frame.batches() if frame is not None else (None,):
                    made = 0 if batch is None else (yield from slices_of_batch(batch, wanted, last))
                    done += made
                    if batch is None or made < len(batch.times):
                        return done
                    last = batch.times[-1]
            text = next(chunks, b"")
            if not text:
                return None if done else 0
    return 0


def _chunks(stream: _Bytes) -> Iterator[bytes]:
    """Cut the bytes after the last line end of each part, with one kind of line end."""
    rest = b""
    while part := stream.read(_CHUNK):
        end = part.rfind(b"\n") + 1
        if end:
            yield (rest + part[:end]).replace(b"\r\n", b"\n")
            rest = part[end:]
        else:
            rest += part
    if rest:
        yield rest


def _header(path: Path, line: bytes) -> TableFile | None:
    try:
        row = next(csv.reader([line.decode()], skipinitialspace=True, strict=True), None)
        return understood(path, row or None)
    except (FileError, csv.Error, UnicodeDecodeError):
        return None


def _is_plain(text: bytes) -> bool:
    if any(mark in text for mark in _NOT_PLAIN):
        return False
    if text.isascii():
        return True
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
