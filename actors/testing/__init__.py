"""What tests of actors need: made-up partners, planted failures, virtual time, and who runs next.

Where to look:

- ``_controlled.py``  `ControlledScheduler`: a test decides every interleaving
- ``_virtual.py``     `run`: a scenario from beginning to end in virtual time
- ``_explore.py``     `explore`, `replay`: many schedules, the first that fails, made smaller and explained; below it:
    ``_searches.py`` which schedules, ``_lab.py`` one of them from beginning to end, ``_clock.py`` when the next step
    is due, ``_runs.py`` many in one run of trio, ``_shrink.py``, ``_explain.py``, ``_replay.py`` the word for a
    schedule, ``_report.py``; ``_trio_seam.py`` is the one that touches what is private to trio
- ``_explored.py``    `explored`: a test that explores; ``pytest_plugin.py`` adds options for it
- ``hypothesis.py``   schedules as arguments of a property test; needs the extra ``testing``
- ``_probe.py``       `Probe`: an actor that hears what the code under test says, and answers
- ``_failing.py``     `fail_nth`, `fail_nth_call`: failures that come when they are meant to
- ``_recorder.py``    `Recorder`: all that an observer sees, in order
- ``_leaks.py``       `assert_no_leaks`: nothing is left behind

Only ``pytest_plugin.py`` and ``hypothesis.py`` need a test framework; an assertion that fails is an `AssertionError`.
"""

from actors.testing._choices import ExplorationError, NotDeterministic, ScheduleDoesNotFit, Search, TooManySteps
from actors.testing._controlled import ControlledScheduler
from actors.testing._explore import explore, replay
from actors.testing._explored import explored
from actors.testing._failing import fail_nth, fail_nth_call
from actors.testing._lab import Lab
from actors.testing._leaks import assert_no_leaks
from actors.testing._onlooker import PlantedCrash
from actors.testing._probe import Probe
from actors.testing._recorder import Record, Recorder
from actors.testing._report import Failure, NeverHeld, NotExhausted, Report
from actors.testing._schedule import Schedule
from actors.testing._searches import PCT, DelayBounded, Exhaustive, Fifo, Portfolio, RandomWalk, StarveOne
from actors.testing._virtual import run

__all__ = [
    # time and order
    "run",
    "ControlledScheduler",
    # exploration
    "explore",
    "explored",
    "replay",
    "Lab",
    "Report",
    "Failure",
    "Schedule",
    "Search",
    "Portfolio",
    "Fifo",
    "StarveOne",
    "PCT",
    "RandomWalk",
    "DelayBounded",
    "Exhaustive",
    "PlantedCrash",
    "NeverHeld",
    "NotExhausted",
    "TooManySteps",
    "ExplorationError",
    "NotDeterministic",
    "ScheduleDoesNotFit",
    # partners and failures
    "Probe",
    "fail_nth",
    "fail_nth_call",
    # what happened, and what is left
    "Recorder",
    "Record",
    "assert_no_leaks",
]
