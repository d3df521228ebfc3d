"""A row at a time: what it holds, whether time goes on, and what the rows together show."""

from collections.abc import Mapping, Sequence

from tradedesk.marketdata._period import period_seconds
from tradedesk.marketdata._row_faults import no_number
from tradedesk.marketdata._time import parse_timestamp
from tradedesk.marketdata.quality._clock import Clock
from tradedesk.marketdata.quality._prices import PriceChecks, Prices
from tradedesk.marketdata.quality._values import FileQuality, Findings


class Checker:
    """Takes the rows of a file and never refuses one; `quality` says what they came to.

    `columns` gives the places of the fields in a row of `width` texts; without `period` it is inferred.

    Raises:
        PeriodError: `period` is no period.
    """

    def __init__(
        self, file: str, columns: Mapping[str, int], width: int, *, period: str | None = None, counted: str = "line"
    ) -> None:
        if period is not None:
            period_seconds(period)
        self._file, self._columns, self._width, self._counted = file, columns, width, counted
        self._findings = Findings()
        self._clock = Clock(self._findings, period)
        self._prices = PriceChecks(self._findings)
        self._rows = 0
        self._first: str | None = None
        self._last: str | None = None
        self._before: tuple[int, Sequence[str]] | None = None
        self._latest: int | None = None
        self._overtaken = 0

    def take(self, row: Sequence[str], line: int) -> None:
        """Judge a row of texts; an empty one is a blank line."""
        if not row:
            return
        self._rows += 1
        if len(row) != self._width:
            self._findings.add("row", line, "", f"{len(row)} fields instead of {self._width}")
            return
        text = row[self._columns["timestamp"]]
        numbers = self._numbers(row, line, text)
        if self._time_goes_on(row, line, text) and numbers is not None:
            self._judge(numbers, line, text)

    def quality(self, unreadable: str | None = None) -> FileQuality:
        """Give what the rows came to; `unreadable` says why there were no more. Nothing can be taken after it."""
        self._clock.ended()
        self._prices.ended()
        return FileQuality(
            file=self._file,
            rows=self._rows,
            first=self._first,
            last=self._last,
            period=self._clock.period,
            inferred=(*self._clock.inferred, *self._left_out()),
            findings=self._findings.all(),
            unreadable=unreadable,
            counted=self._counted,
        )

    def _left_out(self) -> tuple[str, ...]:
        if not self._overtaken:
            return ()
        plural = "s" if self._overtaken > 1 else ""
        return (f"{self._overtaken:,} row{plural} between earlier times and later ones did not count for gaps.",)

    def _numbers(self, row: Sequence[str], line: int, text: str) -> dict[str, float] | None:
        numbers: dict[str, float] = {}
        for name, place in self._columns.items():
            if name == "timestamp":
                continue
            cell = row[place]
            rule = no_number(cell, whole=name == "tick_count")
            number = float(cell) if rule is None else float("nan")
            if abs(number) < float("inf"):
                numbers[name] = number
            else:
                self._findings.add("number", line, text, f"{name} {cell!r}")
        return numbers if len(numbers) == len(self._columns) - 1 else None

    def _time_goes_on(self, row: Sequence[str], line: int, text: str) -> bool:
        try:
            time = parse_timestamp(text)
        except ValueError:
            self._findings.add("timestamp", line, text, "cannot be read")
            return False
        before, self._before = self._before, (time, row)
        if self._first is None:
            self._first = text
        if before is not None and time <= before[0]:
            if time == before[0]:
                self._findings.add("repeated", line, text, "the same row" if row == before[1] else "with other values")
            else:
                self._findings.add("back", line, text, f"after {before[1][self._columns['timestamp']]}")
            return False
        if self._latest is not None and time <= self._latest:
            self._overtaken += 1  # on the way back up from a step back that was counted
            return True
        self._latest, self._last = time, text
        self._clock.take(time, line)
        return True

    def _judge(self, numbers: Mapping[str, float], line: int, text: str) -> None:
        prices: Prices = (numbers["open"], numbers["high"], numbers["low"], numbers["close"])
        opened, high, low, close = prices
        for name in ("volume", "tick_count"):
            if numbers.get(name, 0.0) < 0:
                self._findings.add("negative", line, text, f"{name} {numbers[name]!r}")
        if not (low <= opened <= high and low <= close <= high):
            self._findings.add("crossed", line, text, f"open {opened!r}, high {high!r}, low {low!r}, close {close!r}")
        elif low <= 0:
            self._findings.add("price", line, text, f"low {low!r}")
        else:
            self._prices.take(prices, line, text)
