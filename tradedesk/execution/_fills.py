"""Whether an order fills in a candle, and at what price: the rules of the page "what the fills assume".

Prices here are quotes as the order's own side sees them: a candle's price and the offset to the ask for a buyer, to the
bid for a seller. To sell is to buy in a market turned upside down, so each rule is written once, for a buyer, with
prices times the order's sign.
"""

from math import inf

from tradedesk.execution._terms import Slippage
from tradedesk.execution.types import Order


def at_open(order: Order, opens: float, *, set_off: bool) -> float | None:
    """Return the quote at which it fills at the open; None if it does not.

    A market order fills. A stop that the market has jumped over fills at the open, not at its price. A limit that the
    open is better than fills at the open. A limit with a stop needs both.
    """
    sign = order.sign
    if order.stop is not None and not set_off and opens * sign < order.stop * sign:
        return None
    if order.limit is not None and opens * sign > order.limit * sign:
        return None
    return opens


def is_set_off_at_open(order: Order, opens: float) -> bool:
    """Whether the open has reached its stop."""
    return order.stop is not None and opens * order.sign >= order.stop * order.sign


def at_stop(order: Order, low: float, high: float) -> float | None:
    """Return the quote at which its stop, not reached at the open, fills inside the candle; None if it does not.

    It fills at the stop's price, for the market passes through it. If it has a limit that is better than the stop, the
    market must come back for it, and that may have been earlier: it does not fill in this candle.
    """
    stop, limit = order.stop, order.limit
    if stop is None or not stop_is_inside(order, low, high):
        return None
    return None if limit is not None and stop * order.sign > limit * order.sign else stop


def stop_is_inside(order: Order, low: float, high: float) -> bool:
    """Whether the candle reaches its stop."""
    if order.stop is None:
        return False
    return high >= order.stop if order.sign > 0 else low <= order.stop


def at_limit(order: Order, low: float, high: float) -> float | None:
    """Return the quote at which its limit, not better than the open, fills inside the candle; None if it does not."""
    limit = order.limit
    if limit is None:
        return None
    reached = low <= limit if order.sign > 0 else high >= limit
    return limit if reached else None


def slipped(order: Order, quote: float, slippage: Slippage) -> float:
    """Return what is paid or received for a quote: worse by the slippage, never worse than the limit."""
    worse = slippage.points + slippage.bps * abs(quote) / 10_000
    if not worse:
        return quote
    if order.sign > 0:
        return min(quote + worse, inf if order.limit is None else order.limit)
    return max(quote - worse, -inf if order.limit is None else order.limit)
