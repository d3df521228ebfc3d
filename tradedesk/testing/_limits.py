"""How far a strategy's call may go. Lines, checkpoints and virtual time are counted, so that no hang is waited for."""

import sys
from collections.abc import Awaitable
from types import CodeType, FrameType
from typing import Any, Final

import attrs
import trio

LINES: Final = 100_000
"""Lines of Python that one call may run, those of libraries aside."""
CHECKPOINTS: Final = 1_000
"""Times that one call may let others run."""
SECONDS: Final = 86_400.0
"""Virtual seconds that one call may wait."""

_NOT_COUNTED: Final = ("trio", "outcome", "sortedcontainers", "attr", "tradedesk", "actors")


class Endless(BaseException):
    """A call went too far. Not an `Exception`, which a strategy might take for one of its own."""


@attrs.define(eq=False)
class Limits(trio.abc.Instrument):
    """Counts what the calls of one play do, one call after the other.

    Lines are counted by Python's trace hook. Where that is taken, by a debugger or a measurement of coverage, they are
    not.
    """

    _lines: int = LINES
    _checkpoints: int = CHECKPOINTS
    _scope: trio.CancelScope | None = None
    _counted: dict[CodeType, bool] = attrs.field(factory=dict)

    def __enter__(self) -> None:
        """Begin a call."""
        self._lines, self._checkpoints = LINES, CHECKPOINTS
        self._begin_counting()

    def __exit__(self, *_: object) -> None:
        """End a call."""
        self._scope = None
        self._end_counting()

    def _begin_counting(self) -> None:
        if sys.gettrace() is None:
            sys.settrace(self._trace)

    def _end_counting(self) -> None:
        if sys.gettrace() == self._trace:
            sys.settrace(None)

    def _trace(self, frame: FrameType, what: str, _: object) -> Any:
        if what == "line":
            self._lines -= 1
            if self._lines < 0:
                raise Endless(f"was not done after {LINES:,} lines")
        elif what == "call" and not self._counts(frame):
            return None
        return self._trace

    def _counts(self, frame: FrameType) -> bool:
        code = frame.f_code
        if code not in self._counted:
            self._counted[code] = str(frame.f_globals.get("__name__")).partition(".")[0] not in _NOT_COUNTED
        return self._counted[code]

    async def wait(self, awaited: Awaitable[object]) -> None:
        """Await a call of its task to its end.

        Raises:
            Endless: It comes by too often, or waits for what does not come.
        """
        with trio.move_on_after(SECONDS) as scope:
            self._scope = scope
            await awaited
        if scope.cancelled_caught:
            often = f"was not done after {CHECKPOINTS:,} checkpoints"
            raise Endless(often if self._checkpoints < 0 else "waits for something that does not come")

    def before_task_step(self, _: trio.lowlevel.Task) -> None:
        """Count: whoever steps works for the call that is made."""
        if self._scope is not None:
            self._checkpoints -= 1
            if self._checkpoints < 0:
                self._scope.cancel()
            self._begin_counting()

    def after_task_step(self, _: trio.lowlevel.Task) -> None:
        """Leave out what trio does between steps."""
        self._end_counting()
