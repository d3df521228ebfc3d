"""One heap for the timeouts of all asks: a `trio.fail_after` for each costs more than the message.

Pure: time arrives as data. The task that sleeps until the next deadline is in `actors._runtime`.
"""

import heapq
from itertools import count
from math import inf

import attrs

from actors._errors import AskTimeout
from actors._messages import WAITING, Answers

_KEEP = 64
"""Settled asks that may linger in the heap before it is swept; then up to as many as there are living ones."""


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


class Deadlines:
    """Asks that must not wait for ever, earliest deadline first; equal deadlines in the order they came."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Limit]] = []
        self._order = count()
        self._sweep_at = _KEEP

    @property
    def next(self) -> float:
        """The earliest deadline, settled asks included; infinity when there is none."""
        return self._heap[0][0] if self._heap else inf

    @property
    def waiting(self) -> int:
        """Asks in the heap that are not settled."""
        return sum(limit.waiting for _, _, limit in self._heap)

    def add(self, deadline: float, limit: Limit) -> None:
        """``limit`` expires at ``deadline``."""
        if len(self._heap) >= self._sweep_at:
            self._sweep()
        heapq.heappush(self._heap, (deadline, next(self._order), limit))

    def expire(self, now: float) -> None:
        """Let every ask go whose deadline is not after ``now``."""
        heap = self._heap
        while heap and heap[0][0] <= now:
            limit = heapq.heappop(heap)[2]
            if limit.waiting:  # the text of the error is not for nothing
                error = AskTimeout(limit.actor, limit.message, limit.timeout)
                limit.answers.fail(limit.place, error)

    def _sweep(self) -> None:
        # amortised O(1) for each ask: the heap is swept only after it has doubled
        self._heap = [entry for entry in self._heap if entry[2].waiting]
        heapq.heapify(self._heap)
        self._sweep_at = max(_KEEP, 2 * len(self._heap))
