"""From risk, equity or volatility to a size.

All take keywords alone, for swapped arguments would go unseen. Money is in the currency of the account, prices are in
points, a size is in units of the instrument. Clamps, in this order: at most `max_size`, at least `min_size`, then down
to a whole number of `lot_step`. A risk of 0 affords nothing and gives a size of 0, whatever `min_size` says.
"""

from decimal import Decimal
from math import inf
from typing import Final

from attrs import frozen

from tradedesk.risk._exact import EXACT, ONE, decimal, not_negative, positive

_WHOLE: Final = Decimal("1e-9")
"""What falls short of a whole step by less than this share of it is that step, less a rounding error."""


def atr_normalised_size(
    *,
    risk_per_trade: float,
    atr: float,
    atr_risk_mult: float,
    min_size: float = 0.0,
    max_size: float = inf,
    lot_step: float | None = None,
    value_per_point: float = 1.0,
) -> float:
    """Return the size that loses `risk_per_trade` when the price moves against it by `atr_risk_mult` times the `atr`.

    ``risk_per_trade / (atr * atr_risk_mult * value_per_point)``, clamped. An `atr` of 0 gives no size, for it does not
    say what the next range will be: the answer then is `min_size`, if there is one. The idea is the "unit" of R. Dennis
    and W. Eckhardt's traders: C. M. Faith, "Way of the Turtle" (2007).

    Args:
        risk_per_trade: money to lose at that distance, at least 0; in a portfolio, what
            ``set_risk_per_trade`` was given.
        atr: average true range in points, at least 0.
        atr_risk_mult: the stop's distance in average true ranges, more than 0.
        min_size: the smallest size to trade.
        max_size: the largest size to trade.
        lot_step: sizes are whole numbers of it; None for any size.
        value_per_point: money per point for a size of 1.

    Raises:
        ValueError: an argument is out of its range, or `atr` is 0 and there is no `min_size`.
    """
    risk = not_negative("risk_per_trade", risk_per_trade)
    distance = not_negative("atr", atr) * positive("atr_risk_mult", atr_risk_mult)
    clamps = _clamps(min_size, max_size, lot_step)
    worth = positive("value_per_point", value_per_point)
    if risk == 0:
        return 0.0
    if atr == 0:
        if clamps.least == 0:
            raise ValueError(
                "atr is 0, and no size follows from a range of 0; wait for a range, or give the min_size to trade then"
            )
        return clamps.fit(clamps.least)
    return clamps.fit(_quotient(risk, distance * worth))


def fixed_fractional_size(
    *,
    equity: float,
    fraction: float,
    stop_distance: float,
    min_size: float = 0.0,
    max_size: float = inf,
    lot_step: float | None = None,
    value_per_point: float = 1.0,
) -> float:
    """Return the size that loses `fraction` of the `equity` when the price moves against it by `stop_distance`.

    ``equity * fraction / (stop_distance * value_per_point)``, clamped. R. Vince, "Portfolio Management Formulas"
    (1990).

    Args:
        equity: money in the account, at least 0.
        fraction: the share of it to lose at the stop, 0 to 1.
        stop_distance: points from entry to stop, more than 0.
        min_size: the smallest size to trade.
        max_size: the largest size to trade.
        lot_step: sizes are whole numbers of it; None for any size.
        value_per_point: money per point for a size of 1.

    Raises:
        ValueError: an argument is out of its range.
    """
    if not_negative("fraction", fraction) > 1:
        raise ValueError(f"fraction is {fraction!r}; it must be at most 1, the whole equity")
    risk = not_negative("equity", equity) * fraction
    distance = positive("stop_distance", stop_distance)
    clamps = _clamps(min_size, max_size, lot_step)
    return clamps.fit(_quotient(risk, distance * positive("value_per_point", value_per_point))) if risk else 0.0


def volatility_size(
    *,
    equity: float,
    target_volatility: float,
    price: float,
    volatility: float,
    min_size: float = 0.0,
    max_size: float = inf,
    lot_step: float | None = None,
    value_per_point: float = 1.0,
) -> float:
    """Return the size whose profit and loss varies by `target_volatility` of the `equity`.

    ``equity * target_volatility / (price * volatility * value_per_point)``, clamped. R. Carver, "Systematic
    Trading" (2015).

    Args:
        equity: money in the account, at least 0.
        target_volatility: wanted standard deviation of the account's return, as a share (0.2 for 20 %), at least 0.
        price: points, more than 0.
        volatility: standard deviation of the instrument's return over the same time (both a year, or both a day),
            more than 0.
        min_size: the smallest size to trade.
        max_size: the largest size to trade.
        lot_step: sizes are whole numbers of it; None for any size.
        value_per_point: money per point for a size of 1.

    Raises:
        ValueError: an argument is out of its range.
    """
    risk = not_negative("equity", equity) * not_negative("target_volatility", target_volatility)
    points = positive("price", price) * positive("volatility", volatility)
    clamps = _clamps(min_size, max_size, lot_step)
    return clamps.fit(_quotient(risk, points * positive("value_per_point", value_per_point))) if risk else 0.0


def round_down_to_step(size: float, step: float) -> float:
    """Return the largest whole number of steps that is not above `size`, as the float nearest to it.

    A size that falls short of a whole step by a billionth of a step is that step: 0.3 is three steps of 0.1, though in
    floats 0.3 / 0.1 is less than 3.

    Raises:
        ValueError: `size` is negative or not finite, or `step` is not a finite number above 0.
    """
    exact_step = decimal(positive("step", step))
    count = EXACT.divide(decimal(not_negative("size", size)), exact_step)
    whole = EXACT.to_integral_value(count)
    if EXACT.subtract(whole, count) > _WHOLE:
        whole = EXACT.subtract(whole, ONE)
    return float(EXACT.multiply(whole, exact_step))


def _quotient(money: float, points: float) -> float:
    """Return an infinite size where the distance is too small for a float."""
    return money / points if points else inf


@frozen
class _Clamps:
    least: float
    most: float
    step: float | None

    def fit(self, size: float) -> float:
        size = max(self.least, min(self.most, size))
        if size == inf:
            raise ValueError("the size has no limit: the distance is too small for a float; give a max_size")
        return size if self.step is None else round_down_to_step(size, self.step)


def _clamps(min_size: float, max_size: float, lot_step: float | None) -> _Clamps:
    least = not_negative("min_size", min_size)
    most = inf if max_size == inf else not_negative("max_size", max_size)
    if least > most:
        raise ValueError(f"min_size is {min_size!r} and max_size {max_size!r}; min_size must not be larger")
    if lot_step is not None and round_down_to_step(least, positive("lot_step", lot_step)) != least:
        raise ValueError(f"min_size is {min_size!r}, which is no whole number of lot_step {lot_step!r}")
    return _Clamps(least, most, lot_step)
