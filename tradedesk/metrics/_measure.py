"""Everything that is measured of one curve."""

from collections.abc import Iterable, Sequence
from math import fsum

from attrs import frozen

from tradedesk.metrics import _arrays as arrays
from tradedesk.metrics._curve import EquityCurve, periods_per_year
from tradedesk.metrics._errors import MetricsError, check_finite, check_same_length
from tradedesk.metrics._trades import ClosedTrade, TradeMetrics, trade_metrics


@frozen(kw_only=True)
class Metrics:
    """What a portfolio, or one sleeve of it, came to. None where a figure is not defined.

    Shares and returns are fractions: 0.01 is one percent.
    """

    periods: int
    periods_per_year: float | None
    """Given, or counted from the close times; None where they are too few to count."""
    start: float
    end: float
    """Equity before the first and at the last close, in money."""
    total_return: float
    annual_return: float | None
    """Compound annual growth rate."""
    annual_volatility: float | None
    sharpe_ratio: float | None
    sortino_ratio: float | None
    calmar_ratio: float | None
    omega_ratio: float | None
    max_drawdown: float
    """At most 0; -0.1 is ten percent below the highest equity so far, the start included."""
    drawdown_periods: int
    """Periods from the peak of the deepest drawdown to its recovery, or to the end where it did not recover."""
    drawdown_seconds: float
    """The same by the clock. The start has no time of its own and counts as the first close."""
    recovered: bool
    """Whether the deepest drawdown was over at the end; True without one."""
    tail: float
    """The share of the periods that the next two speak of."""
    value_at_risk: float | None
    expected_shortfall: float | None
    exposure: float | None
    """Share of the periods that closed with a position."""
    gross_exposure: float | None
    """Mean of position value over equity: above 1 with leverage."""
    turnover: float | None
    """Value traded in a year, over the mean equity."""
    trade: TradeMetrics


def measure(
    curve: EquityCurve,
    *,
    trades: Iterable[ClosedTrade] = (),
    periods_per_year: float | None = None,
    risk_free: float = 0.0,
    tail: float = 0.05,
    positions: Sequence[float] | None = None,
    traded: Sequence[float] | None = None,
) -> Metrics:
    """Measure one curve and its trades.

    `periods_per_year` annualises; left out, the close times are counted (`tradedesk.metrics.periods_per_year`), never
    the values. `risk_free` is the return of one period: what Sharpe, Sortino and omega compare with. `positions` is
    the value of all open positions at each close, longs and shorts added, at least 0; `traded` the value bought and
    sold in each period; both in money. Without them exposure and turnover are None.

    An equity of 0 or less before the last close has no returns: what is computed from them is then None.

    Raises:
        MetricsError: An argument breaks its rule; the text says which and where.
    """
    per_year = _clock(curve) if periods_per_year is None else arrays.checked_per_year(periods_per_year)
    length, seconds, recovered = _length(curve)
    end = curve.equity[-1] if len(curve.equity) else curve.start
    return Metrics(
        periods=len(curve.equity),
        periods_per_year=per_year,
        start=curve.start,
        end=end,
        total_return=end / curve.start - 1,
        max_drawdown=min(arrays.drawdowns(curve), default=0.0),
        drawdown_periods=length,
        drawdown_seconds=seconds,
        recovered=recovered,
        tail=tail,
        exposure=_exposure(curve, positions),
        gross_exposure=_gross_exposure(curve, positions),
        turnover=_turnover(curve, traded, per_year),
        trade=trade_metrics(trades),
        **_of_returns(curve, per_year, risk_free, tail),
    )


def _clock(curve: EquityCurve) -> float | None:
    return periods_per_year(curve.close_times)


def _of_returns(curve: EquityCurve, per_year: float | None, risk_free: float, tail: float) -> dict[str, float | None]:
    """Give the figures that need returns; None for all of them where the account was ruined."""
    solvent = min(curve.equity, default=curve.start) > 0
    values = arrays.returns(curve) if solvent else []
    yearly = None if per_year is None or not solvent else per_year
    return {
        "annual_return": yearly and arrays.annual_return(values, yearly),
        "annual_volatility": yearly and arrays.annual_volatility(values, yearly),
        "sharpe_ratio": yearly and arrays.sharpe_ratio(values, yearly, risk_free=risk_free),
        "sortino_ratio": yearly and arrays.sortino_ratio(values, yearly, target=risk_free),
        "calmar_ratio": yearly and arrays.calmar_ratio(values, yearly),
        "omega_ratio": arrays.omega_ratio(values, target=risk_free),
        "value_at_risk": arrays.value_at_risk(values, tail=tail),
        "expected_shortfall": arrays.expected_shortfall(values, tail=tail),
    }


def _length(curve: EquityCurve) -> tuple[int, float, bool]:
    fall = arrays.longest_fall(curve)
    if fall is None:
        return 0, 0.0, True
    peak, _, recovery = fall
    last = len(curve.equity) - 1 if recovery is None else recovery
    nanoseconds = curve.close_times[last] - curve.close_times[max(peak, 0)]
    return last - peak, nanoseconds / 1e9, recovery is not None


def _exposure(curve: EquityCurve, positions: Sequence[float] | None) -> float | None:
    if positions is None or not len(positions):
        return None
    _check_money("positions", positions, curve)
    return sum(1 for each in positions if each) / len(positions)


def _gross_exposure(curve: EquityCurve, positions: Sequence[float] | None) -> float | None:
    if positions is None or not len(positions) or min(curve.equity) <= 0:
        return None
    return arrays.mean_ratio(positions, curve.equity)


def _turnover(curve: EquityCurve, traded: Sequence[float] | None, per_year: float | None) -> float | None:
    if traded is None or not len(traded):
        return None
    _check_money("traded", traded, curve)
    mean_equity = fsum(curve.equity) / len(curve.equity)
    return fsum(traded) / mean_equity * per_year / len(traded) if per_year and mean_equity > 0 else None


def _check_money(name: str, values: Sequence[float], curve: EquityCurve) -> None:
    check_same_length(name, values, curve.close_times)
    check_finite(name, values)
    for at, value in enumerate(values):
        if value < 0:
            raise MetricsError(f"{name}[{at}] is {value!r}; it is a size and at least 0")
