"""A strategy of your own, beside the portfolio.toml that names it.

The command imports this file, takes the class that the table `[[sleeve]]` names and calls it with the table's
`parameters`, and with `instrument` because the constructor takes one.

Run it with: tradedesk run portfolio.toml
"""

from tradedesk.indicators import SMA
from tradedesk.portfolio import CandleCloseEvent, Instrument


class Stretched:
    """Active while the close is more than `width` average ranges away from the mean of `window` closes."""

    def __init__(self, instrument: str, *, window: int, width: float = 1.0) -> None:
        self.instrument = Instrument(instrument)
        self.risk = 0.0
        self._width = width
        self._mean = SMA(window)
        self._usual_range = SMA(window)
        self._active = False

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self._active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        candle = event.candle
        mean, usual = self._mean.value, self._usual_range.value
        if mean is not None and usual is not None:
            self._active = abs(candle.close - mean) > self._width * usual
        self._mean.update(candle.close)
        self._usual_range.update(candle.high - candle.low)
