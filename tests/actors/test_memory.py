"""What an idle actor costs."""

import subprocess
import sys
from pathlib import Path

import pytest

ACTORS = 10_000
LIMIT = 4 * 1024

SCRIPT = f"""
import gc, os, trio
from actors import open_system

async def idle(inbox):
    async for _ in inbox:
        pass

def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

async def main():
    async with open_system() as system:
        for _ in range(100):
            await system.start(idle)
        before = resident()
        for _ in range({ACTORS}):
            await system.start(idle)
        print((resident() - before) / {ACTORS})

trio.run(main)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads the resident memory from /proc")
def test_an_idle_actor_takes_four_kilobytes_at_most():
    output = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=Path(__file__).parents[2], capture_output=True, check=True, text=True
    )
    assert float(output.stdout) <= LIMIT
