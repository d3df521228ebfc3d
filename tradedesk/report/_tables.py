"""Tables as HTML: row headers, captions, numbers to the right; on a narrow screen a row becomes a card."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from math import fsum
from typing import Final

from attrs import frozen

from tradedesk.metrics import Metrics, Row, rows
from tradedesk.report._html import count, moment, number, text
from tradedesk.report.types import ReportData, SleeveData

MOST_ROWS: Final = 500
"""More rows of a kind are counted and not listed: a page with a hundred thousand refusals helps nobody."""

_NONE: Final = "–"


@frozen
class Column:
    """A column: its head, and whether it holds numbers."""

    head: str
    numeric: bool = False


def table(caption: str, columns: Sequence[Column], lines: Sequence[Sequence[str]], note: str = "") -> str:
    """Write a table of plain text; the first cell of a line is its head, and `note` stands below the caption."""
    heads = "".join(f'<th scope="col"{_number(column)}>{text(column.head)}</th>' for column in columns)
    body = "\n".join(_line(columns, line) for line in lines[:MOST_ROWS])
    below = f'<span class="meaning">{text(note)}</span>' if note else ""
    cut = ""
    if len(lines) > MOST_ROWS:
        cut = f'<p class="note">The first {MOST_ROWS:,} of {len(lines):,} are listed.</p>'
    return (
        f'<table class="cards" role="table"><caption>{text(caption)}{below}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">\n{body}\n</tbody></table>{cut}'
    )


def _line(columns: Sequence[Column], line: Sequence[str]) -> str:
    head = f'<th scope="row" role="rowheader">{text(line[0])}</th>'
    cells = (
        f'<td role="cell" data-label="{text(column.head)}"{_number(column)}>{text(cell)}</td>'
        for column, cell in zip(columns[1:], line[1:], strict=True)
    )
    return f'<tr role="row">{head}{"".join(cells)}</tr>'


def _number(column: Column) -> str:
    return ' class="number"' if column.numeric else ""


def figures(metrics: Metrics, currency: str) -> str:
    """Write the figures of the whole portfolio, a table for each group."""
    groups = groupby(rows(metrics, currency=currency), key=lambda row: row.group)
    return "\n".join(_group(name, list(members)) for name, members in groups)


def _group(name: str, members: Iterable[Row]) -> str:
    lines = "\n".join(
        f'<tr><th scope="row">{text(row.label)}<span class="meaning">{text(row.note)}</span></th>'
        f'<td class="number">{text(row.text)}</td></tr>'
        for row in members
    )
    return f'<table class="figures"><caption>{text(name)}</caption><tbody>\n{lines}\n</tbody></table>'


_SLEEVE_COLUMNS: Final = (
    Column("Sleeve"),
    Column("Instrument"),
    Column("Profit and loss", numeric=True),
    Column("Sharpe", numeric=True),
    Column("Max drawdown", numeric=True),
    Column("Trades", numeric=True),
    Column("Win rate", numeric=True),
    Column("Profit factor", numeric=True),
    Column("Expectancy", numeric=True),
    Column("Active", numeric=True),
    Column("Mean allocation", numeric=True),
)


def sleeves(data: ReportData) -> str:
    """Write a line for each sleeve."""
    unit = f" in {data.currency}" if data.currency else ""
    note = f"Profit, loss and expectancy{unit}; ratios and drawdown on the equity of the whole portfolio."
    return table("Each sleeve", _SLEEVE_COLUMNS, [_sleeve(sleeve) for sleeve in data.sleeves], note)


def _sleeve(sleeve: SleeveData) -> list[str]:
    closes = len(sleeve.profit)
    found = {row.label: row.text for row in rows(sleeve.metrics)} if sleeve.metrics else {}
    labels = ("Sharpe", "Max drawdown", "Trades", "Win rate", "Profit factor", "Expectancy")
    return [
        sleeve.name,
        sleeve.instrument,
        number(sleeve.profit[-1]) if closes else _NONE,
        *(found.get(label, _NONE) for label in labels),
        f"{number(sum(map(bool, sleeve.active)) / closes * 100, 1)} %" if closes else _NONE,
        number(fsum(sleeve.allocation) / closes) if closes else _NONE,
    ]


def faults(data: ReportData) -> str:
    """Write a line for each fault."""
    columns = (Column("Time (UTC)"), Column("Sleeve"), Column("What happened"), Column("What was done"))
    lines = [[moment(each.time), each.sleeve, each.what, each.outcome] for each in data.faults]
    return table(count(len(lines), "fault"), columns, lines)


def refused(data: ReportData) -> str:
    """Write a line for each refused order."""
    columns = (Column("Time (UTC)"), Column("Sleeve"), Column("Instrument"), Column("Order"), Column("Why"))
    lines = [[moment(each.time), each.sleeve, each.instrument, each.order, each.reason] for each in data.refused]
    return table(count(len(lines), "refused order"), columns, lines)


def ranges(data: ReportData) -> str:
    """Write a line for each instrument and period that was read."""
    columns = (
        Column("Instrument"),
        Column("Period"),
        Column("First close (UTC)"),
        Column("Last close (UTC)"),
        Column("Candles", numeric=True),
        Column("Source"),
        Column("Remarks"),
    )
    lines = [
        [
            each.instrument,
            each.period,
            moment(each.first),
            moment(each.last),
            f"{each.candles:,}",
            each.source or _NONE,
            each.remark or _NONE,
        ]
        for each in data.ranges
    ]
    return table("Candles that were read", columns, lines)
