"""Candle files read by columns, through polars (extra `data`): Parquet, and CSV faster than a row at a time.

_reading     the readers, and the sentence where polars is missing
_parquet     Parquet batches; what is odd goes through the rows of the core
_chunks      CSV chunks; what is odd is left to the reader of the core
_batch       columns into slices
_frames      the one module that imports polars

Whatever a file holds, candles and errors are those of `tradedesk.marketdata.read_csv`.
"""

from tradedesk.marketdata.columns._reading import open_rows, read_candles, read_csv, read_parquet

__all__ = ["open_rows", "read_candles", "read_csv", "read_parquet"]
