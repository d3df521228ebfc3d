"""What a message costs: python -m tests.benchmarks.actors [--quick] [--peers [--rst]]."""

import argparse
import sys
import tempfile
from pathlib import Path

import trio

from tests.benchmarks.actors import bare, costs, peers
from tests.benchmarks.environment import install
from tests.benchmarks.tables import heading, runs, table


def tables(size: int, rounds: int) -> None:
    table(
        "a message told",
        "bare channel",
        {
            "bare channel": runs(bare.channel_tell, size),
            "tell_nowait": runs(costs.tell, size, wait=False),
            "await tell": runs(costs.tell, size, wait=True),
        },
        rounds,
    )
    table(
        "a round trip",
        "bare channel",
        {
            "bare channel": runs(bare.channel_round_trip, size // 5),
            "two task switches": runs(bare.two_switches, size // 5),
            "ask": runs(costs.ask, size // 5),
            "ask, timeout=1.0": runs(costs.ask, size // 5, 1.0),
        },
        rounds,
    )
    print(f"\nan actor: started in {trio.run(costs.spawn, 1_000):.1f} us, ", end="")
    print(f"idle {costs.memory_of_an_idle_actor() / 1024:.2f} KB resident")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.actors", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    parser.add_argument("--peers", action="store_true", help="only the peers, installed in an environment of their own")
    parser.add_argument("--rst", action="store_true", help="print the table of peers as the documentation has it")
    options = parser.parse_args()
    size, rounds = (2_000, 1) if options.quick else (100_000, 5)
    if not options.peers:
        heading(rounds)
        tables(size, rounds)
        return
    with tempfile.TemporaryDirectory() as folder:
        python = install(Path(folder), peers.REQUIREMENTS)
        print("measuring …", file=sys.stderr)
        figures = peers.measure(python, rounds, quick=options.quick)
    print(peers.as_rst(figures) if options.rst else peers.as_text(figures))


if __name__ == "__main__":
    main()
