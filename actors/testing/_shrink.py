"""Make the schedule of a failure smaller: fewer choices that are not FIFO. Pure: the runs are made by a function."""

from collections.abc import Callable

from actors.testing._lab import Run

Attempt = Callable[[dict[int, int]], Run]
"""Runs the scenario with these deviations from FIFO."""


def same_failure(one: Exception | None, other: Exception | None) -> bool:
    """Whether two failures are of one kind: the type, and the place in the code that raised."""
    return _kind(one) == _kind(other)


def shrink(attempt: Attempt, failing: Run, most: int) -> tuple[Run, int]:
    """Return the smallest failing schedule that was found, and the number of runs that it took, at most ``most``.

    It is a local minimum: no single deviation can be left out or made shorter. Another failure does not count.
    """
    return _Shrinker(attempt, failing, most).shrink()


class _Shrinker:
    def __init__(self, attempt: Attempt, failing: Run, most: int) -> None:
        self._attempt = attempt
        self._best = failing
        self._kind = _kind(failing.error)
        self._most = most
        self._made = 0

    def shrink(self) -> tuple[Run, int]:
        improved = True
        while improved and self._made < self._most:
            improved = self._leave_out()
            improved = self._shorten() or improved
        return self._best, self._made

    def _leave_out(self) -> bool:
        """Halves first, then quarters, in the end one by one."""
        improved = False
        size = max(1, len(self._best.deviations) // 2)
        while size:
            at = 0
            while at < len(self._best.deviations):
                kept = dict(self._best.deviations)
                for place in sorted(kept)[at : at + size]:
                    del kept[place]
                if self._try(kept):
                    improved = True
                else:
                    at += size
            size //= 2
        return improved

    def _shorten(self) -> bool:
        improved = False
        for place in sorted(self._best.deviations):
            while (index := self._best.deviations.get(place, 0)) > 1:
                if not self._try(self._best.deviations | {place: index - 1}):
                    break
                improved = True
        return improved

    def _try(self, deviations: dict[int, int]) -> bool:
        if self._made >= self._most:
            return False
        self._made += 1
        run = self._attempt(deviations)
        if _kind(run.error) == self._kind and _size(run) < _size(self._best):
            self._best = run
            return True
        return False


def _size(run: Run) -> tuple[int, int, int]:
    deviations = run.deviations
    return len(deviations), sum(deviations.values()), len(run.steps)


def _kind(error: Exception | None) -> tuple[object, ...]:
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    if error is None:
        return ()
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = () if place is None else (place.tb_frame.f_code.co_filename, place.tb_lineno)
    return type(error), *where
