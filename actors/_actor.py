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
from actors._group import Node
from actors._inbox import Inbox, NoMoreMessages
from actors._lifecycle import Life, Order, after
from actors._ref import Ref, give, wait_ended
from actors._restart import Crashes
from actors._seam import Waiter
from actors._statistics import ActorStatistics

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

    __slots__ = (
        "_args",
        "_behaviour",
        "_crashes",
        "_cut",
        "_down",
        "_group",
        "_inbox",
        "_living",
        "_postponed",
        "_ref",
        "start_failure",
        "starter",
    )

    def __init__(
        self,
        ref: Ref[M],
        inbox: Inbox[M],
        behaviour: Callable[..., Awaitable[None]],
        args: tuple[object, ...],
        *,
        crashes: Crashes | None,
        living: dict[str, Ref[object]],
        group: Node,
    ) -> None:
        self._ref = ref
        self._inbox = inbox
        self._behaviour = behaviour
        self._args = args
        self._crashes = crashes
        self._living = living
        self._group = group
        self._cut = False  # a group brings this incarnation down
        self._down: Waiter | None = None  # who waits until it is
        self._postponed = False  # it begins only after one who went down while it waited for that one
        self.starter: Waiter | None = None  # waits for the very first begin
        self.start_failure: Exception | None = None

    async def run(self) -> None:
        """Live; raises what is nobody else's business: a crash without a rule, or one too many."""
        inbox, ref = self._inbox, self._ref
        crash: Exception | None = None
        reason = "interrupted"  # by what is no Exception, and is left alone
        inbox.owner = current_task()
        inbox.runtime.actors[inbox.owner] = inbox
        try:
            while True:  # a lap is an incarnation; in line, for a coroutine below a parked task costs on every wake-up
                crash = None
                try:
                    with ref._scope:  # noqa: SLF001 - ref and actor are two ends of one thing
                        await self._behaviour(inbox, *self._args)
                        inbox.finish()
                except NoMoreMessages:  # of anext(inbox); a loop catches its own
                    inbox.finish()
                except Exception as error:  # noqa: BLE001 - the one place where a crash becomes a report
                    crash = error
                finally:
                    inbox.end_timers()
                crash = inbox.verdict(crash)
                if not self._comes_back(crash):
                    break
                failure = await self._recover(crash)
                if failure is not None or not self._has_more_to_do():
                    crash = failure
                    break
                self._begin_again()
            reason = "crashed" if crash is not None else _REASONS[inbox.life]
        finally:
            self._finish(reason, crash)

    def _finish(self, reason: str, crash: Exception | None) -> None:
        starter = self.starter if self.starter is not None and self.starter.left else None
        if starter is not None:
            self.start_failure = crash or StartFailed(self._inbox.name)
        try:
            self._is_down()
            self._end(reason, crash)
        finally:  # an observer that raises costs neither the starter its answer nor the crash its way out
            if starter is not None:
                starter.arrive()
            elif crash is not None:
                if not self._is_temporary():
                    raise crash
                _LOG.error("%r crashed, is temporary, and is not called again", self._inbox.name, exc_info=crash)

    def _comes_back(self, crash: Exception | None) -> bool:
        """Whether the behaviour runs again; a start that failed is the starter's to see."""
        ruled = self._crashes is not None and self._crashes.rule.applies(crash)
        return (ruled or self._cut) and self._has_more_to_do()

    def _has_more_to_do(self) -> bool:
        life = self._inbox.life
        return life is Life.RUNNING or (life is Life.DRAINING and bool(self._inbox.queue))

    def _is_temporary(self) -> bool:
        return self._crashes is not None and self._crashes.rule.kind == "temporary"

    def _begin_again(self) -> None:
        inbox = self._inbox
        self._cut = False
        inbox.restarts += 1
        if inbox.runtime.observer is not None:
            inbox.runtime.observer.restarted(inbox.name)
        self._ref._scope = trio.CancelScope(shield=True)  # noqa: SLF001

    async def _recover(self, crash: Exception | None) -> RestartLimitExceeded | None:
        """Give up what was in hand, and rest; return what nobody can mend."""
        self._inbox.renew(crash)
        if self._cut:
            self._report(crash)
            if crash is not None:
                _LOG.error("%r crashed while its group brought it down", self._inbox.name, exc_info=crash)
            await self._hold_unless_ordered()
            return None
        failure = await self._rest_as_ruled(crash)
        if failure is not None:
            self._inbox.life = after(self._inbox.life, Order.STOP)
        return failure

    async def _rest_as_ruled(self, crash: Exception | None) -> RestartLimitExceeded | None:
        """Alone, or with the group; return what nobody can mend."""
        inbox = self._inbox
        if self._crashes is None:
            return None
        try:
            delay = self._crashes.next_delay(inbox.runtime.now(), crash, random.random)
        except RestartLimitExceeded as limit:
            _LOG.error("%r gives up: it ended more often than its rule allows", inbox.name, exc_info=limit)
            failure = self._group.escalate(limit)
            if failure is None:
                self._report(limit)
                await self._hold()
            return failure
        self._report(crash)
        _LOG.warning("%r ended and is called again in %g s", inbox.name, delay, exc_info=crash)
        if self._group.alone:
            self._is_down()
            await self._rest(delay)
            if self._cut:  # meanwhile the group around was brought down
                await self._hold_unless_ordered()
        else:
            self._group.recover(self, delay)
            await self._hold()
        return None

    def _report(self, crash: Exception | None) -> None:
        observer = self._inbox.runtime.observer
        if crash is not None and observer is not None:
            observer.crashed(self._inbox.name, crash)

    # What a group does ----------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The actor's name."""
        return self._inbox.name

    def picture(self) -> ActorStatistics:
        """Return its statistics."""
        return self._inbox.statistics()

    async def bring_down(self) -> None:
        """Cut the incarnation and come back when it is over; the actor then waits to be called again.

        A temporary actor is not called again: it is killed.
        """
        inbox, turn = self._inbox, self._group.turn
        while inbox.nap is not None and not inbox.nap.left:  # it is just getting up
            await inbox.runtime.scheduler.pause()
        if inbox.life in (Life.STARTING, Life.ENDED):  # who starts for the first time is new anyway
            return
        if self._is_temporary():
            give(self._ref, Order.KILL)
            with turn.waits_for(inbox):
                await wait_ended(self._ref)
            return
        self._cut = True
        if inbox.nap is None:
            self._ref._scope.cancel()  # noqa: SLF001
            self._down = down = Waiter(inbox.runtime.scheduler)
            with turn.waits_for(inbox):
                await down.wait()
        else:
            inbox.waits_for = turn.wait

    async def call_again(self) -> None:
        """Let the actor run; come back when it first awaits its inbox again, or has ended."""
        inbox, turn = self._inbox, self._group.turn
        self._cut = False
        while inbox.nap is not None:
            inbox.begun = begun = Waiter(inbox.runtime.scheduler)
            if inbox.nap.left:  # its own rest may just be over
                inbox.nap.arrive()
            with turn.waits_for(inbox, self._postpone):
                await begun.wait()
            if not self._postponed:
                turn.begun()
                return
            self._postponed = False
            await self.bring_down()
            await turn.pass_on()
            self._cut = False

    def _postpone(self) -> None:
        self._postponed = self._cut = True
        self._ref._scope.cancel()  # noqa: SLF001

    def forgive(self) -> None:
        """Forget its crashes."""
        if self._crashes is not None:
            self._crashes.forgive()

    def _is_down(self) -> None:
        """Tell the group, which may wait for this, or for a beginning that does not come."""
        down, self._down = self._down, None
        begun, self._inbox.begun = self._inbox.begun, None
        for waiter in (down, begun):
            if waiter is not None and waiter.left and waiter is not self.starter:
                waiter.arrive()

    async def _hold_unless_ordered(self) -> None:
        """An order to end that came before the wait is not waited for again."""
        if self._inbox.life is Life.RUNNING:
            await self._hold()
        else:
            self._is_down()

    async def _hold(self) -> None:
        """Wait until the group calls, unless an order to end comes first."""
        await self._hold_once()
        while self._postponed and self._inbox.life is Life.RUNNING:  # put off after the call, and before it got up
            await self._hold_once()

    async def _hold_once(self) -> None:
        inbox, turn = self._inbox, self._group.turn
        inbox.nap = nap = Waiter(inbox.runtime.scheduler)
        inbox.waits_for = turn.wait
        turn.make_way_for(inbox)
        self._is_down()
        try:
            with trio.CancelScope(shield=True):
                await nap.wait()
        finally:
            inbox.nap = inbox.waits_for = None

    async def _rest(self, delay: float) -> None:
        """Wait, unless an order to end comes first; messages wait too."""
        inbox, runtime = self._inbox, self._inbox.runtime
        inbox.nap = nap = Waiter(runtime.scheduler)
        runtime.at(runtime.now() + delay, Alarm(nap))
        try:
            with trio.CancelScope(shield=True):  # a system that is cancelled says so by an order
                await nap.wait()
        finally:
            inbox.nap = inbox.waits_for = None

    def _end(self, reason: str, crash: Exception | None) -> None:
        inbox = self._inbox
        task, inbox.owner = current_task(), None
        del inbox.runtime.actors[task]
        mourners, self._ref._mourners = self._ref._mourners or {}, None  # noqa: SLF001
        del self._living[inbox.name]
        self._group.release(self)
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
