"""Context that travels with a message: chosen context variables of the sender, as the handler sees them.

An actor runs in the context of whoever started it, so a request's id would end at the first `tell`. An actor that is
started with ``context=(request_id,)`` has an inbox of the kind below: each message brings along what the named
variables said where it was sent. Other inboxes know nothing of this, and pay nothing.
"""

from collections.abc import Callable, Sequence
from contextvars import Context, ContextVar, Token, copy_context
from typing import Any, Final, TypeVar

from actors._inbox import Inbox
from actors._mailbox import Overflow
from actors._messages import Answers, Entry
from actors._runtime import Runtime
from actors._seam import Waiter

M = TypeVar("M")

Variables = tuple[ContextVar[Any], ...]

_UNSET: Final = object()
"""Stands where the sender had set nothing."""


class _Stamped(int):
    """A place among the answers, and the sender's values: an entry has no room for more."""

    values: tuple[object, ...]


class ContextInbox(Inbox[M]):
    """An inbox whose messages bring along some of their senders' context variables."""

    __slots__ = ("_tokens", "_variables")

    def __init__(self, name: str, runtime: Runtime, capacity: int, overflow: Overflow, variables: Variables) -> None:
        super().__init__(name, runtime, capacity, overflow)
        self._variables = variables
        self._tokens: list[tuple[ContextVar[Any], Token[Any]]] = []

    def put(self, entry: Entry) -> None:
        """Append; what comes from a line or out of an overflow rule is stamped already, and a notice has no sender."""
        super().put(self._stamped(entry) if type(entry) is tuple else entry)

    def put_nowait(self, entry: Entry) -> None:
        """As every inbox, with the context of the caller."""
        super().put_nowait(self._stamped(entry))

    async def put_when_room(self, entry: Entry, waiter: Waiter) -> None:
        """As every inbox: the context is that of the moment in which the sender began to wait."""
        await super().put_when_room(self._stamped(entry), waiter)

    def put_later(self, entry: Entry, answers: Answers) -> None:
        """As every inbox, with the context of the caller."""
        super().put_later(self._stamped(entry), answers)

    async def __anext__(self) -> M:
        try:
            message = await super().__anext__()
        except StopAsyncIteration:
            self._forget()
            raise
        self._forget()
        place = self.place
        if isinstance(place, _Stamped):
            for variable, value in zip(self._variables, place.values, strict=True):
                if value is not _UNSET:
                    self._tokens.append((variable, variable.set(value)))
        return message

    def tick_place(self) -> int:
        """As every inbox; a tick brings along the context in which its timer was set."""
        _, _, place = self._stamped((None, None, super().tick_place()))
        return place

    def renew(self, crash: Exception | None) -> None:
        """As every inbox; the next incarnation begins with nobody's context."""
        super().renew(crash)
        self._forget()

    def _stamped(self, entry: Entry) -> Entry:
        message, answers, place = entry
        if isinstance(place, _Stamped):
            return entry
        stamped = _Stamped(place)
        stamped.values = tuple(variable.get(_UNSET) for variable in self._variables)
        return message, answers, stamped

    def _forget(self) -> None:
        # back to "unset": the task was started in a context in which these variables had no value
        for variable, token in self._tokens:
            variable.reset(token)
        self._tokens.clear()


def variables_of(context: Sequence[ContextVar[Any]]) -> Variables:
    """Check what `Group.start` was given.

    Raises:
        TypeError: Something in it is no ``ContextVar``.
    """
    variables = tuple(context)
    for variable in variables:
        if not isinstance(variable, ContextVar):
            raise TypeError(f"context takes variables, ContextVar(...), not {variable!r}: context=(request_id,)")
    return tuple(dict.fromkeys(variables))


def without(variables: Variables, call: Callable[[], None]) -> None:
    """Call ``call`` in a copy of this context without ``variables``: what is set there once cannot be unset."""
    context = Context()
    for variable, value in copy_context().items():
        if variable not in variables:
            context.run(variable.set, value)
    context.run(call)
