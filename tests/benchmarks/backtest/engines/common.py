"""What the scripts of all engines share: the candles, the rule that trades them, and the one line that each prints.

Needs the standard library alone, because each engine has an environment of its own.
"""

import argparse
import gc
import json
import resource
import time
from array import array
from collections import deque
from pathlib import Path

FAST, SLOW = 10, 30
BEGIN = 1_577_923_200
"""Of the first candle, in seconds since 1970: 2020-01-02T00:00Z."""
MINUTE = 60
COMMISSION = 1.0
"""For each order that fills, in the currency of the account."""
CASH = 1e9


class SmaCross:
    """+1 when the mean of 10 closes rises above the mean of 30, -1 when it falls back, 0 otherwise."""

    __slots__ = ("above", "fast", "fast_sum", "slow", "slow_sum")

    def __init__(self):
        self.fast, self.slow = deque(), deque()
        self.fast_sum = self.slow_sum = 0.0
        self.above = None

    def update(self, close):
        fast, slow = self.fast, self.slow
        fast.append(close)
        self.fast_sum += close
        if len(fast) > FAST:
            self.fast_sum -= fast.popleft()
        slow.append(close)
        self.slow_sum += close
        if len(slow) > SLOW:
            self.slow_sum -= slow.popleft()
        if len(slow) < SLOW:
            return 0
        above, before = self.fast_sum / FAST > self.slow_sum / SLOW, self.above
        self.above = above
        if before is None or above == before:
            return 0
        return 1 if above else -1


def options():
    """Parse what the benchmark hands to every engine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("instruments", type=int)
    parser.add_argument("--commission", type=float, default=COMMISSION)
    parser.add_argument("--dispatch", default="direct", help="of ours alone")
    parser.add_argument("--fills", action="store_true", help="print every fill too")
    return parser.parse_args()


def load(file, instruments):
    """Read each instrument's opens, highs, lows and closes."""
    values = array("d")
    values.frombytes(file.read_bytes())
    length = len(values) // (4 * instruments)
    columns = [values[start : start + length] for start in range(0, len(values), length)]
    return [columns[start : start + 4] for start in range(0, len(columns), 4)]


def name(place):
    return f"I{place:04d}"


class Clock:
    """CPU seconds: of making the feed, and of the run."""

    def __init__(self):
        self._began = time.process_time()
        self.feed = 0.0

    def ready(self):
        """The feed stands; from here on the run is timed."""
        gc.collect()
        self.feed = time.process_time() - self._began
        self._began = time.process_time()

    def done(self):
        return time.process_time() - self._began


def tell(clock, *, candles, orders, profit, fills=None):
    """Print what was measured.

    Args:
        clock: read now.
        candles: how many the run went through.
        orders: how many were given.
        profit: of the account at the end, open positions at the last close; None where the engine does not say.
        fills: ``[instrument, candle, size, price]`` each, sorted.
    """
    seconds = clock.done()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "seconds": seconds,
                "feed_seconds": clock.feed,
                "candles": candles,
                "orders": orders,
                "profit": profit,
                "peak_mb": peak,
                "fills": fills,
            }
        )
    )
