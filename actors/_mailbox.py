"""The senders' side of an inbox: how a message gets in, and what becomes of it when nobody takes it.

Nothing here switches tasks between the look at the state and the append, so "is there room?" stays true.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, Any, Final, Literal, cast

import attrs
from trio.lowlevel import Task

from actors._errors import ActorCrashed, ActorError, ActorStopped, InboxFull, MessageDropped
from actors._lifecycle import Life, Order, after
from actors._messages import WAITING, Answers, Ended, Entry
from actors._runtime import Runtime
from actors._seam import Waiter

if TYPE_CHECKING:
    from actors._circle import Wait
    from actors._inbox import Reply
    from actors._timers import Timer


@attrs.frozen
class Conflate:
    """Keep only the newest message of each key: it takes its predecessor's place in the inbox.

    Attributes:
        key: gives a message's key, which must be hashable; what it raises comes out at the sender.
    """

    key: Callable[[Any], Hashable]


Overflow = Literal["block", "fail", "drop_oldest", "drop_newest"] | Conflate

Keyed = OrderedDict[Hashable, list[object]]
"""The entry of each key, in the order of the queue."""

NOTHING: Final = object()
"""Stands for "no message in hand"; None is a message like any other."""

_CLOSED: Final = -1
_NOTICE: Final = -2
"""Stands in an entry for the place of an answer: it is a notice, which no overflow rule may drop."""
_TICK: Final = -3
"""Likewise: it is a tick of a timer, which no overflow rule may drop, and which leaves with the incarnation."""
_NO_QUEUE: Final = cast("deque[Entry]", ())
_SWEEP: Final = 64  # from this length on, the line for a place is swept whenever it has doubled


Place = tuple[Waiter | None, Entry]
"""In the line for a full inbox: the sender to be woken, None for an ask. The waiter comes first: no two are
equal, so looking for a place never compares messages, whose ``==`` is the user's."""

Line = deque[Place]


