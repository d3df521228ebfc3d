"""One schedule of one scenario, from beginning to end: who is ready, who is let go, what came of it."""

from collections.abc import Awaitable, Callable
from math import inf
from typing import Final

import attrs
import trio
from outcome import Error
from trio.lowlevel import Task, current_statistics, current_task, reschedule

from actors._lifecycle import Life
from actors._mailbox import NOTHING, Mailbox
from actors._observer import Observer
from actors._runtime import Runtime
from actors._seam import Scheduler
from actors._system import System, open_system
from actors.testing._choices import Choice, ExplorationError, Tape, TooManySteps
from actors.testing._clock import Clock
from actors.testing._held import HeldBack
from actors.testing._leaks import living_below
from actors.testing._onlooker import Onlooker, PlantedCrash
from actors.testing._settings import Settings
from actors.testing._verdict import Verdict, first_of

TIME: Final = "passing of time"
_CRASH: Final = "crash of "


class Lab:
    """What an explored scenario is given: systems whose order the exploration decides, and a way to show what happened.

    Attributes:
        scheduler: for code that opens its own system. There no crash is planted.
    """

    def __init__(self, settings: Settings, tape: Tape, clock: Clock) -> None:
        self.held: dict[str, bool] = {settings.crash: False} if settings.crash_points else {}
        self.taken: list[tuple[int, str, object]] = []
        self.failed: ExplorationError | TooManySteps | None = None
        self.hangs = ""
        self.uncontrolled: dict[str, None] = {}
        held_back = settings.seam == "actors"
        self.scheduler: Scheduler = LabScheduler(self, tape, settings, clock) if held_back else Scheduler()
        self._settings = settings
        self._tape = tape
        self._runtimes: list[Runtime] = []
        self._crashed: list[Exception] = []
        self._names: dict[Task, str] = {}
        self._numbers: dict[str, int] = {}
        self._doomed: str | None = None
        self._crashes_left = settings.crashes
        self._scope = trio.CancelScope()
        self._main: Task | None = None

    def open_system(self, name: str = "system", *, observer: Observer | None = None) -> open_system:
        """As `actors.open_system`, with an order that the exploration decides."""
        return _Opened(name, self.observer(observer), self.scheduler, self._runtimes)

    def observer(self, other: Observer | None = None) -> Observer:
        """For code that opens its own system, beside `scheduler`: so messages are seen, and stand in a failure's steps.

        Args:
            other: sees the same.
        """
        return Onlooker(self._take, self._crashed.append, other)

    def sometimes(self, condition: bool, name: str) -> None:  # noqa: FBT001 - reads as an assertion
        """Note whether ``condition`` holds here; an exploration fails when it never held in any of its schedules.

        So a test shows that what it is about has happened at all.
        """
        self.held[name] = self.held.get(name, False) or bool(condition)

    # What the scheduler, the clock and the runner of a schedule use ------------------------------------------

    def name(self, task: Task) -> str:
        """What a task is called in this schedule; a name that is there already gets a number."""
        known = self._names.get(task)
        if known is None:
            own = "scenario" if task is self._main else task.name
            self._numbers[own] = number = self._numbers.get(own, 0) + 1
            self._names[task] = known = own if number == 1 else f"{own}#{number}"
        return known

    def choose(self, options: list[str], plain: int) -> int | None:
        """The index of the option that is taken; None when the exploration cannot go on."""
        try:
            return self._tape.choose(options, plain)
        except (ExplorationError, TooManySteps) as error:
            self.give_up(error)
            return None

    def jumped(self) -> None:
        """Time moves, for nobody could."""
        try:
            self._tape.note(TIME)
        except TooManySteps as error:
            self.give_up(error)

    def give_up(self, error: ExplorationError | TooManySteps) -> None:
        """End this schedule with an error that is not the scenario's."""
        self.failed = self.failed or error
        self._end()

    def stuck(self) -> None:
        """Nobody can go on, now or later."""
        if self._main is not None and not self.hangs:
            waiting = [self.name(task) for task in living_below(self._main) if not _is_inner(task)]
            self.hangs = (
                "hangs: nobody can go on, and no time that may pass changes that; "
                f"there still waited {', '.join(map(repr, waiting))}"
            )
        self._end()

    def may_crash(self, task: Task) -> bool:
        """Whether a crash of this ready task is an option."""
        if not (self._crashes_left and self._settings.may_crash(task.name)):
            return False
        inbox = self._inbox(task)
        return inbox is not None and inbox.life is Life.RUNNING and inbox.nap is None and _has_work(inbox)

    def crash(self, task: Task) -> None:
        """Let a ready actor go on, into a crash: at the message it takes up, or where it waits in its handler."""
        self._crashes_left -= 1
        self.held[self._settings.crash] = True
        inbox = self._inbox(task)
        if inbox is None or inbox.in_hand is NOTHING:
            self._doomed = task.name
            reschedule(task)
        else:
            text = f"planted: {task.name!r} crashes while it waits, with {inbox.in_hand!r} in hand"
            reschedule(task, Error(PlantedCrash(text)))

    def choose_task(self, batch: list[Task]) -> int:
        """For trio's own order: trio's tasks and ours first, for their order is nobody's concern."""
        inner = next((index for index, task in enumerate(batch) if _is_inner(task)), None)
        if inner is not None or self._main is None:
            return inner or 0
        names = [self.name(task) for task in batch]
        return self.choose(names, len(names)) or 0

    def moved_by_itself(self, task: Task) -> None:
        """A task made a step for which nobody released it."""
        scheduler = self.scheduler
        if task is self._main or _is_inner(task) or not isinstance(scheduler, LabScheduler):
            return
        if task in scheduler.unwinding:
            return
        self.uncontrolled[self.name(task)] = None

    async def live(self, scenario: Callable[["Lab"], Awaitable[object]]) -> Exception | None:
        """Run the scenario; return what it raised, or what else is wrong."""
        self._main = current_task()
        before = current_statistics().tasks_living
        with Verdict() as verdict, self._scope:
            await scenario(self)
        left = current_statistics().tasks_living - before
        if isinstance(self.failed, TooManySteps):
            return self.failed
        if self.hangs:
            return AssertionError(self.hangs)
        if verdict.error is None and left > 0 and self.failed is None:
            return AssertionError(f"left behind: {left} task{'s' if left > 1 else ''} that the scenario started")
        return verdict.error and first_of(verdict.error, self._crashed)

    def _take(self, actor: str, message: object) -> None:
        self.taken.append((len(self._tape.steps) - 1, actor, message))
        if self._doomed == actor:
            self._doomed = None
            raise PlantedCrash(f"planted: {actor!r} crashes with {message!r} in hand")

    def _inbox(self, task: Task) -> Mailbox | None:
        found = (runtime.actors.get(task) for runtime in self._runtimes)
        return next((inbox for inbox in found if inbox is not None), None)

    def _end(self) -> None:
        if isinstance(self.scheduler, LabScheduler):
            self.scheduler.let_go()
        self._scope.cancel()


