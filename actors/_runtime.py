"""What the actors of one system share: scheduler, observer, clock, deadlines, counters."""

from math import inf
from typing import TYPE_CHECKING, Final

import trio
from trio.lowlevel import RunVar, Task

from actors._deadlines import Deadlines, Limit, Timed, check_span
from actors._messages import DeadLetter
from actors._observer import Observer
from actors._seam import Scheduler

if TYPE_CHECKING:
    from actors._mailbox import Mailbox


_ACTORS: "Final[RunVar[dict[Task, Mailbox]]]" = RunVar("actors")
"""The actors of all systems of one `trio.run`: a circle of waits may lead through several."""


class Runtime:
    """The shared part of a system; `Inbox` and `Ref` reach it, users do not."""

    __slots__ = ("_deadlines", "_nap", "actors", "dead_letters", "late_replies", "now", "observer", "scheduler")

    def __init__(self, scheduler: Scheduler, observer: Observer | None) -> None:
        self.scheduler = scheduler
        self.observer = observer
        self.now = trio.lowlevel.current_clock().current_time
        self.actors = _actors_of_this_run()  # by their tasks
        self.dead_letters = 0
        self.late_replies = 0
        self._deadlines = Deadlines()
        self._nap = trio.CancelScope()

    @property
    def deadlines(self) -> int:
        """What is still to happen at a time of its own."""
        return self._deadlines.pending

    def limit(self, ask: Limit) -> None:
        """Let an ask expire when its timeout has passed, from now."""
        check_span("timeout", ask.timeout)
        self.at(self.now() + ask.timeout, ask)

    def at(self, deadline: float, timed: Timed) -> None:
        """Let ``timed`` expire at ``deadline``."""
        deadlines = self._deadlines
        deadlines.add(deadline, timed)
        if deadlines.next < self._nap.deadline:
            self._nap.deadline = deadlines.next

    def bury(self, actor: str, messages: list[object], reason: str) -> None:
        """Count the messages that nobody will handle, and show them."""
        self.dead_letters += len(messages)
        if self.observer is not None:
            for message in messages:
                self.observer.dead_letter(DeadLetter(actor, message, reason))

    async def keep_time(self) -> None:
        """Sleep until the next deadline, for ever."""
        while True:
            self._nap = trio.CancelScope(deadline=self._deadlines.next)
            with self._nap:
                await trio.sleep(inf)  # noqa: ASYNC116 - sleep_forever() never returns, says its type; this scope does
            self._deadlines.expire(self.now())


def _actors_of_this_run() -> "dict[Task, Mailbox]":
    try:
        return _ACTORS.get()
    except LookupError:
        actors: dict[Task, Mailbox] = {}
        _ACTORS.set(actors)
        return actors
