"""What travels besides the user's own messages."""

from typing import Final, Generic, TypeVar

import attrs

from actors._errors import ActorError
from actors._seam import Scheduler, Waiter

R_co = TypeVar("R_co", covariant=True)


class Request(Generic[R_co]):
    """A message whose reply has the type ``R``: ``class Total(Request[int])`` makes ``ask`` return an ``int``.

    Only type checkers look at it. Any message can be asked; without this the reply is an ``object``.
    """

    __slots__ = ()


@attrs.frozen
class DeadLetter:
    """A message that nobody will handle.

    Attributes:
        actor: the name of the actor it was meant for.
        message: the message itself.
        reason: why, in words ("stopped", "crashed", "killed" …).
    """

    actor: str
    message: object
    reason: str


@attrs.frozen
class Ended:
    """An actor has ended; what `Ref.ended` returns, and what `Inbox.watch` delivers.

    Attributes:
        actor: its name.
        reason: "finished", "drained", "stopped", "killed", "crashed" or "interrupted".
        error: what it crashed of, if it did.
    """

    actor: str
    reason: str
    error: Exception | None


WAITING: Final = object()
"""Stands in `Answers.values` where an answer is missing."""

CLOSED: Final = object()
"""Stands there when the asker has left: what comes now is late."""


class Answers(Waiter):
    """The answers that one task waits for, a place each.

    Every place is settled exactly once, whoever comes first: the reply, a failure, the asker's leaving.
    """

    __slots__ = ("errors", "values")

    def __init__(self, scheduler: Scheduler, count: int) -> None:
        self.scheduler = scheduler
        self.task = None
        self.left = count
        self.values: list[object] = [WAITING] * count
        self.errors: dict[int, ActorError] | None = None

    def settle(self, place: int, value: object) -> bool:
        """Fill one place and, with the last, wake the asker; False when the place was settled before."""
        values = self.values
        if values[place] is not WAITING:
            return False
        values[place] = value
        # in line what arrive() does: this is the path of every reply
        self.left -= 1
        if not self.left:
            task = self.task
            if task is not None:
                self.task = None
                self.scheduler.ready(task)
        return True

    def fail(self, place: int, error: ActorError) -> None:
        """Settle one place without an answer, unless it is settled."""
        if self.values[place] is WAITING:
            if self.errors is None:
                self.errors = {}
            self.errors[place] = error
            self.settle(place, error)

    def abandon(self) -> None:
        """The asker leaves; what comes from now on is late."""
        self.values = [CLOSED if value is WAITING else value for value in self.values]


Entry = tuple[object, Answers | None, int]
"""What lies in an inbox: the message, who waits for its answer, and in which place; for a told message (m, None, 0)."""
