"""What a reader is asked for, checked before any file is touched."""

from collections.abc import Callable
from typing import Literal

from attrs import frozen

from tradedesk.marketdata._errors import MarketDataError
from tradedesk.marketdata._event import Instrument
from tradedesk.marketdata._period import closing

Stamp = Literal["open", "close"]


@frozen
class Request:
    """Whose candles they are, and how their close follows from the time that is stamped on them."""

    instrument: Instrument
    period: str
    close_of: Callable[[int], int]


def request(instrument: str, period: str, stamp: Stamp) -> Request:
    """Check the arguments of a reader.

    Raises:
        MarketDataError: `stamp` is neither end of a candle, or `period` is no period.
    """
    check_stamp(stamp)
    close_of = closing(period)
    return Request(Instrument(instrument), period, close_of if stamp == "open" else _itself)


def check_stamp(stamp: Stamp) -> None:
    """Check which end of a candle its timestamp marks.

    Raises:
        MarketDataError: It is neither.
    """
    if stamp not in ("open", "close"):
        raise MarketDataError(
            f"stamp is {stamp!r}; it must be 'open' or 'close', the end of the candle that is stamped"
        )


def _itself(close_time: int) -> int:
    return close_time
