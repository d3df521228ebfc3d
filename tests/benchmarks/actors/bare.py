"""What trio itself costs: the base lines."""

import math

import trio
import trio.testing
from trio.lowlevel import Abort, current_task, reschedule, wait_task_rescheduled

from tests.benchmarks.measure import Stopwatch


def _never_mind(_):
    return Abort.SUCCEEDED


async def task_steps(tasks: int, rounds: int) -> float:
    """One task step: reschedule a parked task, and run it to where it parks again."""
    parked = []
    left = 0
    driver = current_task()

    async def worker():
        nonlocal left
        parked.append(current_task())
        while True:
            await wait_task_rescheduled(_never_mind)
            left -= 1
            if not left:
                reschedule(driver)

    async with trio.open_nursery() as nursery:
        for _ in range(tasks):
            nursery.start_soon(worker)
        await trio.testing.wait_all_tasks_blocked()
        with Stopwatch() as watch:
            for _ in range(rounds):
                left = tasks
                for task in parked:
                    reschedule(task)
                await wait_task_rescheduled(_never_mind)
        nursery.cancel_scope.cancel()
    return watch.micros(tasks * rounds)


async def two_switches(rounds: int) -> float:
    """There and back between two tasks."""
    return await task_steps(1, rounds)


async def channel_tell(messages: int) -> float:
    """One message through a memory channel: sent without waiting, received in a loop."""
    send, receive = trio.open_memory_channel(math.inf)

    async def drain():
        taken = 0
        async for _ in receive:
            taken += 1
            if taken == messages:
                return

    with Stopwatch() as watch:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(drain)
            for number in range(messages):
                send.send_nowait(number)
    return watch.micros(messages)


async def channel_round_trip(messages: int) -> float:
    """A message with an event, which its receiver sets."""
    send, receive = trio.open_memory_channel(math.inf)

    async def serve():
        async for reply, done in receive:
            reply.append(1)
            done.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        with Stopwatch() as watch:
            for _ in range(messages):
                reply, done = [], trio.Event()
                await send.send((reply, done))
                await done.wait()
        nursery.cancel_scope.cancel()
    return watch.micros(messages)
