"""What each script of this folder measures, and how; run by an environment in which only its runtime is installed.

    python SCRIPT.py MEASURE SIZE      prints one figure

tell     one sender, one actor, SIZE messages without waiting for each; CPU microseconds for each message, until the
         last one is handled.
ask      one caller, SIZE round trips one after the other; CPU microseconds for each.
fan_out  SIZE actors, one message to each, all replies awaited; CPU microseconds for each actor; the second time counts.
spawn    SIZE actors started, until each can take a message; CPU microseconds for each.
memory   SIZE idle actors; resident bytes for each.
fairness SIZE messages wait in one actor's inbox; the longest gap in milliseconds that a 1 ms ticker beside it sees
         while they are handled. Wall clock: it is about waiting.
"""

import gc
import sys
import time
from collections.abc import Callable, Mapping
from typing import TypeAlias

Measures: TypeAlias = Mapping[str, Callable[[int], float]]


class Stopwatch:
    """CPU time of the process, from entering the block to leaving it."""

    def __enter__(self):
        self._began = time.process_time()
        return self

    def __exit__(self, *_):
        self._seconds = time.process_time() - self._began

    def micros(self, units: int) -> float:
        return self._seconds / units * 1e6


class Gaps:
    """The longest time between two ticks."""

    def __init__(self):
        self.start()

    def start(self) -> None:
        self._last = time.perf_counter()
        self.worst = 0.0

    def tick(self) -> None:
        now = time.perf_counter()
        self.worst = max(self.worst, now - self._last)
        self._last = now

    @property
    def millis(self) -> float:
        self.tick()  # what is still open counts too
        return self.worst * 1e3


def resident() -> int:
    """Bytes of the process in memory."""
    gc.collect()
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - a kernel file
        return int(statm.read().split()[1]) * 4096


def main(measures: Measures) -> None:
    name, size = sys.argv[1:]
    print(measures[name](int(size)))
