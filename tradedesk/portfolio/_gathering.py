"""Which candles of a live stream make a slice, and when it leaves.

Pure: candles and the seconds spent waiting come in, slices come out. Three rules decide:

- What closes at one instant is one slice. It leaves when it is complete, and never before an older one.
- No candle waits longer than the patience: with it leaves its slice, complete or not, and all older ones.
- A candle whose instant has left already is late. It leaves at once and alone, as a bare event: the time of
  its slice has passed, so it has none.
"""

from collections import deque
from collections.abc import Callable, Collection
from math import inf

import attrs

from tradedesk.marketdata import CandleCloseEvent, DuplicateCandleError, Instrument, Slice, period_name

Awaited = Collection[Instrument | tuple[Instrument, str]]


@attrs.define
class _Group:
    """What has come of one instant.

    Attributes:
        missing: what is still awaited.
        left: seconds of patience that are left.
    """

    missing: set[object]
    left: float
    events: dict[tuple[Instrument, str], CandleCloseEvent] = attrs.field(factory=dict)


class Gathering:
    """The candles that came and have not left, and what has left before."""

    def __init__(self, expected: Callable[[int], Awaited], patience: float) -> None:
        """Start with nothing.

        Args:
            expected: what must come of the instant that it is called with.
            patience: seconds that a candle may wait for others.
        """
        self._expected = expected
        self._patience = patience
        self._groups: dict[int, _Group] = {}
        self._late: deque[CandleCloseEvent] = deque()
        self._left: int | None = None  # the newest instant that has left
        self._due: int | None = None  # up to this instant patience is over
        self._newest: dict[tuple[Instrument, str], int] = {}  # that has left, of each instrument and period
        self._ended = False

    @property
    def patience(self) -> float:
        """Seconds until something must leave; infinity while nothing waits."""
        return min((group.left for group in self._groups.values()), default=inf)

    def add(self, event: CandleCloseEvent, close_time: int) -> None:
        """Take a candle in.

        Raises:
            DuplicateCandleError: That instrument and period has one of this instant: waiting, or as the newest
                that has left.
        """
        key = event.instrument, period_name(event.period)
        group = self._groups.get(close_time)
        if self._newest.get(key) == close_time or (group is not None and key in group.events):
            raise DuplicateCandleError(instrument=event.instrument, period=event.period, close_time=close_time)
        if self._left is not None and close_time <= self._left:
            self._late.append(event)
            self._newest[key] = max(close_time, self._newest.get(key, close_time))
            return
        if group is None:
            group = self._groups[close_time] = _Group(_named(self._expected(close_time)), self._patience)
        group.events[key] = event
        group.missing -= {event.instrument, key}

    def waited(self, seconds: float) -> None:
        """Count time that was spent waiting for candles."""
        for close_time, group in self._groups.items():
            group.left -= seconds
            if group.left <= 0 and (self._due is None or close_time > self._due):
                self._due = close_time

    def end(self) -> None:
        """Nothing more will come: what is here leaves, complete or not."""
        self._ended = True

    def take(self) -> Slice | CandleCloseEvent | None:
        """Let the next slice or late candle leave; None while all that is here must wait."""
        if self._late:
            return self._late.popleft()
        if not self._groups:
            return None
        close_time = min(self._groups)
        if not (self._ended or not self._groups[close_time].missing or self._is_due(close_time)):
            return None
        events = self._groups.pop(close_time).events
        self._left = close_time
        self._newest.update(dict.fromkeys(events, close_time))
        return Slice(close_time, tuple(events.values()))

    def _is_due(self, close_time: int) -> bool:
        return self._due is not None and close_time <= self._due


def _named(awaited: Awaited) -> set[object]:
    """Pairs of instrument and period by the name of the period."""
    return {(one[0], period_name(one[1])) if isinstance(one, tuple) else one for one in awaited}
