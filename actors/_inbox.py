"""The actor's side of an inbox: taking messages and answering them.

A trio memory channel costs a scheduler pass for every message. Here the actor is woken once and then
takes up to a quantum of messages before it lets others run. Appending is synchronous, so delivery is
FIFO for each sender, and causal.
"""

from typing import TYPE_CHECKING, Final, Generic, Never, Self, TypeVar

import trio
from trio.lowlevel import Abort, current_task, wait_task_rescheduled

from actors._deadlines import check_span
from actors._errors import ActorError, AlreadyReplied, NoReply
from actors._lifecycle import Life, Order, after
from actors._mailbox import NOTHING, Mailbox, Overflow
from actors._messages import WAITING, Answers
from actors._runtime import Runtime
from actors._statistics import ActorStatistics
from actors._timers import SHORTEST, Timer

if TYPE_CHECKING:
    from actors._handler_limit import HandlerLimit
    from actors._ref import Ref

M = TypeVar("M")

_RUNNING: Final = Life.RUNNING  # a look-up in an enum class costs as much as the rest of a comparison
_GIVEN: Final = -1


class NoMoreMessages(StopAsyncIteration):
    """Ends the loop over an inbox; leaving the behaviour by it, out of ``anext(inbox)``, is a good end as well."""


class Reply:
    """The answer to one message, handed out by `Inbox.defer` to be given later, by anybody."""

    __slots__ = ("_answers", "_inbox", "_place", "_sent", "message")

    def __init__(self, inbox: Mailbox, message: object, answers: Answers | None, place: int) -> None:
        self.message = message
        self._inbox = inbox
        self._answers = answers
        self._place = place
        self._sent = False

    def send(self, value: object) -> None:
        """Give the answer. Without an asker it is dropped; a second one raises `AlreadyReplied`."""
        if self._sent:
            raise AlreadyReplied(self._inbox.name, self.message)
        self._sent = True
        if self._inbox.deferred is not None:
            self._inbox.deferred.pop(self, None)
        if self._answers is not None and not self._answers.settle(self._place, value):
            _count_late(self._inbox)

    def belongs_to(self, answers: Answers, place: int) -> bool:
        """Whether it is the answer for this place."""
        return self._answers is answers and self._place == place

    def close(self, error: ActorError) -> None:
        """The actor has ended: the asker is told so, and what is sent later is late."""
        if self._answers is not None:
            self._answers.fail(self._place, error)


class _Notice:
    """Puts the news of an actor's end into the inbox of another."""

    __slots__ = ("_inbox", "_ref", "_watched")

    def __init__(self, inbox: Mailbox, ref: "Ref[Never]", watched: "Watched") -> None:
        self._inbox = inbox
        self._watched = watched
        self._ref = ref

    def arrive(self) -> None:
        self._watched.pop(self._ref, None)
        self._inbox.notify(self._ref.ending)


Watched = dict["Ref[Never]", _Notice]


