"""A system: the block in which actors live."""

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from itertools import count
from types import TracebackType
from typing import Final, TypeVar, TypeVarTuple, cast

import attrs
import trio

from actors._actor import Actor
from actors._circle import waiting_for
from actors._errors import NameTaken, SystemClosed
from actors._group import Node, Scope
from actors._inbox import Inbox
from actors._lifecycle import Order
from actors._mailbox import Conflate, Overflow
from actors._observer import Observer
from actors._ref import Ref, give, wait_ended
from actors._restart import Crashes, Restart
from actors._runtime import Runtime
from actors._seam import Scheduler, Waiter
from actors._statistics import SystemStatistics, Tree

M = TypeVar("M")
Args = TypeVarTuple("Args")


@attrs.frozen
class Options:
    """How an actor is started; see `System.start`."""

    name: str | None
    capacity: int
    overflow: Overflow
    restart: Restart | None


class Group:
    """Actors, and groups of actors, that are started again together; `System.group` makes one."""

    def __init__(self, system: "System", node: Node) -> None:
        self._system = system
        self._node = node

    @property
    def name(self) -> str:
        """The group's name."""
        return self._node.name

    async def start(
        self,
        behaviour: Callable[[Inbox[M], *Args], Awaitable[None]],
        *args: *Args,
        name: str | None = None,
        capacity: int = 1_000,
        overflow: Overflow = "block",
        restart: Restart | None = None,
    ) -> Ref[M]:
        """Start an actor in this group, behind those that are there; otherwise as `System.start`."""
        options = Options(name, capacity, overflow, restart)
        return await self._system._start(self._node, behaviour, args, options)  # noqa: SLF001

    def group(self, name: str, *, scope: Scope = "one_for_one", restart: Restart | None = None) -> "Group":
        """Make a group in this group; otherwise as `System.group`."""
        return self._system._group(name, self._node, scope, restart)  # noqa: SLF001


