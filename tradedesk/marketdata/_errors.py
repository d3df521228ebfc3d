"""What can be wrong with market data.

    MarketDataError (a ValueError)
    ├── CandleError              numbers that are no candle: field, value, rule, timestamp
    ├── TimestampError           text that is no moment: text, rule
    ├── PeriodError              text that is no period, or a period without a close: period, rule
    ├── FileError                file, rule
    │   ├── UnreadableFileError  missing, a directory, no permission, a disk error, an extra not installed
    │   ├── EmptyFileError       no header, or no candle below it
    │   ├── DamagedFileError     not UTF-8 text, NUL bytes, a gzip or Parquet file that is cut short or corrupt
    │   ├── HeaderError          columns missing, unnamed, named twice or of a type that is no number
    │   └── RowError             one row: line, column, value
    │       └── RowOrderError    time that goes back or repeats
    ├── AggregationError         candles that do not add up to longer ones: instrument, period, rule
    ├── TickError                a tick that is none, or comes too early: tick, rule
    └── MergeError
        ├── SourceOrderError     a source whose time goes back or repeats
        └── DuplicateCandleError two candles of one instrument and period at one instant

`rule` is the sentence that says what is wrong and what to do about it. The fields of an error are its `args`
as well, so that it survives pickling.
"""

from attrs import define


class MarketDataError(ValueError):
    """Market data, or a request for it, breaks a rule."""


@define(slots=False)
class CandleError(MarketDataError):
    """Numbers that do not make a candle."""

    field: str
    value: object
    rule: str
    timestamp: str

    def __str__(self) -> str:
        return f"candle {self.timestamp!r}: {self.field} {self.value!r} {self.rule}"


@define(slots=False)
class TimestampError(MarketDataError):
    """Text that does not name a moment."""

    text: str
    rule: str

    def __str__(self) -> str:
        return f"timestamp {self.text!r} {self.rule}"


@define(slots=False)
class PeriodError(MarketDataError):
    """Text that does not name a period, or a period that cannot close."""

    period: str
    rule: str

    def __str__(self) -> str:
        return f"period {self.period!r} {self.rule}"


@define(slots=False)
class FileError(MarketDataError):
    """A file that cannot be read as candles."""

    file: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}: {self.rule}"


class UnreadableFileError(FileError):
    """The operating system refuses to open or read the file, or what reads its format is not installed."""


class EmptyFileError(FileError):
    """The file has no header, or no candle below it."""


class DamagedFileError(FileError):
    """The bytes are not the text, or not the gzip stream, that the file should hold."""


class HeaderError(FileError):
    """The header lacks a column, names one twice, or a column's type does not fit."""


@define(slots=False)
class RowError(FileError):
    """One row is wrong.

    `line` counts from 1 and includes the header; where `counted` is "row" (Parquet), it counts the rows alone.
    """

    line: int
    column: str | None
    value: str | None
    counted: str = "line"

    def __str__(self) -> str:
        place = f"{self.file}, {self.counted} {self.line}"
        if self.column is not None:
            place += f", column {self.column!r}"
        return f"{place}: {self.rule}" if self.value is None else f"{place}: {self.value!r} {self.rule}"


class RowOrderError(RowError):
    """A row's time is not after the time of the row before."""


@define(slots=False)
class AggregationError(MarketDataError):
    """Candles that cannot be put together to longer ones; `period` is that of the longer ones."""

    instrument: str
    period: str
    rule: str

    def __str__(self) -> str:
        return f"{self.instrument} {self.period}: {self.rule}"


@define(slots=False)
class TickError(MarketDataError):
    """A tick that no candle can be built from; `tick` counts from 1."""

    tick: int
    rule: str

    def __str__(self) -> str:
        return f"tick {self.tick}: {self.rule}"


class MergeError(MarketDataError):
    """The sources cannot be merged."""


@define(slots=False)
class SourceOrderError(MergeError):
    """A source's time goes back or repeats.

    Times are nanoseconds since the Unix epoch, UTC; `source` is the place among the arguments, from 0.
    """

    source: int
    instruments: tuple[str, ...]
    previous: int
    current: int

    def __str__(self) -> str:
        what = "repeats" if self.current == self.previous else "goes back"
        whose = f" ({', '.join(self.instruments)})" if self.instruments else ""
        return (
            f"source {self.source}{whose}: time {what}, {self.current} comes after {self.previous}; "
            "every slice of a source must close later than the one before"
        )


@define(slots=False)
class DuplicateCandleError(MergeError):
    """Two candles of one instrument and period close at one instant.

    `close_time` counts nanoseconds since the Unix epoch; None where the caller gave no time.
    """

    instrument: str
    period: str
    close_time: int | None

    def __str__(self) -> str:
        when = "one instant" if self.close_time is None else self.close_time
        return (
            f"two candles of {self.instrument} {self.period} close at {when}; "
            "give each instrument and period one source"
        )
