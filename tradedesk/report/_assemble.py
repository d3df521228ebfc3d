"""A report of a backtest, put together from its result."""

from collections.abc import Mapping
from pathlib import Path

from tradedesk.backtest import BacktestResult, Coverage, HaltSpan
from tradedesk.backtest import Fault as Failed
from tradedesk.backtest import RefusedOrder as Refusal
from tradedesk.execution import Order, TradingRules
from tradedesk.metrics import closed_trades, measure_run, measure_sleeves
from tradedesk.report._html import count, moment
from tradedesk.report._page import write
from tradedesk.report._prices import PriceLog
from tradedesk.report._rules import fill_rules
from tradedesk.report.types import DataRange, Fault, RefusedOrder, ReportData, SleeveData

Sources = Mapping[str, str] | Mapping[tuple[str, str], str]
"""Instrument, or instrument and period -> where its candles came from."""


def write_report(
    result: BacktestResult,
    path: str | Path,
    *,
    title: str = "Backtest",
    rules: TradingRules | None = None,
    prices: PriceLog | None = None,
    sources: Sources | None = None,
    periods_per_year: float | None = None,
) -> None:
    """Write the report of a backtest to a file, in place of what it held; the arguments are those of `from_result`.

    Raises:
        OSError: The file cannot be written.
        ValueError: The run kept no curves of its sleeves, or started with no money.
    """
    data = from_result(
        result, title=title, rules=rules, prices=prices, sources=sources, periods_per_year=periods_per_year
    )
    write(data, path)


def from_result(
    result: BacktestResult,
    *,
    title: str = "Backtest",
    rules: TradingRules | None = None,
    prices: PriceLog | None = None,
    sources: Sources | None = None,
    periods_per_year: float | None = None,
) -> ReportData:
    """Put a report together from what a backtest came to; also from one that a strategy ended early.

    Args:
        result: of the run.
        title: its first line.
        rules: by which orders were filled, and the currency: ``broker.rules``.
        prices: watched the source; without it no prices are shown.
        sources: instrument, or instrument and period -> where its candles came from, in a word.
        periods_per_year: as for `tradedesk.metrics.measure`.

    Raises:
        ValueError: The run kept no curves of its sleeves, or started with no money.
    """
    by_sleeve = measure_sleeves(result, periods_per_year=periods_per_year)
    budgets = [each.budget for each in result.allocations if each.budget is not None]
    return ReportData(
        title=title,
        close_times=result.close_times,
        start=result.start,
        equity=result.equity,
        currency="" if rules is None else rules.currency,
        budget=max(budgets, default=None),
        sleeves=tuple(
            SleeveData(
                name=sleeve,
                instrument=book.instrument,
                profit=result.profit_of(sleeve),
                allocation=result.allocation_of(sleeve),
                active=result.active_of(sleeve),
                metrics=by_sleeve[sleeve],
            )
            for sleeve, book in result.sleeves.items()
        ),
        prices=() if prices is None or not result.close_times else prices.prices(result.close_times[0]),
        trades=closed_trades(result.round_trips),
        metrics=measure_run(result, periods_per_year=periods_per_year),
        fill_rules=(
            *(() if rules is None else fill_rules(rules)),
            *_warm_up(result),
        ),
        ranges=tuple(_range(each, dict((sources or {}).items())) for each in result.coverage),
        faults=tuple(map(_fault, result.faults)),
        refused=tuple(map(_refused, result.refused)),
        halts=tuple(map(_halted, result.halts)),
        ended="" if result.error is None else _said(result.error),
        run_hash=result.run_hash,
    )


def order_words(order: Order) -> str:
    """Say what an order asks for: buy 10 at market, sell 5 limit 1.2."""
    prices = [f"{name} {price:g}" for name in ("limit", "stop") if (price := getattr(order, name)) is not None]
    bracket = [
        f"{name.replace('_', ' ')} {price:g}"
        for name in ("stop_loss", "take_profit")
        if (price := getattr(order, name)) is not None
    ]
    return ", ".join([f"{order.side} {order.size:g} {' '.join(prices) or 'at market'}", *bracket])


def _refused(order: Refusal) -> RefusedOrder:
    return RefusedOrder(
        time=order.close_time,
        sleeve=order.sleeve,
        instrument=order.instrument,
        order=order_words(order.order),
        reason=order.reason,
    )


def _fault(fault: Failed) -> Fault:
    # The outcome may name the error again, which stands beside it here.
    done = fault.outcome.removesuffix(f": {fault.error!r}")
    return Fault(time=fault.close_time, sleeve=fault.sleeve, what=_said(fault.error), outcome=done)


def _halted(span: HaltSpan) -> str:
    until = "on" if span.until is None else f"to {moment(span.until)}"
    return f"Halted from {moment(span.since)} {until}: {span.reason}"


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _warm_up(result: BacktestResult) -> tuple[str, ...]:
    warmed = result.warm_up
    if not warmed.slices or warmed.until is None:
        return ()
    sentence = (
        f"The first {count(warmed.slices, 'slice')}, to {moment(warmed.until)}, warmed the strategies up: no order was "
        "taken, and nothing is measured"
    )
    refused = f"; {count(warmed.refused, 'order')} were refused for it" if warmed.refused else ""
    return (f"{sentence}{refused}.",)


def _range(of: Coverage, sources: Mapping[object, str]) -> DataRange:
    remarks = [
        f"{count(of.missing, 'close')} missing" if of.missing else "",
        f"begins {count(of.late, 'close')} after the first" if of.late else "",
        f"ends {count(of.early, 'close')} before the last" if of.early else "",
    ]
    return DataRange(
        instrument=of.instrument,
        period=of.period,
        first=of.first,
        last=of.last,
        candles=of.bars,
        source=sources.get((of.instrument, of.period)) or sources.get(of.instrument, ""),
        remark=", ".join(filter(None, remarks)),
    )
