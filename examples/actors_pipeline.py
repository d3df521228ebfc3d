"""A pipeline with a rate limit: back-pressure slows the source, and nothing is lost.

Three stages with small inboxes that block. The second calls a service that allows two requests a second. The source
could make everything at once; it waits instead, because each `tell` waits for a place.

Stages are started from the last to the first: leaving the block drains the one that was started last first, so each
stage still finds the next one alive when it finishes its queue.

Run it with: python actors_pipeline.py
"""

from collections.abc import Awaitable, Callable

import trio
import trio.testing

from actors import Inbox, Ref, open_system

Item = int
Work = Callable[[Item], Awaitable[Item]]


async def stage(inbox: Inbox[Item], work: Work, then: Ref[Item]) -> None:
    async for item in inbox:
        await then.tell(await work(item))  # waits while the next stage is full


def limited(work: Work, per_second: float) -> Work:
    free = 0.0  # when the next call may be made

    async def wait_and_work(item: Item) -> Item:
        nonlocal free
        await trio.sleep_until(free)
        free = max(free, trio.current_time()) + 1 / per_second
        return await work(item)

    return wait_and_work


async def double(item: Item) -> Item:
    await trio.lowlevel.checkpoint()
    return item * 2


async def call_service(item: Item) -> Item:
    await trio.sleep(0.1)
    return item + 100


async def store(inbox: Inbox[Item], stored: list[Item]) -> None:
    async for item in inbox:
        stored.append(item)  # noqa: PERF401 - a real one would write it somewhere


async def main() -> None:
    stored: list[Item] = []
    async with open_system("pipeline") as system:
        last = await system.start(store, stored, name="store", capacity=2)
        middle = await system.start(stage, limited(call_service, 2.0), last, name="service", capacity=2)
        first = await system.start(stage, double, middle, name="double", capacity=2)
        for item in range(12):
            await first.tell(item)
            print(f"{trio.current_time():.1f} s: item {item} is in")
    print(f"{trio.current_time():.1f} s: all is drained")
    for ref in (first, middle, last):
        now = ref.statistics()
        print(f"{now.name}: handled {now.handled}, lost {now.dead_letters}, never more than {now.peak} queued")
    print("stored:", *stored)


if __name__ == "__main__":
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
