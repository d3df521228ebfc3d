"""Walk-forward: chosen in one stretch, tried in the next, stitched."""

from functools import partial

import pytest
import trio

from tests.research import desk
from tradedesk.backtest import run_backtest
from tradedesk.metrics import measure_run
from tradedesk.research import Curve, Outcome, ResearchError, walk_forward, windows
from tradedesk.research._walk_forward import stitched

BUILD = partial(desk.build, warm_up=10)
GRID = {"window": [3, 8], "size": [1.0, 2.0]}


@pytest.fixture(scope="module")
def walked():
    told = []

    async def main():
        return await walk_forward(
            BUILD,
            GRID,
            train=40,
            test=30,
            metric="total_return",
            workers=2,
            on_done=lambda done, total: told.append((done, total)),
        )

    return trio.run(main), told


def single(parameters, first: int, end: int):
    """The same span, run by hand: places are counted behind the warm-up, which stands right before each span."""
    trial = BUILD(**parameters)
    source = list(desk.slices())[first : end + 10]
    return trio.run(partial(run_backtest, trial.runner, trial.broker, source, warm_up=10))


def test_every_point_is_tried_in_every_window_and_the_best_is_chosen(walked):
    walk, _ = walked
    assert [step.window for step in walk.steps] == list(windows(desk.SLICES - 10, train=40, test=30))
    for step in walk.steps:
        span = step.window.train
        returns = [measure_run(single(point.parameters, span.first, span.end)).total_return for point in step.tried]
        assert [point.outcome.metrics.total_return for point in step.tried] == returns
        assert step.chosen is step.tried[returns.index(max(returns))]


def test_what_was_chosen_is_run_behind_the_training_and_nowhere_else(walked):
    for step in walked[0].steps:
        span = step.window.test
        alone = single(step.chosen.parameters, span.first, span.end)
        assert step.tested.parameters == step.chosen.parameters
        assert step.tested.outcome.run_hash == alone.run_hash
        assert list(step.tested.outcome.curve.close_times) == [
            place * desk.HOUR for place in range(span.first + 11, span.end + 11)
        ]


def test_the_stitched_curve_adds_the_profits_of_the_tests_up(walked):
    walk, _ = walked
    curves = [step.tested.outcome.curve for step in walk.steps]
    assert list(walk.curve.close_times) == [number * desk.HOUR for number in range(51, desk.SLICES + 1)]
    assert walk.curve.start == 10_000.0
    assert walk.curve.equity[-1] - walk.curve.start == pytest.approx(
        sum(curve.equity[-1] - curve.start for curve in curves)
    )
    assert walk.metrics.end == walk.curve.equity[-1]


def test_progress_counts_the_trainings_and_the_tests(walked):
    runs = 3 * (4 + 1)
    assert walked[1] == [(done, runs) for done in range(1, runs + 1)]


def outcome(start: float, times: list[int], equity: list[float]) -> Outcome:
    return Outcome("", None, 0, 0, Curve(start, times, equity))


def test_curves_are_stitched_where_the_last_one_ended():
    curve = stitched([outcome(100.0, [1, 2], [101.0, 103.0]), None, outcome(100.0, [5], [98.0])])
    assert (curve.start, curve.close_times, curve.equity) == (100.0, [1, 2, 5], [101.0, 103.0, 101.0])


async def test_a_window_in_which_every_point_fails_has_no_test(tmp_path):
    build = partial(desk.build, fails_at=15)
    with pytest.raises(ResearchError) as caught:
        await walk_forward(build, {"window": [3]}, train=40, test=80, workers=1)
    assert str(caught.value) == "no window has an out-of-sample result; look at the failures of a sweep first"


async def test_a_portfolio_that_cannot_be_built_says_why():
    with pytest.raises(ResearchError) as caught:
        await walk_forward(desk.refuses, {"window": [3, 4]}, train=40, test=80, workers=1)
    assert str(caught.value) == (
        "no point of the grid can be built; with window=3: ValueError: window 3 is not to my taste"
    )


async def test_a_figure_that_there_is_not_is_refused_before_anything_runs():
    with pytest.raises(ResearchError, match="did you mean 'sharpe_ratio'"):
        await walk_forward(desk.build, GRID, train=40, test=30, metric="sharp_ratio")
