"""The figures as text, each with its label and what it means, in the order in which people read them."""

from collections.abc import Iterator
from typing import Final

from attrs import frozen

from tradedesk.metrics._measure import Metrics

NOT_DEFINED: Final = "–"
"""What stands for None."""

_DAY: Final = 86_400


@frozen
class Row:
    """One figure, ready to print."""

    group: str
    label: str
    text: str
    note: str
    """What it means, in one sentence."""


def rows(metrics: Metrics, *, currency: str = "") -> tuple[Row, ...]:
    """Give the figures as labelled text; `currency` follows amounts of money."""
    unit = f" {currency}" if currency else ""
    return (
        *_growth(metrics, unit),
        *_risk(metrics),
        *_ratios(metrics),
        *_activity(metrics),
        *_trades(metrics, unit),
    )


def _growth(of: Metrics, unit: str) -> Iterator[Row]:
    yield Row("Growth", "Start", _money(of.start, unit), "Equity before the first period.")
    yield Row("Growth", "End", _money(of.end, unit), "Equity at the last close.")
    yield Row("Growth", "Total return", _percent(of.total_return), "End over start, minus 1.")
    yield Row("Growth", "Annual return", _percent(of.annual_return), "Compound growth in a year (CAGR).")


def _risk(of: Metrics) -> Iterator[Row]:
    share = f"{of.tail * 100:.3g} %"
    ended = "recovered" if of.recovered else "not recovered"
    length = (
        NOT_DEFINED if not of.drawdown_periods else f"{of.drawdown_periods:,} periods, {_time(of.drawdown_seconds)}"
    )
    yield Row("Risk", "Volatility", _percent(of.annual_volatility), "Standard deviation of the returns, for a year.")
    yield Row("Risk", "Max drawdown", _percent(of.max_drawdown), "Deepest fall below the highest equity so far.")
    yield Row("Risk", "Drawdown length", length, f"From the peak until it was reached again, or the end; {ended}.")
    yield Row(
        "Risk", "Value at risk", _percent(of.value_at_risk), f"{share} of the periods were as bad as this or worse."
    )
    yield Row(
        "Risk",
        "Expected shortfall",
        _percent(of.expected_shortfall),
        f"Mean of the worst {share} of the periods (CVaR).",
    )


def _ratios(of: Metrics) -> Iterator[Row]:
    yield Row("Ratios", "Sharpe", _plain(of.sharpe_ratio), "Mean return over its deviation, for a year.")
    yield Row(
        "Ratios", "Sortino", _plain(of.sortino_ratio), "Mean return over the deviation of the losses, for a year."
    )
    yield Row("Ratios", "Calmar", _plain(of.calmar_ratio), "Annual return over the max drawdown.")
    yield Row("Ratios", "Omega", _plain(of.omega_ratio), "Sum of the gains over the sum of the losses, by period.")


def _activity(of: Metrics) -> Iterator[Row]:
    per_year = NOT_DEFINED if of.periods_per_year is None else f"{of.periods_per_year:,.1f}"
    turnover = NOT_DEFINED if of.turnover is None else f"{of.turnover:,.2f} times"
    yield Row("Activity", "Periods", f"{of.periods:,}", "Closes that were measured.")
    yield Row("Activity", "Periods per year", per_year, "What a year is counted as.")
    yield Row("Activity", "Exposure", _percent(of.exposure), "Periods that closed with a position.")
    yield Row("Activity", "Gross exposure", _percent(of.gross_exposure), "Mean value of all positions over equity.")
    yield Row("Activity", "Turnover", turnover, "Value traded in a year, over the mean equity.")


def _trades(of: Metrics, unit: str) -> Iterator[Row]:
    trade = of.trade
    held = NOT_DEFINED if trade.average_holding is None else _time(trade.average_holding)
    yield Row("Trades", "Trades", f"{trade.trades:,}", "Closed trades.")
    yield Row("Trades", "Win rate", _percent(trade.win_rate), "Trades that earned something, costs deducted.")
    yield Row("Trades", "Profit factor", _plain(trade.profit_factor), "What the wins earned over what the losses cost.")
    yield Row("Trades", "Expectancy", _money(trade.expectancy, unit), "Mean profit and loss of a trade.")
    yield Row("Trades", "Average win", _money(trade.average_win, unit), "Mean of those that earned something.")
    yield Row("Trades", "Average loss", _money(trade.average_loss, unit), "Mean of those that lost something.")
    yield Row("Trades", "Best trade", _money(trade.best, unit), "The largest profit.")
    yield Row("Trades", "Worst trade", _money(trade.worst, unit), "The largest loss.")
    yield Row(
        "Trades", "Average MFE", _money(trade.average_mfe, unit), "How far ahead a trade was at its best, on average."
    )
    yield Row(
        "Trades", "Average MAE", _money(trade.average_mae, unit), "How far behind a trade was at its worst, on average."
    )
    yield Row("Trades", "Edge ratio", _plain(trade.edge_ratio), "Average MFE over the size of the average MAE.")
    yield Row("Trades", "Average holding", held, "From entry to exit.")


def _percent(value: float | None) -> str:
    return NOT_DEFINED if value is None else f"{_signed(value * 100, 2)} %"


def _plain(value: float | None) -> str:
    return NOT_DEFINED if value is None else _signed(value, 2)


def _money(value: float | None, unit: str) -> str:
    return NOT_DEFINED if value is None else _signed(value, 2) + unit


def _signed(value: float, digits: int) -> str:
    """Write a number with thousands and a true minus; what rounds to 0 has no sign."""
    text = f"{abs(value):,.{digits}f}"
    return f"−{text}" if value < 0 and text.strip("0.,") else text


def _time(seconds: float) -> str:
    if seconds >= _DAY:
        return f"{seconds / _DAY:,.1f} days"
    return f"{seconds / 3600:,.1f} hours" if seconds >= 3600 else f"{seconds / 60:,.1f} minutes"  # noqa: PLR2004
