"""Streams with faults planted in them, and the list of what was planted where."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from enum import Enum
from math import inf, nan
from types import MappingProxyType
from typing import Final

import attrs

from tradedesk.marketdata import Candle, Instrument, Slice
from tradedesk.testing._candles import streams
from tradedesk.testing._hypothesis import st


class Bad(Enum):
    """What is wrong with a slice. Nobody refuses the last three kinds: a strategy has to live with them."""

    NAN = "its first close is not a number"
    INF = "its first high is infinite"
    CROSSED = "its first high is below its low"
    OUTSIDE = "its first close is above its high"
    STALE = "its close time is that of the slice before"
    DUPLICATE = "its first candle stands in it twice"
    UNKNOWN = "its first candle is of an instrument that was not asked for"
    NEGATIVE = "the prices of its first candle are below 0"
    ZERO = "the prices of its first candle are 0"
    NAIVE = "the timestamp of its first candle names no zone"


Hostile = tuple[list[Slice], list[tuple[int, Bad]]]

STRANGER: Final = Instrument("XXXXXX")


def _unchecked(candle: Candle, fields: Mapping[str, object]) -> Candle:
    """A candle as it comes from a feed that does not look at what it hands on."""
    changed = copy(candle)
    for field, value in fields.items():
        object.__setattr__(changed, field, value)
    return changed


def _prices(factor: float, candle: Candle) -> Mapping[str, float]:
    turned = {"open": candle.open, "high": candle.low, "low": candle.high, "close": candle.close}
    return {field: price * factor for field, price in turned.items()}


def _spoiled(candle: Candle, bad: Bad) -> Candle:
    low, high = candle.low, candle.high
    fields: Mapping[Bad, Mapping[str, object]] = MappingProxyType(
        {
            Bad.NAN: {"close": nan},
            Bad.INF: {"high": inf},
            Bad.CROSSED: {"high": low - 1.0},
            Bad.OUTSIDE: {"close": high + 1.0},
            Bad.NEGATIVE: _prices(-1.0, candle),
            Bad.ZERO: _prices(0.0, candle),
            Bad.NAIVE: {"timestamp": candle.timestamp.rstrip("Z")},
        }
    )
    return _unchecked(candle, fields[bad])


def planted(stream: Sequence[Slice], place: int, bad: Bad) -> Slice:
    """Return the slice at a place of a stream with a fault in it."""
    slice_ = stream[place]
    first, *others = slice_.events
    match bad:
        case Bad.STALE:
            return attrs.evolve(slice_, close_time=stream[place - 1].close_time)
        case Bad.DUPLICATE:
            events = (first, first, *others)
        case Bad.UNKNOWN:
            events = (attrs.evolve(first, instrument=STRANGER), *others)
        case _:
            events = (attrs.evolve(first, candle=_spoiled(first.candle, bad)), *others)
    return attrs.evolve(slice_, events=events)


def hostile_streams(
    instruments: Iterable[str], *, kinds: Iterable[Bad] = tuple(Bad), max_size: int = 10, most: int = 3
) -> st.SearchStrategy[Hostile]:
    """Streams of at least two slices with faults in them, and what was planted: ``(stream, [(index, Bad.NAN)])``.

    Shrinks to one fault in two slices with a flat candle each.

    Args:
        instruments: who has candles.
        kinds: which faults.
        max_size: most slices.
        most: most faults, one for a slice at most.
    """
    choice = list(kinds)
    if not choice:
        raise ValueError("kinds is empty; a hostile stream has at least one fault")
    lawful = streams(instruments, min_size=2, max_size=max_size)
    faults = st.lists(st.tuples(st.integers(0, max_size - 1), st.sampled_from(choice)), min_size=1, max_size=most)
    return st.builds(_spoil, lawful, faults)


def _spoil(stream: list[Slice], faults: Iterable[tuple[int, Bad]]) -> Hostile:
    at: dict[int, Bad] = {}
    for index, bad in faults:
        place = index % len(stream)
        at.setdefault(max(1, place) if bad is Bad.STALE else place, bad)
    for place in sorted(at, reverse=True):  # a close time is repeated as it was before
        stream[place] = planted(stream, place, at[place])
    return stream, sorted(at.items(), key=lambda fault: fault[0])
