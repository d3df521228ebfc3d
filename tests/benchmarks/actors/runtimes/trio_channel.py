"""A bare task behind a trio memory channel: no supervision, no errors handled, no timeouts."""

import math
from functools import partial

import trio
from common import Gaps, Stopwatch, main, resident
from trio.testing import wait_all_tasks_blocked


async def serve(receive):
    async for reply, done in receive:
        reply.append(1)
        done.set()


async def drain(receive, last):
    async for message in receive:
        if message == last:
            return


async def tell(size):
    send, receive = trio.open_memory_channel(math.inf)
    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drain, receive, size)
            for number in range(1, size + 1):
                send.send_nowait(number)
    return watch.micros(size)


async def await_tell(size):
    send, receive = trio.open_memory_channel(1_000)
    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drain, receive, size)
            for number in range(1, size + 1):
                await send.send(number)
    return watch.micros(size)


async def request(send):
    reply, done = [], trio.Event()
    await send.send((reply, done))
    await done.wait()


async def ask(size):
    send, receive = trio.open_memory_channel(math.inf)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, receive)
        with Stopwatch() as watch:
            for _ in range(size):
                await request(send)
        nursery.cancel_scope.cancel()
    return watch.micros(size)


def started(nursery, size):
    sends = []
    for _ in range(size):
        send, receive = trio.open_memory_channel(1_000)
        nursery.start_soon(serve, receive)
        sends.append(send)
    return sends


async def fan_out(size):
    async with trio.open_nursery() as nursery:
        sends = started(nursery, size)
        for _ in range(2):
            with Stopwatch() as watch:
                waiting = []
                for send in sends:
                    done = trio.Event()
                    send.send_nowait(([], done))
                    waiting.append(done)
                for done in waiting:
                    await done.wait()
        nursery.cancel_scope.cancel()
    return watch.micros(size)


async def spawn(size):
    async with trio.open_nursery() as nursery:
        with Stopwatch() as watch:
            sends = started(nursery, size)
            await wait_all_tasks_blocked()
        assert len(sends) == size
        nursery.cancel_scope.cancel()
    return watch.micros(size)


async def memory(size):
    async with trio.open_nursery() as nursery:
        kept = started(nursery, 1)
        await wait_all_tasks_blocked()
        before = resident()
        kept += started(nursery, size)
        await wait_all_tasks_blocked()
        grown = resident() - before
        nursery.cancel_scope.cancel()
    return grown / size


async def fairness(size):
    gaps = Gaps()

    async def ticker():
        while True:
            await trio.sleep(0.001)
            gaps.tick()

    send, receive = trio.open_memory_channel(math.inf)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ticker)
        await trio.sleep(0.01)
        for number in range(1, size + 1):
            send.send_nowait(number)
        gaps.start()
        await drain(receive, size)
        worst = gaps.millis
        nursery.cancel_scope.cancel()
    return worst


if __name__ == "__main__":
    measures = (tell, await_tell, ask, fan_out, spawn, memory, fairness)
    main({measure.__name__: partial(trio.run, measure) for measure in measures})
