"""The documentation keeps up with the code: named tests exist, public names are explained, included files are there.

The pages are read as text and the tests as syntax trees; nothing is imported but the packages themselves.
"""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
GUARANTEES = DOCS / "reference" / "guarantees.rst"
ACTORS = DOCS / "reference" / "actors.rst"
FAILURE = DOCS / "reference" / "failure.rst"

FILLS = DOCS / "explanation" / "what-the-fills-assume.rst"

NODE_ID = re.compile(r"``(tests/[^\s`]+\.py)((?:::[^`]+)?)``")
PROMISES = re.compile(r"^``actors``$.*?(?=^\.\. _not-promised:$)", re.MULTILINE | re.DOTALL)
SENTENCE = re.compile(r"^- .*(?:\n(?:  .*|))*", re.MULTILINE)
ROW = re.compile(r"^   \* - (.*(?:\n {5}.*)*)", re.MULTILINE)
INCLUDED = re.compile(r"^\s*\.\. literalinclude:: (\S+)$", re.MULTILINE)
PUBLIC = (
    "actors",
    "actors.testing",
    "tradedesk.backtest",
    "tradedesk.execution",
    "tradedesk.indicators",
    "tradedesk.marketdata",
    "tradedesk.metrics",
    "tradedesk.portfolio",
    "tradedesk.portfolio.policies",
    "tradedesk.report",
    "tradedesk.research",
    "tradedesk.risk",
    "tradedesk.sampledata",
    "tradedesk.testing",
)


# Named tests ----------------------------------------------------------------------------------------------------------


def missing_tests(page: str, root: Path) -> list[str]:
    return [file + name for file, name in NODE_ID.findall(page) if not is_a_test(root / file, name)]


def is_a_test(file: Path, name: str) -> bool:
    """`name` is `::test`, `::Class::test` or either with parameters in brackets."""
    parts = name.partition("[")[0].split("::")[1:]
    return bool(parts) and file.is_file() and tuple(parts) in set(named_in(file.read_text(encoding="utf-8")))


def named_in(source: str) -> Iterator[tuple[str, ...]]:
    for node in ast.parse(source).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) if name.startswith("test"):
                yield (name,)
            case ast.ClassDef(name=name, body=body) if name.startswith("Test"):
                methods = [each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
                yield from ((name, method) for method in methods if method.startswith("test"))
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Attribute(attr="TestCase")):
                yield (name, "runTest")  # what Hypothesis makes of a state machine


def unproven(page: str) -> list[str]:
    """Sentences of the promises that name no test."""
    promises = PROMISES.search(page)
    if promises is None:
        return ["the page has no promises between ``actors`` and the label not-promised"]
    sentences = SENTENCE.findall(promises[0])
    return [sentence.strip() for sentence in sentences if not NODE_ID.search(sentence)] or (
        [] if sentences else ["the promises hold no sentence"]
    )


@pytest.mark.parametrize("page", [GUARANTEES, ACTORS, FAILURE, FILLS], ids=lambda page: page.stem)
def test_every_test_that_a_page_names_exists(page: Path):
    text = page.read_text(encoding="utf-8")
    assert NODE_ID.search(text)
    assert missing_tests(text, ROOT) == []


def test_every_promise_names_its_test():
    assert unproven(GUARANTEES.read_text(encoding="utf-8")) == []


def rows_without_a_test(page: str) -> list[str]:
    """Rows of tables, their heads aside, that name no test."""
    rows = [row for row in ROW.findall(page) if not row.startswith("Rule\n")]
    return [row for row in rows if not NODE_ID.search(row)] or ([] if rows else ["the page has no rows"])


def test_every_rule_of_the_fills_names_its_test():
    assert rows_without_a_test(FILLS.read_text(encoding="utf-8")) == []


def test_a_rule_without_a_test_is_reported():
    table = "   * - Rule\n     - Test\n   * - Proven.\n     - ``tests/a.py::test_a``\n   * - Claimed.\n     - soon\n"
    assert rows_without_a_test(table) == ["Claimed.\n     - soon"]
    assert rows_without_a_test("Prose.") == ["the page has no rows"]


TESTS = """
def test_plain(): ...
async def test_async(): ...
def helper(): ...
class TestGroup:
    def test_method(self): ...
class Machine:
    def test_hidden(self): ...
TestMachine = Machine.TestCase
"""


