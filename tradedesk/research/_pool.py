"""Jobs spread over processes; the one place that uses trio-parallel."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

import trio

try:
    from trio_parallel import WorkerContext, open_worker_context
except ModuleNotFoundError as missing:
    if missing.name != "trio_parallel":
        raise
    raise ModuleNotFoundError(
        "tradedesk.research needs trio-parallel: pip install 'tradedesk-actors[research]'", name="trio_parallel"
    ) from missing

from tradedesk.research._errors import ResearchError
from tradedesk.research._failure import Failure, Kept

T = TypeVar("T")

OnDone = Callable[[int, int], object]
"""Told after each job how many are done, and how many there are."""


async def spread(
    jobs: Sequence[Callable[[], T | Failure]], *, workers: int | None = None, on_done: OnDone | None = None
) -> list[T | Failure]:
    """Run each job in one of so many processes, and give the results in the order of the jobs.

    A job is something that can be pickled. One that raises, or whose process dies, gives a `Failure`. When the caller
    is cancelled the processes are killed; they never outlive the call.

    Raises:
        ResearchError: `workers` is less than 1.
    """
    limit = _checked(workers)
    results: list[T | Failure | None] = [None] * len(jobs)
    done = 0

    async def run(place: int, context: WorkerContext, limiter: trio.CapacityLimiter) -> None:
        nonlocal done
        with Kept() as kept:
            results[place] = await context.run_sync(jobs[place], kill_on_cancel=True, limiter=limiter)
        if kept.failure is not None:
            results[place] = kept.failure
        done += 1
        if on_done is not None:
            on_done(done, len(jobs))

    async with open_worker_context() as context, trio.open_nursery() as nursery:
        limiter = trio.CapacityLimiter(limit)
        for place in range(len(jobs)):
            nursery.start_soon(run, place, context, limiter)
    return [result for result in results if result is not None]


def _checked(workers: int | None) -> int:
    if workers is None:
        return os.cpu_count() or 1
    if workers < 1:
        raise ResearchError(f"workers is {workers!r}; it must be at least 1 process")
    return workers


def job(function: Callable[..., T], *arguments: object) -> Callable[[], T]:
    """Make a job of a function at the top of a module and its arguments."""
    return partial(function, *arguments)
