"""A backtest beside other engines: python -m tests.benchmarks.backtest [--quick] [--peers] [--large] [--opinion]."""

import argparse
import sys
import tempfile
from pathlib import Path

from tests.benchmarks.backtest import market, opinion
from tests.benchmarks.backtest.rivals import OURS, PEERS, Engine, Pythons, measure, pythons

SIZES = (10, 100, 1_000)
LARGE = (2_000_000, 100)
"""Candles and instruments."""


def tables(folder: Path, known: Pythons, candles: int, rounds: int) -> None:
    engines = OURS + tuple(peer for peer in PEERS if peer.environment in known)
    for instruments in SIZES:
        one(folder, known, engines, (candles, instruments), rounds)


def one(folder: Path, known: Pythons, engines: tuple[Engine, ...], size: tuple[int, int], rounds: int) -> None:
    candles, instruments = size
    feed = folder / f"{candles}-{instruments}.bin"
    market.write(feed, candles, instruments)
    print(f"\n{candles:,} candles, {instruments:,} instruments, a cross of two means, an order at each turn")
    for line in measure(engines, known, feed, instruments, rounds):
        print(line, flush=True)


def second_opinion(folder: Path, known: Pythons) -> None:
    feed = folder / "opinion.bin"
    market.write(feed, opinion.CANDLES, opinion.INSTRUMENTS)
    theirs = opinion.theirs(feed, known)
    for who, says in (opinion.ours(feed, sys.executable) | theirs).items():
        print(f"{who:<28} {says}")
    opinion.keep(theirs)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.backtest", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    parser.add_argument("--peers", action="store_true", help="install the peers and measure them too")
    parser.add_argument("--large", action="store_true", help="only two million candles, once")
    parser.add_argument("--opinion", action="store_true", help="only ask the peers for fills and profit, and keep them")
    parser.add_argument(
        "--environments", type=Path, help="where peers are installed, or stand already; by default anew"
    )
    parser.add_argument("--python312", default="python3.12", help="the interpreter for NautilusTrader")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        known: Pythons = {None: sys.executable}
        if options.peers or options.opinion:
            known = pythons(options.environments or folder, options.python312)
        if options.opinion:
            second_opinion(folder, known)
        elif options.large:
            engines = OURS + tuple(peer for peer in PEERS if peer.environment in known)
            one(folder, known, engines, LARGE, 1)
        else:
            tables(folder, known, *((40_000, 1) if options.quick else (200_000, 3)))


if __name__ == "__main__":
    main()
