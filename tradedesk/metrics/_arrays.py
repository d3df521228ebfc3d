"""The formulas over returns; the one module that imports numpy.

Returns are simple (0.01 is one percent), one per period, finite and at least -1.
"""

from collections.abc import Sequence
from math import sqrt
from typing import Final

try:
    import numpy as np
except ModuleNotFoundError as error:
    if error.name != "numpy":
        raise
    raise ModuleNotFoundError(
        "tradedesk.metrics needs numpy: pip install 'tradedesk-actors[report]'", name="numpy"
    ) from error
from numpy.typing import NDArray

from tradedesk.metrics._curve import EquityCurve
from tradedesk.metrics._errors import MetricsError

Floats = NDArray[np.float64]

_ROUNDING: Final = 1e-14
"""A return is a quotient minus 1, so it carries the rounding of 1: a spread below this is no spread."""


def returns(curve: EquityCurve) -> list[float]:
    """Give the return of each period: equity at its close over the equity before it, minus 1.

    Raises:
        MetricsError: The equity fell to 0 or below before the last close; there is no return on nothing.
    """
    values = _with_start(curve)
    ruined = np.flatnonzero(values[:-1] <= 0)
    if ruined.size:
        at = int(ruined[0]) - 1
        raise MetricsError(f"equity[{at}] is {float(values[at + 1])!r}; there is no return on an equity of 0 or less")
    return _listed(values[1:] / values[:-1] - 1)


def drawdowns(curve: EquityCurve) -> list[float]:
    """Give for each close how far the equity is below its highest so far, as a share of that.

    0 at a peak, else negative. The start is a peak, too. Below -1 the account owes money.
    """
    values = _with_start(curve)
    return _listed((values / np.maximum.accumulate(values) - 1)[1:])


def total_return(returns: Sequence[float]) -> float:
    """Compound the returns: the product of (1 + r), minus 1. 0 for no returns.

    Raises:
        MetricsError: A return is not finite, or below -1.
    """
    return float(np.prod(1 + _checked(returns)) - 1)


