"""What an actor costs above the bare thing."""

import trio

from actors import ask_all, open_system
from tests.benchmarks.measure import Stopwatch

MEMORY_ACTORS = 10_000


async def _echo(inbox):
    async for message in inbox:
        inbox.reply(message)


async def tell(messages: int, *, wait: bool) -> float:
    """One sender, one actor; the watch stops when the last message is handled."""
    done = trio.Event()

    async def count(inbox):
        taken = 0
        async for _ in inbox:
            taken += 1
            if taken == messages:
                done.set()

    async with open_system() as system:
        ref = await system.start(count, capacity=messages)
        with Stopwatch() as watch:
            if wait:
                for number in range(messages):
                    await ref.tell(number)
            else:
                for number in range(messages):
                    ref.tell_nowait(number)
            await done.wait()
    return watch.micros(messages)


async def ask(messages: int, timeout: float | None = None) -> float:
    async with open_system() as system:
        ref = await system.start(_echo)
        with Stopwatch() as watch:
            for number in range(messages):
                await ref.ask(number, timeout=timeout)
    return watch.micros(messages)


async def scatter(actors: int, rounds: int) -> float:
    async with open_system() as system:
        pairs = [(await system.start(_echo), number) for number in range(actors)]
        with Stopwatch() as watch:
            for _ in range(rounds):
                await ask_all(pairs)
    return watch.micros(actors * rounds)


async def spawn(actors: int) -> float:
    async with open_system() as system:
        with Stopwatch() as watch:
            for _ in range(actors):
                await system.start(_echo)
    return watch.micros(actors)


def memory_of_an_idle_actor() -> float:
    """Resident bytes for each of many parked actors."""

    async def main() -> float:
        async with open_system() as system:
            for _ in range(100):
                await system.start(_echo)
            before = _resident()
            for _ in range(MEMORY_ACTORS):
                await system.start(_echo)
            return (_resident() - before) / MEMORY_ACTORS

    return trio.run(main)


def _resident() -> int:
    with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - a kernel file
        return int(statm.read().split()[1]) * 4096
