"""Writing down what happens: each record with a number of its own, its slice and that slice's close time."""

from collections.abc import Callable

from tradedesk.portfolio._trace import TraceRecord


class Recorder:
    """Numbers the records of a run and hands them to whoever watches; does nothing when nobody does."""

    def __init__(self, trace: Callable[[TraceRecord], object] | None) -> None:
        self.on = trace is not None
        self.slice_number = 0
        self._trace = trace
        self._sequence = 0
        self._close_time: int | None = None

    def begin(self, close_time: int | None) -> None:
        """A slice begins."""
        self.slice_number += 1
        self._close_time = close_time

    def emit(self, record: Callable[..., TraceRecord], *fields: object) -> None:
        """Write down a record of the current slice."""
        if self._trace is not None:
            self._sequence += 1
            self._trace(record(self._sequence, self.slice_number, self._close_time, *fields))