@pytest.mark.parametrize(
    "name",
    ["::test_plain", "::test_async", "::test_plain[a-b]", "::TestGroup::test_method", "::TestMachine::runTest"],
)
def test_a_node_id_finds_its_test(tmp_path: Path, name: str):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(TESTS, encoding="utf-8")
    assert missing_tests(f"- A sentence.\n\n  ``tests/test_x.py{name}``", tmp_path) == []


@pytest.mark.parametrize(
    "node_id",
    [
        "tests/test_x.py::test_gone",
        "tests/test_x.py::helper",
        "tests/test_x.py::test_method",
        "tests/test_x.py::Machine::test_hidden",
        "tests/test_x.py::TestGroup",
        "tests/test_x.py",
        "tests/test_gone.py::test_plain",
    ],
)
def test_a_node_id_without_a_test_is_reported(tmp_path: Path, node_id: str):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_x.py").write_text(TESTS, encoding="utf-8")
    assert missing_tests(f"see ``{node_id}`` and ``tests/test_x.py::test_plain``", tmp_path) == [node_id]


def page_of(promises: str) -> str:
    return f"Guarantees\n\n``actors``\n--------\n\n{promises}\n\n.. _not-promised:\n\n- Restarts.\n"


@pytest.mark.parametrize(
    ("page", "finding"),
    [
        (
            page_of("- Proven.\n\n  ``tests/a.py::test_a``\n\n- Claimed,\n  at length."),
            "- Claimed,\n  at length.",
        ),
        (page_of("- Claimed.\n\nA2\n~~\n\n- Proven.\n\n  ``tests/a.py::test_a``"), "- Claimed."),
        (page_of(""), "the promises hold no sentence"),
        ("Guarantees", "the page has no promises between ``actors`` and the label not-promised"),
    ],
)
def test_a_promise_without_a_test_is_reported(page: str, finding: str):
    assert unproven(page) == [finding]


def test_a_proven_page_has_no_finding():
    assert unproven(page_of("- Proven.\n\n  ``tests/a.py::test_a``\n  ``tests/a.py::test_b``\n")) == []


# Public names ---------------------------------------------------------------------------------------------------------


def unexplained(names: list[str], pages: list[str]) -> list[str]:
    """Names that no directive of the reference describes; the last part of a dotted name counts."""
    text = "\n".join(pages)
    described = set(re.findall(r"^\.\. (?:auto|py:)\w+:: (?:[\w.]+\.)?(\w+)", text, re.MULTILINE))
    return [name for name in names if name not in described]


@pytest.mark.parametrize("package", PUBLIC)
def test_every_public_name_is_in_the_reference(package: str):
    pages = [page.read_text(encoding="utf-8") for page in sorted((DOCS / "reference").glob("*.rst"))]
    assert unexplained(importlib.import_module(package).__all__, pages) == []


def test_a_name_that_no_page_describes_is_reported():
    pages = [".. autoclass:: Ref\n   :members:\n", ".. autofunction:: actors.ask_all\n", "The `Inbox` is mentioned.\n"]
    assert unexplained(["Ref", "ask_all", "Inbox", "all"], pages) == ["Inbox", "all"]


# Included files -------------------------------------------------------------------------------------------------------


def missing_includes(folder: Path) -> list[str]:
    return [
        f"{page.relative_to(folder)}: {target}"
        for page in sorted(folder.rglob("*.rst"))
        for target in INCLUDED.findall(page.read_text(encoding="utf-8"))
        if not (page.parent / target).is_file()
    ]


def test_every_included_file_is_there():
    assert missing_includes(DOCS) == []
    assert any(INCLUDED.search(page.read_text(encoding="utf-8")) for page in DOCS.rglob("*.rst"))


def test_an_included_file_that_is_gone_is_reported(tmp_path: Path):
    (tmp_path / "there.py").touch()
    (tmp_path / "how-to").mkdir()
    page = tmp_path / "how-to" / "page.rst"
    page.write_text(".. literalinclude:: ../there.py\n\n.. literalinclude:: there.py\n", encoding="utf-8")
    assert missing_includes(tmp_path) == ["how-to/page.rst: there.py"]
