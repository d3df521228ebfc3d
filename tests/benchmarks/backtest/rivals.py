"""The engines, each a script in an environment of its own, and what a run of one says."""

import statistics
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.environment import answer, install

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Engine:
    title: str
    script: str
    environment: str | None
    """Whose requirements it needs; None: it is ours."""
    arguments: Sequence[str] = ()


@dataclass(frozen=True)
class Told:
    """What one run of an engine says of itself.

    Attributes:
        seconds: of CPU, without those that made the feed.
        feed_seconds: of CPU, from the file to what the engine takes; ours builds its candles in the run instead.
        candles: that it went through.
        orders: that the strategies gave.
        profit: at the end, in currency; None where the engine does not say.
        peak_mb: the most memory that the process had.
        fills: instrument, candle, size and price of each; None if nobody asked.
    """

    seconds: float
    feed_seconds: float
    candles: int
    orders: int
    profit: float | None
    peak_mb: float
    fills: list[list[float]] | None

    @property
    def candles_per_second(self) -> float:
        return self.candles / self.seconds


OURS = (
    Engine("tradedesk, direct", "ours", None),
    Engine("tradedesk, actors", "ours", None, ("--dispatch", "actors")),
)
PEERS = (
    Engine("NautilusTrader 2.0.0rc6", "nautilus_2", "nautilus"),
    Engine("backtesting.py 0.6.6", "backtesting_py", "engines"),
    Engine("backtrader 1.9.78", "backtrader_py", "engines"),
    Engine("zipline-reloaded 3.2.1", "zipline_py", "zipline"),
    Engine("tradedesk 1.6.3", "tradedesk_16", "tradedesk"),
)

Pythons = Mapping[str | None, str]
"""Environment -> its interpreter."""


def pythons(folder: Path, newer: str) -> Pythons:
    """Install every peer below a folder.

    Args:
        folder: what stands there already is taken as it is.
        newer: an interpreter for NautilusTrader, which needs Python 3.12.
    """
    made: dict[str | None, str] = {None: sys.executable}
    for environment in dict.fromkeys(peer.environment for peer in PEERS if peer.environment):
        base = newer if environment == "nautilus" else sys.executable
        there = folder / environment / "bin" / "python"
        wanted = HERE / "requirements" / f"{environment}.txt"
        made[environment] = str(there) if there.exists() else install(folder / environment, wanted, base)
    return made


def ask(engine: Engine, python: str, feed: Path, instruments: int, *more: str) -> Told:
    """Run an engine once."""
    script = HERE / "engines" / f"{engine.script}.py"
    ours = engine.environment is None
    return Told(**answer(python, script, feed, instruments, *engine.arguments, *more, ours=ours))


def measure(engines: Sequence[Engine], known: Pythons, feed: Path, instruments: int, rounds: int) -> Iterator[str]:
    """Run each engine in rounds that alternate; yield the lines of a table, relative to the first engine.

    The ratio is the median of each round's own ratio: how many times as long as the first engine one takes.
    """
    told: dict[Engine, list[Told]] = {engine: [] for engine in engines}
    for _ in range(rounds):
        for engine, runs in told.items():
            runs.append(ask(engine, known[engine.environment], feed, instruments))
    first = told[engines[0]]
    yield f"  {'':<28} {'candles/s':>10} {'time':>7} {'orders':>8} {'profit':>13} {'MB':>6} {'feed, s':>8}"
    for engine, runs in told.items():
        speed = statistics.median(run.candles_per_second for run in runs)
        ratio = statistics.median(run.seconds / base.seconds for run, base in zip(runs, first, strict=True))
        one = runs[-1]
        profit = "" if one.profit is None else f"{one.profit:,.2f}"
        yield (
            f"  {engine.title:<28} {speed:>10,.0f} {ratio:>6.3g}x {one.orders:>8,} {profit:>13} "
            f"{one.peak_mb:>6,.0f} {one.feed_seconds:>8.2f}"
        )
