"""Measure how many changes of the code the tests notice: python -m tests.mutation [portfolio] [actors]

Needs the extra `mutation` and some patience: half an hour and more for each area, on one core. Mutates a copy. Ends with 1
where a survivor is not explained in `survivors.toml`, or one that is explained does not survive any more.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutation.areas import AREAS, Area, no_mutant
from tests.mutation.deletions import mutants_by_deletion
from tests.mutation.found import Mutant, mutants_of
from tests.mutation.survivors import Survivor, explained

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
    parser.add_argument("--deletions", action="store_true", help="take statements away, one at a time, without mutmut")
    parser.add_argument("--read", action="store_true", help="run nothing, say what was found there")
    asked = parser.parse_args()
    complaints: list[str] = []
    for name in asked.areas or AREAS:
        folder, area = asked.folder / name, AREAS[name]
        if asked.deletions:
            os.environ["SCHEDULE_SEEDS"] = "3"
            complaints += judge([one for module in area.modules for one in deleted(module, area)], area)
            continue
        if not asked.read:
            measure(folder, area)
        complaints += judge(found(folder, area), area)
    print(*complaints, sep="\n")
    return 1 if complaints else 0


def measure(folder: Path, area: Area) -> None:
    """All mutants meet the quick tests, under few schedules; who survives without an explanation meets all that are near."""
    mutmut(folder, area.modules, area.quick, seeds="3")
    left = [mutant.name for mutant in found(folder, area) if survives(mutant) and key_of(mutant) not in known(area)]
    if left:
        mutmut(folder, area.modules, area.wide, *left, seeds="20")


def found(folder: Path, area: Area) -> list[Mutant]:
    return [mutant for module in area.modules for mutant in mutants_of(folder, module)]


def deleted(module: str, area: Area) -> Iterator[Mutant]:
    """Deletions meet the quick tests; who survives meets all that are near."""
    for mutant in mutants_by_deletion(ROOT, module, area.quick, area.wide):
        print(f"    {mutant.fate:8} {mutant.function}: {mutant.line}", flush=True)
        yield mutant


def mutmut(folder: Path, modules: Sequence[str], tests: Sequence[str], *names: str, seeds: str) -> None:
    """Run it in a copy of what git knows."""
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    files = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    for name in filter(None, files):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    with (folder / "pyproject.toml").open("a", encoding="utf-8") as settings:
        settings.write(SETTINGS.format(modules=list(modules), tests=list(tests)))
    command = [sys.executable, "-m", "mutmut", "run", "--max-children", "1", *names]
    subprocess.run(command, cwd=folder, env={**os.environ, "CI": "1", "SCHEDULE_SEEDS": seeds}, check=True)


Key = tuple[str, str, str, str]


def survives(mutant: Mutant) -> bool:
    """Whether it is a mutant, and nobody has noticed."""
    return mutant.fate in {"survived", "unreached"} and no_mutant(mutant.line, mutant.becomes) is None


def key_of(mutant: Mutant | Survivor) -> Key:
    return mutant.module, mutant.function, mutant.line, mutant.becomes


def known(area: Area) -> set[Key]:
    return {key_of(one) for one in explained() if one.module in area.modules}


def judge(mutants: Sequence[Mutant], area: Area) -> Iterator[str]:
    """Print the score of each module; yield what is not as `survivors.toml` says."""
    for module in area.modules:
        print(score(module, [mutant for mutant in mutants if mutant.module == module]))
    left = {key_of(mutant): mutant for mutant in mutants if survives(mutant)}
    for key, mutant in left.items():
        if key not in known(area):
            yield f"not explained: {mutant.name}\n    - {mutant.line}\n    + {mutant.becomes}"
    if all(mutant.fate != "not run" for mutant in mutants):
        deletions = any(mutant.becomes == "pass" for mutant in mutants)
        asked = {key for key in known(area) if (key[-1] == "pass") == deletions}
        for module, function, line, becomes in sorted(asked - left.keys()):
            yield f"explained, and does not survive: {module} {function}\n    - {line}\n    + {becomes}"


def score(module: str, mutants: Sequence[Mutant]) -> str:
    fates = Counter(mutant.fate for mutant in mutants)
    noticed, left = fates["killed"] + fates["timeout"], sum(map(survives, mutants))
    none = fates["survived"] + fates["unreached"] - left
    share = noticed / max(1, len(mutants) - none)
    return (
        f"{module:42} {len(mutants) - none:5} mutants {noticed:5} noticed {share:7.1%} {left:4} survive; "
        f"beside them {none} changes that change nothing, {fates['not run']} not run"
    )


if __name__ == "__main__":
    sys.exit(main())
