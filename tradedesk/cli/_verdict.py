"""What a backtest came to, on the terminal (rich), and its files."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from tradedesk.cli._guard import RunError
from tradedesk.cli._mistakes import UsageError
from tradedesk.cli._screen import digits_of, put, shown
from tradedesk.cli._summary import summary_table
from tradedesk.cli._trade import Traded
from tradedesk.execution import TradingRules
from tradedesk.metrics import Metrics, measure_run, measure_sleeves, rows
from tradedesk.portfolio import Instrument
from tradedesk.report import Sources, write_report

_NAMES: Final = frozenset({"Sharpe", "Sortino"})
_KEY_FIGURES: Final = (
    "Start",
    "End",
    "Total return",
    "Annual return",
    "Volatility",
    "Max drawdown",
    "Sharpe",
    "Sortino",
    "Win rate",
    "Profit factor",
)


def show_verdict(
    title: str, traded: Traded, rules: TradingRules, *, periods_per_year: float | None, all_figures: bool
) -> None:
    """Print what the sleeves did, and what the account came to."""
    result = traded.result
    metrics = measure_run(result, periods_per_year=periods_per_year)
    by_sleeve = measure_sleeves(result, periods_per_year=periods_per_year)
    head = Text(title, style="bold")
    if traded.error is not None:
        head.append(f"\nended early: what follows is what was done in the first {len(result.close_times):,} slices")
    put(head, _sleeves(traded, by_sleeve), _account(traded, metrics, rules.currency))
    if all_figures:
        put(summary_table(metrics, currency=rules.currency))


def _sleeves(traded: Traded, by_sleeve: Mapping[Instrument, Metrics]) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("sleeve")
    for title in ("candles", "active", "mean allocation", "largest", "trades", "profit", "max drawdown"):
        table.add_column(title, justify="right")
    digits = digits_of(traded.figures.budget)
    for each in traded.figures.sleeves:
        book, metrics = traded.result.sleeves[Instrument(each.sleeve)], by_sleeve[Instrument(each.sleeve)]
        # A name is no markup, whatever brackets it holds.
        table.add_row(
            Text(each.sleeve),
            f"{each.candles:,}",
            shown(each.share_active, ".1%"),
            shown(each.mean_allocation, f",.{digits}f"),
            shown(each.largest_allocation, f",.{digits}f"),
            f"{metrics.trade.trades:,}",
            _signed(f"{book.profit:,.2f}"),
            _signed(f"{metrics.max_drawdown:.1%}"),
        )
    return table


def _account(traded: Traded, metrics: Metrics, currency: str) -> Table:
    """Put the account's figures beside the portfolio's."""
    texts = {row.label: row.text for row in rows(metrics, currency=currency)}
    left = [(label if label in _NAMES else label.lower(), texts[label]) for label in _KEY_FIGURES]
    right = list(_portfolio(traded))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    for justify in ("left", "right", "left", "right"):
        table.add_column(justify=justify)
    for at in range(max(len(left), len(right))):
        table.add_row(*_pair(left, at), *_pair(right, at))
    return table


def _signed(number: str) -> str:
    """Give a written number a true minus, as the other figures have; what rounds to 0 has no sign."""
    return number.replace("-", "−") if number.strip("-0.,%") else number.removeprefix("-")


def _pair(pairs: list[tuple[str, str]], at: int) -> tuple[Text, Text]:
    label, value = pairs[at] if at < len(pairs) else ("", "")
    return Text(label), Text(value)


def _portfolio(traded: Traded) -> Iterator[tuple[str, str]]:
    figures, result = traded.figures, traded.result
    digits = digits_of(figures.budget)
    use = result.utilisation()
    yield "budget", shown(figures.budget, f",.{digits}f")
    yield "largest total held", f"{figures.largest_total:,.{digits}f}"
    yield "mean use of the budget", shown(sum(use) / len(use) if use else None, ".1%")
    yield "mean active sleeves", shown(sum(result.active_count()) / len(use) if use else None, ".2f")
    yield "slices", f"{len(result.close_times):,}"
    yield "candles", f"{figures.candles:,}"
    yield "fills", f"{len(result.fills):,}"
    yield "trades", f"{len(result.round_trips):,}"
    yield "refused orders", f"{len(result.refused):,}"
    yield "faults", f"{len(result.faults):,}"


def check_target(option: str, path: Path) -> None:
    """Refuse, before anything is run, a file that could not be written.

    Raises:
        UsageError: It is a folder, or its folder is not there.
    """
    if path.is_dir():
        raise UsageError(f"{option} {path} is a folder; name a file in it")
    if not path.absolute().parent.is_dir():
        raise UsageError(f"{option} {path} cannot be written: there is no folder {path.absolute().parent}")


def check_folder(option: str, path: Path) -> None:
    """Refuse, before anything is run, a folder that could not be made.

    Raises:
        UsageError: There is a file of that name, or in its way.
    """
    for each in (path, *path.parents):
        if each.exists() and not each.is_dir():
            raise UsageError(f"{option} {path} must be a folder, and {each} is a file")


def save_report(
    path: Path,
    title: str,
    traded: Traded,
    rules: TradingRules,
    *,
    sources: Sources,
    periods_per_year: float | None,
) -> str:
    """Write the report, and give the sentence that says so.

    Raises:
        RunError: It cannot be written.
    """
    replaced = " in place of the one that was there" if path.exists() else ""
    try:
        write_report(
            traded.result,
            path,
            title=title,
            rules=rules,
            prices=traded.prices,
            sources=sources,
            periods_per_year=periods_per_year,
        )
    except OSError as error:
        raise RunError(f"the report {path} cannot be written: {error.strerror}") from error
    return f"The report is {path}{replaced}; open it in a browser."


def save_tables(folder: Path, traded: Traded) -> str:
    """Write the tables as CSV files, and give the sentence that says so.

    Raises:
        RunError: They cannot be written.
    """
    replaced = folder.is_dir() and any(folder.glob("*.csv"))
    try:
        files = traded.result.to_csv(folder)
    except OSError as error:
        raise RunError(f"the tables in {folder} cannot be written: {error.strerror}") from error
    names = ", ".join(file.name for file in files)
    return f"The tables are in {folder}{' in place of those that were there' if replaced else ''}: {names}."
