"""The package says what to install when Hypothesis is missing."""

import subprocess
import sys

WITHOUT = """
import sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "hypothesis":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
import tradedesk.testing
"""


def test_a_missing_extra_is_named_with_its_cure():
    ended = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True, check=False)
    assert ended.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: tradedesk.testing needs Hypothesis: pip install 'tradedesk-actors[testing]'"
    )
