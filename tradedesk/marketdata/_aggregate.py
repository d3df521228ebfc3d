"""Longer candles from shorter ones."""

from collections.abc import Callable, Generator, Iterable
from typing import Final, Literal

from attrs import define, frozen

from tradedesk.marketdata._candle import Candle
from tradedesk.marketdata._errors import AggregationError, MarketDataError, PeriodError, SourceOrderError
from tradedesk.marketdata._event import CandleCloseEvent, Instrument, Slice
from tradedesk.marketdata._grid import grid
from tradedesk.marketdata._period import DAY, period_seconds, split_period
from tradedesk.marketdata._request import Stamp, check_stamp
from tradedesk.marketdata._time import NANOSECONDS, format_timestamp

Incomplete = Literal["drop_edges", "keep", "drop"]
"""What becomes of a candle some of whose parts are missing."""

_KINDS: Final = ("drop_edges", "keep", "drop")


@frozen
class IncompleteCandle:
    """A longer candle of which not every part was there.

    Times are nanoseconds since the Unix epoch, UTC. `edge` says that it stands where the instrument's candles begin
    or end; elsewhere the parts are missing in the source. `kept` says whether it was handed out.
    """

    instrument: Instrument
    period: str
    open_time: int
    close_time: int
    expected: int
    found: int
    edge: bool
    kept: bool


def aggregate(
    source: Iterable[Slice],
    period: str,
    *,
    anchor: str | None = None,
    incomplete: Incomplete = "drop_edges",
    on_incomplete: Callable[[IncompleteCandle], object] | None = None,
    stamp: Stamp = "open",
) -> Generator[Slice, None, None]:
    """Build candles of `period` from the shorter ones of a source, for each of its instruments.

    Open of the first, highest high, lowest low, close of the last, sums of volume and tick count. A candle begins
    and ends on the grid of its period in UTC; `anchor` is a moment at which one begins ("2020-01-01T22:00:00Z"), by
    default midnight, and for weeks Monday. It stands in a slice of its own close time, and that comes out
    when the source reaches it: with the part that closes then or, where that is missing, before the next slice.

    A candle is incomplete where parts are missing. At the edges, where an instrument's candles begin or end inside a
    period, it is left out, and elsewhere kept; `incomplete="keep"` keeps all, "drop" none, and `on_incomplete` is
    told of each. `stamp` says whether `Candle.timestamp` is to mark the open or the close.

    The arguments are checked at the call. One candle of each instrument is held. The source is closed at the end.

    Raises:
        AggregationError: A candle does not fit into the grid, or an instrument comes in two periods.
        PeriodError: `period` is none, or no multiple of a candle's own.
        SourceOrderError: Time in the source goes back or repeats.
    """
    if incomplete not in _KINDS:
        raise MarketDataError(f"incomplete is {incomplete!r}; it must be one of {', '.join(map(repr, _KINDS))}")
    check_stamp(stamp)
    building = _Building(period, anchor, incomplete, on_incomplete, stamp)
    return _aggregated(source, building)


def _aggregated(source: Iterable[Slice], building: "_Building") -> Generator[Slice, None, None]:
    slices = iter(source)
    try:
        for one in slices:
            yield from building.take(one)
        yield from building.ended()
    finally:
        if (close := getattr(slices, "close", None)) is not None:
            close()


@define
class _Parts:
    """What one instrument has put into the candle so far."""

    open: float
    high: float
    low: float
    close: float
    volume: float
    tick_count: int
    first: bool
    """Nothing of the instrument came before this candle, and its first part does not open it."""
    found: int = 1

    def add(self, candle: Candle) -> None:
        if candle.high > self.high:
            self.high = candle.high
        if candle.low < self.low:
            self.low = candle.low
        self.close = candle.close
        self.volume += candle.volume
        self.tick_count += candle.tick_count
        self.found += 1