class Inbox(Mailbox, Generic[M]):
    """Where one actor's messages wait: ``async for message in inbox``.

    The loop ends when the actor is told to stop. Only the actor's own task may iterate. ``await anext(inbox)``
    takes one message; what it raises at the end may leave the behaviour, which then has ended in good order.
    """

    __slots__ = ("_on_cancel", "_watched", "handle", "handler_limit")

    handler_limit: "HandlerLimit"  # only where there is one, of which the class tells

    def __init__(self, name: str, runtime: Runtime, capacity: int, overflow: Overflow) -> None:
        super().__init__(name, runtime, capacity, overflow)
        self.handle: Ref[M] | None = None  # until the end: two that hold each other are freed late
        self._watched: Watched | None = None  # of whose end it is still to be told
        self._on_cancel = self._abort  # bound once: a parked task keeps one, and a new one each time is garbage

    def __aiter__(self) -> Self:
        self._check_owner()
        return self

    async def __anext__(self) -> M:
        # The path of every single message: what would read better as calls stands here in line, because each
        # call, and each coroutine that a parked task keeps below it, costs as much as the rest of the work.
        runtime = self.runtime
        if self.asked is not None:
            self._no_reply()
        if runtime.observer is not None and self.in_hand is not NOTHING:
            runtime.observer.handled(self.name, self.in_hand)
        self.left -= 1
        if self.left <= 0 or not self.queue:
            self.in_hand = NOTHING
            if self.queue or self.life is not _RUNNING or self.begun is not None:
                await self._turn(rested=False)
            else:
                task = current_task()
                if task is not self.owner:
                    self._check_owner()
                self.task = task
                runtime.scheduler.parked(task)
                await wait_task_rescheduled(self._on_cancel)
                if self.queue and self.life is _RUNNING:
                    self.left = runtime.scheduler.quantum
                else:
                    await self._turn(rested=True)
        self.in_hand, self.asked, self.place = self.queue.popleft()
        if self.blocked or self.keyed:
            self.taken_up()
        self.taken += 1
        self.since = runtime.now()
        if runtime.observer is not None:
            runtime.observer.delivered(self.name, self.in_hand)
        return self.in_hand  # type: ignore[return-value] # a Ref[M] lets nothing else in

    def reply(self, value: object) -> None:
        """Answer the message in hand.

        A message that was told has no asker, and its reply is dropped; so one handler serves both. Raises
        `AlreadyReplied` the second time, and after `defer`.
        """
        answers = self.asked
        if answers is not None:
            place = self.place
            self.asked = None
            self.place = _GIVEN
            # in line what settle() does: one call less for every reply
            values = answers.values
            if values[place] is WAITING:
                values[place] = value
                answers.left -= 1
                if not answers.left:
                    task = answers.task
                    if task is not None:
                        answers.task = None
                        answers.scheduler.ready(task)
            else:
                _count_late(self)
        elif self.in_hand is NOTHING:
            raise ActorError(f"{self.name!r} has no message in hand to reply to")
        elif self.place == _GIVEN:
            raise AlreadyReplied(self.name, self.in_hand)
        else:
            self.place = _GIVEN

    def defer(self) -> Reply:
        """Take the answer out of this handler: whoever holds the `Reply` gives it later.

        The asker waits on. If the actor ends before the answer came, the asker gets `ActorStopped`.
        """
        if self.in_hand is NOTHING:
            raise ActorError(f"{self.name!r} has no message in hand to defer")
        if self.place == _GIVEN:
            raise AlreadyReplied(self.name, self.in_hand)
        reply = Reply(self, self.in_hand, self.asked, self.place)
        if self.asked is not None:
            if self.deferred is None:
                self.deferred = {}
            self.deferred[reply] = None
        self.asked = None
        self.place = _GIVEN
        return reply

    def watch(self, ref: "Ref[Never]") -> None:
        """Be told of an actor's end by a message, `Ended`: exactly once, whatever the capacity of this inbox.

        The watch outlives a restart of either, and to watch again what is watched changes nothing. Of an actor that
        has ended already, this one is told at once.
        """
        if self._watched is None:
            self._watched = {}
        if ref not in self._watched:
            self._watched[ref] = notice = _Notice(self, ref, self._watched)
            ref.mourn(notice)

    def once(self, delay: float, message: M) -> Timer:
        """Send ``message`` to this actor itself, in ``delay`` seconds (zero or more): a tick.

        The timer belongs to the incarnation that set it. Its tick is a message like any other: it stands in line behind
        what is queued, enters a full inbox, and no overflow rule drops it. When the incarnation ends, by a crash or
        otherwise, its timers are gone and so are its ticks that are still queued; they are no dead letters. An order to
        end, drain included, ends the timers at once; one that is set after it, or while the actor rests, never ticks.
        """
        check_span("delay", delay)
        return Timer(self, message, delay, again=False)

    def every(self, period: float, message: M) -> Timer:
        """Send ``message`` to this actor itself every ``period`` seconds (1e-6 at least); otherwise as `once`.

        The ticks lie on a grid: one period from now, two, and so on, however long they take to handle. At most one of
        them is queued: a tick that finds the one before it still queued is skipped and counted (``skipped`` in
        `ActorStatistics`), and so is one whose time passed while something blocked the program.
        """
        check_span("period", period, above_zero=True)
        if period < SHORTEST:
            raise ValueError(f"period must be at least {SHORTEST:g} s, a tick of clocks, not {period!r}")
        return Timer(self, message, period, again=True)

    @property
    def ref(self) -> "Ref[M]":
        """The actor's own ref, to be handed to others: the same that `Group.start` returns, and gone with the actor."""
        if self.handle is None:
            raise ActorError(f"{self.name!r} has ended, and its inbox has no ref any more: keep the one of start().")
        return self.handle

    @property
    def queued(self) -> int:
        """Messages that wait, without the one in hand."""
        return len(self.queue)

    def statistics(self) -> ActorStatistics:
        """This actor now."""
        busy = self.in_hand is not NOTHING
        return ActorStatistics(
            name=self.name,
            state=self.life.value,
            queued=len(self.queue),
            capacity=self.capacity,
            peak=self.peak,
            waiting=self.waiting,
            handled=self.taken - busy,
            dropped=self.dropped,
            dead_letters=self.dead,
            late_replies=self.late,
            restarts=self.restarts,
            skipped=self.skipped,
            age=self.runtime.now() - self.since if busy else None,
            waits_for=() if self.waits_for is None else self.waits_for.names(),
        )

    def finish(self) -> None:
        """The behaviour returned in good order: the message in hand, if any, is done."""
        if self.asked is not None:
            self._no_reply()
        hand, self.in_hand = self.in_hand, NOTHING
        if hand is not NOTHING and self.runtime.observer is not None:
            self.runtime.observer.handled(self.name, hand)

    def verdict(self, crash: Exception | None) -> Exception | None:
        """What the incarnation crashed of, when ``crash`` came out of the behaviour, if anything."""
        return crash

    def end(self, reason: str, crash: Exception | None) -> None:
        """As every inbox; and those that it watched forget it."""
        for ref, notice in (self._watched or {}).items():
            ref.forget(notice)
        self.handle = None
        del self._on_cancel  # nobody parks here any more, and it holds what holds it
        super().end(reason, crash)

    def _no_reply(self) -> None:
        answers, self.asked = self.asked, None
        if answers is not None:
            answers.fail(self.place, NoReply(self.name, self.in_hand))

    async def _turn(self, *, rested: bool) -> None:
        """Return when a message may be taken; raise NoMoreMessages when none is to come."""
        self._check_owner()
        if self.life is Life.STARTING:
            self.life = after(self.life, Order.BEGIN)
        if self.begun is not None:
            begun, self.begun = self.begun, None
            begun.arrive()
        while self.life is Life.RUNNING or (self.life is Life.DRAINING and self.queue):
            if self.queue and rested:
                self.left = self.runtime.scheduler.quantum
                return
            rested = True
            if self.queue:
                await self.runtime.scheduler.pause()
            else:
                await self._park()
        # a checkpoint: a behaviour with the loop inside another loop would spin, and hold up the whole program
        await self.runtime.scheduler.pause()
        raise NoMoreMessages

    async def _park(self) -> None:
        task = current_task()
        if task is not self.owner:
            self._check_owner()
        self.task = task
        self.runtime.scheduler.parked(task)
        await wait_task_rescheduled(self._on_cancel)

    def _abort(self, _: object) -> Abort:
        task = self.task
        if task is None:  # woken, but held back by the scheduler: as in Waiter
            return Abort.FAILED
        self.task = None
        self.runtime.scheduler.gone(task)
        return Abort.SUCCEEDED

    def _check_owner(self) -> None:
        if current_task() is not self.owner:
            raise trio.BusyResourceError(f"two tasks iterate the inbox of {self.name!r}; an actor has one task")


def _count_late(inbox: Mailbox) -> None:
    inbox.late += 1
    inbox.runtime.late_replies += 1
