"""What a candle costs: python -m tests.benchmarks.portfolio [--quick] [--peers]."""

import argparse
import tempfile
from functools import partial
from pathlib import Path

from tests.benchmarks.actors import bare
from tests.benchmarks.actors import costs as actor_costs
from tests.benchmarks.environment import figure, install
from tests.benchmarks.portfolio import costs
from tests.benchmarks.tables import heading, runs, table

HERE = Path(__file__).parent


def tables(size: int, rounds: int, peer: str | None) -> None:
    for sleeves in (10, 100, 1_000):
        count = max(1, size // sleeves)
        slices = partial(runs, costs.slices, sleeves, count)
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
                    "tradedesk 0.3.0": partial(figure, peer, HERE / "peer_loop.py", sleeves, peer_count),
                    "direct, polled": slices(dispatch="direct", poll=True),
                    "direct, poll_regimes=False": slices(dispatch="direct", poll=False),
                },
                rounds,
            )


def promises(size: int, rounds: int) -> None:
    """What each promise costs, alone, with 100 sleeves."""
    sleeves = 100
    for dispatch in ("actors", "direct"):
        rows = {
            name: runs(
                costs.slices, sleeves, max(1, size // sleeves), **{"dispatch": dispatch, "poll": False, **options}
            )
            for name, options in costs.PROMISES.items()
        }
        table(f"a candle, {dispatch}, {sleeves} sleeves, with each promise alone", next(iter(rows)), rows, rounds)


def many(size: int, rounds: int) -> None:
    """As many sleeves as a machine may be asked for."""
    sleeves = max(100, size // 10)
    rows = {
        "bare task step": runs(bare.task_steps, sleeves, 3),
        "actors, poll_regimes=False": runs(costs.slices, sleeves, 3, dispatch="actors", poll=False),
        "actors, polled": runs(costs.slices, sleeves, 3, dispatch="actors", poll=True),
        "direct, poll_regimes=False": runs(costs.slices, sleeves, 3, dispatch="direct", poll=False),
    }
    table(f"a candle, {sleeves:,} sleeves", "bare task step", rows, rounds)
    for part in costs.LIFE:
        each = "change" if part in ("add", "remove") else "sleeve"
        few, lots = sleeves // 10, sleeves
        table(
            f"{part}, a {each}, actors",
            f"{few:,} sleeves",
            {f"{count:,} sleeves": runs(costs.life, count, part) for count in (few, lots)},
            rounds,
        )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.portfolio", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    parser.add_argument("--peers", action="store_true", help="install and measure tradedesk 0.3.0 too")
    options = parser.parse_args()
    size, rounds = (2_000, 1) if options.quick else (100_000, 5)
    heading(rounds)
    with tempfile.TemporaryDirectory() as folder:
        peer = install(Path(folder), HERE / "requirements.txt") if options.peers else None
        tables(size, rounds, peer)
        promises(size, rounds)
        many(size, rounds)


if __name__ == "__main__":
    main()
