"""Columns of candles into slices."""

from collections.abc import Generator, Iterable, Sequence
from operator import lt
from typing import Final

from attrs import frozen

from tradedesk.marketdata._candle import Candle
from tradedesk.marketdata._event import CandleCloseEvent, Slice
from tradedesk.marketdata._request import Request

BATCH: Final = 1_000
"""Rows that are Python objects at one time: enough to make a batch's own cost small."""


@frozen
class Batch:
    """Rows in the order of the file, column by column; `numbers` are in the order of `Candle`."""

    texts: Sequence[str]
    times: Sequence[int]
    numbers: tuple[Iterable[float], ...]


def slices_of_batch(batch: Batch, wanted: Request, last: int) -> Generator[Slice, None, int]:
    """Make slices and give how many there were: fewer than rows if one is to be looked at by itself.

    That is a row which is no candle; or the first, if not every time comes after the one before.
    """
    times = batch.times
    if times[0] <= last or not all(map(lt, times, times[1:])):
        return 0
    # One at a time: a list of a batch's objects keeps the garbage collector busy and costs half as much again.
    next_candle = map(Candle, batch.texts, *batch.numbers).__next__
    close_of, instrument, period = wanted.close_of, wanted.instrument, wanted.period
    for done, time in enumerate(times):
        try:
            candle = next_candle()
            close = close_of(time)
        except ValueError:
            return done
        yield Slice(close, (CandleCloseEvent(instrument, period, candle),))
    return len(times)
