"""Jobs spread over processes; the one place that uses trio-parallel."""

import os
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeVar

import trio
from attrs import define

try:
    from trio_parallel import WorkerContext, open_worker_context  # type: ignore[import-untyped]
except ModuleNotFoundError as missing:
    if missing.name != "trio_parallel":
        raise
    raise ModuleNotFoundError(
        "tradedesk.research needs trio-parallel: pip install 'tradedesk-actors[research]'", name="trio_parallel"
    ) from missing

from tradedesk.research._errors import ResearchError
from tradedesk.research._failure import Failure, Kept

T = TypeVar("T")

Told = Callable[[], object]

OnDone = Callable[[int, int], object]
"""Told after each job how many are done, and how many there are."""


@define(eq=False)
class Pool:
    """Processes that run jobs; made by `open_pool`."""

    _context: WorkerContext
    _limiter: trio.CapacityLimiter

    async def spread(self, jobs: Sequence[Callable[[], T | Failure]], told: Told | None = None) -> list[T | Failure]:
        """Run each job in one of the processes, and give the results in the order of the jobs.

        A job is something that can be pickled. One that raises, or whose process dies, gives a `Failure`. `told` is
        called after each.
        """
        results: dict[int, T | Failure] = {}

        async def run(place: int) -> None:
            with Kept() as kept:
                results[place] = await self._context.run_sync(jobs[place], kill_on_cancel=True, limiter=self._limiter)
            if kept.failure is not None:
                results[place] = kept.failure
            if told is not None:
                told()

        async with trio.open_nursery() as nursery:
            for place in range(len(jobs)):
                nursery.start_soon(run, place)
        return [results[place] for place in range(len(jobs))]


@asynccontextmanager
async def open_pool(workers: int | None) -> AsyncGenerator[Pool, None]:
    """Hold so many processes for the block; they are started when they are needed and do not outlive it.

    When the block is cancelled, those that have a job are killed.

    Raises:
        ResearchError: `workers` is less than 1.
    """
    limiter = trio.CapacityLimiter(_checked(workers))
    async with open_worker_context() as context:
        yield Pool(context, limiter)


class Count:
    """Tells how many jobs are done, and how many there are."""

    def __init__(self, total: int, on_done: OnDone | None) -> None:
        self._done, self._total, self._on_done = 0, total, on_done

    def one(self) -> None:
        """One more is done."""
        self._done += 1
        if self._on_done is not None:
            self._on_done(self._done, self._total)


def _checked(workers: int | None) -> int:
    if workers is None:
        return os.cpu_count() or 1
    if workers < 1:
        raise ResearchError(f"workers is {workers!r}; it must be at least 1 process")
    return workers


def job(function: Callable[..., T], *arguments: object) -> Callable[[], T]:
    """Make a job of a function at the top of a module and its arguments."""
    return partial(function, *arguments)
