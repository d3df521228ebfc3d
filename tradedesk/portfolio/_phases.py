"""Strategies in two phases, and what makes them look like those in one."""

from typing import Final

from tradedesk._value import value
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio.types import TwoPhaseStrategy


@value
class Evaluate:
    """In the place of a candle: evaluate what you updated with in this slice."""


EVALUATE: Final = Evaluate()


class InTwoPhases:
    """Stands in front of a `TwoPhaseStrategy`: a candle means update, `EVALUATE` means evaluate."""

    def __init__(self, strategy: TwoPhaseStrategy) -> None:
        self._strategy = strategy

    def set_risk_per_trade(self, value: float) -> None:
        """Hand it on."""
        self._strategy.set_risk_per_trade(value)

    def is_regime_active(self) -> bool:
        """Ask the strategy."""
        return self._strategy.is_regime_active()

    async def on_candle_close(self, event: CandleCloseEvent | Evaluate) -> None:
        """Do the part that is due; the strategy's methods may be async or not."""
        strategy = self._strategy
        result = strategy.evaluate_signals() if isinstance(event, Evaluate) else strategy.update_state(event)
        if result is not None and hasattr(result, "__await__"):
            await result
