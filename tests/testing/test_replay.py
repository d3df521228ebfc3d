"""Every witness breaks its law again in a new process with another hash seed, given nothing but its text.

That the search finds just these witnesses is tested beside their tables.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.testing.test_contract import FAULTS
from tests.testing.test_policy_laws import PLANTED
from tradedesk.testing import PolicyCase, StrategyCase

AGAIN = """
import json, sys
from tests.testing import planted
from tradedesk.testing import *

def again(kind, name, law, case, options):
    cases = [eval(case)]
    if kind == "policy":
        return policy_verdicts(BrokenPolicy(Flaw[name]), examples=1, cases=cases).of(law)
    return strategy_verdicts(getattr(planted, name), examples=1, cases=cases, **options).of(law)

print(json.dumps([[str(again(*each).problem), again(*each).tried] for each in json.load(sys.stdin)]))
"""

NONE_LIKE_IT = ("Tosses",)
"""What it tosses depends on where the generator stands, so that only *that* it tosses can be repeated."""


def test_witnesses_replay_in_a_new_process_with_another_hash_seed():
    asked, problems = [], []
    for flaw, (law, active, problem) in PLANTED.items():
        asked.append(["policy", flaw.name, law, repr(PolicyCase(tuple(active))), {}])
        problems.append(problem)
    for name, fault in FAULTS.items():
        if name not in NONE_LIKE_IT:
            case = StrategyCase(fault.bars, fault.risks, fault.cut)
            asked.append(["strategy", name, fault.law, repr(case), fault.options])
            problems.append(fault.problem)

    root = str(Path(__file__).parents[2])
    ran = subprocess.run(
        [sys.executable, "-c", AGAIN],
        input=json.dumps(asked),
        env={**os.environ, "PYTHONHASHSEED": "4711", "PYTHONPATH": os.pathsep.join([root, *filter(None, sys.path)])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stderr == ""
    assert json.loads(ran.stdout) == [[problem, 1] for problem in problems]
