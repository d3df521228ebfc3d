"""Sweeps over processes: grid order, failures as values, nothing left behind."""

import os
from functools import partial
from pathlib import Path

import pytest
import trio

from tests.research import desk
from tradedesk.backtest import run_backtest
from tradedesk.metrics import measure_run
from tradedesk.research import ResearchError, best, sweep


@pytest.fixture(scope="module")
def swept():
    """One sweep for several tests, each process of it costs the time of a start."""
    told = []

    async def main():
        grid = {"window": [3, 5, 400], "fails_at": [None, 7]}
        return await sweep(desk.build, grid, workers=2, on_done=lambda done, total: told.append((done, total)))

    return trio.run(main), told


def test_points_stand_in_grid_order(swept):
    points, _ = swept
    assert [tuple(point.parameters.values()) for point in points] == [
        (3, None),
        (3, 7),
        (5, None),
        (5, 7),
        (400, None),
        (400, 7),
    ]


def test_the_run_hash_and_the_figures_of_a_point_are_those_of_the_single_run(swept):
    for point in swept[0]:
        if point.outcome is not None:
            trial = desk.build(**point.parameters)
            single = trio.run(run_backtest, trial.runner, trial.broker, trial.source)
            assert point.outcome.run_hash == single.run_hash
            assert point.outcome.metrics == measure_run(single)
            assert (point.outcome.fills, point.outcome.refused) == (len(single.fills), len(single.refused))


def test_a_point_that_fails_is_a_value_with_its_error_and_the_others_go_on(swept):
    failed = [point for point in swept[0] if point.parameters["fails_at"] == 7]
    assert [point.outcome for point in failed] == [None, None, None]
    assert str(failed[0].failure) == "LookupError: no level at candle 7 (and 1 more)"
    assert "in on_candle_close" in failed[0].failure.traceback
    assert all(point.outcome and not point.failure for point in swept[0] if point not in failed)


def test_progress_is_told_for_every_point(swept):
    assert swept[1] == [(done, 6) for done in range(1, 7)]


def test_the_best_point_has_the_highest_figure_and_is_the_first_of_equals(swept):
    points = swept[0]
    returns = [point.outcome.metrics.total_return for point in points if point.outcome]
    assert best(points, "total_return").outcome.metrics.total_return == max(returns)
    assert best(points, lambda metrics: -metrics.total_return).outcome.metrics.total_return == min(returns)
    assert best(points, lambda _: 1.0) is points[0]
    assert best(points, lambda _: None) is None
    assert best(points[1:2], "total_return") is None


async def test_a_process_that_dies_is_a_failure_of_its_point():
    points = await sweep(desk.dies, {"window": [2, 3]}, workers=1)
    assert points[0].outcome is None
    assert points[0].failure.kind == "BrokenWorkerProcessError"
    assert points[1].outcome is not None


async def test_cancellation_kills_the_workers(tmp_path: Path):
    build = partial(desk.hangs, folder=str(tmp_path))
    with trio.move_on_after(60) as scope:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(sweep, build, {"window": [1, 2, 3]}, workers=2))
            while len(written(tmp_path)) < 2:  # noqa: ASYNC110 - another process has no event of ours
                await trio.sleep(0.01)
            nursery.cancel_scope.cancel()
    assert not scope.cancelled_caught
    assert len(written(tmp_path)) == 2
    assert [pid for pid in written(tmp_path) if alive(pid)] == []


def written(folder: Path) -> list[int]:
    return [int(path.name) for path in folder.iterdir()]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"build": lambda *, window: desk.build(window)},
            "it by its name: make it a function at the top of a module, or a functools.partial of one",
        ),
        ({"grid": {"window": []}}, "grid['window'] is empty; give it at least one value to try"),
        ({"workers": 0}, "workers is 0; it must be at least 1 process"),
    ],
)
async def test_what_cannot_be_swept_is_refused_before_a_process_starts(arguments, sentence):
    arguments = {"build": desk.build, "grid": {"window": [3]}} | arguments
    with pytest.raises(ResearchError) as caught:
        await sweep(**arguments)
    assert str(caught.value).endswith(sentence)


@pytest.mark.parametrize(
    ("metric", "hint"),
    [("sharp_ratio", "did you mean 'sharpe_ratio'?"), ("zzz", "known are periods, periods_per_year, ")],
)
def test_a_figure_that_there_is_not_is_refused(metric, hint):
    with pytest.raises(ResearchError) as caught:
        best([], metric)
    assert str(caught.value).startswith(f"metric is {metric!r}, which is no figure of a run; {hint}")
