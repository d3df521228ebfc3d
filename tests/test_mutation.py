"""What mutation left over is explained, and each explanation is of a line that is there."""

import ast
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

import tradedesk
from tests.mutation.__main__ import judge
from tests.mutation.areas import AREAS, Area, no_mutant
from tests.mutation.found import Mutant, mutants_of
from tests.mutation.survivors import Survivor, explained

ROOT = Path(__file__).parents[1]
SOURCES = Path(tradedesk.__file__).parents[1]
"""Elsewhere, where the installed packages are tested."""


def functions(source: str) -> Iterator[tuple[str, str]]:
    """Each function by its name, with that of its class, and its body on one line."""
    lines = source.splitlines()
    tree = ast.parse(source)
    owners = {child: f"{node.name}." for node in tree.body if isinstance(node, ast.ClassDef) for child in node.body}
    for node in [*tree.body, *owners]:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = lines[node.body[0].lineno - 1 : node.end_lineno]
            yield owners.get(node, "") + node.name, " ".join(line.strip() for line in body)


def stale(survivors: Iterable[Survivor], root: Path) -> list[str]:
    """Explanations of lines that are not there any more."""
    found = []
    for one in survivors:
        file = root / one.module
        bodies = dict(functions(file.read_text("utf-8"))) if file.is_file() else {}
        if one.line not in bodies.get(one.function, ""):
            found.append(f"{one.module} {one.function}: {one.line}")
    return found


def test_every_line_that_is_explained_is_where_the_explanation_says():
    assert stale(explained(), SOURCES) == []
    assert explained()


def test_an_explanation_says_why_once_for_each_mutant_and_only_of_what_is_mutated():
    keys = [(one.module, one.function, one.line, one.becomes) for one in explained()]
    assert len(keys) == len(set(keys))
    assert all(one.why.strip() and one.line != one.becomes for one in explained())
    assert {one.module for one in explained()} <= {module for area in AREAS.values() for module in area.modules}


def test_what_one_rule_says_of_many_is_not_explained_one_by_one():
    assert [one for one in explained() if no_mutant(one.line, one.becomes)] == []


def test_modules_and_tests_of_the_areas_are_there():
    modules = [SOURCES / name for area in AREAS.values() for name in area.modules]
    tests = [ROOT / name for area in AREAS.values() for name in (*area.quick, *area.wide)]
    assert [path for path in (*modules, *tests) if not path.is_file()] == []


SOURCE = """
class Box:
    def put(self, thing):
        self.things.append(
            thing
        )

def alone():
    return 1
"""


def test_an_explanation_of_a_line_that_changed_or_moved_is_stale(tmp_path: Path):
    (tmp_path / "box.py").write_text(SOURCE, "utf-8")
    there = [
        Survivor("box.py", "Box.put", "self.things.append( thing )", "None", "for no reason"),
        Survivor("box.py", "alone", "return 1", "return 2", "for no reason"),
    ]
    gone = [
        Survivor("box.py", "Box.put", "return 1", "return 2", "for no reason"),
        Survivor("box.py", "Box.take", "return 1", "return 2", "for no reason"),
        Survivor("gone.py", "alone", "return 1", "return 2", "for no reason"),
    ]
    assert stale([*there, *gone], tmp_path) == [
        "box.py Box.put: return 1",
        "box.py Box.take: return 1",
        "gone.py alone: return 1",
    ]


MUTATED = """
def xǁBoxǁput__mutmut_orig(self, thing): # type: ignore # mutmut generated
    self.count += 1 # type: ignore # mutmut generated
    self.things.append(thing)
def xǁBoxǁput__mutmut_1(self, thing): # type: ignore # mutmut generated
    self.count -= 1 # type: ignore # mutmut generated
    self.things.append(thing)
def xǁBoxǁput__mutmut_2(self, thing): # type: ignore # mutmut generated
    self.count += 1 # type: ignore # mutmut generated
    self.things.append(None)
def x_alone__mutmut_orig():
    return list(zip(a, b, strict=True))
def x_alone__mutmut_1():
    return list(zip(a, b, strict=None))
def x_alone__mutmut_2():
    return list(zip(a, None, strict=True))
"""
FATES = {"m.xǁBoxǁput__mutmut_1": 0, "m.xǁBoxǁput__mutmut_2": 1, "m.x_alone__mutmut_1": 0, "m.x_alone__mutmut_2": -24}


@pytest.fixture
def mutants(tmp_path: Path) -> list[Mutant]:
    (tmp_path / "mutants").mkdir()
    (tmp_path / "mutants" / "box.py").write_text(MUTATED, "utf-8")
    (tmp_path / "mutants" / "box.py.meta").write_text(json.dumps({"exit_code_by_key": FATES}), "utf-8")
    return list(mutants_of(tmp_path, "box.py"))


def test_a_mutant_is_its_line_and_what_becomes_of_it(mutants: list[Mutant]):
    assert [(one.function, one.line, one.becomes, one.fate) for one in mutants] == [
        ("Box.put", "self.count += 1", "self.count -= 1", "survived"),
        ("Box.put", "self.things.append(thing)", "self.things.append(None)", "killed"),
        ("alone", "return list(zip(a, b, strict=True))", "return list(zip(a, b, strict=None))", "survived"),
        ("alone", "return list(zip(a, b, strict=True))", "return list(zip(a, None, strict=True))", "timeout"),
    ]


def test_a_survivor_that_is_not_explained_is_reported_unless_it_changes_nothing(mutants, capsys):
    complaints = list(judge(mutants, Area(["box.py"], [], [])))
    assert complaints == ["not explained: m.xǁBoxǁput__mutmut_1\n    - self.count += 1\n    + self.count -= 1"]
    assert " ".join(capsys.readouterr().out.split()) == (
        "box.py 3 mutants 2 noticed 66.7% 1 survive; beside them 1 changes that change nothing, 0 not run"
    )
