"""The values that travel: one candle's close, and all closes of one instant."""

from typing import NewType

from tradedesk._value import value
from tradedesk.marketdata._candle import Candle

Instrument = NewType("Instrument", str)


@value
class CandleCloseEvent:
    """A candle of `instrument` and `period` ("15MINUTE") has closed."""

    instrument: Instrument
    period: str
    candle: Candle


@value
class Slice:
    """All candles that close at one instant.

    `close_time` counts nanoseconds since the Unix epoch, UTC. No events at all is a clock tick.
    """

    close_time: int
    events: tuple[CandleCloseEvent, ...]
