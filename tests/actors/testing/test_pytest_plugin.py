"""The plugin for pytest, in projects of its own: with pytest-trio and without, under xdist, replaying.

What a failure and a summary look like stands in the documentation; to renew it: python -m tests.actors.testing.test_pytest_plugin
"""

import re
import shutil
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.test_examples import EXAMPLES, environment

SHOWN = Path(__file__).parents[3] / "docs" / "how-to" / "failing-schedule.txt"

SUMMARY = SHOWN.with_name("explored-schedules.txt")

INSTALLED = any(entry.name == "actors" for entry in entry_points(group="pytest11"))
"""As in a project that depends on the wheel; from a folder of sources the plugin has to be named."""

VARIES = re.compile(r"(?<= in )[\d.]+s|^\S*(?=actors/_actor\.py:)|(?<=actors/_actor\.py:)\d+", re.MULTILINE)

TESTS = """
import pytest
from actors.testing import explored

async def kept(inbox, log):
    async for message in inbox:
        log.append(message)

async def passing_on(inbox, target):
    async for message in inbox:
        await target.tell(message)

@pytest.fixture
def names():
    return "AB"

@pytest.mark.parametrize("capacity", [1, 5])
@explored(schedules=30)
async def test_order(lab, names, capacity):
    log = []
    async with lab.open_system() as system:
        ref = await system.start(kept, log, name="log", capacity=capacity)
        for name in names:
            await (await system.start(passing_on, ref, name=name)).tell(name)
    assert log == ["A", "B"]

class TestGroup:
    @explored(schedules=30)
    async def test_method(self, lab, names):
        assert isinstance(self, TestGroup)
        lab.sometimes(len(names) == 2, "two names")

@explored(schedules=30)
async def test_vacuous(lab):
    lab.sometimes(False, "pigs fly")

def test_plain():
    pass
"""

ASYNC = """
async def test_other():
    import trio
    await trio.sleep(0)
"""


def run_pytest(folder, *arguments):
    named = [] if INSTALLED else ["-p", "actors.testing.pytest_plugin"]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *named, *arguments]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, check=False, encoding="utf-8", timeout=120
    )
    return done.stdout + done.stderr


@pytest.fixture
def project(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\ntrio_mode = true\nfilterwarnings = error\n", encoding="utf-8")
    (tmp_path / "test_ours.py").write_text(TESTS + ASYNC, encoding="utf-8")
    return tmp_path


def outcomes(output):
    found = re.findall(r"^(PASSED|FAILED|ERROR) test_ours\.py::(\S+)", output, re.MULTILINE)
    return {name: outcome for outcome, name in found}


OUTCOMES = {
    "test_order[1]": "FAILED",
    "test_order[5]": "FAILED",
    "TestGroup::test_method": "PASSED",
    "test_vacuous": "FAILED",
    "test_plain": "PASSED",
}


def test_explored_tests_take_fixtures_and_parameters_and_stand_beside_pytest_trio(project):
    output = run_pytest(project, "-rA", "--tb=no")
    assert outcomes(output) == {**OUTCOMES, "test_other": "PASSED"}, output


def test_they_need_no_pytest_trio_and_run_under_xdist(project):
    pytest.importorskip("xdist", reason="pytest-xdist is a tool of development")
    (project / "pytest.ini").unlink()
    (project / "test_ours.py").write_text(TESTS, encoding="utf-8")
    output = run_pytest(project, "-rA", "--tb=short", "-p", "no:trio", "-n", "2")
    assert outcomes(output) == OUTCOMES, output
    assert "in 8 schedules it never held that 'pigs fly'" in output
    assert "test_ours.py::test_vacuous: explored 8 schedules" in output


def test_the_line_that_a_failure_ends_with_replays_it(project):
    output = run_pytest(project, "--tb=short", "-k", "order and 5")
    (arguments,) = set(re.findall(r"replay: pytest (\S+ --schedule \S+)", output))
    assert arguments.startswith("'test_ours.py::test_order[5]' --schedule a1:")
    again = run_pytest(project, "--tb=short", *arguments.replace("'", "").split())
    assert "assert ['B', 'A'] == ['A', 'B']" in again
    assert re.findall(r"^E +replayed:$", again, re.MULTILINE)
    assert "explored 2 schedules" in output
    assert "explored 2 schedules" not in again


def test_options_say_how_many_schedules_and_for_how_long(project):
    output = run_pytest(project, "--tb=short", "--schedules", "7", "-k", "vacuous")
    assert "in 7 schedules it never held" in output
    output = run_pytest(project, "--tb=short", "--explore-seconds", "0", "-k", "vacuous")
    assert "in 1 schedule it never held" in output


def test_what_was_tried_stands_at_the_end_unless_pytest_is_to_be_quiet(project):
    output = run_pytest(project, "--tb=no", "-k", "method or vacuous or plain")
    tried = "(fifo 1, starve-one 1, sweep 1, pct(3) 2, exhaustive 1, random 1, pct(2) 1)"
    said = f"explored 8 schedules {tried}, 1 of them different: exhausted, every schedule"
    assert re.findall(r"^test_ours\.py::\S+: .*$", output, re.MULTILINE) == [
        f"test_ours.py::TestGroup::test_method: {said}",
        f"test_ours.py::test_vacuous: {said}",
    ]
    assert "explored schedules" not in run_pytest(project, "-q", "--tb=no", "-k", "method")


EVERYTHING = """
from actors.testing import Exhaustive, explore, explored

async def scenario(lab):
    async with lab.open_system():
        pass

@explored(search=Exhaustive(), exhausted=True)
async def test_all(lab):
    await scenario(lab)

def test_by_hand(record_property):
    record_property("explored schedules", "by hand: " + explore(scenario).summary)
"""


def test_a_test_that_is_to_try_everything_may_be_told_to_try_less(project):
    (project / "test_ours.py").write_text(EVERYTHING, encoding="utf-8")
    output = run_pytest(project, "--schedules", "1")
    assert "2 passed" in output
    assert "test_ours.py::test_by_hand: by hand: explored 8 schedules" in output


# What the documentation shows -----------------------------------------------------------------------------------------


def example_fails(folder):
    shutil.copy(EXAMPLES / "exploring" / "test_account.py", folder)
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --tb=short -q\n", encoding="utf-8")
    output = run_pytest(folder)
    return output[output.index("____") :]


def test_a_failure_looks_as_the_documentation_shows_it(tmp_path):
    assert VARIES.sub("", example_fails(tmp_path)) == VARIES.sub("", SHOWN.read_text(encoding="utf-8"))


def example_is_summed_up(folder):
    shutil.copy(EXAMPLES / "test_explore_portfolio.py", folder)
    output = run_pytest(folder, "-k", "no_order")
    return output[re.search("^=+ explored", output, re.MULTILINE).start() : output.rindex("=" * 20 + " 1 passed")]


def test_a_summary_looks_as_the_documentation_shows_it(tmp_path):
    pytest.importorskip("hypothesis", reason="the example needs Hypothesis")
    assert example_is_summed_up(tmp_path).rstrip("=\n") == SUMMARY.read_text(encoding="utf-8").rstrip("=\n")


def renew():
    with TemporaryDirectory() as folder:
        SUMMARY.write_text(example_is_summed_up(Path(folder)).rstrip("=\n") + "\n", encoding="utf-8")
    with TemporaryDirectory() as folder:
        SHOWN.write_text(VARIES.sub(_as_shown, example_fails(Path(folder))), encoding="utf-8")


def _as_shown(match):
    return match[0] if match[0].endswith("s") or match[0].isdigit() else ".../"


if __name__ == "__main__":
    renew()
