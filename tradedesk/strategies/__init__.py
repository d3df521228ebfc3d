"""Shipped strategies: ordinary ones, to try the portfolio with and to start your own from.

_volatility_regime   active while the last move stands out from those before it; gives no orders
_trend_follower      long while a fast mean of the closes is above a slow one
"""

from tradedesk.strategies._trend_follower import OrderDesk, TrendFollower
from tradedesk.strategies._volatility_regime import VolatilityRegime

__all__ = ["OrderDesk", "TrendFollower", "VolatilityRegime"]
