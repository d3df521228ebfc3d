"""Who called whom, read from trio's tree of tasks."""

from collections.abc import Collection

from trio.lowlevel import ParkingLot, Task, current_task

from tradedesk.portfolio._errors import ReentrantCallError


def refuse_descendants(tasks: Collection[Task]) -> None:
    """Raise `ReentrantCallError` when the current task is one of ``tasks`` or a child of one."""
    task: Task | None = current_task()
    while task is not None:
        if task in tasks:
            raise ReentrantCallError
        nursery = task.parent_nursery
        task = None if nursery is None else nursery.parent_task


class Turns:
    """One caller at a time, in the order they came; a caller that waits for itself is told so."""

    def __init__(self) -> None:
        self._taken = False
        self._line = ParkingLot()
        self._server: Task | None = None
        self._nurseries = 0  # that the serving task had open when its turn began

    @property
    def taken(self) -> bool:
        """Whether somebody has the turn."""
        return self._taken

    async def take(self) -> None:
        """Wait for the turn; a checkpoint only where there is somebody to wait for.

        Raises:
            ReentrantCallError: The one who has the turn waits for the current task.
        """
        task = current_task()
        if self._taken:
            self._refuse_reentry(task)
            await self._line.park()
        self._taken = True
        self._server = task
        self._nurseries = len(task.child_nurseries)

    def give_back(self) -> None:
        """Hand the turn to whoever waits longest."""
        self._server = None
        if self._line:
            self._line.unpark()
        else:
            self._taken = False

    def _refuse_reentry(self, task: Task) -> None:
        """A child of the serving task is inside the call only if its nursery was opened during the call."""
        nursery = None
        climber: Task | None = task
        while climber is not None:
            if climber is self._server and (nursery is None or nursery in climber.child_nurseries[self._nurseries :]):
                raise ReentrantCallError
            nursery = climber.parent_nursery
            climber = None if nursery is None else nursery.parent_task
