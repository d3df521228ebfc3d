"""Candles as values, and what brings them in: CSV files, and the merge of many sources into slices.

_candle   _event         the values: Candle, CandleCloseEvent, Slice
_time  _period  _grid    text into nanoseconds; periods and their closes; where candles begin and end
_request                 what a reader is asked for
_csv      _rows          rows into slices  (_text opens, _header finds columns, _row_faults explains)
columns                  Parquet, and CSV by columns, through polars
_aggregate   _ticks      longer candles from shorter ones, candles from ticks
_compare                 longer candles beside what the shorter ones add up to
quality                  what may be wrong with a file, all of it at once
_merge                   many sources into one stream of slices
_errors                  what can be wrong, as a tree
"""

from tradedesk.marketdata._aggregate import IncompleteCandle, aggregate
from tradedesk.marketdata._candle import Candle
from tradedesk.marketdata._compare import ResamplingFault, resampling_faults
from tradedesk.marketdata._csv import read_csv
from tradedesk.marketdata._errors import (
    AggregationError,
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
    TickError,
    TimestampError,
    UnreadableFileError,
)
from tradedesk.marketdata._event import CandleCloseEvent, Instrument, Slice
from tradedesk.marketdata._merge import merge
from tradedesk.marketdata._period import period_close, period_name, period_seconds
from tradedesk.marketdata._ticks import Quote, Trade, candles_from_ticks
from tradedesk.marketdata._time import format_timestamp, parse_timestamp

__all__ = [
    # values
    "Candle",
    "CandleCloseEvent",
    "Instrument",
    "Slice",
    "Trade",
    "Quote",
    # reading and merging
    "read_csv",
    "merge",
    # building longer candles
    "aggregate",
    "candles_from_ticks",
    "IncompleteCandle",
    "resampling_faults",
    "ResamplingFault",
    # time
    "format_timestamp",
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
    "AggregationError",
    "TickError",
    "MergeError",
    "SourceOrderError",
    "DuplicateCandleError",
]
