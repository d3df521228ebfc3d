"""Progress on stderr and figures on stdout (rich)."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import floor, log10
from typing import Final, Protocol

from rich.box import SIMPLE_HEAD
from rich.console import Console, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tradedesk.cli._play import Outcome
from tradedesk.cli._tally import Figures

_WIDTH_OF_A_FILE: Final = 200
"""Columns where there is no terminal: nothing is cut or wrapped."""


class Tell(Protocol):
    """Is told how much is done and, where that is known only now, how much there is."""

    def __call__(self, done: int, total: int | None = None, /) -> None:
        """Show it."""
        ...


@contextmanager
def progress(title: str, count: Callable[[], int | None], noun: str = "candles") -> Iterator[Tell]:
    """Show a bar while the block runs, on a terminal only; the block tells it how much is done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _nobody_looks
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(noun),
        TimeRemainingColumn(),
    )
    # What a strategy prints goes above the bar, unless it goes to a file.
    with Progress(*columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()) as bar:
        task = bar.add_task(title, total=count())

        def tell(done: int, total: int | None = None, /) -> None:
            bar.update(task, completed=done, total=total)

        yield tell


def _nobody_looks(_: int, __: int | None = None, /) -> None:
    """Where there is no terminal there is no bar."""


def show(title: str, outcome: Outcome) -> None:
    """Print the figures: a row for each sleeve, then the portfolio's."""
    digits = digits_of(outcome.figures.budget)
    put(Text(title, style="bold"), _sleeves(outcome.figures, digits), _portfolio(outcome, digits))


def put(*parts: RenderableType) -> None:
    """Print parts on stdout, an empty line behind each; what goes to a file is neither cut nor wrapped."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    for part in parts:
        console.print(part)
        console.print()


def _sleeves(figures: Figures, digits: int) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("sleeve")
    for title in ("candles", "active", "mean allocation", "largest allocation"):
        table.add_column(title, justify="right")
    for each in figures.sleeves:
        # A name is no markup, whatever brackets it holds.
        table.add_row(
            Text(each.sleeve),
            f"{each.candles:,}",
            shown(each.share_active, ".1%"),
            shown(each.mean_allocation, f",.{digits}f"),
            shown(each.largest_allocation, f",.{digits}f"),
        )
    return table


def _portfolio(outcome: Outcome, digits: int) -> Table:
    figures = outcome.figures
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column()
    table.add_column(justify="right")
    table.add_row("largest total held", f"{figures.largest_total:,.{digits}f}")
    table.add_row("budget", shown(figures.budget, f",.{digits}f"))
    table.add_row("slices", f"{figures.slices:,}")
    table.add_row("candles", f"{figures.candles:,}")
    table.add_row("candles per second", f"{figures.candles / outcome.seconds:,.0f}")
    return table


def shown(number: float | None, form: str) -> str:
    """Write a number, or a dash for none."""
    return "-" if number is None else format(number, form)


def digits_of(budget: float | None) -> int:
    """Decimals that leave three figures of a small budget to see."""
    return 2 if not budget or budget >= 1 else 2 - floor(log10(budget))
