"""The senders' side of an inbox: how a message gets in, and what becomes of it when nobody takes it.

Nothing here switches tasks between the look at the state and the append, so "is there room?" stays true.
"""

from collections import deque
from typing import TYPE_CHECKING, Final, Literal

from trio.lowlevel import Task

from actors._errors import ActorCrashed, ActorError, ActorStopped, InboxFull
from actors._lifecycle import Life, Order, after
from actors._messages import WAITING, Answers, Entry
from actors._runtime import Runtime
from actors._seam import Waiter

if TYPE_CHECKING:
    from actors._inbox import Reply

Overflow = Literal["block", "fail"]

NOTHING: Final = object()
"""Stands for "no message in hand"; None is a message like any other."""

_CLOSED: Final = -1


class Mailbox:
    """A bounded queue of messages for one actor, with the actor's state of life."""

    __slots__ = (
        "asked",
        "begun",
        "blocked",
        "capacity",
        "dead",
        "deferred",
        "in_hand",
        "late",
        "left",
        "life",
        "limit",
        "name",
        "overflow",
        "peak",
        "place",
        "queue",
        "runtime",
        "since",
        "taken",
        "task",
    )

    def __init__(self, name: str, runtime: Runtime, capacity: int, overflow: Overflow) -> None:
        self.name = name
        self.runtime = runtime
        self.overflow = overflow
        self.capacity = capacity
        self.limit = capacity  # -1 from the first order to end: one comparison sees both full and closed
        self.queue: deque[Entry] = deque()
        self.blocked: deque[tuple[Entry, Waiter | None]] | None = None  # made when needed: a deque is 0.6 KB
        self.task: Task | None = None  # the actor's task, while it is parked for a message
        self.begun: Waiter | None = None  # start() waits for the first await of the inbox
        self.life = Life.STARTING
        self.left = 0  # messages that the actor may still take before others run
        self.in_hand: object = NOTHING
        self.asked: Answers | None = None  # who waits for the answer to the message in hand
        self.place = 0  # where that answer belongs; -1 when it was given or handed out
        self.deferred: set[Reply] | None = None
        self.since = 0.0  # when the message in hand was taken up
        self.taken = self.peak = self.dead = self.late = 0

    def put(self, entry: Entry) -> None:
        """Append; the caller has seen ``len(queue) < limit``."""
        queue = self.queue
        queue.append(entry)
        if len(queue) > self.peak:
            self.peak = len(queue)
        runtime = self.runtime
        task = self.task
        if task is not None:
            self.task = None
            runtime.scheduler.ready(task)
        if runtime.observer is not None:
            runtime.observer.sent(self.name, entry[0])

    def put_nowait(self, entry: Entry) -> None:
        """Append, or raise `InboxFull` where there is no room."""
        if len(self.queue) < self.limit:
            self.put(entry)
        elif self.life.accepts:
            raise InboxFull(self.name, self.capacity)
        else:
            self.bury(entry, self.life.value)

    async def put_when_room(self, entry: Entry) -> None:
        """Append what found the inbox full or closed; wait for a place if that is the rule."""
        if not self.life.accepts or self.overflow == "fail":
            self.put_nowait(entry)
            return
        waiter = Waiter(self.runtime.scheduler)
        place = (entry, waiter)
        line = self._line_up(place)
        try:
            await waiter.wait()
        finally:
            if waiter.left:  # cancelled: the message never entered
                line.remove(place)

    def put_later(self, entry: Entry, answers: Answers) -> None:
        """An ask that found the inbox full or closed: its asker waits for the answer, a place included."""
        if not self.life.accepts:
            self.bury(entry, self.life.value)
        elif self.overflow == "fail":
            answers.fail(entry[2], InboxFull(self.name, self.capacity))
        else:
            self._line_up((entry, None))

    def admit(self) -> None:
        """A place is free: who waits longest takes it at once, so nobody overtakes."""
        line = self.blocked
        while line and len(self.queue) < self.limit:
            entry, waiter = line.popleft()
            _, answers, place = entry
            if answers is None or answers.values[place] is WAITING:  # an asker who left takes its message along
                self.put(entry)
            if waiter is not None:
                waiter.arrive()

    def order(self, order: Order) -> None:
        """Drain, stop or kill: refuse messages from now on, and let the actor see it at its next turn."""
        self.life = after(self.life, order)
        if self.life is Life.ENDED:
            return
        self.limit = _CLOSED
        self.left = 0
        task = self.task
        if task is not None:
            self.task = None
            self.runtime.scheduler.ready(task)
        line, self.blocked = self.blocked, None
        for entry, waiter in line or ():
            if waiter is not None:
                waiter.arrive()
            self.bury(entry, self.life.value)

    def end(self, reason: str, crash: Exception | None) -> None:
        """Nothing is handled any more: settle every ask, bury every message."""
        self.order(Order.STOP)
        self.life = after(self.life, Order.END)
        hand, asked, self.in_hand, self.asked = self.in_hand, self.asked, NOTHING, None
        if asked is not None:
            asked.fail(self.place, self._failure(hand, crash, in_hand=True))
        deferred, self.deferred = self.deferred, None
        for reply in deferred or ():
            reply.close(self._failure(reply.message, crash))
        queue, self.queue = self.queue, deque()
        for entry in queue:
            self.bury(entry, reason, crash)

    def bury(self, entry: Entry, reason: str, crash: Exception | None = None) -> None:
        """Make a dead letter of what nobody will handle, and tell the one who waits."""
        message, answers, place = entry
        self.dead += 1
        if answers is not None:
            answers.fail(place, self._failure(message, crash))
        self.runtime.bury(self.name, message, reason)

    def _failure(self, message: object, crash: Exception | None, *, in_hand: bool = False) -> ActorError:
        error: ActorError
        error = ActorCrashed(self.name, message) if in_hand and crash else ActorStopped(self.name, message)
        error.__cause__ = crash
        return error

    def _line_up(self, place: tuple[Entry, Waiter | None]) -> "deque[tuple[Entry, Waiter | None]]":
        if self.blocked is None:
            self.blocked = deque()
        self.blocked.append(place)
        return self.blocked
