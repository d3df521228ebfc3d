"""One actor's task, from its birth to the last dead letter: the incarnations of a behaviour on one inbox."""

import logging
import random
from collections.abc import Awaitable, Callable, Mapping
from contextlib import ExitStack
from types import MappingProxyType
from typing import Final, Generic, TypeVar

import trio
from trio.lowlevel import current_task

from actors._deadlines import Alarm
from actors._errors import RestartLimitExceeded, StartFailed
from actors._inbox import Inbox
from actors._lifecycle import Life
from actors._ref import Ref
from actors._restart import Crashes
from actors._seam import Waiter

M = TypeVar("M")

_LOG: Final = logging.getLogger("actors")

_REASONS: Final[Mapping[Life, str]] = MappingProxyType(
    {
        Life.STARTING: "finished",
        Life.RUNNING: "finished",
        Life.DRAINING: "drained",
        Life.STOPPING: "stopped",
        Life.KILLED: "killed",
    },
)


class Actor(Generic[M]):
    """A behaviour, the inbox that outlives its crashes, and the rule that says how often."""

    __slots__ = ("_args", "_behaviour", "_crashes", "_inbox", "_living", "_ref", "start_failure")

    def __init__(
        self,
        ref: Ref[M],
        inbox: Inbox[M],
        behaviour: Callable[..., Awaitable[None]],
        args: tuple[object, ...],
        *,
        crashes: Crashes | None,
        living: dict[str, Ref[object]],
    ) -> None:
        self._ref = ref
        self._inbox = inbox
        self._behaviour = behaviour
        self._args = args
        self._crashes = crashes
        self._living = living
        self.start_failure: Exception | None = None

    async def run(self) -> None:
        """Live; raises what is nobody else's business: a crash without a rule, or one too many."""
        inbox = self._inbox
        crash: Exception | None = None
        reason = "interrupted"  # by what is no Exception, and is left alone
        inbox.owner = current_task()
        inbox.runtime.actors[inbox.owner] = inbox
        try:
            crash = await self._incarnation()
            while self._comes_back(crash):
                crash = await self._return(crash)
            reason = "crashed" if crash is not None else _REASONS[inbox.life]
        finally:
            starter = inbox.begun if inbox.begun is not None and inbox.begun.left else None
            if starter is not None:
                self.start_failure = crash or StartFailed(inbox.name)
            try:
                self._end(reason, crash)
            finally:  # an observer that raises costs neither the starter its answer nor the crash its way out
                if starter is not None:
                    starter.arrive()
                elif crash is not None and not self._is_temporary():
                    raise crash
                elif crash is not None:
                    _LOG.error("%r crashed, is temporary, and is not called again", inbox.name, exc_info=crash)

    async def _incarnation(self) -> Exception | None:
        """Call the behaviour once; return what it raised."""
        try:
            with self._ref._scope:  # noqa: SLF001 - ref and actor are two ends of one thing
                await self._behaviour(self._inbox, *self._args)
                self._inbox.finish()
        except Exception as error:  # noqa: BLE001 - the one place where a crash becomes a report
            return error
        return None

    def _comes_back(self, crash: Exception | None) -> bool:
        """Whether the rule lets the behaviour run again; a start that failed is the starter's to see."""
        return self._crashes is not None and self._crashes.rule.applies(crash) and self._has_more_to_do()

    def _has_more_to_do(self) -> bool:
        life = self._inbox.life
        return life is Life.RUNNING or (life is Life.DRAINING and bool(self._inbox.queue))

    def _is_temporary(self) -> bool:
        return self._crashes is not None and self._crashes.rule.kind == "temporary"

    async def _return(self, crash: Exception | None) -> Exception | None:
        """Rest, and run again on the same inbox; return how that ended."""
        inbox, runtime = self._inbox, self._inbox.runtime
        if self._crashes is None:
            return crash
        inbox.renew(crash)
        try:
            delay = self._crashes.next_delay(runtime.now(), crash, random.random)
        except RestartLimitExceeded as limit:
            _LOG.error("%r ends its system: it ended more often than its rule allows", inbox.name, exc_info=limit)
            inbox.life = Life.STOPPING
            return limit
        if crash is not None and runtime.observer is not None:
            runtime.observer.crashed(inbox.name, crash)
        _LOG.warning("%r ended and is called again in %g s", inbox.name, delay, exc_info=crash)
        await self._rest(delay)
        if not self._has_more_to_do():  # an order came while it rested
            return None
        inbox.restarts += 1
        if runtime.observer is not None:
            runtime.observer.restarted(inbox.name)
        self._ref._scope = trio.CancelScope(shield=True)  # noqa: SLF001
        return await self._incarnation()

    async def _rest(self, delay: float) -> None:
        """Wait, unless an order to end comes first; messages wait too."""
        inbox, runtime = self._inbox, self._inbox.runtime
        inbox.nap = nap = Waiter(runtime.scheduler)
        runtime.at(runtime.now() + delay, Alarm(nap))
        try:
            with trio.CancelScope(shield=True):  # a system that is cancelled says so by an order
                await nap.wait()
        finally:
            inbox.nap = None

    def _end(self, reason: str, crash: Exception | None) -> None:
        inbox = self._inbox
        task, inbox.owner = current_task(), None
        del inbox.runtime.actors[task]
        mourners, self._ref._mourners = self._ref._mourners or {}, None  # noqa: SLF001
        del self._living[inbox.name]
        try:
            inbox.end(reason, crash)
            observer = inbox.runtime.observer
            if observer is not None:
                if crash is not None:
                    observer.crashed(inbox.name, crash)
                observer.stopped(inbox.name, reason)
        finally:
            with ExitStack() as last:  # all of it, whatever an observer raises at the news
                last.callback(inbox.runtime.scheduler.gone, task)
                for mourner in reversed(mourners):
                    last.callback(mourner.arrive)
