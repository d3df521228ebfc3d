"""Recoveries of one tree of groups take turns; and who waits for whom meanwhile.

A recovery waits for one actor at a time: for its end while it is brought down, for its first await of the inbox
while it is called again. Over the recovery, everybody who is down waits for that one. These waits are edges as in
`actors._circle`: an actor that begins or cleans up and asks one who is down would wait for itself, and is told so;
unless other recoveries are under way, which may call the one that is asked. Then whoever begins is put off.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors._circle import Wait, way
from actors._mailbox import Mailbox
from actors._seam import Scheduler, Waiter


class Turn:
    """Held by one recovery at a time, first come first served; every wake-up is the scheduler's.


    Attributes:
        wait: what everybody who is down waits for.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._holder: Waiter | None = None
        self._line: deque[Waiter] = deque()
        self._passed: deque[Waiter] = deque()  # those who let others go first
        self._put_off: set[Mailbox] = set()  # since somebody last began
        self._current: list[Mailbox] = []
        self._postpone: Callable[[], None] | None = None
        self.wait = Wait(self._current, None, self._give_way)

    def queue(self) -> Waiter:
        """Line up; the turn has come when the ticket's `Waiter.wait` returns, and lasts until `leave`."""
        ticket = Waiter(self._scheduler)
        if self._holder is None:
            self._holder = ticket
            ticket.arrive()
        else:
            self._line.append(ticket)
        return ticket

    def leave(self, ticket: Waiter) -> None:
        """The turn is over, or no longer waited for."""
        if ticket is not self._holder:
            (self._passed if ticket in self._passed else self._line).remove(ticket)
        elif self._line or self._passed:
            self._holder = following = (self._line or self._passed).popleft()
            following.arrive()
        else:
            self._holder = None

    async def pass_on(self) -> None:
        """Let all go first who wait for a turn."""
        ticket = self._holder
        if ticket is not None and (self._line or self._passed):
            ticket.left = 1
            self._passed.append(ticket)
            self.leave(ticket)
            await ticket.wait()

    @contextmanager
    def waits_for(self, inbox: Mailbox, postpone: Callable[[], None] | None = None) -> Iterator[None]:
        """The recovery waits for this actor; ``postpone`` makes it begin later."""
        self._current.append(inbox)
        self._postpone = postpone
        try:
            yield
        finally:
            self._current.remove(inbox)
            self._postpone = None

    def begun(self) -> None:
        """Somebody began: who was put off may ask again."""
        self._put_off.clear()

    def make_way_for(self, inbox: Mailbox) -> None:
        """Somebody goes down: if the one that is to begin waits for it, it begins later, or neither ever would."""
        if self._postpone is not None and any(each is not inbox and way(each, inbox) for each in self._current):
            self._postpone()

    def _give_way(self) -> bool:
        """Put off who is to begin, once until somebody has begun; False where that cannot help."""
        if self._postpone is None or not (self._line or self._passed) or not self._put_off.isdisjoint(self._current):
            return False
        self._put_off.update(self._current)
        self._postpone()
        return True
