"""From a live stream of candles to slices; the rules of it are in ``_gathering.py``."""

from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager
from math import isfinite
from types import TracebackType
from typing import Final, Literal, Self, cast

import trio

from tradedesk.marketdata import CandleCloseEvent, Instrument, MarketDataError, Slice, parse_timestamp, period_close
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._errors import RunnerStateError, shown
from tradedesk.portfolio._gathering import Awaited, Gathering
from tradedesk.portfolio._numbers import number
from tradedesk.portfolio._waves import Failure, Kind

_END: Final = object()
_ENTER_FIRST: Final = "enter it first: async with collect_slices(...) as slices."

Expected = Iterable[Instrument | tuple[Instrument, str]] | Callable[[int], Awaited]
CloseTime = Callable[[CandleCloseEvent], int]


class collect_slices:  # noqa: N801 - reads as a function, as trio.open_nursery does
    """``async with collect_slices(source, expected, patience) as slices``: a live stream of candles, in slices.

    Iterate over it, or hand it to ``runner.serve`` or ``runner.run``. What closes at one instant is one `Slice`. It
    comes when all that is expected has arrived, or when its oldest candle has waited for ``patience`` seconds, in
    both cases in the order of time. A candle whose instant has been handed out already is late: it comes at
    once, alone, as the bare event, which the runner serves as a slice of one. No candle is dropped; at the end of
    the source what is here comes as it is.

    One candle at a time is read ahead, in a task of the block. Time that you spend on a slice does not count as
    waiting. If an iteration is cancelled, nothing is lost: iterate on.

    What the source raises comes out of the iteration, after the candles that came before.

    Args:
        source: an async iterable of events, such as a trio memory channel; not closed here.
        expected: what must arrive for a slice to be complete: instruments, any candle of which will do, or pairs of
            instrument and period. A callable is asked once for each instant, with its close time in nanoseconds:
            for periods that do not close at every instant. Candles of others join the slice of their instant.
        patience: seconds, finite and more than 0.
        stamp: whether a candle's timestamp marks its "open" or its "close"; or a function from an event to its
            close time in nanoseconds since the Unix epoch.

    Raises:
        TypeError, ValueError: An argument is none of these.
        DuplicateCandleError: In the iteration, where a stream brings the same candle twice. Iterate on to skip it.
        MarketDataError: In the iteration, where a timestamp or period cannot be read.
    """

    def __init__(
        self,
        source: AsyncIterable[CandleCloseEvent],
        expected: Expected,
        patience: float,
        *,
        stamp: Literal["open", "close"] | CloseTime = "open",
    ) -> None:
        if not isinstance(source, AsyncIterable):
            raise TypeError(f"source must be an async iterable of events, not {shown(source)}")
        self._source = source
        self._close_time = _close_time(stamp)
        self._gathering = Gathering(_awaited(expected), _seconds(patience))
        self._scope = trio.CancelScope(shield=True)  # the task that reads ends with the block, by nothing else
        self._done = trio.Event()
        self._block: AbstractAsyncContextManager[trio.Nursery] | None = None
        self._receive: trio.MemoryReceiveChannel[object] | None = None
        self._error: Exception | None = None
        self._ended = False

    async def __aenter__(self) -> Self:
        if self._block is not None:
            raise RunnerStateError("collect_slices() is entered once: make another one for another block.")
        source = aiter(self._source)
        self._block = trio.open_nursery()
        nursery = await self._block.__aenter__()
        send, self._receive = trio.open_memory_channel[object](0)
        nursery.start_soon(self._read, source, send, name="collect_slices")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._block is None:
            raise RunnerStateError(_ENTER_FIRST)
        self._scope.cancel()
        with trio.CancelScope(shield=True):
            await self._done.wait()
        # nothing runs in it any more: what the block raised need not pass through the nursery, which would wrap it
        await self._block.__aexit__(None, None, None)  # noqa: ASYNC102 - nothing is left to wait for

    def __aiter__(self) -> AsyncIterator[Slice | CandleCloseEvent]:
        return self

    async def __anext__(self) -> Slice | CandleCloseEvent:
        if self._receive is None:
            raise RunnerStateError(_ENTER_FIRST)
        await trio.lowlevel.checkpoint()
        while (ready := self._gathering.take()) is None:
            if self._ended:
                error, self._error = self._error, None
                raise StopAsyncIteration if error is None else error
            await self._wait(self._receive)
        return ready

    async def _wait(self, receive: trio.MemoryReceiveChannel[object]) -> None:
        """Wait for one more candle, for as long as patience lasts."""
        patience, start = self._gathering.patience, trio.current_time()
        outcome: object = None
        with trio.move_on_after(patience) as limit:
            outcome = await receive.receive()
        # rounding must not leave a rest of patience that no clock can wait for
        self._gathering.waited(patience if limit.cancelled_caught else trio.current_time() - start)
        if limit.cancelled_caught:
            return
        if outcome is _END or type(outcome) is Failure:
            self._error = outcome.error if isinstance(outcome, Failure) else None
            self._ended = True
            self._gathering.end()
        else:
            self._add(cast("CandleCloseEvent", outcome))

    def _add(self, event: CandleCloseEvent) -> None:
        try:
            close_time = self._close_time(event)
        except MarketDataError as error:
            error.add_note(f"at a candle of {event.instrument} {event.period}; iterate on to skip it")
            raise
        self._gathering.add(event, close_time)

    async def _read(self, source: AsyncIterator[CandleCloseEvent], send: trio.MemorySendChannel[object]) -> None:
        """Read the source in a task of its own, since what cuts a wait must not cut the source."""
        try:
            with self._scope:
                outcome: object = None
                while outcome is not _END and type(outcome) is not Failure:
                    outcome = await perform(Kind.CALL, _next, source)
                    await send.send(outcome)
        finally:
            self._done.set()


def _next(source: AsyncIterator[CandleCloseEvent]) -> object:
    return anext(source, _END)


def _close_time(stamp: object) -> CloseTime:
    if stamp == "open":
        return lambda event: period_close(event.period, parse_timestamp(event.candle.timestamp))
    if stamp == "close":
        return lambda event: parse_timestamp(event.candle.timestamp)
    if not callable(stamp):
        raise TypeError(f"stamp must be 'open', 'close' or a function from an event to its close time, not {stamp!r}")
    return cast("CloseTime", stamp)


def _awaited(expected: object) -> Callable[[int], Awaited]:
    if callable(expected):
        return cast("Callable[[int], Awaited]", expected)
    if isinstance(expected, str) or not isinstance(expected, Iterable):
        raise TypeError(
            "expected must be instruments, pairs of instrument and period, or a function from a close time to "
            f"those, not {shown(expected)}",
        )
    always: frozenset[Instrument | tuple[Instrument, str]] = frozenset(expected)
    if not always:
        raise ValueError("expected is empty: name the instruments that make a slice complete")
    return lambda _: always


def _seconds(patience: object) -> float:
    seconds = number(patience)
    if seconds is None or not (isfinite(seconds) and seconds > 0):
        raise ValueError(f"patience must be a finite number of seconds, more than 0, not {shown(patience)}")
    return seconds
