"""What a candle costs on its way out of a file, into a longer candle, and through the check of its file."""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import polars as pl

from tests.benchmarks.measure import Measurement, Stopwatch
from tradedesk.marketdata import aggregate, columns, format_timestamp, read_csv
from tradedesk.marketdata.quality import check_file

READ = {"instrument": "MADE", "period": "MINUTE"}


def write_files(folder: Path, rows: int) -> dict[str, Path]:
    """One series of minutes as CSV, as Parquet with texts for times, and as Parquet with date-times."""
    places = range(rows)
    price = [100 + place * 7919 % 1000 / 100 for place in places]
    table = pl.DataFrame(
        {
            "timestamp": [format_timestamp(1_577_836_800 * 10**9 + place * 60 * 10**9) for place in places],
            "open": price,
            "high": [one + 0.5 for one in price],
            "low": [one - 0.5 for one in price],
            "close": [one + 0.25 for one in price],
            "volume": [float(place % 1000) for place in places],
        }
    )
    paths = {name: folder / name for name in ("a.csv", "texts.parquet", "times.parquet")}
    table.write_csv(paths["a.csv"])
    table.write_parquet(paths["texts.parquet"])
    times = pl.col("timestamp").str.to_datetime(time_zone="UTC")
    table.with_columns(times).write_parquet(paths["times.parquet"])
    return paths


PEAK = """
import resource, sys
from collections import deque
from tradedesk.marketdata import columns
deque(columns.read_parquet(sys.argv[1], instrument="MADE", period="SECOND"), maxlen=0)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_long(path: Path, rows: int) -> None:
    """Write a series of seconds without making Python objects of it."""
    times = pl.int_range(1_577_836_800, 1_577_836_800 + rows, eager=True) * 1_000
    flat = {name: pl.lit(1.5) for name in ("open", "high", "low", "close", "volume")}
    pl.DataFrame({"timestamp": times.cast(pl.Datetime("ms"))}).with_columns(**flat).write_parquet(path)


def of_reading(paths: dict[str, Path], rows: int) -> dict[str, Measurement]:
    """Microseconds of CPU for each candle, in all threads of the process together."""
    text, texts, times = (paths[name] for name in ("a.csv", "texts.parquet", "times.parquet"))
    sources: dict[str, Callable[[], Iterable[object]]] = {
        "read_csv, the core": lambda: read_csv(text, **READ),
        "columns.read_csv": lambda: columns.read_csv(text, **READ),
        "columns.read_parquet, times as text": lambda: columns.read_parquet(texts, **READ),
        "columns.read_parquet, date-times": lambda: columns.read_parquet(times, **READ),
        "read_csv and aggregate to an hour": lambda: aggregate(read_csv(text, **READ), "HOUR"),
        "check_file, CSV": lambda: [check_file(text, period="MINUTE")],
    }
    return {name: partial(_drained, source, rows) for name, source in sources.items()}


def _drained(source: Callable[[], Iterable[object]], rows: int) -> float:
    with Stopwatch() as watch:
        deque(source(), maxlen=0)
    return watch.micros(rows)
