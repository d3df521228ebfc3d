"""A bare task behind an asyncio.Queue: no supervision, no errors handled, no timeouts."""

import asyncio

from common import Gaps, Stopwatch, main, resident


async def serve(queue):
    while True:
        message, reply = await queue.get()
        reply.set_result(message)


async def drain(queue, last):
    while await queue.get() != last:
        pass


async def tell(size):
    queue = asyncio.Queue()
    task = asyncio.create_task(drain(queue, size))
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for number in range(1, size + 1):
            queue.put_nowait(number)
        await task
    return watch.micros(size)


async def await_tell(size):
    queue = asyncio.Queue(1_000)
    task = asyncio.create_task(drain(queue, size))
    await asyncio.sleep(0)
    with Stopwatch() as watch:
        for number in range(1, size + 1):
            await queue.put(number)
        await task
    return watch.micros(size)


async def request(queue):
    reply = asyncio.get_running_loop().create_future()
    await queue.put((1, reply))
    await reply


async def ask(size):
    queue = asyncio.Queue()
    task = asyncio.create_task(serve(queue))
    with Stopwatch() as watch:
        for _ in range(size):
            await request(queue)
    task.cancel()
    return watch.micros(size)


def started(size):
    queues = [asyncio.Queue() for _ in range(size)]
    return queues, [asyncio.create_task(serve(queue)) for queue in queues]


def end(tasks):
    for task in tasks:
        task.cancel()


async def fan_out(size):
    queues, tasks = started(size)
    for _ in range(2):
        with Stopwatch() as watch:
            replies = []
            for queue in queues:
                reply = asyncio.get_running_loop().create_future()
                queue.put_nowait((1, reply))
                replies.append(reply)
            for reply in replies:
                await reply
    end(tasks)
    return watch.micros(size)


async def spawn(size):
    with Stopwatch() as watch:
        _, tasks = started(size)
        await asyncio.sleep(0)
    end(tasks)
    return watch.micros(size)


async def memory(size):
    first = started(1)
    await asyncio.sleep(0)
    before = resident()
    more = started(size)
    await asyncio.sleep(0)
    grown = resident() - before
    end(first[1] + more[1])
    return grown / size


async def fairness(size):
    gaps, queue = Gaps(), asyncio.Queue()

    async def tick():
        while True:
            await asyncio.sleep(0.001)
            gaps.tick()

    ticker = asyncio.create_task(tick())
    await asyncio.sleep(0.01)
    for number in range(1, size + 1):
        queue.put_nowait(number)
    gaps.start()
    await drain(queue, size)
    worst = gaps.millis
    ticker.cancel()
    return worst


if __name__ == "__main__":
    measures = (tell, await_tell, ask, fan_out, spawn, memory, fairness)
    main({measure.__name__: lambda size, measure=measure: asyncio.run(measure(size)) for measure in measures})
