"""The benchmarks run, and print a figure for each row; what they measure is for people to judge."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.actors.peers import HERE, MEASURES, OURS, RUNTIMES
from tests.benchmarks.backtest import market, opinion
from tests.benchmarks.backtest.rivals import OURS as OUR_ENGINES
from tests.benchmarks.environment import figure
from tests.benchmarks.portfolio.costs import LIFE, PROMISES

ROOT = Path(__file__).parents[1]
INSTALLED = (OURS, "trio_channel", "asyncio_queue")
"""Runtimes that need no environment of their own."""


def test_every_row_of_the_benchmarks_has_a_cost_and_a_ratio():
    command = [sys.executable, "-m", "tests.benchmarks", "--quick"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout

    rows = re.findall(r"^  (\S.*?) +([\d.]+) us +([\d.]+)x$", printed, re.MULTILINE)

    assert len(rows) == 3 + 4 + 3 * 7 + 2 * len(PROMISES) + 4 + 2 * len(LIFE) + 13 + 7 + 3 * 4 + 6
    assert all(float(cost) > 0 and float(ratio) > 0 for _, cost, ratio in rows)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_script_of_a_runtime_prints_one_figure_for_each_measure(measure):
    for script in INSTALLED:
        assert figure(sys.executable, HERE / f"{script}.py", measure, 100, ours=script == OURS) >= 0


def test_the_table_of_the_documentation_has_a_column_for_each_runtime_and_a_row_for_each_measure():
    page = (ROOT / "docs" / "explanation" / "speed-of-actors.rst").read_text(encoding="utf-8")
    table = page.split(".. BEGIN-TABLE")[1].split(".. END-TABLE")[0]
    rows = [re.findall(r"- (.*)", row) for row in table.split("   * ")[1:]]
    assert rows[0][1:] == list(RUNTIMES.values())
    assert [row[0] for row in rows[1:]] == [title for title, _ in MEASURES.values()]
    assert all(float(cell.replace(",", "")) > 0 for row in rows[1:] for cell in row[1:])


def test_the_benchmark_of_explorations_prints_a_figure_for_each_seam():
    command = [sys.executable, "-m", "tests.benchmarks.actors.exploring", "--quick"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert ", 32 steps, " in printed
    figures = re.findall(r"^  (\S.*?) +([\d,]+) a second of CPU time$", printed, re.MULTILINE)
    assert [name for name, _ in figures] == ["trio.run of nothing", 'seam="actors"', 'seam="trio"']
    assert all(int(figure.replace(",", "")) > 0 for _, figure in figures)


def test_the_benchmark_of_a_backtest_prints_speed_ratio_orders_profit_and_memory_of_each_dispatch():
    command = [sys.executable, "-m", "tests.benchmarks.backtest", "--quick"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    rows = re.findall(
        r"^  (\S.*?) +([\d,]+) +([\d.]+)x +([\d,]+) +(-?[\d,.]+) +(\d+) +([\d.]+)$", printed, re.MULTILINE
    )
    assert [row[0] for row in rows] == [engine.title for engine in OUR_ENGINES] * 3
    assert all(float(cell.replace(",", "")) != 0 for row in rows for cell in row[1:6])
    direct, actors = rows[0::2], rows[1::2]
    assert [row[3:5] for row in direct] == [row[3:5] for row in actors]


def test_other_engines_that_fill_at_the_next_open_came_to_the_same_fills_and_profit(tmp_path):
    feed = tmp_path / "walk.bin"
    market.write(feed, opinion.CANDLES, opinion.INSTRUMENTS)
    ours, theirs = opinion.ours(feed, sys.executable), opinion.kept()
    assert list(theirs) == [engine.title for engine in opinion.NEXT_OPEN]
    assert len(theirs) == 2
    assert all(said == heard for said in ours.values() for heard in theirs.values())
    assert all(said["fills"] == 764 for said in ours.values())


def test_the_benchmark_of_the_testing_kit_prints_two_figures():
    command = [sys.executable, "-m", "tests.benchmarks.testing", "--quick"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout
    assert [float(figure.replace(",", "")) > 0 for figure in re.findall(r"([\d,.]+)$", printed, re.MULTILINE)] == [
        True,
        True,
    ]
