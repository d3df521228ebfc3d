"""The benchmarks run, and print a figure for each row; what they measure is for people to judge."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.actors.peers import HERE, MEASURES, OURS, RUNTIMES
from tests.benchmarks.environment import figure
from tests.benchmarks.portfolio.costs import PROMISES

ROOT = Path(__file__).parents[1]
INSTALLED = (OURS, "trio_channel", "asyncio_queue")
"""Runtimes that need no environment of their own."""


def test_every_row_of_the_benchmarks_has_a_cost_and_a_ratio():
    command = [sys.executable, "-m", "tests.benchmarks", "--quick"]
    printed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True).stdout

    rows = re.findall(r"^  (\S.*?) +([\d.]+) us +([\d.]+)x$", printed, re.MULTILINE)

    assert len(rows) == 3 + 4 + 3 * 7 + 2 * len(PROMISES) + 3 + 13 + 7 + 3 * 4 + 6
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
