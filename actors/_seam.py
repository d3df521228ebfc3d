"""The scheduling seam: every wake-up that the runtime makes goes through one object.

A message for a parked actor, a reply, a freed place in a full inbox, a deadline, a pause after a
quantum: each ends in `Scheduler.ready`. In production that is trio's own `reschedule`, so the seam
costs one call. A test passes a scheduler that holds ready tasks back and releases one at a time
(`actors.testing.ControlledScheduler`), and so decides every interleaving.

A task that is *cancelled* is woken by trio itself, behind the seam's back. It says so (`gone`) and from
then on only unwinds.
"""

from collections.abc import Generator
from typing import TYPE_CHECKING, Final, TypeVar, cast

from trio.lowlevel import Abort, Task, checkpoint, current_task, reschedule, wait_task_rescheduled

if TYPE_CHECKING:
    from outcome import Outcome

T = TypeVar("T")


class Woken:
    """What a task that is woken is sent: an outcome that says nothing.

    Trio makes an ``outcome.Value(None)`` for each wake-up that names none. That is an object which may be unwrapped
    once, and to make, mark and free it is a quarter of the whole step. This one has no state, so one serves all.
    """

    __slots__ = ()

    def unwrap(self) -> None:
        """Nothing: the woken task looks for itself at what there is."""

    def send(self, coroutine: Generator[T, None, object]) -> T:
        """The other way in which an outcome may reach a task."""
        return coroutine.send(None)


WOKEN: Final = cast("Outcome[None]", Woken())


def wake(task: Task) -> None:
    """Let trio run a task that waits."""
    reschedule(task, WOKEN)


class Scheduler:
    """Trio decides who runs next: the scheduler of production.

    Attributes:
        quantum: messages that an actor takes before it lets others run.
        send_quantum: sends that a task makes before it lets others run.
        ask_quantum: messages that one `ask_all` sends before it lets others run. Each that waits is an object more,
            and at 700 more than before CPython goes through all young ones, the frames of waiting actors included.
        sends: sends made since somebody last paused; at `send_quantum` the sender pauses.
    """

    __slots__ = ("sends",)
    quantum = 64
    send_quantum = 64
    ask_quantum = 256
    ready = staticmethod(wake)

    def __init__(self) -> None:
        self.sends = 0

    def parked(self, task: Task) -> None:
        """``task`` is about to wait until it is made ready."""

    def gone(self, task: Task) -> None:
        """``task`` waits no longer: it was cancelled, or it ended."""

    async def pause(self) -> None:
        """Let everybody else run once; a checkpoint."""
        await checkpoint()

    async def serve(self) -> None:
        """Work beside the actors for as long as the system lives; in production there is nothing to do."""


class Waiter:
    """One task that waits for a number of things and is woken once, by the last.

    ``left`` things are still missing. Cancelling the waiting task leaves the things alone.
    """

    __slots__ = ("left", "scheduler", "task")

    def __init__(self, scheduler: Scheduler, left: int = 1) -> None:
        self.scheduler = scheduler
        self.task: Task | None = None
        self.left = left

    def arrive(self) -> None:
        """One of the things is there."""
        self.left -= 1
        if not self.left:
            task = self.task
            if task is not None:
                self.task = None
                self.scheduler.ready(task)

    async def wait(self) -> None:
        """Return when nothing is missing any more; a checkpoint in any case, so that no retry spins."""
        if self.left > 0:
            self.task = task = current_task()
            self.scheduler.parked(task)
            await wait_task_rescheduled(self._abort)
        else:
            await self.scheduler.pause()

    def _abort(self, _: object) -> Abort:
        task = self.task
        if task is None:  # woken, but held back by the scheduler: the news came before the cancellation
            return Abort.FAILED
        self.task = None
        self.scheduler.gone(task)
        return Abort.SUCCEEDED
