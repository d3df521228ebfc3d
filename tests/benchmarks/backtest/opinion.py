"""A second opinion: do other engines, with orders that fill at the next open, come to the same fills and profit?

The peers say theirs when the benchmark is run with ``--opinion``; what they said is kept in ``opinion.json``, so that
a test can hold us to it where no peer is installed.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from tests.benchmarks.backtest.rivals import OURS, PEERS, Engine, Pythons, Told, ask

KEPT = Path(__file__).with_name("opinion.json")
CANDLES, INSTRUMENTS = 20_000, 10
NEXT_OPEN = tuple(peer for peer in PEERS if peer.script in {"backtrader_py", "backtesting_py"})

Opinion = Mapping[str, object]


def opinion(told: Told) -> Opinion:
    """Put a run in words that two engines can agree on: prices have four decimals, profit has cents."""
    fills = [[place, candle, size, round(price, 4)] for place, candle, size, price in told.fills or ()]
    if told.profit is None or not fills:
        raise ValueError("an engine that tells neither fills nor profit has no opinion")
    digest = hashlib.sha256(json.dumps([list(map(float, fill)) for fill in fills]).encode()).hexdigest()
    return {"fills": len(fills), "profit": round(told.profit, 2), "sha256": digest}


def ours(feed: Path, python: str) -> dict[str, Opinion]:
    return {each.title: _of(each, python, feed) for each in OURS}


def theirs(feed: Path, known: Pythons) -> dict[str, Opinion]:
    return {each.title: _of(each, known[each.environment], feed) for each in NEXT_OPEN}


def keep(opinions: Mapping[str, Opinion]) -> None:
    KEPT.write_text(json.dumps(opinions, indent=2) + "\n", encoding="utf-8")


def kept() -> dict[str, Opinion]:
    read: dict[str, Opinion] = json.loads(KEPT.read_text(encoding="utf-8"))
    return read


def _of(engine: Engine, python: str, feed: Path) -> Opinion:
    return opinion(ask(engine, python, feed, INSTRUMENTS, "--fills"))
