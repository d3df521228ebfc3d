"""A strategy that follows a trend, with orders."""

from typing import Final, Protocol

from tradedesk.indicators import ATR, SMA, Indicator
from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument
from tradedesk.risk import atr_normalised_size

_LOT: Final = 1.0
"""Whole units only, as shares are traded."""


class OrderDesk(Protocol):
    """What this strategy needs of the desk it gives its orders at; `tradedesk.execution.Desk` has it."""

    @property
    def size(self) -> float:
        """What it holds."""
        ...

    @property
    def orders(self) -> tuple[object, ...]:
        """All open orders."""
        ...

    def buy(self, size: float) -> object:
        """Give a market order to buy."""
        ...

    def close(self) -> object:
        """Give a market order that closes what is held."""
        ...


class TrendFollower:
    """Long while the mean of the last `fast` closes is above the mean of the last `slow` ones, which is its regime.

    It buys once it has seen a candle under a grant: as many whole units as lose its risk per trade if the price
    falls by `multiple` average true ranges (over `window` candles). It sells when the regime ends, and knows no stop.

    Raises:
        ValueError: `fast` is not below `slow`, or `multiple` is not above 0.
    """

    def __init__(
        self,
        instrument: str,
        desk: OrderDesk,
        *,
        fast: int = 50,
        slow: int = 150,
        window: int = 20,
        multiple: float = 3.0,
    ) -> None:
        if not fast < slow:
            raise ValueError(f"fast is {fast!r} and slow {slow!r}; fast must be below slow")
        if not multiple > 0:
            raise ValueError(f"multiple is {multiple!r}; it must be above 0")
        self.instrument = Instrument(instrument)
        self._desk = desk
        self._multiple = multiple
        self._fast: Indicator[float, float] = SMA(fast)
        self._slow: Indicator[float, float] = SMA(slow)
        self._range: Indicator[Candle, float] = ATR(window)
        self._risk = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        """Keep the risk that the next entry may take."""
        self._risk = value

    def is_regime_active(self) -> bool:
        """Say whether the fast mean is above the slow one."""
        fast, slow = self._fast.value, self._slow.value
        return fast is not None and slow is not None and fast > slow

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Take the candle in; then enter, leave, or neither."""
        # Active before this candle: only then was its risk granted, and is no default.
        was_active = self.is_regime_active()
        candle = event.candle
        self._fast.update(candle.close)
        self._slow.update(candle.close)
        atr = self._range.update(candle)
        active = self.is_regime_active()
        if self._desk.orders:
            return
        if self._desk.size and not active:
            self._desk.close()
        elif active and was_active and not self._desk.size and atr:
            size = atr_normalised_size(risk_per_trade=self._risk, atr=atr, atr_risk_mult=self._multiple, lot_step=_LOT)
            if size:
                self._desk.buy(size)
