"""The layers and rules R1-R6 of the design, held by reading the source.

Each rule of `tests/architecture.py` is shown trees that break it and trees that only look as if they did; then the real
one. A tree is written as path and source text.
"""

from collections.abc import Callable
from functools import cache

import pytest

from tests.architecture import (
    LAYERS,
    RULES,
    actors_stand_alone,
    broad_excepts_are_rare,
    cores_are_pure,
    imports_form_no_cycle,
    imports_stand_at_the_top,
    layer_of,
    layers_point_downwards,
    modules_hold_no_state,
    packages_meet_at_their_doors,
    run_time_needs_no_test_tools,
    third_parties_are_declared,
)
from tests.source_tree import OURS, Modules, parse, real_sources

Rule = Callable[[Modules], list[str]]
Tree = dict[str, str]

ACTORS, A, B, C = "actors/__init__.py", "actors/a.py", "actors/b.py", "actors/c.py"
ERRORS, INBOX, LIFECYCLE = "actors/_errors.py", "actors/_inbox.py", "actors/_lifecycle.py"
DOOR, JOURNAL, BACKTEST, CLI = (f"tradedesk/{name}.py" for name in ("__init__", "journal", "backtest", "cli/app"))
CORE, TYPES, POLICIES, TRACE, RUNNER = (
    f"tradedesk/portfolio/{name}.py" for name in ("_coordination", "types", "policies", "_trace", "runner")
)
MERGE = "tradedesk/marketdata/_merge.py"

PORTFOLIO = {"tradedesk/portfolio/__init__.py": "", TYPES: "Instrument = str", RUNNER: ""}
MARKETDATA = {"tradedesk/marketdata/__init__.py": "", "tradedesk/marketdata/_candle.py": "Candle = 1"}

FOR_TYPES = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "
SWALLOW = "try:\n    f()\nexcept Exception:\n    g()"

