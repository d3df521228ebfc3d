"""Faults planted in the real runner are found, made small, and fail in the same way in another process."""

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from actors.testing import explore, replay
from tests.testing.faulty_runners import PLANTED, Faulty

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def found():
    return {name: explore(each.scenario, **each.options) for name, each in PLANTED.items()}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_in_the_runner_is_found_within_so_many_schedules_and_shrunk(found, name):
    failure, each = found[name].failure, PLANTED[name]
    assert str(failure.error).startswith(each.says)
    assert failure.number == found[name].tried <= each.within
    assert failure.shrunk_to <= each.shrunk_to


@pytest.mark.parametrize("options", [{}, {"timers": "racing"}])
def test_the_same_dispatcher_without_a_fault_keeps_every_promise(options):
    scenario = partial(PLANTED["two channels"].scenario, dispatcher=Faulty)
    report = explore(scenario, schedules=200, **options)
    report.check()
    assert report.exhausted or report.tried == 200


def test_their_schedules_fail_in_the_same_way_in_another_process_with_other_hashes(found):
    schedules = {name: report.failure.schedule for name, report in found.items()}
    script = "import sys, json; from tests.testing.test_planted import replayed; replayed(json.load(sys.stdin))"
    output = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(schedules),
        env={**os.environ, "PYTHONHASHSEED": "3"},
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(output.stdout) == {name: str(report.failure.error) for name, report in found.items()}


def replayed(schedules):
    """Print what each of them fails with."""
    errors = {}
    for name, schedule in schedules.items():
        with pytest.raises(AssertionError) as caught:
            replay(PLANTED[name].scenario, schedule)
        errors[name] = str(caught.value)
    sys.stdout.write(json.dumps(errors))
