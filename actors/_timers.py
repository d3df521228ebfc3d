"""Timers: messages that an incarnation of an actor sends to itself, later."""

from itertools import islice
from math import floor
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from actors._mailbox import Mailbox
    from actors._messages import Entry


SHORTEST: Final = 1e-6
"""Seconds: a clock that has run for a century still tells two instants apart that lie so far from each other. On a
grid that is finer than the clock the next tick would be due at once, for ever."""


class Timer:
    """Sends a message to the actor that set it, once or again and again; `Inbox.once` and `Inbox.every` make one."""

    __slots__ = ("_again", "_front", "_inbox", "_message", "_number", "_place", "_start", "_step", "_tick", "over")

    def __init__(self, inbox: "Mailbox", message: object, step: float, *, again: bool) -> None:
        self._inbox = inbox
        self._message = message
        self._start = inbox.runtime.now()
        self._step = step
        self._again = again
        self._number = 1  # of the next tick; it is due at start + number * step
        self._place = inbox.tick_place()
        self._tick: Entry | None = None  # the latest that was put into the inbox
        self._front = 0  # messages taken when that tick stands first in the queue
        self.over = not inbox.life.accepts or inbox.nap is not None
        if not self.over:
            if inbox.timers is None:
                inbox.timers = {}
            inbox.timers[self] = None
            inbox.runtime.at(self._start + step, self)

    def cancel(self) -> None:
        """End the timer, and take back a tick that is still queued. It may be cancelled again."""
        self._end()
        if self._tick is not None and self._is_queued():
            self._inbox.withdraw(self._tick)

    @property
    def waiting(self) -> bool:
        """Whether a tick is to come."""
        return not self.over

    pending = waiting

    def expire(self) -> None:
        """A tick is due."""
        if self.over:
            return
        inbox = self._inbox
        if self._again:
            self._set_next(inbox.runtime.now())
        else:
            self._end()
        if self._is_queued():
            inbox.skipped += 1
        else:
            self._front = inbox.taken + len(inbox.queue)
            self._tick = inbox.tick(self._message, self._place)

    def _set_next(self, now: float) -> None:
        """Stay on the grid: what was missed is not made up for.

        The number is never too high, for that would lose a tick. Where it is too low the tick is due in this same
        turn, and skipped, for the one before is queued.
        """
        due, self._number = self._number, max(self._number + 1, floor((now - self._start) / self._step))
        self._inbox.skipped += self._number - due - 1
        self._inbox.runtime.at(self._start + self._number * self._step, self)

    def _is_queued(self) -> bool:
        """Whether the latest tick is; a look at those that may still stand before it, most often at none."""
        inbox = self._inbox
        before = max(0, self._front - inbox.taken + 1)  # itself included; what drop_oldest took out makes it fewer
        return any(entry is self._tick for entry in islice(inbox.queue, before))

    def _end(self) -> None:
        self.over = True
        if self._inbox.timers is not None:
            self._inbox.timers.pop(self, None)
