"""The only way to reach an actor."""

from typing import Generic, Never, Protocol, TypeVar, overload

import attrs
import trio
from trio.lowlevel import current_task

from actors._circle import Wait, refuse_circle, waiting_for
from actors._deadlines import Limit, check_span
from actors._errors import ActorError
from actors._inbox import Inbox
from actors._lifecycle import Life, Order
from actors._messages import Answers, Ended, Request
from actors._seam import Waiter
from actors._statistics import ActorStatistics

M_contra = TypeVar("M_contra", contravariant=True)
R = TypeVar("R")


class Mourner(Protocol):
    """Who wants to know of an end."""

    def arrive(self) -> None:
        """The actor has ended."""
        ...


@attrs.define(eq=False, repr=False)
class Ref(Generic[M_contra]):
    """A handle on one actor: send to it, ask it, stop it. `Group.start` makes them.

    A ref stays valid after the actor has ended; then messages become dead letters and asks raise
    `ActorStopped`. Hand it out freely, and with a narrower type (``Ref[Candle]``) to grant less.
    """

    _inbox: Inbox[object]
    _scope: trio.CancelScope
    _mourners: dict[Mourner, None] | None = None  # in the order in which they came

    @property
    def name(self) -> str:
        """The actor's name, unique among the living actors of its system."""
        return self._inbox.name

    def __repr__(self) -> str:
        return f"<Ref {self.name!r} {self._inbox.life.value}>"

    async def tell(self, message: M_contra) -> None:
        """Put ``message`` into the inbox, waiting while it is full.

        Under ``overflow="fail"`` a full inbox raises `InboxFull` instead. Appending is synchronous, so the
        messages of one sender stay in order. After 64 sends at the latest a sender lets others run first.
        If it is cancelled, the message was not sent. An actor that has ended, or ends meanwhile,
        makes a dead letter of it.
        """
        inbox = self._inbox
        scheduler = inbox.runtime.scheduler
        if scheduler.sends >= scheduler.send_quantum:
            scheduler.sends = 0
            await scheduler.pause()
        scheduler.sends += 1
        if len(inbox.queue) < inbox.limit:
            inbox.put((message, None, 0))
        elif inbox.makes_wait:
            waiter = Waiter(scheduler)
            with waiting_for(inbox, waiter):
                await inbox.put_when_room((message, None, 0), waiter)
        else:
            inbox.put_nowait((message, None, 0))

    def tell_nowait(self, message: M_contra) -> None:
        """Put ``message`` into the inbox, or raise `InboxFull`."""
        self._inbox.put_nowait((message, None, 0))

    @overload
    async def ask(self, message: Request[R], *, timeout: float | None = None) -> R: ...
    @overload
    async def ask(self, message: M_contra, *, timeout: float | None = None) -> object: ...
    async def ask(self, message: object, *, timeout: float | None = None) -> object:
        """Send ``message`` and return the reply.

        Cancelling the asker cuts no handler: a message that is in the inbox is still handled. One that
        still waits for a place in a full inbox is taken back.

        Args:
            message: a `Request` types the reply; any message can be asked.
            timeout: seconds to wait, a place in a full inbox included; None waits as long as it takes.

        Raises:
            ActorCrashed: the handler of this message raised; chained from the original error.
            ActorStopped: the actor ended first; the text says whether it had begun with the message.
            NoReply: the handler finished without a reply.
            AskTimeout: the reply did not come in time.
            MessageDropped: the inbox's overflow rule gave the message up.
            InboxFull: the inbox is full and was started with ``overflow="fail"``.
            AskCycle: the asked actor waits for the asking one, over however many others.
        """
        inbox = self._inbox
        runtime = inbox.runtime
        answers = Answers(runtime.scheduler, 1)
        asker = runtime.actors.get(current_task())
        try:
            if asker is not None:
                asker.waits_for = Wait((inbox,), answers)
                if (inbox is asker or inbox.waits_for is not None) and inbox.life.accepts:
                    refuse_circle(asker, inbox)
            if timeout is not None:
                runtime.limit(Limit(answers, 0, inbox.name, message, timeout))
            if len(inbox.queue) < inbox.limit:
                inbox.put((message, answers, 0))
            else:
                inbox.put_later((message, answers, 0), answers)
            await answers.wait()
        finally:
            if asker is not None:
                asker.waits_for = None
            if answers.left:
                answers.abandon()
        if answers.errors is not None:
            try:
                raise answers.errors[0]
            finally:
                del answers  # its error would hold this frame, which holds it: garbage that waits for a collection
        return answers.values[0]

    async def drain(self, *, timeout: float | None = None) -> None:
        """Refuse new messages, let the actor finish what is queued, and wait for its end.

        From the actor's own task it only marks.

        Args:
            timeout: seconds until the actor is killed, if it has not ended by then; what is still queued becomes dead
                letters. It stands also when the caller is cancelled. Of several the earliest counts; None sets none.
        """
        if timeout is not None:
            check_span("timeout", timeout)
        await self._end_by(Order.DRAIN, timeout)

    async def stop(self) -> None:
        """Let the actor finish the message in hand, and wait for its end; what is queued becomes dead letters.

        From the actor's own task it only marks. Asking twice is fine, and so is asking after the end.
        """
        await self._end_by(Order.STOP)

    async def kill(self) -> None:
        """Cancel the actor at its next checkpoint, and wait for its end."""
        await self._end_by(Order.KILL)

    def statistics(self) -> ActorStatistics:
        """This actor now."""
        return self._inbox.statistics()

    async def ended(self) -> Ended:
        """Wait for the actor's end, however it comes, and say how it came."""
        waiter = Waiter(self._inbox.runtime.scheduler)
        with waiting_for(self._inbox, waiter):
            await wait_ended(self, waiter)
        return self.ending

    @property
    def ending(self) -> Ended:
        """How the actor ended; raises `ActorError` while it lives."""
        end = self._inbox.ending
        if end is None:
            raise ActorError(f"{self.name!r} has not ended yet: await ref.ended().")
        return end

    def mourn(self, mourner: Mourner) -> None:
        """Let ``mourner.arrive()`` be called when the actor ends; at once if it has."""
        if self._inbox.life is Life.ENDED:
            mourner.arrive()
        else:
            if self._mourners is None:
                self._mourners = {}
            self._mourners[mourner] = None

    def forget(self, mourner: Mourner) -> None:
        """``mourner`` wants to know no longer."""
        if self._mourners is not None:
            self._mourners.pop(mourner, None)

    async def _end_by(self, order: Order, timeout: float | None = None) -> None:
        inbox = self._inbox
        if current_task() is inbox.owner:
            give(self, order, timeout)
            await inbox.runtime.scheduler.pause()
        else:
            waiter = Waiter(inbox.runtime.scheduler)
            with waiting_for(inbox, waiter, refuse=order is not Order.KILL):
                give(self, order, timeout)
                await wait_ended(self, waiter)