class System:
    """Starts actors and ends them with its block; `open_system` makes one."""

    def __init__(self, name: str, nursery: trio.Nursery, runtime: Runtime) -> None:
        self.name = name
        self._nursery = nursery
        self._runtime = runtime
        self._living: dict[str, Ref[object]] = {}  # in start order
        self._started = 0
        self._closed = False
        self._services: list[trio.CancelScope] = []
        self._root = Node(name, nursery, runtime, self._services, scope="one_for_one", restart=None, parent=None)

    async def start(
        self,
        behaviour: Callable[[Inbox[M], *Args], Awaitable[None]],
        *args: *Args,
        name: str | None = None,
        capacity: int = 1_000,
        overflow: Overflow = "block",
        restart: Restart | None = None,
    ) -> Ref[M]:
        """Start an actor; return its ref when the behaviour first awaits its inbox.

        Args:
            behaviour: an async function; called as ``behaviour(inbox, *args)`` in a task of its own.
            args: handed to the behaviour.
            name: unique among the living actors; made from the behaviour's name when None.
            capacity: messages that may wait in the inbox, at least 1.
            overflow: what a send into a full inbox does: "block" waits, "fail" raises `InboxFull`, "drop_oldest"
                and "drop_newest" make a dead letter of a message, ``Conflate(key)`` keeps the newest of each key
                at all times, and fails when a new key finds the inbox full.
            restart: what a crash does: None ends the system with it; a rule calls the behaviour again on the same
                inbox. What was in hand is lost, and who asked is told; what is queued stays.

        Raises:
            NameTaken: a living actor has that name.
            StartFailed: the behaviour returned before it awaited its inbox. What it raised before then
                comes out of here as it is.
            SystemClosed: the block has ended, or is ending; an actor that starts others on the way has to expect it.
            AskCycle: by the behaviour's set-up, when it asks the actor that waits here for it to begin.
        """
        return await self._start(self._root, behaviour, args, Options(name, capacity, overflow, restart))

    def group(self, name: str, *, scope: Scope = "one_for_one", restart: Restart | None = None) -> "Group":
        """Make a group of actors that are started again together.

        Args:
            name: for logs and errors.
            scope: whom a child's crash concerns: "one_for_one" the child alone, "one_for_all" all children,
                "rest_for_one" the child and those started after it.
            restart: what happens when a child escalates: None ends the system; a rule calls all children again.
        """
        return self._group(name, self._root, scope, restart)

    def _group(self, name: str, parent: Node, scope: Scope, restart: Restart | None) -> "Group":
        node = Node(name, self._nursery, self._runtime, self._services, scope=scope, restart=restart, parent=parent)
        parent.adopt(node)
        return Group(self, node)

    async def _start(
        self,
        group: Node,
        behaviour: Callable[[Inbox[M], *Args], Awaitable[None]],
        args: tuple[*Args],
        options: "Options",
    ) -> Ref[M]:
        _check(behaviour, options.capacity, options.overflow)
        if self._closed:
            raise SystemClosed(self.name, ending=bool(self._living))
        name = self._name(behaviour, options.name)
        self._started += 1
        inbox: Inbox[M] = Inbox(name, self._runtime, options.capacity, options.overflow)
        ref: Ref[M] = Ref(cast("Inbox[object]", inbox), trio.CancelScope(shield=True))
        self._living[name] = cast("Ref[object]", ref)
        crashes = None if options.restart is None else Crashes(name, options.restart)
        actor = Actor(ref, inbox, behaviour, args, crashes=crashes, living=self._living, group=group)
        if group is not self._root:
            group.adopt(actor)
        await self._launch(ref, inbox, actor)
        return ref

    def statistics(self) -> SystemStatistics:
        """The whole system now."""
        runtime = self._runtime
        return SystemStatistics(
            name=self.name,
            actors=tuple(ref.statistics() for ref in self._living.values()),
            started=self._started,
            dead_letters=runtime.dead_letters,
            late_replies=runtime.late_replies,
            deadlines=runtime.deadlines,
        )

    def tree(self) -> Tree:
        """Who lives here, as data; ``print(system.tree())`` shows it as text."""
        return Tree(self.name, tuple(ref.statistics() for ref in self._living.values()))

    def _name(self, behaviour: Callable[..., object], name: str | None) -> str:
        if name is None:
            kind = getattr(behaviour, "__name__", type(behaviour).__name__)
            names = (f"{kind}-{number}" for number in count(self._started + 1))
            return next(name for name in names if name not in self._living)
        if name in self._living:
            raise NameTaken(name)
        return name

    async def _launch(self, ref: Ref[M], inbox: Inbox[M], actor: Actor[M]) -> None:
        inbox.begun = actor.starter = begun = Waiter(self._runtime.scheduler)
        self._nursery.start_soon(actor.run, name=inbox.name)
        try:
            with waiting_for(inbox):
                await begun.wait()
        finally:
            if begun.left:  # the starter was cancelled
                inbox.begun = actor.starter = None
                give(ref, Order.KILL)
        if actor.start_failure is not None:
            raise actor.start_failure

    def _serve(self, service: Callable[[], Awaitable[None]], name: str) -> None:
        # shielded, so that actors which clean up after a cancellation can still ask with a timeout
        scope = trio.CancelScope(shield=True)
        self._services.append(scope)  # now, not in the task: the block may end before the task first runs

        async def serve() -> None:
            with scope:
                await service()

        self._nursery.start_soon(serve, name=f"{self.name}.{name}")

    async def _leave(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        """The block's body has ended: drain by good order, kill by exception."""
        self._closed = True
        while error is None and self._living:
            last = next(reversed(self._living.values()))
            await last.drain()

    async def _kill_all(self) -> None:
        """Cut what is in hand everywhere at once, and let those that wait for messages unwind last one first."""
        living = list(reversed(self._living.values()))
        for ref in living:
            ref._inbox.order(Order.KILL)  # noqa: SLF001
        busy = [ref._scope for ref in living if ref._inbox.task is None]  # noqa: SLF001
        idle = [ref._scope for ref in living if ref._inbox.task is not None]  # noqa: SLF001
        for scope in busy:
            scope.cancel()
        try:
            with trio.CancelScope(shield=True):
                await self._cut_in_turn(idle)
                while self._living:
                    await wait_ended(next(reversed(self._living.values())))
        finally:  # also when Ctrl-C is pressed meanwhile
            for scope in [*idle, *self._services]:
                scope.cancel()
            self._nursery.cancel_scope.cancel()  # what is left are recoveries of nobody

    async def _cut_in_turn(self, scopes: list[trio.CancelScope]) -> None:
        for scope in scopes:
            scope.cancel()
            # trio runs tasks that are cancelled at one moment in either order, as a coin falls
            await self._runtime.scheduler.pause()


_OVERFLOWS: Final = ("block", "fail", "drop_oldest", "drop_newest")


class open_system:  # noqa: N801 - reads as a function, as trio.open_nursery does
    """``async with open_system("desk") as system``: nothing that is started in the block outlives it.

    Leaving the block normally drains the actors, the one started last first; leaving it by an exception or
    a cancellation kills them in the same order. An actor that crashes ends the block as an exception ends a
    nursery: in an `ExceptionGroup`. An exception of the body leaves as it is when nothing else failed.

    Args:
        name: shown in errors and statistics.
        observer: sees every message; see `Observer`.
        scheduler: who runs next; production leaves that to trio.
    """

    def __init__(
        self,
        name: str = "system",
        *,
        observer: Observer | None = None,
        scheduler: Scheduler | None = None,
    ) -> None:
        self._name = name
        self._observer = observer
        self._scheduler = scheduler
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> System:
        nursery = await self._exits.enter_async_context(trio.open_nursery())
        runtime = Runtime(self._scheduler or Scheduler(), self._observer)
        system = System(self._name, nursery, runtime)
        system._serve(runtime.keep_time, "keep_time")  # noqa: SLF001
        system._serve(runtime.scheduler.serve, "serve")  # noqa: SLF001
        self._exits.push_async_callback(system._kill_all)  # noqa: SLF001
        self._exits.push_async_exit(system._leave)  # noqa: SLF001
        return system

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        try:
            return await self._exits.__aexit__(kind, error, traceback)  # noqa: ASYNC102 - it shields what it must
        except BaseExceptionGroup as group:
            if error is not None and len(group.exceptions) == 1 and _leaves(group.exceptions[0]) == _leaves(error):
                return False
            raise


def _leaves(error: BaseException) -> list[int]:
    """What tells an error from others: trio copies a group when it takes out what was cancelled."""
    if isinstance(error, BaseExceptionGroup):
        return [leaf for each in error.exceptions for leaf in _leaves(each)]
    return [id(error)]


def _check(behaviour: object, capacity: int, overflow: object) -> None:
    if not callable(behaviour):
        if isinstance(behaviour, Coroutine):
            behaviour.close()  # or Python warns that nobody awaited it, on top of the error
        raise TypeError(
            f"start() takes an async function, not {behaviour!r}: write start(f, arg), not start(f(inbox, arg))"
        )
    if type(capacity) is not int or capacity < 1:
        raise ValueError(f"capacity must be a whole number of messages, at least 1, not {capacity!r}")
    if not isinstance(overflow, Conflate) and overflow not in _OVERFLOWS:
        raise ValueError(f"overflow must be {', '.join(map(repr, _OVERFLOWS))} or Conflate(key), not {overflow!r}")
