"""A system: the block in which actors live."""

import logging
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from math import inf
from types import TracebackType
from typing import Final

import trio

from actors._deadlines import check_span
from actors._lifecycle import Order
from actors._observer import Observer
from actors._ref import wait_ended
from actors._runtime import Runtime
from actors._seam import Scheduler
from actors._start import Group, Starter
from actors._statistics import SystemStatistics, Tree

_LOG: Final = logging.getLogger("actors")


class System(Group):
    """The outermost group, which ends its actors with its block; `open_system` makes one."""

    def __init__(self, name: str, nursery: trio.Nursery, runtime: Runtime, drain_timeout: float) -> None:
        starter = Starter(name, nursery, runtime)
        super().__init__(starter, starter.root)
        self._nursery = nursery
        self._runtime = runtime
        self._drain_timeout = drain_timeout

    def statistics(self) -> SystemStatistics:
        """The whole system now."""
        runtime = self._runtime
        return SystemStatistics(
            name=self.name,
            actors=tuple(ref.statistics() for ref in self._starter.living.values()),
            started=self._starter.started,
            dead_letters=runtime.dead_letters,
            late_replies=runtime.late_replies,
            deadlines=runtime.deadlines,
        )

    def tree(self) -> Tree:
        """Who lives here, as data; ``print(system.tree())`` shows it as text."""
        return self._node.picture()

    def _serve(self, service: Callable[[], Awaitable[None]], name: str) -> None:
        # shielded, so that actors which clean up after a cancellation can still ask with a timeout
        scope = trio.CancelScope(shield=True)
        self._starter.services.append(scope)  # now, not in the task: the block may end before the task first runs

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
        self._starter.closed = True
        with trio.move_on_after(self._drain_timeout) as patience:
            while error is None and self._starter.living:
                last = next(reversed(self._starter.living.values()))
                await last.drain()
        if patience.cancelled_caught:
            names = ", ".join(map(repr, self._starter.living))
            _LOG.warning("%r was not drained within %g s: killing %s", self.name, self._drain_timeout, names)

    async def _kill_all(self) -> None:
        """Cut what is in hand everywhere at once, and let those that wait for messages unwind last one first."""
        living = list(reversed(self._starter.living.values()))
        for ref in living:
            ref._inbox.order(Order.KILL)  # noqa: SLF001
        busy = [ref._scope for ref in living if ref._inbox.task is None]  # noqa: SLF001
        idle = [ref._scope for ref in living if ref._inbox.task is not None]  # noqa: SLF001
        for scope in busy:
            scope.cancel()
        try:
            with trio.CancelScope(shield=True):
                await self._cut_in_turn(idle)
                while self._starter.living:
                    await wait_ended(next(reversed(self._starter.living.values())))
        finally:  # also when Ctrl-C is pressed meanwhile
            for scope in [*idle, *self._starter.services]:
                scope.cancel()
            self._nursery.cancel_scope.cancel()  # what is left are recoveries of nobody

    async def _cut_in_turn(self, scopes: list[trio.CancelScope]) -> None:
        for scope in scopes:
            scope.cancel()
            # trio runs tasks that are cancelled at one moment in either order, as a coin falls
            await self._runtime.scheduler.pause()


class open_system:  # noqa: N801 - reads as a function, as trio.open_nursery does
    """``async with open_system("desk") as system``: nothing that is started in the block outlives it.

    Leaving the block normally drains the actors, the one started last first; leaving it by an exception or
    a cancellation kills them in the same order. An actor that crashes ends the block as an exception ends a
    nursery: in an `ExceptionGroup`. An exception of the body leaves as it is when nothing else failed.

    Args:
        name: shown in errors and statistics.
        observer: sees every message; see `Observer`.
        scheduler: who runs next; production leaves that to trio.
        drain_timeout: seconds that the actors have, all together, to drain when the block is left normally; then those
            that are left are killed. None waits as long as it takes.
    """

    def __init__(
        self,
        name: str = "system",
        *,
        observer: Observer | None = None,
        scheduler: Scheduler | None = None,
        drain_timeout: float | None = None,
    ) -> None:
        if drain_timeout is not None:
            check_span("drain_timeout", drain_timeout)
        self._drain_timeout = inf if drain_timeout is None else drain_timeout
        self._name = name
        self._observer = observer
        self._scheduler = scheduler
        self._exits = AsyncExitStack()

    async def __aenter__(self) -> System:
        nursery = await self._exits.enter_async_context(trio.open_nursery())
        runtime = Runtime(self._scheduler or Scheduler(), self._observer)
        system = System(self._name, nursery, runtime, self._drain_timeout)
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