class _Building:
    """The candles that are being built: at any time one for each instrument, and all on one place of the grid."""

    def __init__(
        self,
        period: str,
        anchor: str | None,
        incomplete: Incomplete,
        tell: Callable[[IncompleteCandle], object] | None,
        stamp: Stamp,
    ) -> None:
        self._period, self._incomplete, self._tell = period, incomplete, tell
        self._stamped_at_open = stamp == "open"
        self._bounds = grid(period, anchor)
        self._start = self._end = self._now = -(1 << 127)
        self._shorter: dict[Instrument, _Shorter] = {}
        self._parts: dict[Instrument, _Parts] = {}

    def take(self, one: Slice) -> Iterable[Slice]:
        """Add a slice and give what has closed: first what closed before it, then what closes with it."""
        time = one.close_time
        if time <= self._now:
            raise SourceOrderError(
                source=0,
                instruments=tuple(event.instrument for event in one.events),
                previous=self._now,
                current=time,
            )
        closed = self._closed() if time > self._end else ()
        if time > self._end:
            self._start, self._end = self._bounds(time)
        for event in one.events:
            self._add(event, time)
        self._now = time
        return (*closed, *self._closed()) if time == self._end else closed

    def ended(self) -> Iterable[Slice]:
        """Give what the end of the source leaves incomplete, if that is wanted."""
        return self._closed(at_the_end=True)

    def _add(self, event: CandleCloseEvent, time: int) -> None:
        instrument, candle = event.instrument, event.candle
        shorter = self._shorter.get(instrument)
        opens_late = False
        if shorter is None:
            shorter = self._shorter[instrument] = _Shorter.of(event.period, self._period)
            opens_late = shorter.open_of(time) > self._start
        if event.period != shorter.period:
            raise AggregationError(
                instrument=instrument,
                period=self._period,
                rule=f"comes in the periods {shorter.period} and {event.period}; give it one",
            )
        if shorter.open_of(time) < self._start:
            raise AggregationError(
                instrument=instrument,
                period=self._period,
                rule=f"the {event.period} that closes at {format_timestamp(time)} reaches over the start of a "
                f"{self._period} at {format_timestamp(self._start)}; set the anchor to a moment at which one begins",
            )
        parts = self._parts.get(instrument)
        if parts is not None:
            parts.add(candle)
            return
        self._parts[instrument] = _Parts(
            candle.open, candle.high, candle.low, candle.close, candle.volume, candle.tick_count, opens_late
        )

    def _closed(self, *, at_the_end: bool = False) -> tuple[Slice, ...]:
        events = [
            self._event(instrument, self._parts[instrument])
            for instrument in self._shorter  # the order in which they first appeared
            if instrument in self._parts and self._is_kept(instrument, self._parts[instrument], at_the_end=at_the_end)
        ]
        self._parts.clear()
        return (Slice(self._end, tuple(events)),) if events else ()

    def _is_kept(self, instrument: Instrument, parts: _Parts, *, at_the_end: bool) -> bool:
        expected = self._shorter[instrument].parts_of(self._start, self._end)
        if parts.found >= expected:
            return True
        edge = parts.first or at_the_end
        kept = self._incomplete == "keep" or (self._incomplete == "drop_edges" and not edge)
        if self._tell is not None:
            self._tell(
                IncompleteCandle(
                    instrument, self._period, self._start, self._end, expected, parts.found, edge=edge, kept=kept
                )
            )
        return kept

    def _event(self, instrument: Instrument, parts: _Parts) -> CandleCloseEvent:
        text = format_timestamp(self._start if self._stamped_at_open else self._end)
        candle = Candle(text, parts.open, parts.high, parts.low, parts.close, parts.volume, parts.tick_count)
        return CandleCloseEvent(instrument, self._period, candle)


@frozen
class _Shorter:
    """The period of the parts: where one opens that closes at a time, and how many make a whole."""

    period: str
    open_of: Callable[[int], int]
    parts_of: Callable[[int, int], int]

    @classmethod
    def of(cls, period: str, longer: str) -> "_Shorter":
        count, unit = split_period(period)
        long_count, long_unit = split_period(longer)
        length = period_seconds(period) * NANOSECONDS
        months = unit == "MONTH"
        if long_unit == "MONTH":
            fits = long_count % count == 0 if months else DAY % length == 0
        else:
            fits = not months and period_seconds(longer) * NANOSECONDS % length == 0
        if not fits:
            raise PeriodError(period=longer, rule=f"cannot be built from candles of {period}; it must be a multiple")
        if months:
            bounds = grid(period)
            return cls(period, lambda time: bounds(time)[0], lambda _start, _end: long_count // count)
        return cls(period, lambda time: time - length, lambda start, end: (end - start) // length)