class Mailbox:
    """A bounded queue of messages for one actor, with the actor's state of life."""

    __slots__ = (
        "asked",
        "begun",
        "blocked",
        "capacity",
        "dead",
        "deferred",
        "dropped",
        "ending",
        "in_hand",
        "keyed",
        "late",
        "left",
        "life",
        "limit",
        "name",
        "nap",
        "overflow",
        "owner",
        "peak",
        "place",
        "queue",
        "restarts",
        "runtime",
        "since",
        "skipped",
        "taken",
        "task",
        "timers",
        "waits_for",
    )

    def __init__(self, name: str, runtime: Runtime, capacity: int, overflow: Overflow) -> None:
        self.name = name
        self.runtime = runtime
        self.overflow = overflow
        self.capacity = capacity
        # -1 from the first order to end, and where every message has to be looked at: one comparison sees it all
        self.limit = _CLOSED if isinstance(overflow, Conflate) else capacity
        self.keyed: Keyed | None = OrderedDict() if isinstance(overflow, Conflate) else None
        self.queue = _NO_QUEUE  # made with the first message: a deque is 0.7 KB
        self.blocked: Line | None = None  # made when needed: a deque is 0.6 KB
        self.owner: Task | None = None  # the actor's task, while the actor lives
        self.task: Task | None = None  # the same, while it is parked for a message
        self.nap: Waiter | None = None  # set while the actor rests before a restart
        self.begun: Waiter | None = None  # start() waits for the first await of the inbox
        self.life = Life.STARTING
        self.ending: Ended | None = None
        self.waits_for: Wait | None = None
        self.left = 0  # messages that the actor may still take before others run
        self.in_hand: object = NOTHING
        self.asked: Answers | None = None  # who waits for the answer to the message in hand
        self.place = 0  # where that answer belongs; -1 when it was given or handed out
        self.deferred: dict[Reply, None] | None = None  # in the order of the messages: sets have a coin's order
        self.since = 0.0  # when the message in hand was taken up
        self.taken = self.peak = self.dead = self.late = self.restarts = self.dropped = self.skipped = 0
        self.timers: dict[Timer, None] | None = None  # those to come; None when this incarnation never set one

    @property
    def waiting(self) -> int:
        """Senders and askers that wait for a place."""
        return sum(not _withdrawn(place) for place in self.blocked or ())

    @property
    def makes_wait(self) -> bool:
        """Whether a sender that finds no place waits for one."""
        return self.overflow == "block" and self.life.accepts

    def put(self, entry: Entry) -> None:
        """Append; the caller has seen ``len(queue) < limit``."""
        queue = self.queue
        if not self.peak:
            self.queue = queue = deque()
            self.peak = 1
        queue.append(entry)
        runtime = self.runtime
        task = self.task
        if task is not None:  # it parks only before an empty queue, so this is no new peak
            self.task = None
            runtime.scheduler.ready(task)
        elif len(queue) > self.peak:
            self.peak = len(queue)
        if runtime.observer is not None:
            runtime.observer.sent(self.name, entry[0])

    def put_nowait(self, entry: Entry) -> None:
        """Append, or do what the overflow rule says where there is no room; raise `InboxFull` where that is it."""
        if len(self.queue) < self.limit:
            self.put(entry)
        elif not self.life.accepts:
            self.bury([entry], self.life.value)
        elif not self._overflow(entry):
            raise InboxFull(self.name, self.capacity)

    async def put_when_room(self, entry: Entry, waiter: Waiter) -> None:
        """Wait for a place, and append."""
        place = (waiter, entry)
        line = self._line_up(place)
        try:
            await waiter.wait()
        finally:
            if waiter.left and place in line:  # cancelled: the message never entered
                line.remove(place)

    def put_later(self, entry: Entry, answers: Answers) -> None:
        """An ask that found the inbox full or closed: its asker waits for the answer, a place included."""
        if not self.life.accepts:
            self.bury([entry], self.life.value)
        elif self.overflow == "block":
            self._line_up((None, entry))
        elif not self._overflow(entry):
            answers.fail(entry[2], InboxFull(self.name, self.capacity))

    def _overflow(self, entry: Entry) -> bool:
        """Find a place for what has none; False when the rule is to fail."""
        if isinstance(self.overflow, Conflate):
            return self._conflate(entry, self.overflow.key(entry[0]))
        if self.overflow == "drop_newest":
            self._drop(entry)
        elif self.overflow == "drop_oldest":
            self._replace_oldest(entry)
        else:
            return False
        return True

    def _replace_oldest(self, entry: Entry) -> None:
        """A notice or a tick is not to be dropped, and takes nobody's place."""
        queue = self.queue
        index = next((index for index, (_, _, place) in enumerate(queue) if place >= 0), None)
        if index is None:
            self.put(entry)
            return
        oldest = queue[index]
        del queue[index]
        try:
            self.put(entry)
        finally:  # an observer that raises costs nobody an answer
            self._drop(oldest)

    def _conflate(self, entry: Entry, key: Hashable) -> bool:
        keyed = self.keyed
        if keyed is None:
            return False
        place = keyed.get(key)
        if place is not None:
            older = cast("Entry", tuple(place))
            place[:] = entry
            try:
                if self.runtime.observer is not None:
                    self.runtime.observer.sent(self.name, entry[0])
            finally:
                self._drop(older)
            return True
        if len(self.queue) >= self.capacity:
            return False
        keyed[key] = place = list(entry)
        self.put(cast("Entry", place))
        return True

    def _drop(self, entry: Entry) -> None:
        rule = "conflate" if isinstance(self.overflow, Conflate) else self.overflow
        self.dropped += 1
        message, answers, place = entry
        if answers is not None:
            answers.fail(place, MessageDropped(self.name, message, rule))
        self.bury([entry], f"dropped: {rule}")

    def taken_up(self) -> None:
        """The longest waiting message left for its actor: its key is free, and so is its place."""
        if self.keyed:
            self.keyed.popitem(last=False)  # keys stand in the order of the messages
        self.admit()

    def notify(self, notice: object) -> None:
        """Append what the actor wanted to be told of, whatever the capacity."""
        if self.life.accepts:
            self._enter(notice, _NOTICE)
        else:
            self.bury([(notice, None, _NOTICE)], self.life.value)

    def tick_place(self) -> int:
        """What stands in the entry of a tick for the place of an answer; called when its timer is set."""
        return _TICK

    def tick(self, message: object, place: int) -> Entry:
        """Append what a timer says, whatever the capacity; return what `withdraw` takes."""
        return self._enter(message, place)

    def withdraw(self, tick: Entry) -> None:
        """Take a tick out again if it is still queued; nobody has lost a message, so it is no dead letter."""
        self._keep(lambda entry: entry is not tick)

    def end_timers(self) -> None:
        """The incarnation is over, and takes along what its timers have put into the queue."""
        if self.timers is not None:
            self._silence()
            self.timers = None
            self._keep(lambda entry: entry[2] != _TICK)

    def _silence(self) -> None:
        """No timer says anything any more; what is queued stays."""
        for timer in self.timers or ():
            timer.over = True

    def _enter(self, message: object, place: int) -> Entry:
        entry = [message, None, place]
        if self.keyed is not None:
            self.keyed[object()] = entry
        self.put(cast("Entry", entry))
        return cast("Entry", entry)

    def _keep(self, wanted: Callable[[Entry], bool]) -> None:
        """Leave only these in the queue; who waits for a place may find one."""
        queue = self.queue
        kept = [entry for entry in queue if wanted(entry)]
        if len(kept) == len(queue):
            return
        if self.keyed is not None:
            keyed = zip(list(self.keyed), queue, strict=True)  # keys stand in the order of the messages
            for key in [key for key, entry in keyed if not wanted(entry)]:
                del self.keyed[key]
        queue.clear()
        queue.extend(kept)
        self.admit()

    def has_deferred(self, answers: Answers, place: int) -> bool:
        """Whether the answer that belongs in this place was handed out, to be given later."""
        return any(reply.belongs_to(answers, place) for reply in self.deferred or ())

    def admit(self) -> None:
        """A place is free: who waits longest takes it at once, so nobody overtakes."""
        line = self.blocked
        while line and len(self.queue) < self.limit:
            place = line.popleft()
            if not _withdrawn(place):
                waiter, entry = place
                if waiter is not None:
                    waiter.arrive()
                self.put(entry)

    def order(self, order: Order) -> None:
        """Drain, stop or kill: refuse messages from now on, and let the actor see it at its next turn."""
        self.life = after(self.life, order)
        if self.life is Life.ENDED:
            return
        self.limit = _CLOSED
        self.left = 0
        self._silence()
        if self.nap is not None and self.nap.left:
            self.nap.arrive()
        if self.life is Life.KILLED:  # a cancellation wakes it, and its end those who wait for a place
            return
        task = self.task
        if task is not None:
            self.task = None
            self.runtime.scheduler.ready(task)
        self.bury(self._dismiss(), self.life.value)

    def end(self, reason: str, crash: Exception | None) -> None:
        """Nothing is handled any more: settle every ask, bury every message."""
        self.life = after(self.life, Order.END)
        self.limit = _CLOSED
        self.renew(crash)
        self.ending = Ended(self.name, reason, crash)
        self.keyed = None
        queue, self.queue = self.queue, _NO_QUEUE
        self.bury([*queue, *self._dismiss()], reason, crash)

    def renew(self, crash: Exception | None) -> None:
        """Give up what is in hand or was deferred, and tell who asked; what is queued stays."""
        hand, asked, self.in_hand, self.asked = self.in_hand, self.asked, NOTHING, None
        if hand is not NOTHING:
            self.taken -= 1  # cut, and therefore not handled
        if asked is not None:
            error = ActorCrashed(self.name, hand) if crash else ActorStopped(self.name, hand, begun=True)
            asked.fail(self.place, _caused(error, crash))
        deferred, self.deferred = self.deferred, None
        for reply in deferred or ():
            reply.close(_caused(ActorStopped(self.name, reply.message, begun=True), crash))
        self.left = 0

    def bury(self, entries: list[Entry], reason: str, crash: Exception | None = None) -> None:
        """Make dead letters of what nobody will handle; but first tell those who wait, for an observer may raise."""
        self.dead += len(entries)
        for message, answers, place in entries:
            if answers is not None:
                answers.fail(place, _caused(ActorStopped(self.name, message), crash))
        self.runtime.bury(self.name, [message for message, _, _ in entries], reason)

    def _dismiss(self) -> list[Entry]:
        """Wake those who wait for a place, and return their messages."""
        line = [place for place in self.blocked or () if not _withdrawn(place)]
        self.blocked = None
        for waiter, _ in line:
            if waiter is not None:
                waiter.arrive()
        return [entry for _, entry in line]

    def _line_up(self, place: Place) -> Line:
        if self.blocked is None:
            self.blocked = deque()
        line = self.blocked
        line.append(place)
        if len(line) >= _SWEEP and not len(line) & (len(line) - 1):
            waiting = [place for place in line if not _withdrawn(place)]
            line.clear()
            line.extend(waiting)
        return line


def _withdrawn(place: Place) -> bool:
    """Whether who waited for a place has left, and takes the message along.

    A cancelled sender has left at once, though it leaves the line only when it runs again.
    """
    waiter, (_, answers, number) = place
    if waiter is not None:
        return waiter.task is None
    return answers is not None and answers.values[number] is not WAITING


def _caused(error: ActorError, crash: Exception | None) -> ActorError:
    error.__cause__ = crash
    return error
