"""How many schedules a second of CPU time explores: python -m tests.benchmarks.actors.exploring [--quick] [--profile]."""

import argparse
import cProfile
import gc
import pstats
import statistics
import sys

import trio

from actors.testing import DelayBounded, Lab, RandomWalk, explore
from tests.benchmarks.measure import Stopwatch

MESSAGES = 7
"""Makes scenarios of 32 steps under FIFO."""


async def forward(inbox, target):
    async for message in inbox:
        await target.tell(message)


async def consume(inbox):
    async for _ in inbox:
        pass


async def scenario(lab: Lab):
    """A source, a relay and a sink."""
    async with lab.open_system() as system:
        sink = await system.start(consume, name="sink")
        relay = await system.start(forward, sink, name="relay")
        source = await system.start(forward, relay, name="source")
        for number in range(MESSAGES):
            await source.tell(number)


def steps() -> int:
    return explore(scenario, search=DelayBounded(0)).longest


def schedules_per_second(schedules: int, seam: str = "actors") -> float:
    with Stopwatch() as watch:
        report = explore(scenario, search=RandomWalk(), schedules=schedules, seconds=1e9, seam=seam)
    return report.tried / watch.seconds


def empty_runs_per_second(runs: int) -> float:
    """What trio alone takes, when each schedule has a run of its own."""

    async def nothing():
        pass

    with Stopwatch() as watch:
        for _ in range(runs):
            trio.run(nothing)
    return runs / watch.seconds


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.actors.exploring", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it runs")
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    options = parser.parse_args()
    size, rounds = (50, 1) if options.quick else (2_000, 5)
    if options.profile:
        with cProfile.Profile() as profile:
            schedules_per_second(size)
        pstats.Stats(profile).sort_stats("tottime").print_stats(20)
        return
    figures = {"trio.run of nothing": [], 'seam="actors"': [], 'seam="trio"': []}
    for _ in range(rounds):
        gc.collect()
        figures["trio.run of nothing"].append(empty_runs_per_second(size))
        figures['seam="actors"'].append(schedules_per_second(size))
        figures['seam="trio"'].append(schedules_per_second(size, "trio"))
    print(f"CPython {sys.version.split()[0]}, trio {trio.__version__}, {steps()} steps, medians of {rounds} rounds")
    for name, taken in figures.items():
        print(f"  {name:<22} {statistics.median(taken):9,.0f} a second of CPU time")


if __name__ == "__main__":
    main()
