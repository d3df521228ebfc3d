"""What a candle costs a paper broker: python -m tests.benchmarks.execution [--quick]."""

import argparse

from tests.benchmarks.execution import costs
from tests.benchmarks.tables import heading, table

INSTRUMENTS = (1, 10, 100)


def tables(size: int, rounds: int) -> None:
    for count in INSTRUMENTS:
        table(f"a candle, {count} instruments", "bare loop", costs.of_candles(size, count), rounds)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.execution", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    size, rounds = (2_000, 1) if parser.parse_args().quick else (100_000, 5)
    heading(rounds)
    tables(size, rounds)


if __name__ == "__main__":
    main()
