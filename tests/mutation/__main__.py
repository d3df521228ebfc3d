"""Measure how many changes of the code the tests notice: python -m tests.mutation [portfolio] [actors]

Needs the extra `mutation` and some patience: half an hour and more for each area, on one core. Mutates a copy. Ends with 1
where a survivor is not explained in `survivors.toml`, or one that is explained does not survive any more.
"""

import argparse
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from tests.mutation.areas import AREAS, Area, no_mutant
from tests.mutation.found import Mutant, mutants_of
from tests.mutation.survivors import explained

ROOT = Path(__file__).parents[2]

SETTINGS = """

[tool.mutmut]
source_paths = ["actors", "tradedesk"]
only_mutate = {modules}
also_copy = ["examples", "docs", "README.md", "CHANGELOG.md"]
pytest_add_cli_args = ["-q", "-p", "no:cacheprovider"]
pytest_add_cli_args_test_selection = {tests}
timeout_multiplier = 3.0
timeout_constant = 6.0
use_setproctitle = false
"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("areas", nargs="*", choices=[*AREAS, []], help="all, if none is named")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "mutation", help="where to work, and go on")
    parser.add_argument("--read", action="store_true", help="run nothing, say what was found there")
    asked = parser.parse_args()
    complaints = []
    for name in asked.areas or AREAS:
        folder, area = asked.folder / name, AREAS[name]
        if not asked.read:
            prepare(folder, area)
            subprocess.run([sys.executable, "-m", "mutmut", "run", "--max-children", "1"], cwd=folder, check=True)
        complaints += judge([mutant for module in area.modules for mutant in mutants_of(folder, module)], area)
    print(*complaints, sep="\n")
    return 1 if complaints else 0


def prepare(folder: Path, area: Area) -> None:
    """Copy what git knows, and say to mutmut what to do there."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS.format(modules=list(area.modules), tests=list(area.tests)))


def judge(mutants: Sequence[Mutant], area: Area) -> Iterable[str]:
    """Print the score of each module; return what is not as `survivors.toml` says."""
    known = {(one.module, one.function, one.line, one.becomes) for one in explained() if one.module in area.modules}
    met = set()
    for module in area.modules:
        ours = [mutant for mutant in mutants if mutant.module == module]
        fates = Counter(mutant.fate for mutant in ours)
        found = fates["killed"] + fates["timeout"]
        same = sum(mutant.fate == "survived" and no_mutant(mutant.line, mutant.becomes) is not None for mutant in ours)
        print(
            f"{module:45} {len(ours):5} mutants, {found:5} found ({found / len(ours):7.2%}), {fates['survived']:4} survive, "
            f"{same} of them change nothing; {fates['unreached']} unreached, {fates['not run']} not run"
        )
    for mutant in mutants:
        if mutant.fate in ("survived", "unreached") and no_mutant(mutant.line, mutant.becomes) is None:
            key = mutant.module, mutant.function, mutant.line, mutant.becomes
            met.add(key)
            if key not in known:
                yield f"not explained: {mutant.name}\n    - {mutant.line}\n    + {mutant.becomes}"
    if all(mutant.fate != "not run" for mutant in mutants):
        for module, function, line, becomes in sorted(known - met):
            yield f"explained and found: {module} {function}\n    - {line}\n    + {becomes}"


if __name__ == "__main__":
    sys.exit(main())
