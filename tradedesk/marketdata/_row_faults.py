"""The bad path of the readers: find out what to say about a row. Nothing here runs for a good file."""

from collections.abc import Iterator
from pathlib import Path

from attrs import frozen

from tradedesk.marketdata._errors import (
    CandleError,
    FileError,
    RowError,
    RowOrderError,
    TimestampError,
)
from tradedesk.marketdata._header import Columns
from tradedesk.marketdata._text import undecodable


@frozen
class TableFile:
    """A file whose header was understood, and the errors that name it."""

    path: Path
    header: list[str]
    columns: Columns
    counted: str = "line"
    """What numbers its rows: the "line" of a text, or the "row" where there are no lines."""

    def bad_row(self, row: list[str], line: int, error: ValueError) -> FileError:
        """Name the column of a row that is no candle; `error` is what reading it raised."""
        if "\0" in "".join(row):
            return undecodable(self.path)
        for field in self.columns:
            text = row[self.columns[field]]
            if field != "timestamp" and (rule := no_number(text, whole=field == "tick_count")):
                return self._in_row(row, line, field, rule)
        if isinstance(error, CandleError):
            return self._in_row(row, line, error.field, error.rule)
        return self._in_row(row, line, "timestamp", error.rule if isinstance(error, TimestampError) else str(error))

    def wrong_width(self, row: list[str], line: int, rest: Iterator[list[str]]) -> FileError:
        """Report a row with fewer or more fields than the header; `rest` are the rows below it."""
        if "\0" in "".join(row):
            return undecodable(self.path)
        rule = f"has {len(row)} fields and the header {len(self.header)}; "
        if len(row) > len(self.header):
            rule += "quote a field that holds a comma, and write decimals with a point"
        elif next(rest, None) is None:
            rule += "it is the last row, so the file was cut short: fetch it again or remove the row"
        else:
            rule += "the row is cut short: complete or remove it"
        return RowError(file=str(self.path), rule=f"the row {rule}", line=line, column=None, value=None)

    def out_of_order(self, timestamp: str, previous: str, line: int, *, repeated: bool) -> RowOrderError:
        """Report a row whose time is not after that of the row before."""
        rule = (
            f"is the time of the row before ({previous!r}) again; keep one of the two"
            if repeated
            else f"is before {previous!r} in the row before: time goes back; sort the file, oldest first"
        )
        column = self.header[self.columns["timestamp"]]
        return RowOrderError(
            file=str(self.path), rule=rule, line=line, column=column, value=timestamp, counted=self.counted
        )

    def _in_row(self, row: list[str], line: int, field: str, rule: str) -> RowError:
        index = self.columns[field]
        return RowError(
            file=str(self.path),
            rule=rule,
            line=line,
            column=self.header[index],
            value=row[index],
            counted=self.counted,
        )


def not_csv(path: Path, line: int, error: Exception) -> RowError:
    """Report what the csv module refuses; a quote that is never closed is the usual reason."""
    rule = f"not CSV ({error}); look for a quote without its pair"
    return RowError(file=str(path), rule=rule, line=line, column=None, value=None)


def no_number(text: str, *, whole: bool) -> str | None:
    """Say what keeps a text from being a number; None if nothing does."""
    try:
        int(text) if whole else float(text)
    except ValueError:
        kind = "whole number" if whole else "number"
        return (
            f"is not a {kind}; write it with digits and a decimal point only"
            if text
            else f"is empty; it must be a {kind}"
        )
    return None
