"""What a candle costs an indicator: python -m tests.benchmarks.indicators [--quick]."""

import argparse

from tests.benchmarks.indicators import costs
from tests.benchmarks.tables import heading, table


def tables(size: int, rounds: int) -> None:
    table(f"a number, windows of {costs.WINDOW}", "talib.stream.SMA", costs.of_numbers(size), rounds)
    table("a candle", "talib.stream.ATR", costs.of_candles(size), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.indicators", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    size, rounds = (2_000, 1) if parser.parse_args().quick else (100_000, 5)
    heading(rounds)
    tables(size, rounds)


if __name__ == "__main__":
    main()
