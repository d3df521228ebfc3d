"""CSV into Parquet once, and a portfolio over the Parquet file."""

import tempfile
from pathlib import Path

import polars as pl

from tradedesk.marketdata import merge, read_csv
from tradedesk.marketdata.columns import read_candles

CSV = Path("csv_run/synthetic_eurusd.csv")


def convert(source: Path, target: Path) -> None:
    # Timestamps stay the texts they are; as date-times they would be half the size.
    pl.read_csv(source).write_parquet(target)


with tempfile.TemporaryDirectory() as folder:
    parquet = Path(folder) / "eurusd.parquet"
    convert(CSV, parquet)
    slices = list(merge(read_candles(parquet, instrument="EURUSD", period="4HOUR")))

print(len(slices), "slices, the first:", slices[0].events[0].candle)
assert slices == list(read_csv(CSV, instrument="EURUSD", period="4HOUR"))
print("The CSV file gives the same.")
