"""Other runtimes beside ours: the same six things, each measured by a script of its own, in rounds that alternate."""

import gc
import statistics
from collections.abc import Iterator, Mapping
from pathlib import Path

from tests.benchmarks.environment import figure

HERE = Path(__file__).parent / "runtimes"
REQUIREMENTS = HERE / "requirements.txt"

OURS = "ours"
RUNTIMES: Mapping[str, str] = {
    OURS: "actors",
    "trio_channel": "trio channel",
    "asyncio_queue": "asyncio.Queue",
    "pykka_threads": "Pykka 4.5",
    "tapio_py": "tapio-py 0.18",
    "papyra_anyio": "papyra 0.3",
}
"""Script -> what the tables call it. The second and third are no actors: bare tasks behind a queue."""

MEASURES: Mapping[str, tuple[str, int]] = {
    "tell": ("tell, us a message", 100_000),
    "ask": ("ask, us a round trip", 10_000),
    "fan_out": ("fan-out, us a reply", 1_000),
    "spawn": ("start, us an actor", 1_000),
    "memory": ("idle actor, bytes", 2_000),
    "fairness": ("ticker late, ms", 100_000),
}
"""Measure -> its title, and its size."""

Figures = Mapping[str, Mapping[str, float]]
"""Measure -> script -> median."""


def measure(python: str, rounds: int, *, quick: bool) -> Figures:
    return {
        name: _medians(python, name, max(50, size // 50) if quick else size, rounds)
        for name, (_, size) in MEASURES.items()
    }


def _medians(python: str, name: str, size: int, rounds: int) -> Mapping[str, float]:
    samples: dict[str, list[float]] = {script: [] for script in RUNTIMES}
    for _ in range(rounds):
        for script, taken in samples.items():
            gc.collect()
            taken.append(figure(python, HERE / f"{script}.py", name, size, ours=script == OURS))
    return {script: statistics.median(taken) for script, taken in samples.items()}


def as_text(figures: Figures) -> str:
    rows = list(_rows(figures))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def as_rst(figures: Figures) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for row in _rows(figures):
        first, *others = row
        lines += [f"   * - {first}", *(f"     - {cell}" for cell in others)]
    return "\n".join(lines)


def _rows(figures: Figures) -> Iterator[list[str]]:
    yield ["what", *RUNTIMES.values()]
    for name, (title, _) in MEASURES.items():
        yield [title, *(_short(figures[name][script]) for script in RUNTIMES)]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
