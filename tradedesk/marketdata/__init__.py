"""Candles as values, and what brings them in: CSV files, and the merge of many sources into slices.

_candle   _event         the values: Candle, CandleCloseEvent, Slice
_time     _period        text into nanoseconds; periods and their closes
_csv                     rows into slices  (_text opens, _header finds columns, _csv_faults explains)
_merge                   many sources into one stream of slices
_errors                  what can be wrong, as a tree
"""

from tradedesk.marketdata._candle import Candle
from tradedesk.marketdata._csv import read_csv
from tradedesk.marketdata._errors import (
    CandleError,
    DamagedFileError,
    DuplicateCandleError,
    EmptyFileError,
    FileError,
    HeaderError,
    MarketDataError,
    MergeError,
    PeriodError,
    RowError,
    RowOrderError,
    SourceOrderError,
    TimestampError,
    UnreadableFileError,
)
from tradedesk.marketdata._event import CandleCloseEvent, Instrument, Slice
from tradedesk.marketdata._merge import merge
from tradedesk.marketdata._period import period_close, period_name, period_seconds
from tradedesk.marketdata._time import parse_timestamp

__all__ = [
    # values
    "Candle",
    "CandleCloseEvent",
    "Instrument",
    "Slice",
    # reading and merging
    "read_csv",
    "merge",
    # time
    "parse_timestamp",
    "period_close",
    "period_name",
    "period_seconds",
    # errors
    "MarketDataError",
    "CandleError",
    "TimestampError",
    "PeriodError",
    "FileError",
    "UnreadableFileError",
    "EmptyFileError",
    "DamagedFileError",
    "HeaderError",
    "RowError",
    "RowOrderError",
    "MergeError",
    "SourceOrderError",
    "DuplicateCandleError",
]
