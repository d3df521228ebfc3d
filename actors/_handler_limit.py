"""A time limit for the handler of one message: who needs longer fails.

The limit is one entry in the heap of deadlines for as long as the actor is busy, not one for each message: when it
expires it looks when the message in hand was taken up, and sets itself anew if that is not long enough ago.
"""

from typing import TYPE_CHECKING, Any, TypeVar

from actors._context import ContextInbox
from actors._errors import HandlerTimeout
from actors._inbox import Inbox
from actors._lifecycle import Life
from actors._mailbox import NOTHING, Mailbox

if TYPE_CHECKING:
    from actors._ref import Ref

M = TypeVar("M")


class HandlerLimit:
    """Cuts the incarnation whose handler takes longer than ``seconds``."""

    __slots__ = ("_inbox", "_ref", "_seconds", "_set", "failure")

    def __init__(self, inbox: Mailbox, ref: "Ref[Any]", seconds: float) -> None:
        self._inbox = inbox
        self._ref = ref
        self._seconds = seconds
        self._set = False  # whether it stands in the heap
        self.failure: HandlerTimeout | None = None

    def watch(self) -> None:
        """A message was taken up."""
        if not self._set:
            self._set = True
            self._inbox.runtime.at(self._inbox.since + self._seconds, self)

    @property
    def waiting(self) -> bool:
        """Whether there may still be something to cut; of an idle actor, too: its next message does not set it anew."""
        return self._set and self._inbox.life is not Life.ENDED

    @property
    def pending(self) -> bool:
        """Whether a handler runs that may be cut."""
        return self.waiting and self._inbox.in_hand is not NOTHING

    def expire(self) -> None:
        """The limit of some message has passed; perhaps of one that is done."""
        inbox, scope = self._inbox, self._ref._scope  # noqa: SLF001 - a limit is the ref's own
        due = inbox.since + self._seconds
        self._set = False
        if inbox.in_hand is NOTHING or scope.cancel_called:  # what is being cut already is cut for another reason
            return
        if inbox.runtime.now() < due:
            self._set = True
            inbox.runtime.at(due, self)
        else:
            self.failure = HandlerTimeout(inbox.name, inbox.in_hand, self._seconds)
            scope.cancel()


class LimitedInbox(Inbox[M]):
    """The inbox of an actor whose handlers have a limit; the others do not pay for it."""

    __slots__ = ()

    async def __anext__(self) -> M:
        if self.handler_limit.failure is not None:  # it came back too late, and most often is cut here
            await self.runtime.scheduler.pause()
            raise StopAsyncIteration
        message = await super().__anext__()
        self.handler_limit.watch()
        return message

    def finish(self) -> None:
        """As every inbox, if it is not too late."""
        if self.handler_limit.failure is not None:
            raise self.handler_limit.failure
        super().finish()

    def verdict(self, crash: Exception | None) -> Exception | None:
        """A limit that has passed is the failure; what was raised because of it is its cause."""
        failure, self.handler_limit.failure = self.handler_limit.failure, None
        if failure is None:
            return crash
        if crash is not failure:
            failure.__cause__ = crash
        return failure


class LimitedContextInbox(LimitedInbox[M], ContextInbox[M]):
    """Both at once."""

    __slots__ = ()
