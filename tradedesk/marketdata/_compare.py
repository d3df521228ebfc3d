"""Are longer candles what the shorter ones add up to?"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from math import isclose

from attrs import frozen

from tradedesk.marketdata._aggregate import aggregate
from tradedesk.marketdata._event import CandleCloseEvent, Instrument, Slice
from tradedesk.marketdata._grid import Bounds, grid

_FIELDS = ("open", "high", "low", "close", "volume")


@frozen
class ResamplingFault:
    """Where a longer candle is not what its parts add up to.

    `field` is one of a candle's with what was `found` and what the parts give; or "close_time", off the grid of its
    period, with the next place on it; or "candle", where the parts are whole and the candle is not there (None).
    """

    instrument: Instrument
    period: str
    close_time: int
    field: str
    found: float | None
    expected: float


def resampling_faults(
    longer: Iterable[Slice],
    shorter: Iterable[Slice],
    period: str,
    *,
    anchor: str | None = None,
    tolerance: float = 1e-9,
) -> Generator[ResamplingFault, None, None]:
    """Compare candles of `period` with what `aggregate` makes of shorter ones of the same one instrument.

    Prices and volume may differ by the share `tolerance`. A candle some of whose parts are missing is not judged, nor
    is what lies before the first longer candle or after the last. Memory does not depend on the length of the sources.

    Raises:
        MarketDataError: As `aggregate` for the shorter ones, and what the sources raise.
    """
    bounds = grid(period, anchor)
    parts = aggregate(shorter, period, anchor=anchor, incomplete="drop")
    with closing(parts):
        yield from _faults(_events(longer), _events(parts), bounds, tolerance)


def _events(source: Iterable[Slice]) -> Iterator[tuple[int, CandleCloseEvent]]:
    return ((one.close_time, event) for one in source for event in one.events)


def _faults(
    longer: Iterator[tuple[int, CandleCloseEvent]],
    made: Iterator[tuple[int, CandleCloseEvent]],
    bounds: Bounds,
    tolerance: float,
) -> Iterator[ResamplingFault]:
    waiting = next(made, None)
    began = False
    for time, event in longer:
        while waiting is not None and waiting[0] < time:
            if began:
                yield _fault(waiting[1], waiting[0], "candle", None, waiting[1].candle.close)
            waiting = next(made, None)
        began = True
        if bounds(time)[1] != time:
            yield _fault(event, time, "close_time", time, bounds(time)[1])
        elif waiting is not None and waiting[0] == time:
            yield from _differences(event, waiting[1], time, tolerance)
            waiting = next(made, None)


def _differences(
    given: CandleCloseEvent, made: CandleCloseEvent, time: int, tolerance: float
) -> Iterator[ResamplingFault]:
    for name in _FIELDS:
        found, expected = getattr(given.candle, name), getattr(made.candle, name)
        if not isclose(found, expected, rel_tol=tolerance):
            yield _fault(given, time, name, found, expected)


def _fault(event: CandleCloseEvent, time: int, field: str, found: float | None, expected: float) -> ResamplingFault:
    return ResamplingFault(event.instrument, event.period, time, field, found, expected)
