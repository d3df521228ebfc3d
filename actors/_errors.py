"""What can go wrong, by whose fault.

::

    ActorError
    ├── AskError                 an ask ended without a reply
    │   ├── ActorCrashed         they failed: the handler raised; the cause is chained
    │   ├── ActorStopped         they are gone: the message was not answered
    │   ├── MessageDropped       the inbox was full, or newer news came: the message went
    │   ├── NoReply              they finished the message and said nothing
    │   └── AskTimeout           they were too slow for your timeout
    ├── InboxFull                you send faster than they handle, and chose not to wait
    ├── AlreadyReplied           you answered one message twice
    ├── HandlerTimeout           it took longer for one message than its limit allows, and was cut
    ├── RestartLimitExceeded     it crashed too often: an exception group of every cause
    ├── AskCycle                 this wait would close a circle of actors that wait for each other
    ├── StartFailed              the behaviour ended before it awaited its inbox
    ├── NameTaken                two living actors would share a name
    └── SystemClosed             the block of this system has ended
"""

from collections.abc import Sequence
from reprlib import Repr
from typing import Final


class _Shown(Repr):
    """How a message looks in an error: short, and never failing, whatever its ``__repr__`` does."""

    def __init__(self) -> None:
        super().__init__()
        self.maxother = self.maxstring = self.maxlong = 200  # characters


shown: Final = _Shown().repr


class ActorError(Exception):
    """The root of everything that this package raises on purpose.

    It can be copied and pickled as far as the messages and causes in it can.
    """

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuilt, (type(self), self.args), vars(self)


def _rebuilt(kind: type[ActorError], args: tuple[object, ...]) -> ActorError:
    """Leave out ``__init__``, which takes what a text is made of and not the text."""
    return kind.__new__(kind, *args)


class AskError(ActorError):
    """An ask that ended without a reply.

    Attributes:
        actor: the name of the actor that was asked.
    """

    def __init__(self, actor: str, text: str) -> None:
        super().__init__(text)
        self.actor = actor


class ActorCrashed(AskError):
    """The handler of this very message raised; the original error is the ``__cause__``."""

    def __init__(self, actor: str, message: object) -> None:
        super().__init__(
            actor,
            f"{actor!r} crashed while it handled {shown(message)}: the cause above tells why. "
            "Part of the work may be done.",
        )


class ActorStopped(AskError):
    """The actor ended before it answered.

    Attributes:
        begun: False when it never took the message up, so that nothing of it was done.
    """

    def __init__(self, actor: str, message: object, *, begun: bool = False) -> None:
        text = (
            f"{actor!r} ended before it answered {shown(message)}: part of the work may be done."
            if begun
            else f"{actor!r} has stopped; it never handled {shown(message)}, so it is safe to ask another."
        )
        super().__init__(actor, text)
        self.begun = begun


class MessageDropped(AskError):
    """The inbox dropped the message, as its overflow rule says; nothing of it was done."""

    def __init__(self, actor: str, message: object, rule: str) -> None:
        super().__init__(actor, f"the inbox of {actor!r} dropped {shown(message)}: its overflow rule is {rule}.")


class NoReply(AskError):
    """The handler finished with the message and neither replied nor deferred."""

    def __init__(self, actor: str, message: object) -> None:
        super().__init__(
            actor,
            f"{actor!r} finished {shown(message)} without a reply: call inbox.reply(value), or inbox.defer().",
        )


class AskTimeout(AskError):
    """The reply did not come in time; the message may still be handled, and its late reply is counted."""

    def __init__(self, actor: str, message: object, timeout: float) -> None:
        super().__init__(actor, f"{actor!r} did not reply to {shown(message)} within {timeout:g} s.")


class InboxFull(ActorError):
    """The inbox holds as many messages as it may, and the sender did not want to wait."""

    def __init__(self, actor: str, capacity: int) -> None:
        super().__init__(
            f"the inbox of {actor!r} is full ({capacity} messages): "
            "use 'await ref.tell(...)' with overflow='block' to wait, or start the actor with a larger capacity.",
        )


class AlreadyReplied(ActorError):
    """One message was answered twice."""

    def __init__(self, actor: str, message: object) -> None:
        super().__init__(f"{actor!r} has already answered {shown(message)}, or handed its answer out with defer().")


class HandlerTimeout(ActorError):
    """A handler took longer for one message than its ``handler_timeout`` and was cancelled: a crash of its actor.

    The ``__cause__`` is what it raised when it was cancelled, if anything.

    Attributes:
        actor: its name.
        message: what it handled.
        seconds: the limit.
    """

    def __init__(self, actor: str, message: object, seconds: float) -> None:
        super().__init__(
            f"{actor!r} took longer than {seconds:g} s for {shown(message)} and was cancelled: "
            "start it with a larger handler_timeout, or move the long part into an actor of its own.",
        )
        self.actor = actor
        self.message = message
        self.seconds = seconds


class StartFailed(ActorError):
    """The behaviour returned, or was stopped, before it first awaited its inbox."""

    def __init__(self, actor: str) -> None:
        super().__init__(
            f"{actor!r} ended before it awaited its inbox: write 'async for message in inbox: ...' in the behaviour.",
        )


class NameTaken(ActorError):
    """A living actor of this system has that name already."""

    def __init__(self, actor: str) -> None:
        super().__init__(f"an actor named {actor!r} is alive in this system: choose another name or stop it first.")


class SystemClosed(ActorError):
    """The system's block has ended, or is ending: nothing can be started in it any more.

    Attributes:
        ending: whether actors still run, and finish what is queued.
    """

    def __init__(self, system: str, *, ending: bool = False) -> None:
        self.ending = ending
        super().__init__(
            f"system {system!r} is ending and starts nobody new: its block was left, and its actors only finish what "
            "is queued. An actor that starts others on the way has to catch SystemClosed."
            if ending
            else f"system {system!r} is closed: start actors inside its 'async with open_system(...)' block."
        )


class AskCycle(ActorError):
    """Waiting here would close a circle: each of these actors waits for the next, and so none would go on.

    Attributes:
        path: the names around the circle, the one that asked first and last.
    """

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(
            f"this would wait for ever: {' -> '.join(path)}. Tell instead of asking, or defer the reply on the way.",
        )


class RestartLimitExceeded(ActorError, ExceptionGroup[Exception]):
    """An actor ended more often than its restart rule allows; holds the cause of each end in the window."""

    @classmethod
    def of(cls, actor: str, limit: int, within: float, causes: list[Exception | None]) -> "RestartLimitExceeded":
        """Say so for ``actor``; None stands for a behaviour that returned although it is permanent."""
        text = f"{actor!r} ended {len(causes)} times within {within:g} s; its limit is {limit} restarts"
        return cls(text, [cause or ActorError(f"{actor!r} is permanent, and returned") for cause in causes])

    def derive(self, excs: Sequence[Exception]) -> "RestartLimitExceeded":  # type: ignore[override]
        """Stay what it is when trio takes cancellations out of a group."""
        return RestartLimitExceeded(self.message, excs)


for _error in [each for each in tuple(globals().values()) if isinstance(each, type) and issubclass(each, ActorError)]:
    _error.__module__ = "actors"  # a traceback shows the name by which it is imported, and by which it is caught
