"""This project's actors, supervised, without an observer."""

from functools import partial

import trio
from common import Gaps, Stopwatch, main, resident

from actors import Restart, ask_all, open_system

RULE = Restart(limit=3, within=60.0)


async def echo(inbox):
    async for message in inbox:
        inbox.reply(message)


async def sink(inbox, last, done):
    async for message in inbox:
        if message == last:
            done.set()


async def tell(size):
    done = trio.Event()
    async with open_system() as system:
        ref = await system.start(sink, size, done, capacity=size, restart=RULE)
        with Stopwatch() as watch:
            for number in range(1, size + 1):
                ref.tell_nowait(number)
            await done.wait()
    return watch.micros(size)


async def await_tell(size):
    done = trio.Event()
    async with open_system() as system:
        ref = await system.start(sink, size, done, restart=RULE)
        with Stopwatch() as watch:
            for number in range(1, size + 1):
                await ref.tell(number)
            await done.wait()
    return watch.micros(size)


async def ask(size):
    async with open_system() as system:
        ref = await system.start(echo, restart=RULE)
        with Stopwatch() as watch:
            for number in range(size):
                await ref.ask(number, timeout=5.0)
    return watch.micros(size)


async def fan_out(size):
    async with open_system() as system:
        pairs = [(await system.start(echo, restart=RULE), number) for number in range(size)]
        for _ in range(2):
            with Stopwatch() as watch:
                await ask_all(pairs)
    return watch.micros(size)


async def spawn(size):
    async with open_system() as system:
        with Stopwatch() as watch:
            for _ in range(size):
                await system.start(echo, restart=RULE)
    return watch.micros(size)


async def memory(size):
    async with open_system() as system:
        await system.start(echo, restart=RULE)
        before = resident()
        for _ in range(size):
            await system.start(echo, restart=RULE)
        return (resident() - before) / size


async def fairness(size):
    gaps, done = Gaps(), trio.Event()

    async def ticker():
        while True:
            await trio.sleep(0.001)
            gaps.tick()

    async with open_system() as system, trio.open_nursery() as nursery:
        nursery.start_soon(ticker)
        ref = await system.start(sink, size, done, capacity=size, restart=RULE)
        await trio.sleep(0.01)
        for number in range(1, size + 1):
            ref.tell_nowait(number)
        gaps.start()
        await done.wait()
        worst = gaps.millis
        nursery.cancel_scope.cancel()
    return worst


if __name__ == "__main__":
    measures = (tell, await_tell, ask, fan_out, spawn, memory, fairness)
    main({measure.__name__: partial(trio.run, measure) for measure in measures})