class LabScheduler(HeldBack):
    """Holds ready tasks back until the clock says that nobody can run; serves any number of systems."""

    __slots__ = ("_clock", "_lab", "_settings", "released", "unwinding")

    def __init__(self, lab: Lab, tape: Tape, settings: Settings, clock: Clock) -> None:
        super().__init__()
        self.steps = tape.steps  # whoever becomes ready is ordered by the step in which it did
        self.released: Task | None = None
        self.unwinding: set[Task] = set()
        self._lab = lab
        self._settings = settings
        self._clock = clock

    def release(self, deadline: float) -> bool:
        """Let one go on, or time; False when nobody is ready."""
        ready = self._in_turn()
        if not ready:
            return False
        lab = self._lab
        options = [lab.name(task) for task in ready]
        doomed = [task for task in ready if lab.may_crash(task)] if self._settings.crash_points else []
        others = [crash_of(lab.name(task)) for task in doomed]
        if deadline < inf and self._settings.timers == "racing":
            others.append(TIME)
        index = lab.choose(options + others, len(options))
        if index is not None:
            self._go_on(index, len(options), doomed, deadline)
        return True

    def gone(self, task: Task) -> None:
        """As every scheduler; the task is woken by trio, and that is no step of its own."""
        self.unwinding.add(task)
        super().gone(task)

    def let_go(self) -> None:
        """From now on hold nobody back."""
        self._let_go()

    def _go_on(self, index: int, plain: int, doomed: list[Task], deadline: float) -> None:
        if index < plain:
            self.released = task = self._take(index)
            self.unwinding.discard(task)
            reschedule(task)
        elif index - plain < len(doomed):
            self.released = task = self._take(self._ready.index(doomed[index - plain]))
            self._lab.crash(task)
        else:
            self._clock.now = deadline


class _Opened(open_system):
    def __init__(self, name: str, observer: Observer, scheduler: Scheduler, runtimes: list[Runtime]) -> None:
        super().__init__(name, observer=observer, scheduler=scheduler)
        self._runtimes = runtimes

    async def __aenter__(self) -> System:
        system = await super().__aenter__()
        self._runtimes.append(system._runtime)  # noqa: SLF001 - the crash of an actor needs its inbox
        return system


class Watch(trio.abc.Instrument):
    """Counts the steps of tasks, and notes who moves though nobody released it.

    Attributes:
        steps: of all tasks.
        lab: of the schedule that runs.
    """

    def __init__(self) -> None:
        self.steps = 0
        self.lab: Lab | None = None
        self._known: set[Task] = set()

    def watch(self, lab: Lab | None) -> None:
        """From now on, the schedule of this lab runs."""
        self.lab = lab
        self._known.clear()

    def before_task_step(self, task: Task) -> None:
        """Called by trio."""
        self.steps += 1
        lab = self.lab
        if lab is None:
            return
        scheduler = lab.scheduler
        if isinstance(scheduler, LabScheduler) and scheduler.released is task:
            scheduler.released = None
        elif task in self._known:
            lab.moved_by_itself(task)
        else:
            self._known.add(task)


@attrs.define
class Run:
    """What one schedule came to.

    Attributes:
        kind: the name of the search that made it.
        choices: where several could go on.
        at: the step that each of them made.
        steps: who went on, in order.
        taken: the message that an actor took up, and in which step.
        error: what the scenario failed with.
        held: which conditions were looked at, and whether they held.
        uncontrolled: tasks that moved though nobody released them.
    """

    kind: str
    choices: list[Choice]
    at: list[int]
    steps: list[str]
    taken: list[tuple[int, str, object]]
    error: Exception | None
    held: dict[str, bool]
    uncontrolled: tuple[str, ...]

    @property
    def deviations(self) -> dict[int, int]:
        """The choices that are not FIFO."""
        return {at: choice.place for at, choice in enumerate(self.choices) if choice.place}


def crash_of(name: str) -> str:
    """What the crash of an actor is called among the choices."""
    return _CRASH + name


def is_no_turn(step: str) -> bool:
    """Whether a step is none of those who are ready: time that passes while somebody is, or a crash."""
    return step == TIME or step.startswith(_CRASH)


def _has_work(inbox: Mailbox) -> bool:
    return inbox.in_hand is not NOTHING or bool(inbox.queue)


def _is_inner(task: Task) -> bool:
    return task.name.startswith(("<", "trio.", "actors.testing._")) or task.name.endswith((".keep_time", ".serve"))
