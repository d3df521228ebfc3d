"""One heap for everything that has a time: a `trio.fail_after` for each ask costs more than the message.

Pure: time arrives as data. The task that sleeps until the next deadline is in `actors._runtime`.
"""

import heapq
from itertools import count
from math import inf, isfinite
from typing import Protocol

import attrs

from actors._errors import AskTimeout
from actors._messages import WAITING, Answers
from actors._seam import Waiter

_KEEP = 64
"""Things over that may linger in the heap before it is swept; then up to as many as there are living ones."""


def check_span(what: str, seconds: float, *, above_zero: bool = False) -> None:
    """Raise `ValueError` unless ``seconds`` is a span of time."""
    if not isfinite(seconds) or seconds < 0 or (above_zero and not seconds):
        least = "above zero" if above_zero else "zero or more"
        raise ValueError(f"{what} must be a finite number of seconds, {least}, not {seconds!r}")


class Timed(Protocol):
    """Something that happens at a time, unless it is over before."""

    @property
    def waiting(self) -> bool:
        """Whether it must stay in the heap."""
        ...

    @property
    def pending(self) -> bool:
        """Whether somebody waits for it; most often the same."""
        ...

    def expire(self) -> None:
        """Its time has come."""
        ...


@attrs.define(order=False, eq=False)
class Alarm:
    """Wakes a waiter."""

    waiter: Waiter

    @property
    def waiting(self) -> bool:
        return self.waiter.left > 0

    pending = waiting

    def expire(self) -> None:
        if self.waiter.left > 0:
            self.waiter.arrive()


@attrs.define(order=False, eq=False)
class Limit:
    """One ask with a timeout: its place among the answers, and what the error will say."""

    answers: Answers
    place: int
    actor: str
    message: object
    timeout: float

    @property
    def waiting(self) -> bool:
        return self.answers.values[self.place] is WAITING

    pending = waiting

    def expire(self) -> None:
        if self.waiting:
            self.answers.fail(self.place, AskTimeout(self.actor, self.message, self.timeout))


class Deadlines:
    """What expires, earliest deadline first; equal deadlines in the order they came."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Timed]] = []
        self._order = count()
        self._sweep_at = _KEEP

    @property
    def next(self) -> float:
        """The earliest deadline, what is over included; infinity when there is none."""
        return self._heap[0][0] if self._heap else inf

    @property
    def pending(self) -> int:
        """What is in the heap and not over."""
        return sum(timed.pending for _, _, timed in self._heap)

    def add(self, deadline: float, timed: Timed) -> None:
        """``timed`` expires at ``deadline``."""
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        heapq.heappush(self._heap, (deadline, next(self._order), timed))

    def expire(self, now: float) -> None:
        """Let everything expire whose deadline is not after ``now``."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            heapq.heappop(heap)[2].expire()

    def _sweep(self) -> None:
        # amortised O(1) for each ask: the heap is swept only after it has doubled
        # in place, for expire() may stand in the middle of it: what expires may set the next deadline
        self._heap[:] = [entry for entry in self._heap if entry[2].waiting]
        heapq.heapify(self._heap)
        self._sweep_at = max(_KEEP, 2 * len(self._heap))