def annual_return(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Give the compound annual growth rate: (1 + total return) ** (periods_per_year / number of returns) - 1.

    None for no returns.

    Raises:
        MetricsError: A return is not finite, or below -1; `periods_per_year` is not above 0.
        OverflowError: The rate is beyond the largest float.
    """
    growth = 1 + total_return(returns)
    return float(growth ** (checked_per_year(periods_per_year) / len(returns)) - 1) if len(returns) else None


def annual_volatility(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Give the sample standard deviation (over n - 1) of the returns times the root of `periods_per_year`.

    A deviation that is only rounding is 0. None for fewer than two returns.

    Raises:
        MetricsError: As for `annual_return`.
    """
    deviation = _deviation(_checked(returns))
    return None if deviation is None else deviation * sqrt(checked_per_year(periods_per_year))


def sharpe_ratio(returns: Sequence[float], periods_per_year: float, *, risk_free: float = 0.0) -> float | None:
    """Give mean excess return over its sample standard deviation, annualised by the root of `periods_per_year`.

    `risk_free` is the return of one period. Source: W. F. Sharpe, "The Sharpe Ratio", Journal of Portfolio Management
    21 (1994), 49-58. None for fewer than two returns, or where they do not vary.

    Raises:
        MetricsError: As for `annual_return`.
    """
    excess = _checked(returns) - risk_free
    deviation = _deviation(excess)
    return float(np.mean(excess)) / deviation * sqrt(checked_per_year(periods_per_year)) if deviation else None


def sortino_ratio(returns: Sequence[float], periods_per_year: float, *, target: float = 0.0) -> float | None:
    """Give mean return above the target over the downside deviation, annualised by the root of `periods_per_year`.

    `target` is the return of one period. The downside deviation is the root of the mean square of what fell short, over
    all periods (F. A. Sortino and L. N. Price, "Performance Measurement in a Downside Risk Framework", Journal of
    Investing 3 (1994), 59-64). None where nothing fell short.

    Raises:
        MetricsError: As for `annual_return`.
    """
    above = _checked(returns) - target
    if not above.size:
        return None
    downside = sqrt(float(np.mean(np.square(np.minimum(above, 0)))))
    return float(np.mean(above)) / downside * sqrt(checked_per_year(periods_per_year)) if downside > _ROUNDING else None


def calmar_ratio(returns: Sequence[float], periods_per_year: float) -> float | None:
    """Give the compound annual growth rate over the size of the largest drawdown (T. W. Young, Futures, October 1991).

    None without a drawdown.

    Raises:
        MetricsError: As for `annual_return`.
    """
    growth, deepest = annual_return(returns, periods_per_year), max_drawdown(returns)
    return growth / -deepest if growth is not None and deepest < -_ROUNDING else None


def omega_ratio(returns: Sequence[float], *, target: float = 0.0) -> float | None:
    """Give the sum of what exceeded the target over the sum of what fell short of it.

    `target` is the return of one period. Source: C. Keating and W. F. Shadwick, "A Universal Performance Measure",
    Journal of Performance Measurement 6 (2002), 59-84. None where nothing fell short.

    Raises:
        MetricsError: A return is not finite, or below -1.
    """
    above = _checked(returns) - target
    short = -float(np.sum(np.minimum(above, 0)))
    return float(np.sum(np.maximum(above, 0))) / short if short > _ROUNDING else None


def max_drawdown(returns: Sequence[float]) -> float:
    """Give the deepest fall below the highest value so far, as a share of that: -0.1 is ten percent down.

    The value before the first return is a peak, too. 0 if there is no fall.

    Raises:
        MetricsError: A return is not finite, or below -1.
    """
    growth = np.concatenate(([1.0], np.cumprod(1 + _checked(returns))))
    return float(np.min(growth / np.maximum.accumulate(growth) - 1))


def value_at_risk(returns: Sequence[float], *, tail: float = 0.05) -> float | None:
    """Give the historical value at risk as a return: a share `tail` of the periods was as bad as this or worse.

    The quantile of the returns, interpolated linearly between neighbours (R. J. Hyndman and Y. Fan, "Sample
    Quantiles in Statistical Packages", The American Statistician 50 (1996), definition 7). None for no returns.

    Raises:
        MetricsError: A return is not finite, or below -1; `tail` is not between 0 and 1.
    """
    values = _checked(returns)
    return float(np.quantile(values, _share(tail))) if values.size else None


def expected_shortfall(returns: Sequence[float], *, tail: float = 0.05) -> float | None:
    """Give the conditional value at risk (CVaR): the mean of the worst returns, `tail` of all of them.

    These are the lowest floor((n - 1) * tail) + 1 of n returns, so at least one. The quantity is that of
    R. T. Rockafellar and S. Uryasev, "Conditional Value-at-Risk for General Loss Distributions", Journal of Banking &
    Finance 26 (2002). None for no returns.

    Raises:
        MetricsError: As for `value_at_risk`.
    """
    values, share = np.sort(_checked(returns)), _share(tail)
    return float(np.mean(values[: int((values.size - 1) * share) + 1])) if values.size else None


def longest_fall(curve: EquityCurve) -> tuple[int, int, int | None] | None:
    """Give (peak, trough, recovery) of the deepest drawdown as places in the curve; -1 is the start.

    The recovery is the first close at or above the peak, None where there is none. None for a curve without a fall.
    """
    values = _with_start(curve)
    highest = np.maximum.accumulate(values)
    trough = int(np.argmin(values / highest))
    if values[trough] >= highest[trough]:
        return None
    # The last touch of the peak: from there on the account is under water.
    peak = int(np.flatnonzero(values[:trough] >= highest[trough])[-1])
    recovered = np.flatnonzero(values[trough:] >= highest[trough])
    return peak - 1, trough - 1, trough + int(recovered[0]) - 1 if recovered.size else None


def mean_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Give the mean of the quotients; no divisor may be 0."""
    return float(np.mean(np.asarray(above, dtype=np.float64) / np.asarray(below, dtype=np.float64)))


def checked_per_year(periods: float) -> float:
    """Refuse a count of periods that is not finite or not above 0."""
    if not 0 < periods < float("inf"):
        raise MetricsError(f"periods_per_year is {periods!r}; it must be finite and above 0")
    return periods


def _with_start(curve: EquityCurve) -> Floats:
    return np.concatenate(([curve.start], np.asarray(curve.equity, dtype=np.float64)))


def _listed(values: Floats) -> list[float]:
    listed: list[float] = values.tolist()
    return listed


def _checked(returns: Sequence[float]) -> Floats:
    values = np.asarray(returns, dtype=np.float64)
    wrong = np.flatnonzero(~(np.isfinite(values) & (values >= -1)))
    if wrong.size:
        at = int(wrong[0])
        raise MetricsError(
            f"returns[{at}] is {float(values[at])!r}; a return must be finite and at least -1 (0.01 is one percent)"
        )
    return values


def _deviation(values: Floats) -> float | None:
    if values.size < 2:  # noqa: PLR2004 - the sample deviation divides by n - 1
        return None
    deviation = float(np.std(values, ddof=1))
    return deviation if deviation > _ROUNDING * (1 + float(np.max(np.abs(values)))) else 0.0


def _share(tail: float) -> float:
    if not 0 < tail < 1:
        raise MetricsError(f"tail is {tail!r}; it is a share of the returns, between 0 and 1")
    return tail
