"""Recoveries of one tree of groups take turns; and who waits for whom meanwhile.

A recovery waits for one actor at a time: for its end while it is brought down, for its first await of the inbox
while it is called again. Over the recovery, everybody who is down waits for that one. These waits are edges as in
`actors._circle`: an actor that begins or cleans up and asks one who is down would wait for itself, and is told so.
"""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from actors._circle import Wait
from actors._mailbox import Mailbox
from actors._seam import Scheduler, Waiter


class Turn:
    """Held by one recovery at a time, first come first served; every wake-up is the scheduler's.

    A recovery that has brought down all that it must lets younger ones go first: who crashed meanwhile
    may be waited for by those who are still to be called.

    Attributes:
        wait: what everybody who is down waits for.
    """

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._holder: Waiter | None = None
        self._line: deque[Waiter] = deque()
        self._passed: list[Waiter] = []  # those who let others go first; the last one goes on first
        self._current: list[Mailbox] = []
        self._postpone: Callable[[], None] | None = None
        self.wait = Wait(self._current, None)

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
            self._holder = following = self._line.popleft() if self._line else self._passed.pop()
            following.arrive()
        else:
            self._holder = None

    async def pass_on(self) -> None:
        """Let those go first who wait for their first turn."""
        ticket = self._holder
        if ticket is not None and self._line:
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

    def put_off(self, concerned: Callable[[Mailbox], object]) -> None:
        """Somebody goes down: if that concerns who is just to begin, it begins later."""
        if self._postpone is not None and any(map(concerned, self._current)):
            self._postpone()
