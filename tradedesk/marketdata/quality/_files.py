"""A file into a checker, to its end or to where it cannot be read on."""

import os
from pathlib import Path

from tradedesk.marketdata._errors import FileError
from tradedesk.marketdata._period import period_seconds
from tradedesk.marketdata.columns import open_rows
from tradedesk.marketdata.quality._checker import Checker
from tradedesk.marketdata.quality._values import FileQuality


def check_file(path: str | os.PathLike[str], *, period: str | None = None) -> FileQuality:
    """Look through a CSV or Parquet file for everything that may be wrong with its candles.

    The file is read once, a row at a time, and nothing in it raises. `period` is that of its candles; without it,
    the most common step between the first thousand times stands for it. `KINDS` says what is looked for.

    Raises:
        PeriodError: `period` is no period.
    """
    if period is not None:
        period_seconds(period)
    checker: Checker | None = None
    try:
        with open_rows(path) as (file, rows):
            checker = Checker(str(path), file.columns, len(file.header), period=period, counted=file.counted)
            for row in rows:
                checker.take(row, rows.line_num)
    except FileError as error:
        why = str(error)
        return _unread(Path(path), why) if checker is None else checker.quality(why)
    quality = checker.quality()
    return quality if quality.rows else _unread(Path(path), f"{path}: has no candles")


def _unread(path: Path, why: str) -> FileQuality:
    return FileQuality(
        file=str(path), rows=0, first=None, last=None, period=None, inferred=(), findings=(), unreadable=why
    )
