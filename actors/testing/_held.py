"""The half of a scheduler for tests that holds ready tasks back; who releases them is up to its heirs."""

from trio.lowlevel import Abort, Task, checkpoint, current_task, reschedule, wait_task_rescheduled

from actors._seam import Scheduler


class HeldBack(Scheduler):
    """Keeps every task that the runtime makes ready until an heir releases it; one message is one step."""

    __slots__ = ("_free", "_ready", "_running", "_since", "steps")
    quantum = 1

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[str] = []
        self._ready: list[Task] = []
        self._since: dict[Task, tuple[int, str]] = {}
        self._running: Task | None = None
        self._free = False  # everybody runs, so that the system can end

    # an instance method instead of trio's function: the seam calls it the same way
    def ready(self, task: Task) -> None:
        """Hold ``task`` back until it is chosen."""
        if self._free:
            reschedule(task)
            return
        # Wake-ups made within a step have an order of their own. Those that other tasks make at one moment
        # come in trio's order, which is a coin's: their names order them.
        inside = self._running is not None and current_task() is self._running
        self._since[task] = (len(self.steps), f"{len(self._ready):09}" if inside else f"~{task.name}")
        self._ready.append(task)
        self._arrived()

    def _arrived(self) -> None:
        """Somebody is ready who was not."""

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

    def _in_turn(self) -> list[Task]:
        """Who is ready, longest waiting first."""
        if len(self._ready) > 1:
            self._ready.sort(key=self._since.__getitem__)
        return self._ready

    def _take(self, index: int) -> Task:
        """The step of the task at this place of the ready begins; the caller notes and reschedules it."""
        task = self._ready.pop(index)
        del self._since[task]
        self._running = task
        return task

    def _let_go(self) -> None:
        """From now on hold nobody back."""
        self._free = True
        for task in self._ready:
            reschedule(task)
        self._ready.clear()
