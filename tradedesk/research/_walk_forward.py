"""Walk-forward: choose in one stretch of history, try in the next, and stitch what came of the trials together."""

from collections.abc import Iterable, Sequence

from attrs import frozen

from tradedesk.metrics import EquityCurve, Metrics, measure
from tradedesk.research._best import Metric, best, value_by
from tradedesk.research._errors import ResearchError
from tradedesk.research._failure import Failure
from tradedesk.research._grid import Grid, Parameters, points, spelled
from tradedesk.research._points import Build, Curve, Outcome, Point, check_build, count_slices, point, run_point
from tradedesk.research._pool import Count, OnDone, Pool, job, open_pool
from tradedesk.research._windows import Window, windows


@frozen
class Step:
    """One window: what was chosen in it, and what came of that in the slices behind it.

    Attributes:
        window: places in the history.
        tried: every point of the grid, run over `window.train`, in grid order.
        chosen: the best of them; None where none has the figure.
        tested: the chosen parameters, run over `window.test`; None where nothing was chosen.
    """

    window: Window
    tried: Sequence[Point]
    chosen: Point | None
    tested: Point | None


@frozen
class WalkForward:
    """All steps, and their trials stitched together.

    Attributes:
        steps: oldest first.
        curve: the account over all tested windows. Every trial starts flat and with the whole cash, so profits are
            added up, not compounded. A window without a trial, or whose trial failed, has no closes here.
        metrics: of that curve; trades are not part of it.
    """

    steps: Sequence[Step]
    curve: Curve
    metrics: Metrics


async def walk_forward(
    build: Build,
    grid: Grid,
    *,
    train: int,
    test: int,
    anchored: bool = False,
    metric: Metric = "sharpe_ratio",
    periods_per_year: float | None = None,
    workers: int | None = None,
    on_done: OnDone | None = None,
) -> WalkForward:
    """Choose parameters in each window's training span by the metric, and run them in the span behind it.

    All runs are spread over processes as in `sweep`. Windows are counted behind the trial's `warm_up` slices, and as
    many right before each span warm it up: those before a test are training slices, seen again and not traded on.

    Args:
        build: as for `sweep`.
        grid: as for `sweep`.
        train: slices to choose in.
        test: slices to try in; the next window begins so many later.
        anchored: train from the beginning of the history on, in place of the last `train` slices.
        metric: the highest wins; a figure of `tradedesk.metrics.Metrics` by name, or what makes a number of them.
        periods_per_year: as for `tradedesk.metrics.measure`.
        workers: as for `sweep`.
        on_done: as for `sweep`; the number of runs includes those of the tests.

    Raises:
        ResearchError: An argument breaks its rule, the history is too short, or no trial can be built.
    """
    check_build(build)
    value_by(metric)
    every = points(grid)
    async with open_pool(workers) as pool:
        cut = windows(await _length(pool, build, every), train=train, test=test, anchored=anchored)
        count = Count(len(cut) * (len(every) + 1), on_done)
        jobs = [
            job(run_point, build, parameters, window.train, periods_per_year, False)
            for window in cut
            for parameters in every
        ]
        results = iter(await pool.spread(jobs, count.one))
        tried = [tuple(point(parameters, next(results)) for parameters in every) for _ in cut]
        chosen = [best(each, metric) for each in tried]
        tests = [
            job(run_point, build, each.parameters, window.test, periods_per_year, True)
            for each, window in zip(chosen, cut, strict=True)
            if each is not None
        ]
        tested = iter(await pool.spread(tests, count.one))
    steps = tuple(
        Step(window, each, winner, None if winner is None else point(winner.parameters, next(tested)))
        for window, each, winner in zip(cut, tried, chosen, strict=True)
    )
    curve = stitched(step.tested.outcome for step in steps if step.tested is not None)
    return WalkForward(steps, curve, measure(_measurable(curve), periods_per_year=periods_per_year))


def stitched(outcomes: Iterable[Outcome | None]) -> Curve:
    """Put curves behind each other: each begins with what the one before it ended with, profits added up.

    Raises:
        ResearchError: There is none.
    """
    curves = [each.curve for each in outcomes if each is not None and each.curve is not None]
    if not curves:
        raise ResearchError("no window has an out-of-sample result; look at the failures of a sweep first")
    times: list[int] = []
    equity: list[float] = []
    gained = 0.0
    for curve in curves:
        times += curve.close_times
        equity += [gained + each for each in curve.equity]
        if curve.equity:
            gained += curve.equity[-1] - curve.start
    return Curve(curves[0].start, times, equity)


def _measurable(curve: Curve) -> EquityCurve:
    return EquityCurve(start=curve.start, close_times=curve.close_times, equity=curve.equity)


async def _length(pool: Pool, build: Build, every: Sequence[Parameters]) -> int:
    """Count the slices of the history: that of the first point that can be built."""
    failure: Failure | None = None
    for parameters in every:
        (counted,) = await pool.spread([job(count_slices, build, parameters)])
        if isinstance(counted, int):
            return counted
        failure = failure or counted
    raise ResearchError(f"no point of the grid can be built; with {spelled(every[0])}: {failure}")
