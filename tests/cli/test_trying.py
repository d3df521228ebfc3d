"""`tradedesk sweep` and `tradedesk walk-forward`: what the file may say, and what comes out."""

import re

import pytest

from tests.cli.conftest import BROKER
from tests.cli.test_run import edit, words
from tradedesk.cli._toml import read_desk
from tradedesk.cli._trying import show_walk, trial_of
from tradedesk.metrics import EquityCurve, measure
from tradedesk.research import Curve, Failure, Outcome, Point, Span, Step, WalkForward, Window

SWEEP = """
[sweep]
metric = "total_return"

[sweep.parameters]
size = [1000, 2000, -1]
"GBPUSD.leaves_at" = [3]
"""


@pytest.fixture
def trying(folder):
    edit(folder, (":Steady", ":Holder"), ("parameters = { level = 2.0 }\n", ""))
    with (folder / "portfolio.toml").open("a") as file:
        file.write(BROKER + SWEEP)
    return folder


def add(folder, text: str) -> None:
    with (folder / "portfolio.toml").open("a") as file:
        file.write(text)


def test_a_sweep_shows_every_point_in_grid_order_and_the_best(trying, tradedesk):
    ended = tradedesk("sweep", "portfolio.toml", "--workers", "1")

    # EURUSD gains 8 for 1,000; GBPUSD leaves at 1.503 and gains 2
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("portfolio.toml: 3 points\n")
    rows = [line.split() for line in ended.out.splitlines() if re.match(r"^ *-?\d", line)]
    assert [(row[0], row[1], row[2], row[-1]) for row in rows] == [
        ("1000", "3", "0.10", "0"),
        ("2000", "3", "0.20", "0"),
        ("-1", "3", "failed", "failed"),
    ]
    assert "size=-1, GBPUSD.leaves_at=3 failed with ConfigError: " in ended.out
    assert "sleeve[0].parameters: Holder refuses them: ValueError: size is -1 (house_strategies.py, line" in ended.out
    assert ended.out.endswith("\nsize=2000, GBPUSD.leaves_at=3 has the highest total_return, of 3 that were tried.\n\n")


def test_a_point_gets_common_parameters_and_those_of_its_sleeve(trying):
    desk = read_desk(trying / "portfolio.toml", backtest=True, tried={"size": 5, "GBPUSD.leaves_at": 3})

    holders = [spec.strategy.strategy for spec in desk.strategies.values()]
    assert [(each.size, each.leaves_at) for each in holders] == [(5, None), (5, 3)]


def test_a_trial_begins_where_the_file_says_and_runs_in_one_task(trying):
    add(trying, "[backtest]\nsince = 2020-09-14T00:26:40Z\nwarm_up = 2\n")

    trial = trial_of(str(trying / "portfolio.toml"), size=5)

    assert trial.warm_up == 2
    assert len(list(trial.source)) == 9


def test_a_walk_forward_shows_every_window_and_all_tests_together(trying, tradedesk):
    edit(trying, ("size = [1000, 2000, -1]", "size = [1000, 2000]"))
    add(trying, "[walk_forward]\ntrain = 4\ntest = 3\n")

    ended = tradedesk("walk-forward", "portfolio.toml", "--workers", "1")

    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("portfolio.toml: 2 windows, chosen by total_return\n")
    assert words(ended.out, " 2020-09-14   2020-09-14")[:4] == ["2020-09-14", "2020-09-14", "2000", "3"]
    assert "\nAll tests together, from 2020-09-14 to 2020-09-15: Total return 0.06 %, " in ended.out


def test_a_window_without_a_result_is_a_row_of_dashes(capsys):
    curve = Curve(100.0, [86_400 * 10**9], [101.0])
    metrics = measure(EquityCurve(start=100.0, close_times=curve.close_times, equity=curve.equity))
    good = Point({"n": 1}, Outcome("", metrics, 0, 0, curve))
    bad = Point({"n": 1}, None, Failure("ValueError", "no"))
    windows = [Window(Span(0, 1), Span(1, 2)), Window(Span(1, 2), Span(2, 3))]
    steps = (Step(windows[0], (good,), good, good), Step(windows[1], (bad,), None, None))

    show_walk("file", "total_return", WalkForward(steps, curve, metrics))

    out = capsys.readouterr().out
    assert out.startswith("file: 2 windows, chosen by total_return\n")
    assert [line.split()[:4] for line in out.splitlines()[4:6]] == [
        ["1970-01-02", "1970-01-02", "1", "0.01"],
        ["-", "-", "-", "-"],
    ]


def test_when_every_point_fails_the_command_does(trying, tradedesk):
    edit(trying, ("size = [1000, 2000, -1]", "size = [-1]"))

    ended = tradedesk("sweep", "portfolio.toml", "--workers", "1")

    assert (ended.code, ended.err) == (1, "tradedesk: the run failed: every point failed\n")


@pytest.mark.parametrize(
    ("command", "edits", "sentence"),
    [
        (
            "sweep",
            [(SWEEP, "")],
            "portfolio.toml has no table [sweep], which says what to try: parameters = { name = [1, 2] }",
        ),
        (
            "walk-forward",
            [],
            "portfolio.toml has no table [walk_forward], which says how many slices to `train` and to `test` on",
        ),
        (
            "sweep",
            [("size = [1000, 2000, -1]", "sise = [1]\nactive = 3\nlevel = []"), ("GBPUSD.", "GBPUS.")],
            """portfolio.toml has 2 mistakes:
  sweep.parameters.active: expected a list of values to try, got 3
  sweep.parameters.level: expected a list of values to try, got []""",
        ),
        (
            "sweep",
            [("size = [1000, 2000, -1]", "sise = [1]"), ("GBPUSD.", "GBPUS."), ("total_return", "total_retrun")],
            """portfolio.toml has 1 mistake:
  sweep.metric: metric is 'total_retrun', which is no figure of a run; did you mean 'total_return'?""",
        ),
        (
            "sweep",
            [("size = [1000, 2000, -1]", "sise = [1]"), ("GBPUSD.", "GBPUS.")],
            """portfolio.toml has 2 mistakes:
  sweep.parameters.sise: no strategy takes 'sise' (did you mean 'size'?)
  sweep.parameters.GBPUS.leaves_at: there is no sleeve 'GBPUS' (did you mean 'GBPUSD'?)""",
        ),
        (
            "walk-forward",
            [(SWEEP, f"{SWEEP}[walk_forward]\ntrain = 0\n")],
            """portfolio.toml has 2 mistakes:
  walk_forward.train: must be at least 1, got 0
  walk_forward.test: required key is missing""",
        ),
    ],
)
def test_what_cannot_be_tried_is_said_before_a_process_starts(trying, tradedesk, command, edits, sentence):
    edit(trying, *edits)

    assert tradedesk(command, "portfolio.toml") == (2, "", f"tradedesk: {sentence}\n")


def test_a_history_too_short_for_a_window_is_said(trying, tradedesk):
    add(trying, "[walk_forward]\ntrain = 400\ntest = 3\n")

    ended = tradedesk("walk-forward", "portfolio.toml", "--workers", "1")

    assert (ended.code, ended.err) == (
        1,
        "tradedesk: the run failed: the history has 10 slices; train=400 of them leave none to test in\n",
    )
