"""How a strategy hears of its fills, and how a broker works between the slices of a source."""

from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine, Generator, Iterable
from typing import Any, Protocol, Self

from tradedesk.execution._desk import Desk
from tradedesk.execution._protocols import Broker
from tradedesk.execution.types import Fill
from tradedesk.marketdata import CandleCloseEvent, Instrument, Slice

Poll = Callable[[Iterable[Instrument]], object]


class FillStrategy(Protocol):
    """A strategy that wants to hear of its fills: the portfolio's three methods, and this one."""

    def on_fill(self, fill: Fill) -> None:
        """Take a fill; called before the strategy reports its regime. May give orders."""
        ...

    def set_risk_per_trade(self, value: float) -> None:
        """As for every strategy."""
        ...

    def is_regime_active(self) -> bool:
        """As for every strategy."""
        ...

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """As for every strategy."""
        ...


class TwoPhaseFillStrategy(Protocol):
    """A strategy in two phases that wants to hear of its fills."""

    def on_fill(self, fill: Fill) -> None:
        """Take a fill; called before the strategy updates its state and reports. May give orders."""
        ...

    def set_risk_per_trade(self, value: float) -> None:
        """As for every strategy."""
        ...

    def is_regime_active(self) -> bool:
        """As for every strategy."""
        ...

    def update_state(self, event: CandleCloseEvent) -> Awaitable[None] | None:
        """As for every strategy in two phases."""
        ...

    def evaluate_signals(self) -> Awaitable[None] | None:
        """As for every strategy in two phases."""
        ...


class HearsFills:
    """Stands in front of a strategy in a portfolio, and hands it its fills, oldest first, one by one.

    That happens in the strategy's own task, when it is polled for its regime: so before it reports, and before anything
    is allocated. Where the runner does not poll (``poll_regimes=False``), `tradedesk.backtest.run_backtest` has it poll
    who has news; else they come before the next candle. What ``on_fill`` raises is a failure of the sleeve; the fills
    behind it are handed over in the next slice.
    """

    def __init__(self, strategy: FillStrategy, desk: Desk) -> None:
        self.strategy = strategy
        self.instrument: Instrument = desk.instrument
        self.candle_period: str | None = getattr(strategy, "candle_period", None)
        self._desk = desk
        self._news = desk.news

    def set_risk_per_trade(self, value: float) -> None:
        """Hand it on."""
        self.strategy.set_risk_per_trade(value)

    def is_regime_active(self) -> bool:
        """Tell the fills first, then ask."""
        if self._news:
            self._tell()
        return self.strategy.is_regime_active()

    def on_candle_close(self, event: CandleCloseEvent) -> Coroutine[Any, Any, None]:
        """Tell the fills first, if nobody polled, then hand it on."""
        # No coroutine of our own around the strategy's: this runs once a candle, and news are rare.
        return self._tell_and_hand_on(event) if self._news else self.strategy.on_candle_close(event)

    async def _tell_and_hand_on(self, event: CandleCloseEvent) -> None:
        self._tell()
        await self.strategy.on_candle_close(event)

    def _tell(self) -> None:
        while (fill := self._desk.next_fill()) is not None:
            self.strategy.on_fill(fill)


class HearsFillsInPhases:
    """The same for a strategy in two phases: it hears of its fills before it updates its state and reports."""

    def __init__(self, strategy: TwoPhaseFillStrategy, desk: Desk) -> None:
        self.strategy = strategy
        self.instrument: Instrument = desk.instrument
        self.candle_period: str | None = getattr(strategy, "candle_period", None)
        self._desk = desk

    def set_risk_per_trade(self, value: float) -> None:
        """Hand it on."""
        self.strategy.set_risk_per_trade(value)

    def is_regime_active(self) -> bool:
        """Tell the fills first, then ask."""
        self._tell()
        return self.strategy.is_regime_active()

    def update_state(self, event: CandleCloseEvent) -> Awaitable[None] | None:
        """Tell the fills first, then hand it on."""
        self._tell()
        return self.strategy.update_state(event)

    def evaluate_signals(self) -> Awaitable[None] | None:
        """Hand it on."""
        return self.strategy.evaluate_signals()

    def _tell(self) -> None:
        while (fill := self._desk.next_fill()) is not None:
            self.strategy.on_fill(fill)


def worked(source: Iterable[Slice], broker: Broker, poll: Poll | None = None) -> Generator[Slice, None, None]:
    """Let a broker work between the slices of a source: ``await runner.run(worked(source, broker))``.

    The broker opens a slice before the strategies see it, and closes it when the next one is asked for, which is when
    all of them are done with it. A source that is left early, say because a strategy failed, can be run on: what
    was ordered until then is taken first. One that is closed closes the slice.

    Args:
        source: slices.
        broker: works in them.
        poll: called with the sleeves that filled, before the slice goes on: ``runner.poll`` for a runner that does not
            poll its strategies, so that they hear of their fills and report before the allocation.

    Raises:
        BrokerStateError: And all that the broker raises.
    """
    for slice_ in source:
        heard = broker.open_slice(slice_)
        if heard and poll is not None:
            poll(heard)
        try:
            yield slice_
        finally:
            broker.close_slice()


class WorkedStream:
    """The same for a stream: ``await runner.run(WorkedStream(channel, broker, runner.poll))``, or ``runner.serve``.

    The slice is closed as soon as all strategies are done with it, before the next one is waited for: so orders leave
    at once.
    """

    def __init__(self, source: AsyncIterable[Slice], broker: Broker, poll: Poll | None = None) -> None:
        """Take what `worked` takes, with a stream of slices."""
        self._items = aiter(source)
        self._broker = broker
        self._poll = poll
        self._is_open = False

    def __aiter__(self) -> Self:
        """Itself."""
        return self

    async def __anext__(self) -> Slice:
        """Close the slice before, wait for the next one, and open it.

        Raises:
            StopAsyncIteration: The stream has ended.
            BrokerStateError: And all that the broker raises.
        """
        if self._is_open:
            self._is_open = False
            self._broker.close_slice()
        slice_ = await anext(self._items)
        heard = self._broker.open_slice(slice_)
        self._is_open = True
        if heard and self._poll is not None:
            self._poll(heard)
        return slice_
