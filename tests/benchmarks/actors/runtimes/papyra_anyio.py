"""papyra: actors for AnyIO, here on asyncio, which is its faster setting."""

import functools

import anyio
import anyio.lowlevel
from common import Gaps, Stopwatch, main, resident
from papyra.actor import Actor
from papyra.system import ActorSystem

SETTLE = 0.2  # seconds: spawn() returns before the actor runs


class Sink(Actor):
    def __init__(self, last, done):
        self.last = last
        self.done = done

    async def receive(self, message):
        if message == self.last:
            self.done.set()


class Echo(Actor):
    async def receive(self, message):
        return message


async def spawned(system, size):
    refs = [system.spawn(Echo, name=f"echo{number}") for number in range(size)]
    await anyio.sleep(SETTLE)
    return refs


async def opened():
    system = ActorSystem()
    await system.start()
    return system


async def tell(size):
    system, done = await opened(), anyio.Event()
    ref = system.spawn(lambda: Sink(size, done), name="sink")
    await anyio.sleep(SETTLE)
    with Stopwatch() as watch:
        for number in range(1, size + 1):
            await ref.tell(number)
        await done.wait()
    await system.aclose()
    return watch.micros(size)


async def ask(size):
    system = await opened()
    (ref,) = await spawned(system, 1)
    with Stopwatch() as watch:
        for number in range(size):
            await ref.ask(number)
    await system.aclose()
    return watch.micros(size)


async def fan_out(size):
    system = await opened()
    refs = await spawned(system, size)
    for _ in range(2):
        with Stopwatch() as watch:
            async with anyio.create_task_group() as group:
                for ref in refs:
                    group.start_soon(ref.ask, 1)
    await system.aclose()
    return watch.micros(size)


async def spawn(size):
    system = await opened()
    with Stopwatch() as watch:
        for number in range(size):
            system.spawn(Echo, name=f"echo{number}")
        await anyio.lowlevel.checkpoint()
    await system.aclose()
    return watch.micros(size)


async def memory(size):
    system = await opened()
    system.spawn(Echo, name="first")
    await anyio.sleep(SETTLE)
    before = resident()
    await spawned(system, size)
    grown = resident() - before
    await system.aclose()
    return grown / size


async def fairness(size):
    gaps, done = Gaps(), anyio.Event()

    async def tick():
        while True:
            await anyio.sleep(0.001)
            gaps.tick()

    system = await opened()
    ref = system.spawn(lambda: Sink(size, done), name="sink")
    async with anyio.create_task_group() as group:
        group.start_soon(tick)
        await anyio.sleep(SETTLE)
        gaps.start()  # tell() lets the actor run, so the handling begins here
        for number in range(1, size + 1):
            await ref.tell(number)
        await done.wait()
        worst = gaps.millis
        group.cancel_scope.cancel()
    await system.aclose()
    return worst


if __name__ == "__main__":
    measures = (tell, ask, fan_out, spawn, memory, fairness)
    main({measure.__name__: functools.partial(anyio.run, measure) for measure in measures})
