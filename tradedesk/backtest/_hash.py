"""One number for all that a run came to: equal runs have equal hashes, on every machine."""

import sys
from array import array
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from struct import Struct

from tradedesk.backtest.types import Allocation
from tradedesk.execution import Fill

_MARK = b"tradedesk run 1\n"
_FILL = Struct("<qqddddddd")
_LENGTH = Struct("<q")
_NUMBER = Struct("<d")


def hash_of(
    start: float,
    close_times: "array[int]",
    equity: "array[float]",
    fills: Iterable[Fill],
    allocations: Iterable[Allocation],
) -> str:
    """Return the sha256 of the run in hexadecimal, over canonical bytes.

    Numbers are 64 bits, the lowest byte first; text is UTF-8 behind its length in bytes. Fills stand in the order in
    which they were made, sleeves in declared order: nothing depends on the order of a set, a source or a schedule.
    """
    digest = sha256(_MARK + _NUMBER.pack(start))
    for numbers in (close_times, equity):
        digest.update(_LENGTH.pack(len(numbers)) + _little_endian(numbers))
    for parts in (_of_fills(fills), _of_allocations(allocations)):
        for part in parts:
            digest.update(part)
        digest.update(b"\n")
    return digest.hexdigest()


def _little_endian(numbers: "array[int] | array[float]") -> bytes:
    if sys.byteorder == "big":
        numbers = numbers[:]
        numbers.byteswap()
    return numbers.tobytes()


def _of_fills(fills: Iterable[Fill]) -> Iterator[bytes]:
    for fill in fills:
        yield _FILL.pack(
            fill.number,
            fill.close_time,
            fill.size,
            fill.price,
            fill.quote,
            fill.commission,
            fill.realised,
            fill.closed,
            fill.opened,
        )
        yield _texts((fill.order_id, fill.sleeve, fill.instrument, fill.side, fill.moment, fill.tag))


def _of_allocations(allocations: Iterable[Allocation]) -> Iterator[bytes]:
    for one in allocations:
        yield _LENGTH.pack(one.close_time) + _texts(one.sleeves) + _texts(one.active) + _little_endian(one.held)


def _texts(texts: Sequence[str]) -> bytes:
    encoded = [text.encode("utf-8", "surrogatepass") for text in texts]
    return _LENGTH.pack(len(encoded)) + b"".join(_LENGTH.pack(len(text)) + text for text in encoded)
