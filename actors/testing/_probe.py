"""An actor that stands in for another: it hears what the code under test says, and answers what the test wants."""

from collections import deque
from collections.abc import Callable
from math import isfinite
from typing import Any, Never, Self, TypeVar, overload

import attrs
import trio

from actors._deadlines import Alarm
from actors._errors import ActorError
from actors._inbox import Inbox, Reply
from actors._lifecycle import Life
from actors._messages import Ended
from actors._ref import Ref
from actors._runtime import Runtime
from actors._seam import Waiter
from actors._system import System

T = TypeVar("T")


@attrs.frozen(eq=False)
class _Arrival:
    message: object
    reply: Reply | None
    """None when the message was told."""
    time: float


class Probe:
    """Hears messages and lets a test expect them, one after the other; `Probe.start` makes one.

    Time is that of the clock trio runs with, so with `run` or a ``MockClock`` waiting costs nothing. An
    expectation that is not met raises an `AssertionError` that says what was expected, what came instead, in order,
    and how much time passed.

    Attributes:
        ref: hand it to the code under test; it takes every type of message.
        received: every message so far, in order.
    """

    ref: Ref[object]

    def __init__(self) -> None:
        self.received: list[object] = []
        self._arrivals: deque[_Arrival] = deque()  # which nobody has expected yet
        self._expected: _Arrival | None = None
        self._canned: dict[type, object] = {}
        self._waiter: Waiter | None = None
        self._runtime: Runtime
        self._over = False

    @classmethod
    async def start(cls, system: System, *, name: str = "probe") -> Self:
        """Start a probe in a system, as any actor is started."""
        probe = cls()
        probe.ref = await system.start(probe._hear, name=name)
        return probe

    @overload
    async def expect(self, what: type[T], *, where: Callable[[T], bool] | None = None, within: float = 1.0) -> T: ...
    @overload
    async def expect(self, what: T, *, within: float = 1.0) -> T: ...
    async def expect(
        self,
        what: object,
        *,
        where: Callable[[Any], bool] | None = None,
        within: float = 1.0,
    ) -> object:
        """Wait for the next message and return it; it must be the one that is expected.

        Messages are expected in the order in which they come. One that an `answer` served is not expected.

        Args:
            what: a type, of which the message must be an instance, or a message, to which it must be equal.
            where: a condition that a message of this type must meet.
            within: seconds to wait, finite.
        """
        began = self._runtime.now()
        await self._next(within)
        if self._arrivals:
            arrival = self._arrivals[0]
            if _fits(arrival.message, what, where):
                self._expected = self._arrivals.popleft()
                return arrival.message
        raise self._unmet(f"{_wanted(what, where)} within {within:g} s", began)

    async def expect_none(self, *, within: float = 1.0) -> None:
        """Wait ``within`` seconds, in which no message may come, nor be there already."""
        began = self._runtime.now()
        await self._next(within)
        if self._arrivals or self._over:
            raise self._unmet(f"no message for {within:g} s", began)

    async def expect_ended(self, ref: Ref[Never], *, within: float = 1.0) -> Ended:
        """Wait for the end of an actor, and return how it ended; messages do not matter."""
        waiter = self._new_waiter(within)
        began = self._runtime.now()
        ref.mourn(waiter)
        try:
            await self._wait(waiter, within)
        finally:
            ref.forget(waiter)
        state = ref.statistics().state
        if state != Life.ENDED.value:
            raise AssertionError(
                f"{self.ref.name!r} expected the end of {ref.name!r} within {within:g} s: "
                f"after {self._runtime.now() - began:g} s it is {state}"
            )
        return ref.ending

    def reply(self, value: object) -> None:
        """Answer the message that was expected last.

        Until then its asker waits; when the probe ends, it gets `ActorStopped`. Raises `AlreadyReplied` the
        second time, and `ActorError` when there is nobody to answer.
        """
        if self._expected is None:
            raise ActorError(f"{self.ref.name!r} has no message to reply to: await probe.expect(...) first")
        if self._expected.reply is None:
            raise ActorError(f"{self._expected.message!r} was told to {self.ref.name!r}: nobody asked")
        self._expected.reply.send(value)

    @overload
    def answer(self, kind: type[T], answer: Callable[[T], object]) -> None: ...
    @overload
    def answer(self, kind: type, answer: object) -> None: ...
    def answer(self, kind: type, answer: object) -> None:
        """From now on, reply to every message of a type at once.

        Such a message is in `received`, and no expectation sees it. Of several types that fit, the one first
        named answers; naming a type again gives it another answer.

        Args:
            kind: the type of the messages.
            answer: the reply, or a function from message to reply. What that raises crashes the probe.
        """
        self._canned[kind] = answer

    # The actor's side --------------------------------------------------------------------------------------

    async def _hear(self, inbox: Inbox[object]) -> None:
        self._runtime = inbox.runtime
        try:
            async for message in inbox:
                self.received.append(message)
                kind = next((kind for kind in self._canned if isinstance(message, kind)), None)
                if kind is None:
                    self._arrive(inbox, message)
                else:
                    answer = self._canned[kind]
                    inbox.reply(answer(message) if callable(answer) else answer)
        finally:
            self._over = True
            self._wake()

    def _arrive(self, inbox: Inbox[object], message: object) -> None:
        reply = inbox.defer() if inbox.asked is not None else None
        self._arrivals.append(_Arrival(message, reply, self._runtime.now()))
        self._wake()

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and waiter.left > 0:
            waiter.arrive()

    # The test's side ---------------------------------------------------------------------------------------

    async def _next(self, within: float) -> None:
        """Return when a message is there, or none will come in time."""
        if self._waiter is not None:
            raise trio.BusyResourceError(f"two tasks expect something of {self.ref.name!r}: give each its own probe")
        waiter = self._new_waiter(within)
        if self._arrivals or self._over:
            waiter.left = 0
        self._waiter = waiter
        try:
            await self._wait(waiter, within)
        finally:
            self._waiter = None

    def _new_waiter(self, within: float) -> Waiter:
        if not (isfinite(within) and within >= 0):
            raise ValueError(f"within must be a finite number of seconds, zero or more, not {within!r}")
        return Waiter(self._runtime.scheduler)

    async def _wait(self, waiter: Waiter, within: float) -> None:
        if waiter.left > 0:
            self._runtime.at(self._runtime.now() + within, Alarm(waiter))
        try:
            await waiter.wait()
        finally:
            waiter.left = 0  # the alarm is over, also when the test was cancelled

    def _unmet(self, wanted: str, began: float) -> AssertionError:
        came = [
            f"{each.message!r} {'earlier' if each.time < began else f'after {each.time - began:g} s'}"
            for each in self._arrivals
        ] or [f"nothing in {self._runtime.now() - began:g} s"]
        over = ", and the probe has ended" if self._over else ""
        return AssertionError(f"{self.ref.name!r} expected {wanted}, and there came {', then '.join(came)}{over}")


def _fits(message: object, what: object, where: Callable[[Any], bool] | None) -> bool:
    fits = isinstance(message, what) if isinstance(what, type) else bool(message == what)
    return fits and (where is None or where(message))


def _wanted(what: object, where: Callable[[Any], bool] | None) -> str:
    wanted = what.__qualname__ if isinstance(what, type) else repr(what)
    return wanted if where is None else f"{wanted} where {getattr(where, '__name__', repr(where))} holds"
