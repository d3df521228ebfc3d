"""Many sources in, one stream of slices out."""

from collections.abc import Generator, Iterable, Iterator
from contextlib import ExitStack
from heapq import heappop, heappush

from tradedesk.marketdata._errors import DuplicateCandleError, SourceOrderError
from tradedesk.marketdata._event import CandleCloseEvent, Slice
from tradedesk.marketdata._period import period_name, period_seconds


def merge(*sources: Iterable[Slice]) -> Generator[Slice, None, None]:
    """Merge sources by close time; what closes at one instant becomes one slice.

    Inside a slice events stand in the order of the sources; an instrument with several periods in one source
    gives the shortest first. One slice per source is held, and a source is read on only after the slice it
    took part in was handed out. When the merge ends, fails or is closed, it closes every source that has a
    `close`.

    Raises:
        SourceOrderError: A source's close time goes back or repeats.
        DuplicateCandleError: One slice would hold two candles of one instrument and period.
        PeriodError: An instrument appears twice in one slice of a source, and a period cannot be read.
    """
    with ExitStack() as stack:
        iterators = [iter(source) for source in sources]
        for iterator in reversed(iterators):
            if (close := getattr(iterator, "close", None)) is not None:
                stack.callback(close)
        yield from _merged(iterators)


def _merged(iterators: list[Iterator[Slice]]) -> Generator[Slice, None, None]:
    """Queue each distinct close time once: a candle that shares its time costs no heap operation."""
    heads: dict[int, Slice] = {}
    waiting: dict[int, list[int]] = {}
    times: list[int] = []
    due = list(range(len(iterators)))
    while due:
        for position in due:
            head = next(iterators[position], None)
            if head is None:
                heads.pop(position, None)
                continue
            time = head.close_time
            before = heads.get(position)
            if before is not None and time <= before.close_time:
                raise _out_of_order(position, before, head)
            heads[position] = head
            if time in waiting:
                waiting[time].append(position)
            else:
                waiting[time] = [position]
                heappush(times, time)
        if not times:
            return
        time = heappop(times)
        due = waiting.pop(time)
        due.sort()
        yield _joined(time, [heads[position] for position in due])


def _joined(close_time: int, parts: list[Slice]) -> Slice:
    if len(parts) == 1 and len(parts[0].events) <= 1:
        return parts[0]
    events: list[CandleCloseEvent] = []
    for part in parts:
        events += part.events if len(part.events) <= 1 else _shortest_first(part.events)
    if len({event.instrument for event in events}) != len(events):
        _refuse_duplicates(close_time, events)
    return Slice(close_time, tuple(events))


def _shortest_first(events: tuple[CandleCloseEvent, ...]) -> Iterable[CandleCloseEvent]:
    """Put an instrument's periods side by side, shortest first, where the instrument first stood."""
    rank: dict[str, int] = {}
    for event in events:
        rank.setdefault(event.instrument, len(rank))
    if len(rank) == len(events):
        return events
    return sorted(events, key=lambda event: (rank[event.instrument], period_seconds(event.period)))


def _out_of_order(source: int, before: Slice, after: Slice) -> SourceOrderError:
    return SourceOrderError(
        source=source,
        instruments=tuple(dict.fromkeys(event.instrument for event in (*before.events, *after.events))),
        previous=before.close_time,
        current=after.close_time,
    )


def _refuse_duplicates(close_time: int, events: list[CandleCloseEvent]) -> None:
    seen: set[tuple[str, str]] = set()
    for event in events:
        key = event.instrument, period_name(event.period)
        if key in seen:
            raise DuplicateCandleError(instrument=event.instrument, period=event.period, close_time=close_time)
        seen.add(key)
