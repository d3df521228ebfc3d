"""Active while the close is high in the range of its own candle. It has a fault; `tradedesk check` finds it."""

from tradedesk.marketdata import CandleCloseEvent


class Stochastic:
    """Active after a candle that closes in the upper fifth of its range."""

    def __init__(self) -> None:
        self.risk = 0.0
        self.active = False

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        bar = event.candle
        self.active = (bar.close - bar.low) / (bar.high - bar.low) > 0.8
