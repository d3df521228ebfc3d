"""Candles, series and streams for Hypothesis, built from small whole numbers so that they shrink to something to read.

A bar is a step from the close before it: where it opens, where it closes, how far its wicks reach, in ticks of a tenth.
It shrinks to a step of nothing: a flat bar at 100.0. A run of equal bars is one draw with a count, so that trends are
as common as noise, and long series are cheap to draw.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final, Literal

import attrs

from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument, Slice, period_seconds
from tradedesk.testing._hypothesis import st

Ties = Literal["drawn", "all", "none"]

START: Final = 1_000
"""Ticks at which a series opens: a price of 100.0."""
TICKS: Final = 10
"""Ticks in a price of 1."""
EPOCH: Final = 1_704_067_200
"""Seconds since 1970 of the first open: 2024-01-01, a Monday."""
_NANOSECONDS: Final = 1_000_000_000
_LONGEST_RUN: Final = 10


@attrs.frozen
class Bar:
    """One step of a price, in ticks; `pause` counts periods without a candle before it."""

    body: int = 0
    gap: int = 0
    upper: int = 0
    lower: int = 0
    volume: int = 0
    pause: int = 0

    def __repr__(self) -> str:
        values = ((field.name, getattr(self, field.name)) for field in attrs.fields(Bar))
        return f"Bar({', '.join(f'{name}={value}' for name, value in values if value)})"


FLAT: Final = Bar()


def bars(*, gaps: bool, max_move: float) -> st.SearchStrategy[Bar]:
    """Flat ones, small ones (in which prices are often equal) and large ones."""
    if not 0 <= max_move < 1:
        raise ValueError(f"max_move must be at least 0 and below 1, not {max_move!r}")
    most = int(max_move * START)
    return st.one_of(st.just(FLAT), _sized(min(2, most), gaps=gaps), _sized(most, gaps=gaps))


def _sized(most: int, *, gaps: bool) -> st.SearchStrategy[Bar]:
    moves, wicks, none = st.integers(-most, most), st.integers(0, most), st.just(0)
    return st.builds(
        Bar,
        body=moves,
        gap=moves if gaps else none,
        upper=wicks,
        lower=wicks,
        volume=st.integers(0, 9),
        pause=st.integers(0, 2) if gaps else none,
    )


def runs(of: st.SearchStrategy[Bar], min_size: int, max_size: int) -> st.SearchStrategy[Sequence[Bar]]:
    """Bars in runs of equal ones."""
    if not 0 <= min_size <= max_size:
        raise ValueError(f"a size must keep 0 <= min_size <= max_size, not {min_size!r} and {max_size!r}")
    run = st.tuples(of, st.integers(1, _LONGEST_RUN))
    drawn = st.lists(run, min_size=min(1, min_size), max_size=max_size)
    return drawn.map(lambda found: _unrolled(found, min_size, max_size))


def _unrolled(found: Iterable[tuple[Bar, int]], min_size: int, max_size: int) -> list[Bar]:
    unrolled = list(islice((bar for bar, count in found for _ in range(count)), max_size))
    return unrolled + [FLAT] * (min_size - len(unrolled))


@attrs.define
class Price:
    """Where a series stands, in ticks; it never falls below one."""

    ticks: int = START

    def candle(self, bar: Bar, opens: int) -> Candle:
        """Go one step; `opens` is the candle's open in seconds since 1970."""
        first = max(1, self.ticks + bar.gap)
        last = self.ticks = max(1, first + bar.body)
        return Candle(
            datetime.fromtimestamp(opens, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            first / TICKS,
            (max(first, last) + bar.upper) / TICKS,
            max(1, min(first, last) - bar.lower) / TICKS,
            last / TICKS,
            float(bar.volume),
        )


def candles(*, max_move: float = 0.05) -> st.SearchStrategy[Candle]:
    """Single candles that keep the rules of `Candle`; shrinks to a flat one at 100.0.

    Args:
        max_move: how far body, gap and wicks may reach each, as a part of 100.0.
    """
    return bars(gaps=True, max_move=max_move).map(lambda bar: Price().candle(bar, EPOCH))


def candle_series(
    instrument: str = "EURUSD",
    *,
    min_size: int = 0,
    max_size: int = 50,
    gaps: bool = True,
    max_move: float = 0.05,
    period: str = "1MINUTE",
) -> st.SearchStrategy[list[CandleCloseEvent]]:
    """Series of closes of one instrument, oldest first; shrinks to few, flat, gapless bars at 100.0.

    Args:
        instrument: whose candles.
        min_size: fewest candles.
        max_size: most candles.
        gaps: whether a bar may open away from the close before it, and up to two periods pass without a candle.
        max_move: how far body, gap and wicks may reach each, as a part of 100.0; above 0, prices always are.
        period: of the candles.

    Raises:
        PeriodError: `period` is no period.
    """
    length = period_seconds(period)
    drawn = runs(bars(gaps=gaps, max_move=max_move), min_size, max_size)
    return drawn.map(lambda found: list(series(Instrument(instrument), period, length, found)))


def series(instrument: Instrument, period: str, length: int, found: Iterable[Bar]) -> Iterator[CandleCloseEvent]:
    """Go bar by bar from 100.0; `length` is the period's, in seconds."""
    price, opens = Price(), EPOCH
    for bar in found:
        opens += bar.pause * length
        yield CandleCloseEvent(instrument, period, price.candle(bar, opens))
        opens += length


def streams(
    instruments: Iterable[str],
    *,
    min_size: int = 0,
    max_size: int = 20,
    ties: Ties = "drawn",
    gaps: bool = True,
    max_move: float = 0.05,
    period: str = "1MINUTE",
) -> st.SearchStrategy[list[Slice]]:
    """Streams of slices, as `tradedesk.marketdata.merge` yields them: times rise, and no candle is twice in a slice.

    Args:
        instruments: who may have a candle in a slice.
        min_size: fewest slices.
        max_size: most slices.
        ties: who closes together: "drawn", some of them in any order, at least one; "all", each in each slice, in the
            order given; "none", one at a time.
        gaps: as for `candle_series`.
        max_move: as for `candle_series`.
        period: of all candles.

    Raises:
        PeriodError: `period` is no period.
    """
    names = _names(instruments)
    length = period_seconds(period)
    parts = _parts(names, bars(gaps=gaps, max_move=max_move), ties)
    drawn = st.lists(parts, min_size=min_size, max_size=max_size)
    return drawn.map(lambda found: list(_slices(names, period, length, found)))


def _names(instruments: Iterable[str]) -> list[Instrument]:
    if isinstance(instruments, str):
        raise TypeError(f"instruments must be several names, such as [{instruments!r}], not a text")
    names = [Instrument(name) for name in dict.fromkeys(instruments)]
    if not names:
        raise ValueError("instruments is empty; a stream needs somebody whose candles close")
    return names


def _parts(
    names: Sequence[Instrument], of: st.SearchStrategy[Bar], ties: Ties
) -> st.SearchStrategy[Mapping[Instrument, Bar]]:
    if ties == "all":
        return st.tuples(*[of for _ in names]).map(lambda drawn: dict(zip(names, drawn, strict=True)))
    if ties not in ("drawn", "none"):
        raise ValueError(f"ties must be 'drawn', 'all' or 'none', not {ties!r}")
    most = len(names) if ties == "drawn" else 1
    return st.dictionaries(st.sampled_from(names), of, min_size=1, max_size=most)


def _slices(
    names: Sequence[Instrument], period: str, length: int, found: Iterable[Mapping[Instrument, Bar]]
) -> Iterator[Slice]:
    prices, opens = {name: Price() for name in names}, EPOCH
    for part in found:
        opens += max(bar.pause for bar in part.values()) * length
        events = [CandleCloseEvent(name, period, prices[name].candle(bar, opens)) for name, bar in part.items()]
        opens += length
        yield Slice(opens * _NANOSECONDS, tuple(events))
