"""The figures of a run as a table for the terminal (rich)."""

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from tradedesk.metrics import Metrics, rows


def summary_table(metrics: Metrics, *, currency: str = "") -> Table:
    """Make a table of all figures: label, value, what it means; `currency` follows amounts of money."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("figure")
    table.add_column("value", justify="right")
    table.add_column("meaning", style="dim")
    figures = rows(metrics, currency=currency)
    for at, row in enumerate(figures):
        last_of_group = at + 1 == len(figures) or figures[at + 1].group != row.group
        # A currency is no markup, whatever brackets it holds.
        table.add_row(row.label, Text(row.text), row.note, end_section=last_of_group)
    return table
