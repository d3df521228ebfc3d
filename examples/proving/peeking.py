"""A strategy that is given its data when it is built, to compute its levels once. It computes them from too much."""

from statistics import fmean

from tradedesk.marketdata import CandleCloseEvent


class AboveTheMean:
    """Active after a close above the mean of all closes."""

    def __init__(self, candles: list[CandleCloseEvent]) -> None:
        self.mean = fmean(each.candle.close for each in candles)
        self.risk = 0.0
        self.active = False

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.active = event.candle.close > self.mean
