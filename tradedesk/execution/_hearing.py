"""How a strategy hears of its fills, and how a broker works between the slices of a source."""

from collections.abc import Generator, Iterable
from typing import Protocol

from tradedesk.execution._desk import Desk
from tradedesk.execution.types import Broker, Fill
from tradedesk.marketdata import CandleCloseEvent, Instrument, Slice


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


class HearsFills:
    """Stands in front of a strategy in a portfolio, and hands it its fills, oldest first, one by one.

    That happens in the strategy's own task, when it is polled for its regime, or before its next candle where nobody
    polls: so before it reports, and before anything is allocated. What ``on_fill`` raises is a failure of the sleeve;
    the fills behind it are handed over in the next slice.
    """

    def __init__(self, strategy: FillStrategy, desk: Desk) -> None:
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

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Tell the fills first, if nobody polled, then hand it on."""
        self._tell()
        await self.strategy.on_candle_close(event)

    def _tell(self) -> None:
        while (fill := self._desk.next_fill()) is not None:
            self.strategy.on_fill(fill)


def worked(source: Iterable[Slice], broker: Broker) -> Generator[Slice, None, None]:
    """Let a broker work between the slices of a source: ``await runner.run(worked(source, broker))``.

    The broker opens a slice before the strategies see it, and closes it when the next one is asked for, which is when
    all of them are done with it. A source that is left early, say because a strategy failed, can be run on: what
    was ordered until then is taken first.

    Raises:
        BrokerStateError: And all that the broker raises.
    """
    for slice_ in source:
        broker.open_slice(slice_)
        yield slice_
        broker.close_slice()