# Per rule: where its one finding must stand, and the tree that holds the fault.
BREAKS: dict[Rule, list[tuple[str, Tree]]] = {
    layers_point_downwards: [
        (f"{CORE}:1", {CORE: "import tradedesk.portfolio.runner"}),
        (f"{CORE}:1", {CORE: "from .runner import PortfolioRunner"}),
        (f"{CORE}:1", {RUNNER: "", CORE: "from . import runner"}),
        (f"{TYPES}:2", {TYPES: "\nfrom tradedesk.portfolio import PortfolioRunner"}),
        (f"{TYPES}:3", {TYPES: FOR_TYPES + "from tradedesk.portfolio._coordination import Effect"}),
        (f"{TYPES}:1", {TYPES: "from actors import Ref"}),
        (f"{RUNNER}:1", {RUNNER: "from tradedesk.backtest import run"}),
        (f"{RUNNER}:1", {RUNNER: "from tradedesk.unheard_of import thing"}),
        (f"{DOOR}:1", {DOOR: "from tradedesk import cli", "tradedesk/cli/__init__.py": ""}),
        (f"{DOOR}:1", {DOOR: "import tradedesk.cli.app"}),
        (f"{LIFECYCLE}:1", {LIFECYCLE: "from actors._system import System"}),
    ],
    actors_stand_alone: [
        (f"{INBOX}:1", {INBOX: "import tradedesk"}),
        (f"{INBOX}:3", {INBOX: FOR_TYPES + "from tradedesk.marketdata import Candle"}),
    ],
    cores_are_pure: [
        (f"{CORE}:1", {CORE: "import trio"}),
        (f"{CORE}:1", {CORE: "from os.path import join"}),
        (f"{CORE}:1", {CORE: "from logging import getLogger"}),
        (f"{TYPES}:1", {TYPES: "import random"}),
        (f"{POLICIES}:2", {POLICIES: "def f():\n    import time"}),
        (f"{TRACE}:1", {TRACE: "import asyncio"}),
        (f"{MERGE}:1", {MERGE: "import csv"}),
        (f"{MERGE}:1", {MERGE: "rows = open('x')"}),
        (f"{TYPES}:1", {TYPES: "print('x')"}),
        (f"{TYPES}:1", {TYPES: "answer = input('x')"}),
        (f"{TYPES}:2", {TYPES: "from datetime import datetime\nT = datetime.utcnow()"}),
        (f"{TYPES}:2", {TYPES: "from datetime import date\nT = date.today()"}),
        (f"{TYPES}:2", {TYPES: "import datetime\nT = datetime.datetime.now()"}),
        (f"{LIFECYCLE}:1", {LIFECYCLE: "import trio.lowlevel"}),
        (f"{ERRORS}:1", {ERRORS: "import random"}),
    ],
    packages_meet_at_their_doors: [
        (f"{RUNNER}:1", {**MARKETDATA, RUNNER: "from tradedesk.marketdata._candle import Candle"}),
        (f"{RUNNER}:1", {**MARKETDATA, RUNNER: "from tradedesk.marketdata import _candle"}),
        (f"{RUNNER}:1", {**MARKETDATA, RUNNER: "from ..marketdata import _secret"}),
        (f"{RUNNER}:1", {RUNNER: "import actors._system"}),
        (f"{RUNNER}:1", {RUNNER: "from actors import Ref, _park"}),
        (f"{BACKTEST}:1", {**PORTFOLIO, BACKTEST: "from tradedesk.portfolio.runner import PortfolioRunner"}),
    ],
    modules_hold_no_state: [
        (f"{RUNNER}:1", {RUNNER: "seen = []"}),
        (f"{RUNNER}:1", {RUNNER: "seen = {}"}),
        (f"{RUNNER}:1", {RUNNER: "seen: set[int] = {1}"}),
        (f"{RUNNER}:1", {RUNNER: "seen = [x for x in 'ab']"}),
        (f"{RUNNER}:1", {RUNNER: "seen = {x: 1 for x in 'ab'}"}),
        (f"{RUNNER}:1", {RUNNER: "seen = dict(a=1)"}),
        (f"{RUNNER}:2", {RUNNER: "import collections\nseen = collections.defaultdict(list)"}),
        (f"{RUNNER}:1", {RUNNER: "seen = deque[int]()"}),
        (f"{RUNNER}:1", {RUNNER: "seen: Final[dict[str, int]] = {}"}),
        (f"{RUNNER}:1", {RUNNER: "seen: Final = []"}),
        (f"{RUNNER}:1", {RUNNER: "seen = ((), [])"}),
        (f"{RUNNER}:1", {RUNNER: "seen = known or []"}),
        (f"{RUNNER}:1", {RUNNER: "seen = [] if known else None"}),
        (f"{RUNNER}:1", {RUNNER: "seen = None if known else []"}),
        (f"{RUNNER}:1", {RUNNER: "seen = [0] * 9"}),
        (f"{RUNNER}:1", {RUNNER: "seen = 9 * [0]"}),
        (f"{RUNNER}:1", {RUNNER: "seen = {x for x in 'ab'}"}),
        (f"{RUNNER}:1", {RUNNER: "seen = (x for x in 'ab')"}),
        (f"{RUNNER}:2", {RUNNER: "if known:\n    seen = []"}),
        (f"{RUNNER}:2", {RUNNER: "for x in known:\n    seen = []"}),
        (f"{RUNNER}:2", {RUNNER: "while known:\n    seen = []"}),
        (f"{RUNNER}:2", {RUNNER: "with known:\n    seen = []"}),
        (f"{RUNNER}:4", {RUNNER: "try:\n    seen = None\nexcept ImportError:\n    seen = []"}),
        (f"{RUNNER}:3", {RUNNER: "count = 0\ndef f():\n    global count\n    count += 1"}),
    ],
    imports_stand_at_the_top: [
        (f"{RUNNER}:2", {RUNNER: "def f():\n    import math"}),
        (f"{RUNNER}:2", {RUNNER: "class C:\n    from math import pi"}),
        (f"{RUNNER}:3", {RUNNER: "import sys\nif sys.platform == 'x':\n    import math"}),
        (f"{RUNNER}:5", {RUNNER: FOR_TYPES + "pass\nelse:\n    import math"}),
        (f"{RUNNER}:3", {RUNNER: "def f():\n    if TYPE_CHECKING:\n        import math"}),
        (f"{RUNNER}:2", {RUNNER: "try:\n    import rich\nexcept ImportError:\n    rich = None"}),
        (f"{CLI}:2", {CLI: "try:\n    import rich\nexcept ValueError:\n    pass"}),
        (f"{CLI}:4", {CLI: "try:\n    import rich\nexcept ImportError:\n    import math"}),
        (f"{RUNNER}:2", {RUNNER: "import importlib\nmath = importlib.import_module('math')"}),
        (f"{RUNNER}:1", {RUNNER: "math = __import__('math')"}),
        (f"{CLI}:3", {CLI: "def f():\n    try:\n        import rich\n    except ImportError:\n        pass"}),
    ],
    run_time_needs_no_test_tools: [
        (f"{RUNNER}:1", {RUNNER: "import hypothesis.strategies"}),
        (f"{RUNNER}:1", {RUNNER: "import pytest"}),
        (f"{RUNNER}:1", {RUNNER: "from tradedesk.testing import candles"}),
        (f"{RUNNER}:1", {RUNNER: "from tradedesk import testing"}),
        (f"{INBOX}:1", {INBOX: "import trio.testing"}),
        ("tradedesk/cli/_run.py:1", {"tradedesk/cli/_run.py": "from tradedesk.testing import check_policy"}),
        ("tradedesk/cli/_check.py:1", {"tradedesk/cli/_check.py": "import hypothesis"}),
    ],
    broad_excepts_are_rare: [
        (f"{JOURNAL}:3", {JOURNAL: SWALLOW}),
        (f"{JOURNAL}:3", {JOURNAL: "try:\n    f()\nexcept (OSError, Exception) as e:\n    g()"}),
        (f"{RUNNER}:3", {RUNNER: "try:\n    f()\nexcept:\n    g()"}),
        (f"{RUNNER}:3", {RUNNER: "try:\n    f()\nexcept BaseException:\n    raise"}),
        (f"{RUNNER}:3", {RUNNER: "try:\n    f()\nexcept* Exception:\n    pass"}),
        (f"{RUNNER}:2", {RUNNER: "import contextlib\nwith contextlib.suppress(Exception):\n    f()"}),
    ],
    imports_form_no_cycle: [
        ("actors/", {A: "import actors.b", B: "\nfrom actors.a import x"}),
        ("actors/", {A: "from . import b", B: "from .c import x", C: "from .a import y"}),
        ("actors/", {ACTORS: "from actors.a import f", A: "from actors import g"}),
        (f"{A}:1", {A: "import actors.a"}),
    ],
    third_parties_are_declared: [
        (f"{RUNNER}:1", {RUNNER: "import pandas as np"}),
        (f"{RUNNER}:1", {RUNNER: "from rich.table import Table"}),
        (f"{CLI}:1", {CLI: "import outcome"}),
    ],
}

