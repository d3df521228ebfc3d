"""What tests of actors need: made-up partners, planted failures, virtual time, and who runs next.

Where to look:

- ``_controlled.py``  `ControlledScheduler`: a test decides every interleaving
- ``_virtual.py``     `run`: a scenario from beginning to end in virtual time
- ``_probe.py``       `Probe`: an actor that hears what the code under test says, and answers
- ``_failing.py``     `fail_nth`, `fail_nth_call`: failures that come when they are meant to
- ``_recorder.py``    `Recorder`: all that an observer sees, in order
- ``_leaks.py``       `assert_no_leaks`: nothing is left behind

Nothing here needs a test framework; an assertion that fails is an `AssertionError`.
"""

from actors.testing._controlled import ControlledScheduler
from actors.testing._failing import fail_nth, fail_nth_call
from actors.testing._leaks import assert_no_leaks
from actors.testing._probe import Probe
from actors.testing._recorder import Record, Recorder
from actors.testing._virtual import run

__all__ = [
    # time and order
    "run",
    "ControlledScheduler",
    # partners and failures
    "Probe",
    "fail_nth",
    "fail_nth_call",
    # what happened, and what is left
    "Recorder",
    "Record",
    "assert_no_leaks",
]
