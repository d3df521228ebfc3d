"""A grid of parameters, every point of it run."""

from tradedesk.research._grid import Grid, points
from tradedesk.research._points import Build, Point, check_build, point, run_point
from tradedesk.research._pool import Count, OnDone, job, open_pool


async def sweep(
    build: Build,
    grid: Grid,
    *,
    periods_per_year: float | None = None,
    workers: int | None = None,
    on_done: OnDone | None = None,
) -> tuple[Point, ...]:
    """Run every combination of parameters, over processes, and give the points in grid order.

    `build` is called in another process, with a value for each parameter of the grid, and makes a `Trial`. A point that
    fails is a value with its error; the others go on. Cancelled, the processes are killed. A point's run hash
    is that of a single run with its parameters.

    Args:
        build: a function at the top of a module.
        grid: parameter -> values; the last parameter changes first.
        periods_per_year: as for `tradedesk.metrics.measure`.
        workers: processes at a time; None for as many as there are processors.
        on_done: told after each point how many are done, and how many there are.

    Raises:
        ResearchError: An argument breaks its rule.
    """
    check_build(build)
    every = points(grid)
    jobs = [job(run_point, build, parameters, None, periods_per_year, False) for parameters in every]
    async with open_pool(workers) as pool:
        results = await pool.spread(jobs, Count(len(jobs), on_done).one)
    return tuple(point(parameters, result) for parameters, result in zip(every, results, strict=True))
