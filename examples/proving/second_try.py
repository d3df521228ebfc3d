"""Active while the close is high in the range of the last candles. It has another fault."""

from tradedesk.marketdata import Candle, CandleCloseEvent


class Stochastic:
    """Active after a candle that closes in the upper fifth of the range of the last three."""

    last: list[Candle] = []  # noqa: RUF012 - that is the fault

    def __init__(self) -> None:
        self.risk = 0.0
        self.active = False

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.last.append(event.candle)
        del self.last[:-3]
        low, high = min(bar.low for bar in self.last), max(bar.high for bar in self.last)
        self.active = high > low and (event.candle.close - low) / (high - low) > 0.8
