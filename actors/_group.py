"""Groups: who else is started again when one child crashes, and who is told when that does not help.

A group is plain structured concurrency. Every child keeps its own task; a recovery is one more task in the
system's nursery, which brings the affected children down from right to left, rests, and calls them again from
left to right. Recoveries of one tree of groups take turns (`actors._turn`).
"""

import logging
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, Literal, Protocol, get_args

import trio
from trio.lowlevel import current_task

from actors._deadlines import Alarm
from actors._errors import RestartLimitExceeded
from actors._restart import Crashes, Restart
from actors._seam import Waiter
from actors._statistics import ActorStatistics, Tree
from actors._turn import Turn

if TYPE_CHECKING:
    from actors._runtime import Runtime

Scope = Literal["one_for_one", "one_for_all", "rest_for_one"]

_LOG: Final = logging.getLogger("actors")


class Child(Protocol):
    """What a group knows of an actor, or of a group in it."""

    @property
    def name(self) -> str:
        """What logs call it."""
        ...

    def picture(self) -> ActorStatistics | Tree:
        """Return what `System.tree` shows of it."""
        ...

    async def bring_down(self) -> None:
        """End what runs, and come back when it has ended; it can be called again."""
        ...

    async def call_again(self) -> None:
        """Run again, and come back when it has begun, or ended for good."""
        ...

    def forgive(self) -> None:
        """Forget its crashes: the group around it is called again as a whole."""
        ...


class Node:
    """The part of a group that recovers; `Group` is the part that users see."""

    def __init__(
        self,
        name: str,
        nursery: trio.Nursery,
        runtime: "Runtime",
        services: list[trio.CancelScope],
        *,
        scope: Scope,
        restart: Restart | None,
        parent: "Node | None",
    ) -> None:
        if scope not in get_args(Scope):
            raise ValueError(f"scope must be one of {', '.join(map(repr, get_args(Scope)))}, not {scope!r}")
        self.name = name
        self.scope = scope
        self._nursery = nursery
        self._runtime = runtime
        self._services = services  # of the system, which cancels them when the last actor has ended
        self._parent = parent
        self._crashes = None if restart is None else Crashes(name, restart)
        self._children: dict[Child, None] = {}  # in start order
        self._crashed: dict[Child, float] = {}  # who waits for a recovery, and how long it is to rest
        self.turn: Turn = Turn(runtime.scheduler) if parent is None or parent.is_root else parent.turn

    def adopt(self, child: Child) -> None:
        """Add a child behind those that are there."""
        self._children[child] = None

    def release(self, child: Child) -> None:
        """Forget a child that has ended."""
        self._children.pop(child, None)

    @property
    def is_root(self) -> bool:
        """Whether it is the system itself."""
        return self._parent is None

    @property
    def alone(self) -> bool:
        """Whether a child's crash is its own affair."""
        return self.scope == "one_for_one"

    def recover(self, child: Child, delay: float) -> None:
        """Start to call ``child``, and whom its crash concerns, again in ``delay`` seconds."""
        self._crashed[child] = delay
        turn = child.turn if isinstance(child, Node) else self.turn
        scope = trio.CancelScope(shield=True)  # as the rest of a single actor: those who clean up may still ask
        self._services.append(scope)
        self._nursery.start_soon(
            self._serve, child, turn, turn.queue(), scope, name=f"{self.name}.recover({child.name})"
        )

    def escalate(self, error: RestartLimitExceeded) -> RestartLimitExceeded | None:
        """A child gave up: let the parent call the whole group again; return what nobody can mend."""
        if self._crashes is None or self._parent is None:
            return error
        try:
            delay = self._crashes.next_delay(self._runtime.now(), error, random.random)
        except RestartLimitExceeded as limit:
            return self._parent.escalate(limit)
        _LOG.warning("group %r gave up and is called again in %g s", self.name, delay, exc_info=error)
        self._parent.recover(self, delay)
        return None

    def picture(self) -> Tree:
        """Return its name, and the pictures of what lives in it."""
        return Tree(self.name, self.scope, tuple(child.picture() for child in self._children))

    async def bring_down(self) -> None:
        """From right to left."""
        for child in reversed(list(self._children)):
            await child.bring_down()
        self._crashed.clear()

    async def call_again(self) -> None:
        """From left to right, as if nobody had crashed before."""
        for child in list(self._children):
            child.forgive()
            await child.call_again()

    def forgive(self) -> None:
        """Forget how often it gave up."""
        if self._crashes is not None:
            self._crashes.forgive()

    async def _serve(self, child: Child, turn: Turn, ticket: Waiter, scope: trio.CancelScope) -> None:
        try:
            with scope:
                await ticket.wait()
                await self._recover(child)
        finally:
            self._services.remove(scope)
            turn.leave(ticket)
            self._runtime.scheduler.gone(current_task())

    async def _recover(self, child: Child) -> None:
        if child not in self._crashed:  # two crashed at once, and the other's recovery took this one along
            return
        affected = self._affected(child)
        for each in reversed(affected):
            await each.bring_down()
        await self._rest(max(self._crashed.pop(each, 0.0) for each in (child, *affected)))
        for each in affected:
            await each.call_again()

    async def _rest(self, delay: float) -> None:
        waiter = Waiter(self._runtime.scheduler)
        self._runtime.at(self._runtime.now() + delay, Alarm(waiter))
        try:
            await waiter.wait()
        finally:
            waiter.left = 0  # the alarm is over, also when the system ends meanwhile

    def _affected(self, child: Child) -> Sequence[Child]:
        if self.scope == "one_for_all":
            return list(self._children)
        if self.scope == "rest_for_one" and child in self._children:
            children = list(self._children)
            return children[children.index(child) :]
        return [child]
