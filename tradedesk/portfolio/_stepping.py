"""A coroutine whose first step is taken by hand, so that one that never waits costs no more than a call."""

from collections.abc import Coroutine
from types import FrameType
from typing import Any


class Resumed:
    """``await Resumed(steps, trap)`` goes on with a coroutine that was sent its first None and answered with ``trap``.

    Whoever drives the task gets the trap as if the coroutine had been awaited from its beginning, and what comes back
    for it, a value or an exception, reaches the coroutine. Python has no way to await what has begun.
    """

    __slots__ = ("_begun", "_steps", "_trap")

    def __init__(self, steps: Coroutine[Any, Any, object], trap: object) -> None:
        self._steps = steps
        self._trap = trap
        self._begun = False

    def __await__(self) -> "Resumed":
        return self

    def __iter__(self) -> "Resumed":
        return self

    def __next__(self) -> object:
        if self._begun:
            return self._steps.send(None)
        self._begun = True
        trap, self._trap = self._trap, None
        return trap

    def send(self, value: object) -> object:
        """Hand on what the task was woken with."""
        return self._steps.send(value)

    def throw(self, *error: Any) -> object:
        """Raise it where the coroutine waits."""
        return self._steps.throw(*error)

    def close(self) -> None:
        """The task is given up."""
        self._steps.close()

    # What debuggers, and trio's `Task.iter_await_frames`, read of a coroutine.

    @property
    def cr_frame(self) -> FrameType | None:
        """The coroutine's."""
        frame: FrameType | None = self._steps.cr_frame  # type: ignore[attr-defined]
        return frame

    @property
    def cr_await(self) -> object:
        """What the coroutine waits for."""
        return self._steps.cr_await  # type: ignore[attr-defined]
