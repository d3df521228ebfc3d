"""Timing handlers, for those who want to know: two readings of a clock for each candle."""

from collections.abc import Callable

from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio._meters import HandlerMeter
from tradedesk.portfolio.types import PortfolioStrategy

Seconds = Callable[[], float]
"""A clock: seconds since some moment, never going back."""


class Timed:
    """Stands in front of a strategy and measures how long its handlers take."""

    def __init__(self, strategy: PortfolioStrategy, meter: HandlerMeter, clock: Seconds) -> None:
        self._strategy = strategy
        self._meter = meter
        self._clock = clock

    def set_risk_per_trade(self, value: float) -> None:
        """Hand it on."""
        self._strategy.set_risk_per_trade(value)

    def is_regime_active(self) -> bool:
        """Ask the strategy."""
        return self._strategy.is_regime_active()

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Hand it on, and look at the clock before and after; also when the handler fails or is cut."""
        began = self._clock()
        try:
            await self._strategy.on_candle_close(event)
        finally:
            self._meter.add(self._clock() - began)
