"""Who failed, and what that means for the rest of the slice."""

from contextlib import suppress

from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._recorder import Recorder
from tradedesk.portfolio._trace import Failed


class Standing:
    """The sleeves that failed in this slice: they get nothing more of it.

    Attributes:
        failed: what each of them raised.
        owing: sleeves whose last report is missing.
    """

    def __init__(self, keys: list[Instrument], recorder: Recorder) -> None:
        self.failed: dict[int, Exception] = {}
        self.owing = set(range(len(keys)))
        self._keys = keys
        self._recorder = recorder

    def begin(self) -> None:
        """A slice begins: what failed in the last one takes part again."""
        if self.failed:
            self.failed = {}

    def fail(self, place: int, event: CandleCloseEvent | None, error: Exception) -> None:
        """A sleeve failed, at ``event`` or before its first candle of the slice."""
        key = self._keys[place]
        with suppress(AttributeError, TypeError):  # an exception that is frozen takes no note
            note = f"in sleeve {key!r}, {_occasion(event)}, slice {self._recorder.slice_number}"
            BaseException.add_note(error, note)
        self.failed[place] = error
        self.owing.add(place)
        self._recorder.emit(Failed, key, event, error)


def _occasion(event: CandleCloseEvent | None) -> str:
    if event is None:
        return "before any candle of the slice"
    if type(event) is not CandleCloseEvent:
        return f"candle {shown(event)}"
    return f"candle {event.instrument} {event.period} {shown(event.candle)}"