# Per rule: trees that look like a fault and are none.
KEEPS: dict[Rule, list[Tree]] = {
    layers_point_downwards: [
        {
            RUNNER: "from . import _coordination\nfrom actors import Ref",
            CORE: "from .types import Instrument",
        },
        {**MARKETDATA, TYPES: "from tradedesk.marketdata import Candle"},
        {"tradedesk/marketdata/__init__.py": "from tradedesk.marketdata._csv import read_csv"},
        {"tradedesk/unheard_of.py": "import tradedesk.portfolio", CLI: "import tradedesk.unheard_of"},
    ],
    actors_stand_alone: [
        {INBOX: "import tradedesk_tools\nfrom actors.tradedesk import x", RUNNER: "import actors"},
        {RUNNER: "import tradedesk.portfolio.types"},
    ],
    cores_are_pure: [
        {CORE: "import math, timeit_like"},
        {CORE: "from datetime import datetime\nT = datetime.fromisoformat('2024-01-01')"},
        {RUNNER: "import trio, time, logging, random\nprint(time.time())"},
        {"tradedesk/marketdata/_csv.py": "import csv, os\nrows = open('x')"},
        {TYPES: "def f(candle, gate):\n    return candle.open, gate.open(), candle.now()"},
    ],
    packages_meet_at_their_doors: [
        {**MARKETDATA, MERGE: "from tradedesk.marketdata._candle import Candle, _check"},
        {
            **MARKETDATA,
            RUNNER: "from tradedesk.marketdata import Candle\nfrom actors import Ref, __version__",
        },
        {
            **PORTFOLIO,
            JOURNAL: "from tradedesk.portfolio.types import Instrument\nfrom tradedesk import portfolio",
        },
        {"tradedesk/_errors.py": "", RUNNER: "from tradedesk._errors import DeskError"},
        {
            **PORTFOLIO,
            POLICIES: "",
            BACKTEST: "from tradedesk.portfolio.policies import EqualSplitRiskPolicy",
        },
        {"tradedesk/execution/testing.py": "", "tradedesk/testing.py": "import tradedesk.execution.testing"},
    ],
    modules_hold_no_state: [
        {RUNNER: "__all__ = ['a']\n__all__: list[str] = []"},
        {RUNNER: "A: Final[Mapping[str, int]] = {}\nB: Final[tuple[int, ...]] = tuple([1])"},
        {RUNNER: "C = MappingProxyType({1: 2})\nD = frozenset({1})\nE = (1, 'a')"},
        {RUNNER: "A: Final[MappingProxyType[str, int]] = dict()\nB: Final[Sequence[int]] = []"},
        {RUNNER: "A: Final[tuple[int, ...]] = (*known, [])\nB: Final[frozenset[int]] = {1} | known"},
        {RUNNER: "A: typing.Final[typing.Mapping[str, int]] = {}\nRisks = dict[str, float]\nnames: list[str]"},
        {
            RUNNER: "def f():\n    seen = []\n    def g():\n        nonlocal seen\nclass C:\n    def h(self):\n        self.x = {}"
        },
    ],
    imports_stand_at_the_top: [
        {RUNNER: "'''Doc.'''\nimport math\n" + FOR_TYPES + "import trio"},
        {
            CLI: "try:\n    import rich\nexcept ImportError as error:\n    raise SystemExit('install the extra') from error"
        },
        {RUNNER: "def f(bus):\n    bus.import_(1)"},
        {CLI: "try:\n    import rich\nexcept ModuleNotFoundError:\n    rich = None"},
    ],
    run_time_needs_no_test_tools: [
        {RUNNER: FOR_TYPES + "import hypothesis"},
        {"tradedesk/testing/_laws.py": "import hypothesis\nfrom actors.testing import explore"},
        {RUNNER: "import contesting\nfrom tradedesk.portfolio import stress_testing"},
        {"tradedesk/cli/_check.py": "from tradedesk.testing import check_policy"},
    ],
    broad_excepts_are_rare: [
        {INBOX: SWALLOW, RUNNER: SWALLOW},
        {CLI: "try:\n    f()\nexcept (OSError, ExceptionGroup):\n    raise Exception"},
        {CLI: "import contextlib\nwith contextlib.suppress(KeyError):\n    f()"},
    ],
    imports_form_no_cycle: [
        {ACTORS: "from actors.a import f\nfrom actors import b", A: "from actors import b", B: ""},
        {A: "import actors.b", B: FOR_TYPES + "import actors.a"},
        {A: "import actors.b", B: "def f():\n    import actors.a"},
    ],
    third_parties_are_declared: [
        {RUNNER: "import trio.lowlevel, attrs, attr\nfrom collections import abc\nimport actors\nfrom . import types"},
        {CLI: "import cyclopts, rich.table\nfrom cattrs import structure", RUNNER: FOR_TYPES + "import rich"},
    ],
}


