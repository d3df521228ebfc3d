"""How much to trade, and what came of it.

_sizing      from risk, equity or volatility to a size that can be traded
_position    `PositionTracker`: one position by average cost, with its excursions
_trade       what a fill did, and a round trip, as values
_exact       decimal arithmetic without rounding, and what is no number
"""

from tradedesk.risk._position import PositionTracker
from tradedesk.risk._sizing import atr_normalised_size, fixed_fractional_size, round_down_to_step, volatility_size
from tradedesk.risk._trade import Filled, RoundTrip, Side

__all__ = [
    # sizes
    "atr_normalised_size",
    "fixed_fractional_size",
    "volatility_size",
    "round_down_to_step",
    # positions
    "PositionTracker",
    "Filled",
    "RoundTrip",
    "Side",
]
