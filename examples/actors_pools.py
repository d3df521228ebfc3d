"""Pools: several actors do the same work, and a rule picks one for each message.

A pool is a list of refs and a function that chooses. There is no router in between, so an ask goes straight to the
worker and its errors come straight back. Time is virtual: the seconds below pass at once.

Run it with: python actors_pools.py
"""

from collections.abc import Callable, Sequence
from itertools import count
from zlib import crc32

import attrs
import trio
import trio.testing

from actors import Inbox, Ref, Request, open_system


@attrs.frozen
class Job(Request[str]):
    """Work for one customer that takes some seconds; answered with who did it, and when it was done."""

    customer: str
    seconds: float


Workers = Sequence[Ref[Job]]
Choose = Callable[[Workers, Job], Ref[Job]]


def round_robin() -> Choose:
    turns = count()
    return lambda workers, _: workers[next(turns) % len(workers)]


def least_loaded(workers: Workers, _: Job) -> Ref[Job]:
    return min(workers, key=load)  # of several equals the first


def load(worker: Ref[Job]) -> int:
    now = worker.statistics()
    return now.queued + (now.age is not None)  # what waits, and what is in hand


def by_customer(workers: Workers, job: Job) -> Ref[Job]:
    return workers[crc32(job.customer.encode()) % len(workers)]  # hash() of a str differs from run to run


async def worker(inbox: Inbox[Job], name: str) -> None:
    async for job in inbox:
        await trio.sleep(job.seconds)
        inbox.reply(f"{name} at {trio.current_time():.1f}")


JOBS = [
    Job("ann", 6.5),
    Job("bob", 0.5),
    Job("ida", 0.5),
    Job("bob", 0.5),
    Job("ida", 0.5),
    Job("ann", 0.5),
    Job("bob", 0.5),
]


async def run(rule: str, choose: Choose) -> None:
    done: dict[int, str] = {}

    async def order(number: int, job: Job) -> None:
        await trio.sleep(number)  # one job a second
        done[number] = await choose(workers, job).ask(job)

    async with open_system(rule) as system:
        workers = [await system.start(worker, name, name=name) for name in ("w1", "w2", "w3")]
        async with trio.open_nursery() as nursery:
            for number, job in enumerate(JOBS):
                nursery.start_soon(order, number, job)
    print(rule)
    for number, job in enumerate(JOBS):
        print(f"  {job.customer}, ordered at {number}.0: {done[number]}")


def main() -> None:
    for rule, choose in (("round robin", round_robin()), ("least loaded", least_loaded), ("by customer", by_customer)):
        trio.run(run, rule, choose, clock=trio.testing.MockClock(autojump_threshold=0))


if __name__ == "__main__":
    main()
