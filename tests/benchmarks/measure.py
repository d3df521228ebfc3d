"""Time in rounds that alternate, so that a machine that changes its mind changes it for everybody."""

import gc
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Measurement = Callable[[], float]
"""Does its work and returns microseconds of CPU for each unit of it."""


@dataclass(frozen=True)
class Row:
    what: str
    micros: float
    """Median over the rounds."""
    ratio: float
    """Median of each round's cost divided by the base line's cost in the same round."""


def alternate(base: str, measurements: Mapping[str, Measurement], rounds: int) -> list[Row]:
    samples: dict[str, list[float]] = {name: [] for name in measurements}
    for _ in range(rounds):
        for name, measure in measurements.items():
            gc.collect()
            samples[name].append(measure())
    return [
        Row(
            name,
            statistics.median(taken),
            statistics.median(one / other for one, other in zip(taken, samples[base], strict=True)),
        )
        for name, taken in samples.items()
    ]


class Stopwatch:
    """CPU time of the process, from entering the block to leaving it."""

    def __enter__(self):
        self._began = time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.process_time() - self._began

    def micros(self, units: int) -> float:
        return self.seconds / units * 1e6
