"""What a candle costs to read: python -m tests.benchmarks.marketdata [--quick] [--memory]."""

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.marketdata import costs
from tests.benchmarks.tables import heading, table


def tables(size: int, rounds: int) -> None:
    with TemporaryDirectory() as folder:
        measured = costs.of_reading(costs.write_files(Path(folder), size), size)
        table("a candle out of a file", "read_csv, the core", measured, rounds)


def memory(rows: int) -> None:
    """Say at which size a process of its own peaks that reads a long Parquet file."""
    with TemporaryDirectory() as folder:
        for count in (1_000, rows):
            path = Path(folder) / f"{count}.parquet"
            costs.write_long(path, count)
            command = [sys.executable, "-c", costs.PEAK, str(path)]
            peak = int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
            print(f"  {count:>9,} candles read from Parquet, one at a time: the process peaks at {peak / 1024:,.0f} MB")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.marketdata", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    parser.add_argument("--memory", action="store_true", help="and the memory that 2,000,000 candles take")
    arguments = parser.parse_args()
    size, rounds = (2_000, 1) if arguments.quick else (100_000, 5)
    heading(rounds)
    tables(size, rounds)
    if arguments.memory:
        memory(2_000_000)


if __name__ == "__main__":
    main()
