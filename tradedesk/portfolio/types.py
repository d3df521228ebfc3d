"""The values and protocols that users of the portfolio meet."""

from collections.abc import Awaitable, Mapping
from typing import Protocol

import attrs

from tradedesk.marketdata import CandleCloseEvent, Instrument, Slice

__all__ = [
    "CandleCloseEvent",
    "Instrument",
    "PortfolioStrategy",
    "RiskAllocationPolicy",
    "Slice",
    "StrategySpec",
    "TwoPhaseStrategy",
]


class PortfolioStrategy(Protocol):
    """What the runner needs of a strategy; any object with these three methods is one.

    An ``instrument`` attribute, read once, names what the strategy trades; without it the key of the
    portfolio's mapping does. A ``candle_period`` attribute ("15MINUTE") limits the strategy to one period.
    """

    def set_risk_per_trade(self, value: float) -> None:
        """Take the risk for the trades to come, in the unit of the budget."""
        ...

    def is_regime_active(self) -> bool:
        """Say whether the strategy wants a share of the budget now."""
        ...

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Handle one candle of the strategy's instrument."""
        ...


class TwoPhaseStrategy(Protocol):
    """A strategy whose state is brought up to date before the budget is split, and that acts after it.

    It has these four methods and no ``on_candle_close``; a strategy that has that one is called through it. The two
    phases may be async. ``instrument`` and ``candle_period`` as for `PortfolioStrategy`.
    """

    def set_risk_per_trade(self, value: float) -> None:
        """Take the risk for the trades to come, in the unit of the budget."""
        ...

    def is_regime_active(self) -> bool:
        """Say whether the strategy wants a share of the budget now."""
        ...

    def update_state(self, event: CandleCloseEvent) -> Awaitable[None] | None:
        """Take one candle in, under the risk of the slice before; no trades yet."""
        ...

    def evaluate_signals(self) -> Awaitable[None] | None:
        """Act on the slice's candles, once, under the risk that was allocated for it."""
        ...


class RiskAllocationPolicy(Protocol):
    """How a budget is split. A ``portfolio_risk_budget`` attribute, if there is one, is held as the limit."""

    def allocate(self, active_instruments: list[Instrument]) -> Mapping[Instrument, float]:
        """Give each active sleeve an amount, finite and not negative; sleeves left out get the default.

        Args:
            active_instruments: the keys of the active sleeves in declared order; a fresh list every time.
        """
        ...


@attrs.frozen
class StrategySpec:
    """A strategy with what its class does not say; a value of the runner's ``strategies``.

    Attributes:
        strategy: the strategy itself.
        instrument: what it trades; None asks the strategy, then the key.
        period: the one period it wants, such as "15MINUTE"; None asks the strategy, then takes all.
    """

    strategy: PortfolioStrategy | TwoPhaseStrategy
    instrument: Instrument | None = None
    period: str | None = None
