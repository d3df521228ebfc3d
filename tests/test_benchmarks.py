"""The benchmarks run, and print a figure for each row; what they measure is for people to judge."""

import re
import subprocess
import sys
from pathlib import Path


def test_every_row_of_the_benchmarks_has_a_cost_and_a_ratio():
    root = Path(__file__).parents[1]
    command = [sys.executable, "-m", "tests.benchmarks", "--quick"]
    printed = subprocess.run(command, cwd=root, capture_output=True, check=True, text=True).stdout

    rows = re.findall(r"^  (\S.*?) +([\d.]+) us +([\d.]+)x$", printed, re.MULTILINE)

    assert len(rows) == 3 + 4 + 3 * 7
    assert all(float(cost) > 0 and float(ratio) > 0 for _, cost, ratio in rows)
