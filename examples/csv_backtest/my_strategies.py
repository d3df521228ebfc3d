"""A strategy of your own that trades: the command hands it a desk, because its constructor takes one.

Run it with: tradedesk backtest portfolio.toml
"""

from tradedesk.execution import Desk, Fill
from tradedesk.indicators import ATR, RollingMax
from tradedesk.portfolio import CandleCloseEvent, Instrument
from tradedesk.risk import atr_normalised_size


class Channel:
    """Buys above the highest close of `window` candles; a stop below and a target above close the trade."""

    def __init__(self, instrument: str, desk: Desk, *, window: int = 20, reach: float = 2.0) -> None:
        self.instrument = Instrument(instrument)
        self.desk = desk
        self.fills: list[Fill] = []
        self._highest = RollingMax(window)
        self._range = ATR(14)
        self._reach = reach
        self._risk = 0.0
        self._wants = False

    def set_risk_per_trade(self, value: float) -> None:
        self._risk = value

    def is_regime_active(self) -> bool:
        """Ask for risk while it holds something, or stands before an entry."""
        return self._wants or self.desk.size != 0

    def on_fill(self, fill: Fill) -> None:
        """Hear of a fill, before the next report and the next candle."""
        self.fills.append(fill)

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        close = event.candle.close
        highest, atr = self._highest.value, self._range.update(event.candle)
        self._highest.update(close)
        if highest is None or atr is None:
            return
        if self._wants and self._risk and not self.desk.size:
            # The risk was granted for this candle: it said so after the last one.
            size = atr_normalised_size(risk_per_trade=self._risk, atr=atr, atr_risk_mult=self._reach, lot_step=100.0)
            if size:
                self.desk.buy(
                    size, stop_loss=close - self._reach * atr, take_profit=close + 2 * self._reach * atr, tag="breakout"
                )
        self._wants = close > highest and not self.desk.size
