"""Print the tables: python -m tests.benchmarks [--quick] [--peers]."""

import argparse
import subprocess
import sys
import tempfile
import venv
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import trio

from tests.benchmarks import actor_costs, bare, portfolio_costs
from tests.benchmarks.measure import Measurement, Row, alternate

HERE = Path(__file__).parent


def runs(function, *args, **options) -> Measurement:
    return lambda: trio.run(partial(function, *args, **options))


def show(title: str, rows: list[Row], base: str) -> None:
    print(f"\n{title}  (cost relative to: {base})")
    for row in rows:
        print(f"  {row.what:<44} {row.micros:8.2f} us   {row.ratio:7.3g}x")


def table(title: str, base: str, measurements: Mapping[str, Measurement], rounds: int) -> None:
    show(title, alternate(base, measurements, rounds), base)


def actor_tables(size: int, rounds: int) -> None:
    table(
        "a message told",
        "bare channel",
        {
            "bare channel": runs(bare.channel_tell, size),
            "tell_nowait": runs(actor_costs.tell, size, wait=False),
            "await tell": runs(actor_costs.tell, size, wait=True),
        },
        rounds,
    )
    table(
        "a round trip",
        "bare channel",
        {
            "bare channel": runs(bare.channel_round_trip, size // 5),
            "two task switches": runs(bare.two_switches, size // 5),
            "ask": runs(actor_costs.ask, size // 5),
            "ask, timeout=1.0": runs(actor_costs.ask, size // 5, 1.0),
        },
        rounds,
    )
    print(f"\nan actor: started in {trio.run(actor_costs.spawn, 1_000):.1f} us, ", end="")
    print(f"idle {actor_costs.memory_of_an_idle_actor() / 1024:.2f} KB resident")


def portfolio_tables(size: int, rounds: int, peer: str | None) -> None:
    for sleeves in (10, 100, 1_000):
        count = max(1, size // sleeves)
        slices = partial(runs, portfolio_costs.slices, sleeves, count)
        table(
            f"a candle, {sleeves} sleeves, whole slices",
            "bare task step",
            {
                "bare task step": runs(bare.task_steps, sleeves, count),
                "ask_all": runs(actor_costs.scatter, sleeves, count),
                "actors, poll_regimes=False": slices(dispatch="actors", poll=False),
                "actors, polled": slices(dispatch="actors", poll=True),
                "actors, polled, every slice reallocated": slices(dispatch="actors", poll=True, flapping=True),
                "direct, poll_regimes=False": slices(dispatch="direct", poll=False),
                "direct, polled": slices(dispatch="direct", poll=True),
            },
            rounds,
        )
        if peer is not None:
            peer_count = max(1, size // sleeves // sleeves)
            table(
                f"the runner alone, {sleeves} sleeves",
                "tradedesk 0.3.0",
                {
                    "tradedesk 0.3.0": partial(peer_measurement, peer, sleeves, peer_count),
                    "direct, polled": slices(dispatch="direct", poll=True),
                    "direct, poll_regimes=False": slices(dispatch="direct", poll=False),
                },
                rounds,
            )


def peer_measurement(python: str, sleeves: int, rounds: int) -> float:
    command = [python, str(HERE / "peer_loop.py"), str(sleeves), str(rounds)]
    # from a folder without our packages: the peer's import name is ours too
    answer = subprocess.run(command, cwd=HERE, capture_output=True, check=True, text=True)
    return float(answer.stdout)


def install_peers(folder: Path) -> str:
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements-peers.txt"], check=True)
    return str(python)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    parser.add_argument("--peers", action="store_true", help="install and measure tradedesk 0.3.0 too")
    options = parser.parse_args()
    size, rounds = (2_000, 1) if options.quick else (100_000, 5)
    print(
        f"CPython {sys.version.split()[0]}, trio {trio.__version__}, medians of {rounds} alternating rounds, CPU time"
    )
    with tempfile.TemporaryDirectory() as folder:
        peer = install_peers(Path(folder)) if options.peers else None
        actor_tables(size, rounds)
        portfolio_tables(size, rounds, peer)


if __name__ == "__main__":
    main()
