"""What a task that serves a stream hands to its host."""

from collections.abc import AsyncIterator
from typing import Protocol, TypeVar

import trio

T = TypeVar("T")


class Serving:
    """The handle on a runner that serves a stream: ``serving = await nursery.start(runner.serve, source)``."""

    def __init__(self) -> None:
        self._stopped = False
        self._wait = trio.CancelScope()

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def stop(self) -> None:
        """Finish the slice in hand, take no other, and let ``serve`` return.

        What was not taken stays in the source. Returns at once; stopping twice is fine.
        """
        self._stopped = True
        self._wait.cancel()

    async def take(self, source: AsyncIterator[T]) -> T | None:
        """Wait for the next item; None at the end of the source, or when told to stop."""
        if self._stopped:
            return None
        item = None
        with trio.CancelScope() as self._wait:
            item = await anext(source, None)
        return item  # noqa: RET504 - in the block, type checkers do not see that the scope may cut it


class Status(Protocol):
    """What ``nursery.start`` hands in."""

    def started(self, value: Serving, /) -> None:
        """Let ``nursery.start`` return the handle."""
        ...
