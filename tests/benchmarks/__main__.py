"""Print all tables: python -m tests.benchmarks [--quick]."""

import argparse

from tests.benchmarks.actors import __main__ as actors
from tests.benchmarks.execution import __main__ as execution
from tests.benchmarks.indicators import __main__ as indicators
from tests.benchmarks.marketdata import __main__ as marketdata
from tests.benchmarks.portfolio import __main__ as portfolio
from tests.benchmarks.tables import heading


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    size, rounds = (2_000, 1) if parser.parse_args().quick else (100_000, 5)
    heading(rounds)
    actors.tables(size, rounds)
    portfolio.tables(size, rounds, peer=None)
    portfolio.promises(size, rounds)
    portfolio.many(size, rounds)
    indicators.tables(size, rounds)
    execution.tables(size, rounds)
    marketdata.tables(size, rounds)


if __name__ == "__main__":
    main()
