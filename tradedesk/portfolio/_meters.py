"""What a runner counts about itself, in bounded memory. Pure.

Most slices change neither who is active nor what is held, so these meters are told of changes alone and
count the slices between two of them at once: a slice in which nothing changes costs nothing here.
"""

from collections import Counter
from collections.abc import Sequence
from types import MappingProxyType
from typing import Final

import attrs

from tradedesk.portfolio._statistics import ActiveCount, HandlerTimes, Utilisation

POINTS: Final = 1_024
"""The most points that a series keeps; when it has so many, every second one goes."""


@attrs.define(eq=False)
class ActiveMeter:
    """How many sleeves were active, slice by slice."""

    _count: int = 0
    _counted: int = 0  # slices
    _by_count: Counter[int] = attrs.field(factory=Counter)
    _points: list[tuple[int, int]] = attrs.field(factory=list)
    _stride: int = 1
    _next: int = 1

    def change(self, slice_number: int, count: int) -> None:
        """From this slice on so many are active."""
        if count != self._count:
            self._close(slice_number - 1)
            self._count = count

    def statistics(self, slices: int) -> ActiveCount:
        """What was counted; the slice in hand counts as it stands."""
        self._close(slices - 1)
        by_count, points = self._by_count, self._points
        if slices:
            by_count = by_count + Counter({self._count: 1})
            points = [*points, (slices, self._count)] if slices == self._next else points
        return ActiveCount(tuple(points), self._stride, MappingProxyType(dict(sorted(by_count.items()))))

    def _close(self, last: int) -> None:
        slices = last - self._counted
        if slices <= 0:
            return
        self._by_count[self._count] += slices
        self._counted = last
        while self._next <= last:
            self._points.append((self._next, self._count))
            if len(self._points) == POINTS:
                del self._points[1::2]
                self._stride *= 2
            self._next = self._points[-1][0] + self._stride


@attrs.define(eq=False)
class UtilisationMeter:
    """What part of the budget is held, slice by slice; None where there is no budget, or one of 0."""

    _part: float | None = None
    _counted: int = 0  # slices
    _measured: int = 0  # of those, with a budget
    _sum: float = 0.0
    _max: float = 0.0

    def change(self, slice_number: int, held: float, budget: float | None) -> None:
        """From this slice on so much is held of that budget."""
        part = held / budget if budget else None
        if part != self._part:
            self._close(slice_number - 1)
            self._part = part

    def statistics(self, slices: int) -> Utilisation | None:
        """What was measured; None: nothing. The slice in hand counts as it stands."""
        self._close(slices - 1)
        part, measured = self._part, self._measured
        if slices == 0 or (part is None and not measured):
            return None
        if part is None:
            return Utilisation(self._sum / measured, self._max, None, measured)
        return Utilisation((self._sum + part) / (measured + 1), max(self._max, part), part, measured + 1)

    def _close(self, last: int) -> None:
        slices = last - self._counted
        if slices <= 0:
            return
        self._counted = last
        if self._part is not None:
            self._measured += slices
            self._sum += slices * self._part
            self._max = max(self._max, self._part)


@attrs.define(eq=False)
class HandledMeter:
    """Candles that each sleeve has handled.

    Attributes:
        whole: waves to everybody, counted as such until somebody asks.
    """

    whole: int = 0
    _by_place: Counter[int] = attrs.field(factory=Counter)

    def wave(self, places: Sequence[int]) -> None:
        """Each of these has handled a candle."""
        self._by_place.update(places)

    def one(self, place: int, candles: int = 1) -> None:
        """One sleeve has."""
        self._by_place[place] += candles

    def settle(self, sleeves: int) -> Counter[int]:
        """Count the waves to everybody, before everybody changes, or to look."""
        if self.whole:
            for place in range(sleeves):
                self._by_place[place] += self.whole
            self.whole = 0
        return self._by_place

    def dismiss(self, place: int, sleeves: int) -> None:
        """A sleeve goes, of so many; those behind it move up."""
        counts = self.settle(sleeves)
        self._by_place = Counter({at - (at > place): count for at, count in counts.items() if at != place})


@attrs.define(eq=False)
class HandlerMeter:
    """How long one sleeve's handlers took."""

    count: int = 0
    total: float = 0.0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """One more is done."""
        self.count += 1
        self.total += seconds
        self.longest = max(self.longest, seconds)

    @property
    def times(self) -> HandlerTimes:
        """As a value."""
        return HandlerTimes(self.count, self.total, self.longest)
