"""Which candles came, and which did not, slice by slice; most look like the one before and cost a glance."""

import attrs

from tradedesk.backtest.types import Coverage
from tradedesk.marketdata import Instrument, Slice, period_seconds

_SECOND = 1_000_000_000


@attrs.define(eq=False)
class _Clock:
    """The closes of one period.

    Attributes:
        length: of the period, in nanoseconds.
        ticks: closes at which any instrument had a candle.
    """

    length: int
    ticks: int = 0


@attrs.define(eq=False)
class _Series:
    """One instrument's candles of one period; `first_tick` and `last_tick` count its clock's closes."""

    clock: _Clock
    first: int
    first_tick: int
    last: int
    last_tick: int
    bars: int = 0
    gaps: int = 0
    longest_gap: int = 0

    def see(self, time: int, tick: int, steps: int) -> None:
        """Its candles come in a row, `steps` of them without a gap in between, the last one at `time`."""
        self.bars += steps
        self.last, self.last_tick = time, tick

    def step(self, length: int) -> None:
        """From its last candle to the next it takes so long."""
        self.gaps += length > self.clock.length
        self.longest_gap = max(self.longest_gap, length)


@attrs.define(eq=False)
class CoverageMeter:
    """Counts the candles of a run.

    Slices with the same instruments and periods in the same order follow each other for long; all that is kept of them
    is how many there were, until one is different, or comes after a step that none of them had.
    """

    _series: dict[tuple[Instrument, str], _Series] = attrs.field(factory=dict)
    _clocks: dict[str, _Clock] = attrs.field(factory=dict)
    _instruments: list[Instrument] = attrs.field(factory=list)
    _periods: list[str] = attrs.field(factory=list)
    _row: list[_Series] = attrs.field(factory=list)
    _row_clocks: list[_Clock] = attrs.field(factory=list)
    _repeats: int = 0
    _time: int = 0
    _stride: int = 0

    def see(self, slice_: Slice) -> None:
        """Count the candles of a slice."""
        events, time = slice_.events, slice_.close_time
        instruments = [event.instrument for event in events]
        if instruments == self._instruments and self._row:
            stride = time - self._time
            if stride == self._stride and [event.period for event in events] == self._periods:
                self._repeats += 1
                self._time = time
                return
        self._settle()
        self._count(instruments, [event.period for event in events], time)

    def _count(self, instruments: list[Instrument], periods: list[str], time: int) -> None:
        keys = list(zip(instruments, periods, strict=True))
        for period in dict.fromkeys(periods):
            if period not in self._clocks:
                self._clocks[period] = _Clock(period_seconds(period) * _SECOND)
            self._clocks[period].ticks += 1
        self._row = [self._one(key, time) for key in keys]
        self._row_clocks = [self._clocks[period] for period in dict.fromkeys(periods)]
        # Only a row that follows one of its own kind knows how long a step is.
        same = instruments == self._instruments and periods == self._periods
        self._stride = time - self._time if same else 0
        self._instruments, self._periods, self._time = instruments, periods, time

    def _one(self, key: tuple[Instrument, str], time: int) -> _Series:
        clock = self._clocks[key[1]]
        series = self._series.get(key)
        if series is None:
            series = self._series[key] = _Series(clock, time, clock.ticks, time, clock.ticks)
        else:
            series.step(time - series.last)
        series.see(time, clock.ticks, 1)
        return series

    def _settle(self) -> None:
        """Write down the slices that were like the one before them."""
        repeats, self._repeats = self._repeats, 0
        if not repeats:
            return
        for clock in self._row_clocks:
            clock.ticks += repeats
        for series in self._row:
            gap = self._stride > series.clock.length
            series.gaps += repeats * gap
            series.longest_gap = max(series.longest_gap, self._stride)
            series.see(self._time, series.clock.ticks, repeats)

    def coverage(self) -> tuple[Coverage, ...]:
        """What came, by instrument and then by length of the period."""
        self._settle()
        rows = sorted(self._series.items(), key=lambda row: (row[0][0], row[1].clock.length, row[0][1]))
        return tuple(_covered(*key, series) for key, series in rows)


def _covered(instrument: Instrument, period: str, series: _Series) -> Coverage:
    return Coverage(
        instrument=instrument,
        period=period,
        first=series.first,
        last=series.last,
        bars=series.bars,
        missing=series.last_tick - series.first_tick + 1 - series.bars,
        late=series.first_tick - 1,
        early=series.clock.ticks - series.last_tick,
        gaps=series.gaps,
        longest_gap=series.longest_gap,
    )