@attrs.define(order=False, eq=False)
class _Patience:
    """Kills an actor that has not ended in time."""

    ref: Ref[Never]

    @property
    def waiting(self) -> bool:
        return self.ref._inbox.life not in (Life.KILLED, Life.ENDED)  # noqa: SLF001 - the module that owns Ref

    pending = waiting

    def expire(self) -> None:
        if self.waiting:
            give(self.ref, Order.KILL)


def give(ref: Ref[M_contra], order: Order, timeout: float | None = None) -> None:
    """Order the actor to end, and to be killed if it takes longer than ``timeout``; returns at once."""
    inbox = ref._inbox  # noqa: SLF001 - the module that owns Ref
    inbox.order(order)
    if timeout is not None and inbox.life is not Life.ENDED:
        inbox.runtime.at(inbox.runtime.now() + timeout, _Patience(ref))
    if order is Order.KILL:
        ref._scope.cancel()  # noqa: SLF001


async def wait_ended(ref: Ref[M_contra], waiter: Waiter | None = None) -> None:
    """Return when the actor has ended; a checkpoint. It is ``waiter`` that waits, if one is given."""
    inbox = ref._inbox  # noqa: SLF001
    if inbox.life is Life.ENDED:
        await inbox.runtime.scheduler.pause()
        return
    waiter = waiter or Waiter(inbox.runtime.scheduler)
    ref.mourn(waiter)
    try:
        await waiter.wait()
    finally:
        if waiter.left:  # cancelled
            ref.forget(waiter)
