"""Shipped strategies: ordinary ones, to try the portfolio with and to start your own from.

They place no orders; a regime is all they decide.

_volatility_regime   active while the last move stands out from those before it
"""

from tradedesk.strategies._volatility_regime import VolatilityRegime

__all__ = ["VolatilityRegime"]
