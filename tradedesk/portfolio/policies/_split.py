"""Sums that keep their limit to the last bit, in whatever order the sleeves come."""

from collections.abc import Iterable, Mapping
from math import fsum, inf
from sys import float_info

from tradedesk.portfolio.types import Instrument

Amounts = dict[Instrument, float]


def total(amounts: Iterable[float]) -> float:
    """Sum without rounding on the way, so that the order does not matter; infinity beyond all floats."""
    try:
        return fsum(amounts)
    except OverflowError:
        return inf


def scaled(amounts: Mapping[Instrument, float], factor: float, limit: float) -> Amounts:
    """Multiply by a factor, and by a little less if rounding would lead over the limit."""
    less = float_info.epsilon
    result = {sleeve: amount * factor for sleeve, amount in amounts.items()}
    while total(result.values()) > limit:
        result = {sleeve: amount * factor * (1.0 - less) for sleeve, amount in amounts.items()}
        less = min(1.0, 2.0 * less)
    return result


def held_to(amounts: Mapping[Instrument, float], limit: float) -> Amounts:
    """Scale down in proportion where the sum is above the limit."""
    whole = total(amounts.values())
    return dict(amounts) if whole <= limit else scaled(amounts, limit / whole, limit)


def split(budget: float, weights: Mapping[Instrument, float]) -> Amounts:
    """Split a budget in proportion to weights, none of them above 1 and one of them above 0."""
    whole = total(weights.values())
    # dividing last makes equal weights give budget / k, to the bit
    shares = {sleeve: budget * weight / whole for sleeve, weight in weights.items()}
    return scaled(shares, 1.0, budget)
