"""Virtual time that belongs to the schedule, and the moment at which nobody can run.

Trio asks its clock how long to sleep exactly when no task can run. That is when the next one may be released: no
task has to wait for the others to block, which makes a step several times cheaper than a task that does.
"""

from collections.abc import Callable
from math import inf

import trio
from trio.lowlevel import Abort, Task, checkpoint, current_task, reschedule, wait_task_rescheduled
from trio.testing import wait_all_tasks_blocked


class Clock(trio.abc.Clock):
    """Stands still until nobody can run and nobody is to be released; then it jumps to the next deadline.

    Attributes:
        now: seconds.
        release: called when no task can run, with the next deadline; lets one go on, or returns False.
        stuck: called when nobody can run, nobody is to be released, and there is no deadline.
        jumped: called before each jump.
    """

    def __init__(self) -> None:
        self.now = 0.0
        self.release: Callable[[float], bool] = _nobody
        self.stuck: Callable[[], None] = _nothing
        self.jumped: Callable[[], None] = _nothing
        self._idler: Task | None = None
        self._next = inf
        self._ends = 0

    def begin(self, release: Callable[[float], bool], stuck: Callable[[], None], jumped: Callable[[], None]) -> None:
        """A schedule begins, at time 0."""
        self.now = 0.0
        self.release, self.stuck, self.jumped = release, stuck, jumped
        self._ends = 0

    def start_clock(self) -> None:
        """Nothing to start."""

    def current_time(self) -> float:
        return self.now

    def deadline_to_sleep_time(self, deadline: float) -> float:
        """Called by trio when no task can run."""
        if deadline <= self.now or self.release(deadline):
            return 0
        idler = self._idler
        if self._ends > _ENDS:  # somebody cannot be cancelled: wait as trio would, and not in circles
            return inf
        if idler is None:  # it waits until all tasks are blocked, which trio looks at only before a sleep
            return 1.0
        self._idler = None
        self._next = deadline
        reschedule(idler)
        return 0

    async def idle(self, steps: Callable[[], int]) -> None:
        """Jump when all tasks are blocked, also in the eyes of those who wait for just that; for ever."""
        while True:
            self._idler = current_task()
            await wait_task_rescheduled(self._abort)
            before = steps()
            await wait_all_tasks_blocked()
            await checkpoint()  # others who waited for the same have now made their step
            if steps() == before + _OWN_STEPS:
                self._jump()

    def _jump(self) -> None:
        self.jumped()
        if self._next < inf:
            self.now = max(self.now, self._next)
        else:
            self._ends += 1
            self.stuck()

    def _abort(self, _: object) -> Abort:
        self._idler = None
        return Abort.SUCCEEDED


_ENDS = 100
"""How often a schedule that is stuck may be stuck again while it is being ended."""

_OWN_STEPS = 2
"""Steps of the idle task itself between the two looks."""


def _nobody(_: float) -> bool:
    return False


def _nothing() -> None:
    pass