def name(rule: Rule) -> str:
    return rule.__name__


def shown(value: object) -> str | None:
    return name(value) if callable(value) else None


@cache
def real_tree() -> Modules:
    return parse(real_sources())


@pytest.mark.parametrize(
    ("rule", "place", "tree"), [(rule, *row) for rule, rows in BREAKS.items() for row in rows], ids=shown
)
def test_a_planted_fault_is_the_one_finding(rule: Rule, place: str, tree: Tree):
    (found,) = rule(parse(tree))
    assert found.startswith(place)


@pytest.mark.parametrize(("rule", "tree"), [(rule, tree) for rule, trees in KEEPS.items() for tree in trees], ids=shown)
def test_a_legal_look_alike_is_not_reported(rule: Rule, tree: Tree):
    assert rule(parse(tree)) == []


def test_every_rule_is_shown_to_fail_and_to_pass():
    assert set(BREAKS) == set(KEEPS) == set(RULES)


@pytest.mark.parametrize(
    ("rule", "tree", "finding"),
    [
        (
            layers_point_downwards,
            {CORE: "from tradedesk.portfolio.runner import PortfolioRunner"},
            f"{CORE}:1: tradedesk.portfolio._coordination (cores) imports tradedesk.portfolio.runner (shells): move what both need to a lower layer",
        ),
        (
            packages_meet_at_their_doors,
            {**PORTFOLIO, BACKTEST: "from tradedesk.portfolio.runner import PortfolioRunner"},
            f"{BACKTEST}:1: R3: import from tradedesk.portfolio itself, not from tradedesk.portfolio.runner",
        ),
        (
            broad_excepts_are_rare,
            {JOURNAL: SWALLOW},
            f"{JOURNAL}:3: R6: `except Exception` is too broad here: name the errors you can handle",
        ),
        (
            third_parties_are_declared,
            {RUNNER: "import rich"},
            f"{RUNNER}:1: rich belongs under tradedesk.cli",
        ),
        (
            third_parties_are_declared,
            {RUNNER: "import pandas"},
            f"{RUNNER}:1: pandas is no dependency of ours: do without it",
        ),
    ],
    ids=shown,
)
def test_a_finding_says_where_what_and_what_to_do(rule: Rule, tree: Tree, finding: str):
    assert rule(parse(tree)) == [finding]


