"""A regime that follows the size of the moves."""

from collections import deque
from math import inf

from tradedesk.marketdata import CandleCloseEvent, Instrument


class VolatilityRegime:
    """Active after a candle whose move exceeds `multiple` times the mean of the `window` moves before it.

    A move is the absolute change from close to close, relative to the earlier close; one that starts from a
    price of 0 has no relative size and is left out. Inactive until `window` moves are known.

    Raises:
        ValueError: `window` is less than 1, or `multiple` is negative or not finite.
    """

    def __init__(self, instrument: str, *, window: int = 20, multiple: float = 1.5) -> None:
        if window < 1:
            raise ValueError(f"window is {window!r}; it must be at least 1")
        if not 0 <= multiple < inf:
            raise ValueError(f"multiple is {multiple!r}; it must be finite and at least 0")
        self.instrument = Instrument(instrument)
        self.window = window
        self.multiple = multiple
        self.risk_per_trade = 0.0
        self._active = False
        self._close = 0.0
        self._moves: deque[float] = deque(maxlen=window)

    def set_risk_per_trade(self, value: float) -> None:
        """Keep the risk that the next orders may take."""
        self.risk_per_trade = value

    def is_regime_active(self) -> bool:
        """Say whether the last move stood out."""
        return self._active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Compare the candle's move with those before it."""
        before, self._close = self._close, event.candle.close
        if before:
            move = abs(self._close - before) / abs(before)
            usual = sum(self._moves) / self.window
            self._active = len(self._moves) == self.window and move > self.multiple * usual
            self._moves.append(move)
