"""Every example runs, in a process of its own and from its own folder, and prints exactly what it is expected to.

An example is a script, a file of tests (`test_*.py`) or a folder with a `portfolio.toml`. What it should print stands in
`examples/expected/<name>.txt`; what the demo prints, in the tutorial. To renew these files after a change that is meant:

    python -m tests.test_examples
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

import tradedesk

EXAMPLES = Path(__file__).parents[1] / "examples"
DOCS = Path(__file__).parents[1] / "docs"
TUTORIAL = DOCS / "tutorial"
DEMO = TUTORIAL / "demo.txt"

CHECKS = {
    "prove-first.txt": ("proving", ["first_try:Stochastic"], 1),
    "prove-second.txt": ("proving", ["second_try:Stochastic"], 1),
    "prove-third.txt": (".", ["test_proving:Stochastic", "--warm-up", "3", "--restart"], 0),
    "prove-peeking.txt": ("proving", ["peeking:AboveTheMean"], 1),
    "prove-cents.txt": ("proving", ["cents:Cents"], 1),
    "prove-mistake.txt": ("proving", ["first_try:Stocastic"], 2),
}
"""What `tradedesk check` prints, from which folder of the examples, for what, and with which exit code."""
TRIED = {
    DOCS / "how-to" / "sweep.txt": "sweep",
    DOCS / "how-to" / "walk-forward.txt": "walk-forward",
}
"""What commands print that are run in examples/csv_backtest."""

VARIES = re.compile(
    r"""
    (?<=candles\ per\ second\ )\ *\S+   # speed
    | (?<=passed\ in\ )\S+              # time
    | (?<=[a-z]\ )\ +(?=[\d.,]+$)        # the blanks before a line's last number: a column is as wide as the speed
    """,
    re.VERBOSE | re.MULTILINE,
)


def examples(folder: Path) -> dict[str, Path]:
    scripts = {path.stem: path for path in folder.glob("*.py")}
    portfolios = {path.parent.name: path for path in folder.glob("*/portfolio.toml")}
    return dict(sorted({**scripts, **portfolios}.items()))


def expectations(folder: Path) -> dict[str, Path]:
    return {path.stem: path for path in (folder / "expected").glob("*.txt")}


def unpaired(folder: Path) -> list[str]:
    shown, expected = examples(folder), expectations(folder)
    return [
        *(f"{name} has no expected/{name}.txt" for name in sorted(shown.keys() - expected.keys())),
        *(f"expected/{name}.txt has no example" for name in sorted(expected.keys() - shown.keys())),
    ]


def arguments(example: Path) -> list[str]:
    if example.suffix == ".toml":
        command = "backtest" if "[broker]" in example.read_text(encoding="utf-8") else "run"
        return ["-m", "tradedesk", command, example.name]
    if example.name.startswith("test_"):
        return ["-m", "pytest", "-q", "-p", "no:cacheprovider", example.name]
    return [example.name]


def environment() -> dict[str, str]:
    """The packages under test, a fixed width, no colours, Hypothesis without chance and without a database."""
    inherited = {key: value for key, value in os.environ.items() if "COLOR" not in key and "PYTEST" not in key}
    packages = Path(tradedesk.__file__).parents[1]
    ours = {"PYTHONPATH": str(packages), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "80", "CI": "1"}
    return inherited | ours


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )


def run_example(example: Path) -> subprocess.CompletedProcess[str]:
    return run(arguments(example), example.parent)


def run_check(name: str) -> subprocess.CompletedProcess[str]:
    folder, tokens, _ = CHECKS[name]
    return run(["-m", "tradedesk", "check", *tokens], EXAMPLES / folder)


def run_tried(command: str) -> subprocess.CompletedProcess[str]:
    return run(["-m", "tradedesk", command, "portfolio.toml", "--workers", "1"], EXAMPLES / "csv_backtest")


def faults(ran: subprocess.CompletedProcess[str], expected: str) -> list[str]:
    complaints = []
    if ran.returncode:
        complaints.append(f"exit code {ran.returncode}")
    if ran.stderr:
        complaints.append(f"stderr: {ran.stderr}")
    if VARIES.sub("", ran.stdout) != VARIES.sub("", expected):
        complaints.append(f"stdout: {ran.stdout}")
    return complaints


def test_examples_and_expectations_come_in_pairs():
    assert unpaired(EXAMPLES) == []
    assert examples(EXAMPLES), f"there are no examples in {EXAMPLES}"


@pytest.mark.parametrize("name", examples(EXAMPLES))
def test_an_example_prints_what_is_expected(name: str):
    expected = expectations(EXAMPLES)[name].read_text(encoding="utf-8")
    assert faults(run_example(examples(EXAMPLES)[name]), expected) == []


def test_the_demo_prints_what_the_tutorial_shows(tmp_path: Path):
    assert faults(run(["-m", "tradedesk", "demo"], tmp_path), DEMO.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_prints_what_the_tutorial_shows(name: str):
    ran = run_check(name)
    assert ran.stdout + ran.stderr == (TUTORIAL / name).read_text(encoding="utf-8")
    assert ran.returncode == CHECKS[name][2]


@pytest.mark.parametrize("shown", TRIED, ids=lambda path: path.stem)
def test_a_command_prints_what_the_guide_shows(shown: Path):
    assert faults(run_tried(TRIED[shown]), shown.read_text(encoding="utf-8")) == []


def test_an_example_without_expectation_and_the_reverse_are_reported(tmp_path: Path):
    (tmp_path / "expected").mkdir()
    (tmp_path / "expected" / "gone.txt").touch()
    (tmp_path / "script.py").touch()
    (tmp_path / "desk").mkdir()
    (tmp_path / "desk" / "portfolio.toml").touch()
    assert unpaired(tmp_path) == [
        "desk has no expected/desk.txt",
        "script has no expected/script.txt",
        "expected/gone.txt has no example",
    ]


@pytest.mark.parametrize(
    ("script", "complaint"),
    [
        ("print('good morning')", "stdout: good morning\n"),
        ("import sys; print('good evening'); print('oops', file=sys.stderr)", "stderr: oops\n"),
        ("import sys; print('good evening'); sys.exit(3)", "exit code 3"),
    ],
)
def test_an_example_that_does_something_else_is_reported(tmp_path: Path, script: str, complaint: str):
    example = tmp_path / "script.py"
    example.write_text(script, encoding="utf-8")
    assert faults(run_example(example), "good evening\n") == [complaint]


def test_an_example_that_keeps_its_word_has_no_fault(tmp_path: Path):
    example = tmp_path / "script.py"
    example.write_text("print('good evening')", encoding="utf-8")
    assert faults(run_example(example), "good evening\n") == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("budget       100\ncandles per second  24,441", "budget        100\ncandles per second  124,441"),
        ("3 passed in 0.20s", "3 passed in 11.02s"),
    ],
)
def test_speed_and_time_may_vary(one: str, other: str):
    assert VARIES.sub("", one) == VARIES.sub("", other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("budget       100", "budget        10"), ("3 passed in 0.20s", "4 passed in 0.20s"), ("a  b", "a b")],
)
def test_nothing_else_may_vary(one: str, other: str):
    assert VARIES.sub("", one) != VARIES.sub("", other)


def renew() -> None:
    for name, example in examples(EXAMPLES).items():
        (EXAMPLES / "expected" / f"{name}.txt").write_text(run_example(example).stdout, encoding="utf-8")
    for name in CHECKS:
        ran = run_check(name)
        (TUTORIAL / name).write_text(ran.stdout + ran.stderr, encoding="utf-8")
    for shown, command in TRIED.items():
        shown.write_text(run_tried(command).stdout, encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:  # the demo writes a report where it runs
        DEMO.write_text(run(["-m", "tradedesk", "demo"], Path(folder)).stdout, encoding="utf-8")


if __name__ == "__main__":
    renew()