@pytest.mark.parametrize("package", ["actors", "tradedesk/portfolio"])
def test_a_second_broad_except_in_a_package_reports_both_places(package: str):
    clause = "try:\n    f()\nexcept Exception:\n    g()"
    findings = broad_excepts_are_rare(parse({f"{package}/a.py": clause, f"{package}/b.py": clause}))
    assert [finding.partition(": R6")[0] for finding in findings] == [
        f"{package}/a.py:3",
        f"{package}/b.py:3",
    ]


def test_every_cycle_is_reported_with_its_path():
    tree = {A: "from . import b", B: "from . import a", C: "import actors.c"}
    first, second = imports_form_no_cycle(parse(tree))
    assert "a -> actors.b -> actors.a" in first + " -> actors.b"
    assert "actors.c -> actors.c" in second


def test_layers_form_no_circle_but_between_values_and_readers():
    above = {
        (layer, lower) for layer, row in LAYERS.items() for lower in row.may_import if layer in LAYERS[lower].may_import
    }
    assert above == {("values", "readers"), ("readers", "values")}


@pytest.mark.parametrize(
    ("module", "layer"),
    [
        ("tradedesk.portfolio", "shells"),
        ("tradedesk.portfolio._coordination", "cores"),
        ("tradedesk.portfolio.types", "values"),
        ("tradedesk.portfolio.types_of_order", "shells"),
        ("tradedesk.marketdata._csv", "readers"),
        ("tradedesk.unheard_of", "door"),
        ("actors._errors", "actor-cores"),
        ("actors.testing._explore", "testing"),
    ],
)
def test_the_longest_matching_row_decides_the_layer(module: str, layer: str):
    assert layer_of(module) == layer


def test_the_real_tree_is_read():
    assert set(OURS) <= set(real_tree())


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_the_real_tree_keeps_the_rule(rule: Rule):
    findings = rule(real_tree())
    assert findings == [], "\n".join(findings)
