"""The run hash: what it covers, and that no process changes it."""

import os
import subprocess
import sys
from pathlib import Path

import attrs
import pytest

from tests.execution.test_running import desk_with, slices
from tradedesk.backtest import run_backtest

ROOT = Path(__file__).parents[2]
"""Where `tests` is; the packages under test come first, wherever this process has them from."""
KNOWN = "f63c78d00ba4ec8d77c1fdc7bb58b27472b33ccae4a9d6c35a9218f94b0b665b"

PROGRAM = """
import trio
from tests.execution.test_running import desk_with, slices
from tradedesk.backtest import run_backtest

async def main():
    broker, _, runner = desk_with("direct", broker=None)
    async with runner:
        print((await run_backtest(runner, broker, slices(6))).run_hash)

trio.run(main)
"""


async def result_of(count=6):
    broker, _, runner = desk_with()
    async with runner:
        return await run_backtest(runner, broker, slices(count))


async def test_a_known_run_has_a_known_hash():
    """It stays what it is from release to release, or the first bytes under the hash say that it is another."""
    assert (await result_of()).run_hash == KNOWN


@pytest.mark.parametrize("seed", ["0", "4711"])
def test_another_process_with_another_seed_of_hashes_comes_to_the_same(seed):
    environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join([*sys.path, str(ROOT)])}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, env=environment, timeout=60
    )
    assert done.stdout.strip() == KNOWN


async def test_whatever_changes_in_fills_equity_or_allocations_changes_the_hash():
    result = await result_of()
    fill, allocation = result.fills[0], result.allocations[1]
    changed_fills = [
        attrs.evolve(fill, **{name: value})
        for name, value in {
            "price": fill.price + 1e-9,
            "size": fill.size + 1e-9,
            "commission": 1e-9,
            "close_time": fill.close_time + 1,
            "side": "sell",
            "sleeve": "X",
            "tag": "x",
        }.items()
    ]
    equity = result.equity[:]
    equity[-1] += 1e-9
    held = allocation.held[:]
    held[0] += 1e-9
    others = [
        *(attrs.evolve(result, fills=(one, *result.fills[1:])) for one in changed_fills),
        attrs.evolve(result, equity=equity),
        attrs.evolve(result, start=result.start + 1),
        attrs.evolve(result, fills=result.fills[1:]),
        attrs.evolve(
            result,
            allocations=(result.allocations[0], attrs.evolve(allocation, held=held), *result.allocations[2:]),
        ),
        attrs.evolve(
            result,
            allocations=(result.allocations[0], attrs.evolve(allocation, active=()), *result.allocations[2:]),
        ),
        await result_of(5),
    ]
    hashes = {one.run_hash for one in (result, *others)}
    assert len(hashes) == len(others) + 1
