"""The figures of a run as a table for the terminal."""

import io

from rich.console import Console

from tradedesk.cli._summary import summary_table
from tradedesk.metrics import EquityCurve, measure, rows

DAY = 86_400 * 1_000_000_000


def shown(currency: str = "") -> list[str]:
    metrics = measure(EquityCurve(start=100.0, close_times=[DAY, 2 * DAY], equity=[110.0, 99.0]))
    stream = io.StringIO()
    Console(file=stream, width=120).print(summary_table(metrics, currency=currency))
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def test_each_figure_has_a_line_with_its_meaning():
    lines = shown("USD")
    for row in rows(
        measure(EquityCurve(start=100.0, close_times=[DAY, 2 * DAY], equity=[110.0, 99.0])), currency="USD"
    ):
        assert any(line.split(row.label)[-1].split() == [*row.text.split(), *row.note.split()] for line in lines), row


def test_brackets_in_a_currency_are_no_markup():
    assert any("110.00 [red]" in line or "100.00 [red]" in line for line in shown("[red]"))
