"""Failures that come when they are meant to: with the nth message, or with the nth call."""

from collections.abc import Awaitable, Callable, Coroutine
from functools import wraps
from typing import Any, ParamSpec, TypeVar, TypeVarTuple

from actors._inbox import Inbox

M = TypeVar("M")
T = TypeVar("T")
Args = TypeVarTuple("Args")
P = ParamSpec("P")


def fail_nth(
    behaviour: Callable[[Inbox[M], *Args], Awaitable[None]],
    n: int,
    *,
    error: Exception | None = None,
    again: bool = False,
) -> Callable[[Inbox[M], *Args], Coroutine[Any, Any, None]]:
    """``system.start(fail_nth(worker, 3), ...)``: a behaviour that crashes when it takes its nth message.

    The message is in its hand by then, so that is lost as in any crash, and who asked is told. An actor
    counts its own messages, from 1, and goes on counting after a restart.

    Args:
        behaviour: what to start; it needs no change.
        n: which message, at least 1.
        error: what is raised, the same object each time; a `RuntimeError` that says what was planted when None.
        again: whether every message after the nth fails too; otherwise the nth fails and no other.
    """
    _check(n)
    plans: dict[Inbox[M], _Plan] = {}  # of each actor: its inbox outlives its crashes

    @wraps(behaviour)
    async def failing(inbox: Inbox[M], *args: *Args) -> None:
        plan = plans.setdefault(inbox, _Plan(n, error, f"message {{}} of {inbox.name!r}", again=again))
        kind = type(inbox)
        # Another class on the same object: a proxy would be a second inbox, of which the runtime knows nothing,
        # and would have to repeat every method of the first.
        inbox.__class__ = _with_plan(kind, plan)
        try:
            await behaviour(inbox, *args)
        finally:
            inbox.__class__ = kind

    return failing


def fail_nth_call(
    function: Callable[P, Awaitable[T]],
    n: int,
    *,
    error: Exception | None = None,
    again: bool = False,
) -> Callable[P, Coroutine[Any, Any, T]]:
    """Make an async function that raises at its nth call, before it does anything; otherwise as `fail_nth`.

    All calls of what is returned count, whoever makes them. Around a behaviour, a call is an incarnation.
    """
    _check(n)
    plan = _Plan(n, error, f"call {{}} of {getattr(function, '__name__', repr(function))}", again=again)

    @wraps(function)
    async def failing(*args: P.args, **kwargs: P.kwargs) -> T:
        plan.count()
        return await function(*args, **kwargs)

    return failing


class _Plan:
    """Counts, and fails when it is time."""

    def __init__(self, n: int, error: Exception | None, what: str, *, again: bool) -> None:
        self._n = n
        self._error = error
        self._what = what
        self._again = again
        self._counted = 0

    def count(self) -> None:
        self._counted += 1
        if self._counted == self._n or (self._again and self._counted > self._n):
            if self._error is None:
                raise RuntimeError(f"planted: {self._what.format(self._counted)}")
            raise self._error.with_traceback(None)


def _with_plan(kind: type[Inbox[M]], plan: _Plan) -> type[Inbox[M]]:
    class FailingInbox(kind):  # type: ignore[valid-type,misc] # whatever class this inbox has
        __slots__ = ()  # the same layout, or Python would not let an inbox change to it

        async def __anext__(self) -> M:
            message: M = await super().__anext__()
            plan.count()
            return message

    return FailingInbox


def _check(n: int) -> None:
    if type(n) is not int or n < 1:
        raise ValueError(f"n must be a whole number, at least 1, not {n!r}: the first message or call is number 1")
