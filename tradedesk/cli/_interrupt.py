"""An interrupt (Ctrl-C) that lets the slice in hand end, so that what was done can be told and its books balance."""

import os
import signal
import threading
from collections.abc import Callable, Generator, Iterable
from types import FrameType
from typing import Any, Final, Self

from attrs import define

from tradedesk.marketdata import Slice

_TOLD: Final = b"tradedesk: ending after this slice; interrupt once more to end at once, without a report\n"
_STDERR: Final = 2


@define
class Interruptible:
    """While its block runs, the first interrupt ends a source at its next slice, and a second one is as ever."""

    asked: bool = False
    ended: bool = False
    """Whether a source was ended before its last slice."""
    _before: Callable[[int, FrameType | None], Any] | None = None

    def __enter__(self) -> Self:
        # A handler can be set in the main thread alone, and who has switched interrupts off wants none.
        before = signal.getsignal(signal.SIGINT)
        if threading.current_thread() is threading.main_thread() and callable(before):
            self._before = before
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            signal.signal(signal.SIGINT, self._before)

    def until_asked(self, slices: Iterable[Slice]) -> Generator[Slice, None, None]:
        """Hand on a source until an interrupt asks for its end."""
        for each in slices:
            if self.asked:
                self.ended = True
                return
            yield each

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked and self._before is not None:
            self._before(number, frame)
            return
        self.asked = True
        os.write(_STDERR, _TOLD)  # a signal may come in the midst of a buffered write
