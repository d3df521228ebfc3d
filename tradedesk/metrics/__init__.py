"""What a run came to, in numbers: from an equity curve with its close times, closed trades and risk over time.

_curve      an equity curve as a value; how many returns a year has, by the clock
_arrays     the formulas over returns (numpy; the one module that imports it)
_trades     closed trades as values, and what they come to
_risk       how much of the budget was given out, and to how many
_measure    all of it for one curve
_runs       all of it for a backtest, and for each of its sleeves
_rows       the figures as labelled text, in the order in which people read them

A figure that is not defined (no returns, a ratio over zero) is None, never not-a-number and never infinite.
Needs the extra `report`: ``pip install 'tradedesk-actors[report]'``.
"""

from tradedesk.metrics._arrays import (
    annual_return,
    annual_volatility,
    calmar_ratio,
    drawdowns,
    expected_shortfall,
    max_drawdown,
    omega_ratio,
    returns,
    sharpe_ratio,
    sortino_ratio,
    total_return,
    value_at_risk,
)
from tradedesk.metrics._curve import EquityCurve, periods_per_year, sleeve_curve
from tradedesk.metrics._errors import MetricsError
from tradedesk.metrics._measure import Metrics, measure
from tradedesk.metrics._risk import RiskUse, risk_use
from tradedesk.metrics._rows import Row, rows
from tradedesk.metrics._runs import Run, measure_run, measure_sleeves
from tradedesk.metrics._trades import ClosedTrade, TradeMetrics, Trip, closed_trade, closed_trades, trade_metrics

__all__ = [
    "EquityCurve",
    "sleeve_curve",
    "periods_per_year",
    "ClosedTrade",
    "closed_trade",
    "closed_trades",
    "Trip",
    "Metrics",
    "measure",
    "Run",
    "measure_run",
    "measure_sleeves",
    "TradeMetrics",
    "trade_metrics",
    "RiskUse",
    "risk_use",
    "Row",
    "rows",
    "returns",
    "drawdowns",
    "total_return",
    "annual_return",
    "annual_volatility",
    "sharpe_ratio",
    "sortino_ratio",
    "calmar_ratio",
    "omega_ratio",
    "max_drawdown",
    "value_at_risk",
    "expected_shortfall",
    "MetricsError",
]
