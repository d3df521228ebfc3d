"""Decide in a test who runs next.

`ControlledScheduler` stands in for trio's order of things: it holds back every task that the runtime
makes ready and releases one at a time, when nothing else can move. A seeded choice makes an
interleaving repeatable; trying many makes a property of all of them plausible::

    scheduler = ControlledScheduler.seeded(7)
    async with open_system(scheduler=scheduler) as system: ...
    scheduler.steps          # who was released, in order: the interleaving as data
"""

import random
from collections.abc import Callable, Sequence
from typing import Self

from trio.lowlevel import Abort, Task, checkpoint, current_task, reschedule, wait_task_rescheduled
from trio.testing import wait_all_tasks_blocked

from actors._seam import Scheduler


class ControlledScheduler(Scheduler):
    """Releases one ready task at a time: the one that ``choose`` picks.

    One message is one step: an actor parks after each, even when more are queued. Time moves only when
    nobody is ready, so use it in virtual time: under `run`, or with trio's ``MockClock``. It serves one system.

    Args:
        choose: gets the names of the ready tasks, longest waiting first, and returns one of them. The
            first is what a fair scheduler would do. Names of actors are unique in a system.

    Attributes:
        steps: the names in the order in which they were released: the interleaving as data.
    """

    __slots__ = ("_choose", "_free", "_pump", "_ready", "_running", "_serves", "_since", "steps")
    quantum = 1

    def __init__(self, choose: Callable[[Sequence[str]], str]) -> None:
        super().__init__()
        self.steps: list[str] = []
        self._choose = choose
        self._ready: list[Task] = []
        self._since: dict[Task, tuple[int, str]] = {}
        self._running: Task | None = None
        self._pump: Task | None = None
        self._serves = ""  # the name of the task that serves, once there is one
        self._free = False  # set when the choice failed: everybody runs, so that the system can end

    @classmethod
    def seeded(cls, seed: int) -> Self:
        """One whose choices are random, and the same for the same seed."""
        return cls(random.Random(seed).choice)  # noqa: S311 - repeatable is what it has to be

    # an instance method instead of trio's function: the seam calls it the same way
    def ready(self, task: Task) -> None:  # type: ignore[override]
        """Hold ``task`` back until it is chosen."""
        if self._free:
            reschedule(task)
            return
        # Wake-ups made within a step have an order of their own. Those that other tasks make at one moment
        # come in trio's order, which is a coin's: their names order them.
        inside = self._running is not None and current_task() is self._running
        self._since[task] = (len(self.steps), f"{len(self._ready):09}" if inside else f"~{task.name}")
        self._ready.append(task)
        pump, self._pump = self._pump, None
        if pump is not None:
            reschedule(pump)

    def parked(self, task: Task) -> None:
        """The step of ``task`` is over."""
        if self._running is task:
            self._running = None

    def gone(self, task: Task) -> None:
        """``task`` was cancelled or has ended: it can no longer be chosen."""
        self.parked(task)
        if task in self._ready:
            self._ready.remove(task)

    async def pause(self) -> None:
        """End a step with more to do."""
        if self._free:
            await checkpoint()
            return
        task = current_task()
        self.parked(task)
        self.ready(task)

        def abort(_: object) -> Abort:
            self.gone(task)
            return Abort.SUCCEEDED

        await wait_task_rescheduled(abort)

    async def serve(self) -> None:
        """Release one task whenever nothing else in the whole program can run."""
        name = current_task().name.removesuffix(".serve")
        if self._serves:
            raise RuntimeError(
                f"system {name!r} was given the ControlledScheduler of system {self._serves!r}, and it serves one: "
                "its steps are one interleaving; make a new one for each open_system(), with the same seed if you like"
            )
        self._serves = name
        try:
            while True:
                await wait_all_tasks_blocked()
                if self._ready:
                    self._release()
                else:
                    await self._rest()
        finally:
            self._free = True
            for task in self._ready:
                reschedule(task)
            self._ready.clear()

    def _release(self) -> None:
        self._ready.sort(key=self._since.__getitem__)
        names = [task.name for task in self._ready]
        name = self._choose(names)
        if name not in names:
            raise ValueError(f"the choice was {name!r}, but ready were {names}")
        task = self._ready.pop(names.index(name))
        del self._since[task]
        self._running = task
        self.steps.append(name)
        reschedule(task)

    async def _rest(self) -> None:
        self._pump = current_task()

        def abort(_: object) -> Abort:
            self._pump = None
            return Abort.SUCCEEDED

        await wait_task_rescheduled(abort)
