"""What `tradedesk data check` says about files of candles (rich)."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from tradedesk.cli._guard import FAILED, MISTAKEN
from tradedesk.marketdata.quality import KINDS, Example, FileQuality, Finding, check_file

_WIDTH_OF_A_FILE: Final = 200
"""Columns where there is no terminal: nothing is cut or wrapped."""


def check_data(files: Sequence[Path], period: str | None) -> int:
    """Check one file after the other, print what each came to and give the exit code: the worst of them."""
    if not files:
        print("tradedesk: name the files to check", file=sys.stderr)  # noqa: T201 - the command's own output
        return MISTAKEN
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _WIDTH_OF_A_FILE
    codes = []
    for path in files:
        quality = check_file(path, period=period)
        console.print(shown(quality))
        console.print()
        codes.append(exit_code(quality))
    console.print(_total(codes))
    return max(codes)


def exit_code(quality: FileQuality) -> int:
    """Give 0 for a clean file, 1 for one with findings, 2 for one that cannot be read to its end."""
    if quality.unreadable is not None:
        return MISTAKEN
    return 0 if quality.clean else FAILED


def shown(quality: FileQuality) -> RenderableType:
    """Make headline, what was inferred, and a table with a row for each kind of finding."""
    # A file's name is no markup, whatever brackets it holds.
    parts: list[RenderableType] = [Text(_headline(quality), style="bold"), *map(Text, quality.inferred)]
    if quality.unreadable is not None:
        parts.append(Text(f"Cannot be read{' on' if quality.rows else ''}: {quality.unreadable}", style="red"))
    if quality.findings:
        parts += [Text(), _table(quality.findings, quality.counted)]
    elif quality.unreadable is None:
        parts.append(Text("Nothing was found."))
    return Group(*parts)


def _headline(quality: FileQuality) -> str:
    if not quality.rows:
        return quality.file
    span = "" if quality.first is None else f", {quality.first} to {quality.last}"
    return f"{quality.file}: {quality.rows:,} row{'s' if quality.rows > 1 else ''}{span}"


def _table(findings: Sequence[Finding], counted: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("finding", no_wrap=True)
    table.add_column("count", justify="right", no_wrap=True)
    table.add_column("first of them")
    for finding in findings:
        kind = KINDS[finding.kind]
        title = f"{kind.title} (notice)" if kind.notice else kind.title
        places = "\n".join(_place(example, counted) for example in finding.examples)
        table.add_row(title, f"{finding.count:,}", Text(places))
    return table


def _place(example: Example, counted: str) -> str:
    where = [] if example.line is None else [f"{counted} {example.line:,}"]
    where += [example.timestamp] if example.timestamp else []
    return f"{', '.join(where)}: {example.detail}"


def _total(codes: Sequence[int]) -> str:
    clean, unreadable = codes.count(0), codes.count(MISTAKEN)
    parts = [f"{clean:,} clean", f"{codes.count(FAILED):,} with findings", f"{unreadable:,} unreadable"]
    return f"{len(codes):,} file{'s' if len(codes) > 1 else ''}: {', '.join(parts)}."
