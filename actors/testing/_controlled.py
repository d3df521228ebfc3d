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

from trio.lowlevel import Abort, Task, current_task, reschedule, wait_task_rescheduled
from trio.testing import wait_all_tasks_blocked

from actors.testing._held import HeldBack


class ControlledScheduler(HeldBack):
    """Releases one ready task at a time: the one that ``choose`` picks.

    One message is one step: an actor parks after each, even when more are queued. Time moves only when
    nobody is ready, so use it in virtual time: under `run`, or with trio's ``MockClock``. It serves one system.

    Args:
        choose: gets the names of the ready tasks, longest waiting first, and returns one of them. The
            first is what a fair scheduler would do. Names of actors are unique in a system.

    Attributes:
        steps: the names in the order in which they were released: the interleaving as data.
    """

    __slots__ = ("_choose", "_pump", "_serves")

    def __init__(self, choose: Callable[[Sequence[str]], str]) -> None:
        super().__init__()
        self._choose = choose
        self._pump: Task | None = None
        self._serves = ""  # the name of the task that serves, once there is one

    @classmethod
    def seeded(cls, seed: int) -> Self:
        """One whose choices are random, and the same for the same seed."""
        return cls(random.Random(seed).choice)  # noqa: S311 - repeatable is what it has to be

    def _arrived(self) -> None:
        pump, self._pump = self._pump, None
        if pump is not None:
            reschedule(pump)

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
            self._let_go()

    def _release(self) -> None:
        names = [task.name for task in self._in_turn()]
        name = self._choose(names)
        if name not in names:
            raise ValueError(f"the choice was {name!r}, but ready were {names}")
        self.steps.append(name)
        reschedule(self._take(names.index(name)))

    async def _rest(self) -> None:
        self._pump = current_task()

        def abort(_: object) -> Abort:
            self._pump = None
            return Abort.SUCCEEDED

        await wait_task_rescheduled(abort)
