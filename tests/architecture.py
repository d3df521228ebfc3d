"""The layers and rules R1-R6 of the design, as tables and as pure functions from modules to findings."""

import ast
import graphlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from tests.source_tree import (
    Import,
    Module,
    Modules,
    caught_names,
    imports,
    is_ours,
    last_name,
    within,
)


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True)
class Layer:
    holds: tuple[str, ...]
    """Modules and all below them; where two rows match, the longer name decides."""
    may_import: tuple[str, ...]
    """Other layers; a layer may always import itself."""


def row(holds: str, may_import: str) -> Layer:
    return Layer(words(holds), words(may_import))


# From top to bottom. A module of tradedesk without a row of its own is at the door: it serves the edges only.
# The door of marketdata offers its readers too, so values and readers know each other; the rule of purity parts them.
LAYERS = {
    "testing": row(
        holds="tradedesk.testing actors.testing",
        may_import="door assembly shells cores values actors actor-cores",
    ),
    "edges": row(
        holds="tradedesk.__main__ tradedesk.cli tradedesk.report tradedesk.monitor tradedesk.distributed",
        may_import="testing door assembly shells cores values actors",
    ),
    "door": row(
        holds="tradedesk",
        may_import="assembly shells cores values actors",
    ),
    "assembly": row(
        holds="tradedesk.backtest",
        may_import="shells cores values actors",
    ),
    "shells": row(
        holds="tradedesk.journal tradedesk.execution tradedesk.portfolio",
        may_import="cores values actors",
    ),
    "cores": row(
        holds="tradedesk.portfolio._coordination tradedesk.portfolio._holdings tradedesk.portfolio._standing "
        "tradedesk.portfolio._recorder tradedesk.portfolio._sleeves tradedesk.portfolio._allocation "
        "tradedesk.portfolio._gathering tradedesk.portfolio._updates tradedesk.portfolio._rolling_facts "
        "tradedesk.portfolio._halts tradedesk.portfolio._halt_rules tradedesk.portfolio._meters "
        "tradedesk.execution._fills tradedesk.execution._checks tradedesk.execution._desk tradedesk.execution._ledger "
        "tradedesk.execution._matching tradedesk.execution._ticket tradedesk.execution._hearing "
        "tradedesk.risk tradedesk.indicators "
        "tradedesk.strategies tradedesk.metrics",
        may_import="values",
    ),
    "values": row(
        holds="tradedesk._value tradedesk.portfolio.types tradedesk.portfolio.policies tradedesk.portfolio._trace "
        "tradedesk.portfolio._errors tradedesk.portfolio._phases tradedesk.portfolio._facts tradedesk.portfolio._numbers "
        "tradedesk.portfolio._waves tradedesk.portfolio._statistics tradedesk.portfolio._gates "
        "tradedesk.execution.types tradedesk.execution._errors tradedesk.execution._terms tradedesk.marketdata",
        may_import="readers",
    ),
    "readers": row(
        holds="tradedesk.marketdata._csv tradedesk.marketdata._row_faults tradedesk.marketdata._rows tradedesk.marketdata._text "
        "tradedesk.marketdata.columns tradedesk.marketdata.quality._files",
        may_import="values",
    ),
    "actors": row(
        holds="actors",
        may_import="actor-cores",
    ),
    "actor-cores": row(
        holds="actors._errors actors._lifecycle actors._restart",
        may_import="",
    ),
}

PURE_LAYERS = ("cores", "values", "actor-cores")

IMPURE_MODULES = words(
    """
    trio asyncio concurrent multiprocessing queue sched signal subprocess threading
    bz2 csv fileinput glob gzip importlib io lzma mmap os pathlib shelve shutil sqlite3 tarfile tempfile zipfile
    http select selectors socket ssl urllib
    time logging random secrets uuid
    """
)
IMPURE_CALLS = {"open", "print", "input"}
CLOCK_READS = {"now", "utcnow", "today"}

RUNTIME_DEPENDENCIES = {"trio", "attrs", "attr"}

EXTRAS = {
    "cyclopts": ("tradedesk.cli",),
    "rich": ("tradedesk.cli",),
    "cattrs": ("tradedesk.cli",),
    "talib": ("tradedesk.indicators.talib",),
    "numpy": ("tradedesk.indicators.talib", "tradedesk.metrics._arrays"),
    "polars": ("tradedesk.marketdata.columns._frames",),
    "hypothesis": ("tradedesk.testing", "actors.testing"),
    "pytest": ("actors.testing.pytest_plugin",),
    "outcome": ("actors.testing",),  # of trio's own interface: what `reschedule` hands to a task
}

MAY_MISS_AN_EXTRA = words(
    "tradedesk.cli tradedesk.__main__ tradedesk.indicators.talib tradedesk.metrics._arrays "
    "tradedesk.marketdata.columns._reading tradedesk.testing._hypothesis"
)

RUNS_LAWS = words("tradedesk.cli._check")
"""The command that tests the user's code; nothing else at run time knows a testing package."""

PUBLIC_SUBMODULES = {"types", "policies", "testing"}

ONE_BROAD_EXCEPT_EACH = ("actors", "tradedesk.portfolio")

MUTABLE_BUILDERS = words(
    """
    list dict set bytearray array count cycle local Random BytesIO StringIO ContextVar
    defaultdict deque ChainMap Counter OrderedDict UserDict UserList SimpleNamespace
    WeakSet WeakKeyDictionary WeakValueDictionary
    """
)
READ_ONLY_TYPES = {"Mapping", "MappingProxyType", "Sequence", "tuple", "frozenset"}


def layer_of(name: str) -> str:
    holders = [(len(held), layer) for layer, row in LAYERS.items() for held in row.holds if within(name, (held,))]
    return max(holders)[1]


def every_import(modules: Modules) -> Iterator[tuple[Module, Import]]:
    for module in modules.values():
        for found in imports(module, modules):
            yield module, found


def layers_point_downwards(modules: Modules) -> list[str]:
    findings = []
    for module, found in every_import(modules):
        if not is_ours(found.target):
            continue
        here, there = layer_of(module.name), layer_of(found.target)
        if there != here and there not in LAYERS[here].may_import:
            sentence = f"{module.name} ({here}) imports {found.target} ({there}): move what both need to a lower layer"
            findings.append(module.at(found.line, sentence))
    return findings


def actors_stand_alone(modules: Modules) -> list[str]:
    return [
        module.at(found.line, f"R1: actors never imports {found.target}: let tradedesk hand in what is needed")
        for module, found in every_import(modules)
        if within(module.name, ("actors",)) and within(found.target, ("tradedesk",))
    ]


def cores_are_pure(modules: Modules) -> list[str]:
    pure = {name: module for name, module in modules.items() if layer_of(name) in PURE_LAYERS}
    findings = [
        module.at(
            found.line,
            f"R2: {module.name} is pure and imports {found.target}: take what it gives as an argument",
        )
        for module in pure.values()
        for found in imports(module, modules)
        if within(found.target, IMPURE_MODULES)
    ]
    for module in pure.values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and _touches_the_world(node.func):
                call = ast.unparse(node.func)
                findings.append(
                    module.at(node.lineno, f"R2: {module.name} is pure and calls {call}(): let the shell do it")
                )
    return findings


def _touches_the_world(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name in IMPURE_CALLS
        case ast.Attribute(value=owner, attr=name):
            return name in CLOCK_READS and last_name(owner) in {"datetime", "date"}
        case _:
            return False


def packages_meet_at_their_doors(modules: Modules) -> list[str]:
    findings = []
    for module, found in every_import(modules):
        if not is_ours(found.target):
            continue
        private = _private_name(module, found, modules)
        if private:
            findings.append(module.at(found.line, f"R3: {private} is private: import a public name of its package"))
        elif not _is_door(module, found.target, modules):
            owner = found.target.rpartition(".")[0]
            findings.append(module.at(found.line, f"R3: import from {owner} itself, not from {found.target}"))
    return findings


def _private_name(importer: Module, found: Import, modules: Modules) -> str:
    """The first private step to what is imported that is taken in a package the importer is no part of."""
    for name in found.names or ("",):
        steps = [*found.target.split("."), *([name] if name else [])]
        for depth, step in enumerate(steps):
            if _is_private(step) and not within(importer.name, (_package_of(".".join(steps[:depth]), modules),)):
                return ".".join(steps[: depth + 1])
    return ""


def _is_private(step: str) -> bool:
    return step.startswith("_") and not step.endswith("__")


def _is_door(importer: Module, target: str, modules: Modules) -> bool:
    package = _package_of(target, modules)
    return package == target or within(importer.name, (package,)) or target.rpartition(".")[2] in PUBLIC_SUBMODULES


def _package_of(name: str, modules: Modules) -> str:
    is_module = name in modules and not modules[name].is_package
    return name.rpartition(".")[0] if is_module else name


def modules_hold_no_state(modules: Modules) -> list[str]:
    findings = []
    for module in modules.values():
        for name, line in _mutable_names(module.tree.body):
            sentence = f"R4: {name} is mutable module state: keep it in an object, or say Final[Mapping[...]], tuple, frozenset"
            findings.append(module.at(line, sentence))
        findings += [
            module.at(node.lineno, f"R4: `global {', '.join(node.names)}`: keep the state in an object")
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Global)
        ]
    return findings


def _mutable_names(body: list[ast.stmt]) -> Iterator[tuple[str, int]]:
    """Module-level assignments of something that can change, also those under `if`, `try`, `with` and loops."""
    for node in body:
        match node:
            case ast.Assign(targets=targets, value=value) if _is_mutable(value):
                names = ", ".join(ast.unparse(target) for target in targets)
                yield from [(names, node.lineno)] if names != "__all__" else []
            case ast.AnnAssign(target=target, annotation=annotation, value=ast.expr() as value) if _is_mutable(value):
                name = ast.unparse(target)
                yield from ([(name, node.lineno)] if name != "__all__" and not _is_read_only(annotation) else [])
            case ast.If() | ast.For() | ast.While() | ast.Try() | ast.With() | ast.ExceptHandler():
                inner = [
                    child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt | ast.ExceptHandler)
                ]
                yield from _mutable_names(inner)


def _is_mutable(value: ast.expr) -> bool:
    match value:
        case ast.List() | ast.Dict() | ast.Set() | ast.ListComp() | ast.DictComp() | ast.SetComp() | ast.GeneratorExp():
            return True
        case ast.Call(func=function):
            return last_name(function) in MUTABLE_BUILDERS
        case ast.Tuple(elts=parts) | ast.BoolOp(values=parts):
            return any(map(_is_mutable, parts))
        case ast.IfExp(body=body, orelse=orelse):
            return _is_mutable(body) or _is_mutable(orelse)
        case ast.BinOp(left=left, right=right):
            return _is_mutable(left) or _is_mutable(right)
        case _:
            return False


def _is_read_only(annotation: ast.expr) -> bool:
    match annotation:
        case ast.Subscript(value=value, slice=inner) if last_name(value) == "Final":
            return last_name(inner) in READ_ONLY_TYPES
        case _:
            return False


def imports_stand_at_the_top(modules: Modules) -> list[str]:
    findings = []
    for module, found in every_import(modules):
        if not found.at_top:
            findings.append(module.at(found.line, f"R4: import {found.target} at the top of the module"))
        elif found.guarded and not within(module.name, MAY_MISS_AN_EXTRA):
            sentence = (
                f"R4: {found.target} may not be missing here: import it without `try`, or where the extra is at home"
            )
            findings.append(module.at(found.line, sentence))
    for module in modules.values():
        findings += [
            module.at(node.lineno, "R4: an import statement at the top says what this call hides")
            for node in ast.walk(module.tree)
            if isinstance(node, ast.Call) and last_name(node.func) in {"__import__", "import_module"}
        ]
    return findings


def run_time_needs_no_test_tools(modules: Modules) -> list[str]:
    return [
        module.at(found.line, f"R5: {found.target} is for tests: only a testing package may import it")
        for module, found in every_import(modules)
        if not found.for_types and "testing" not in module.name.split(".") and _is_for_tests(found)
        if not (module.name in RUNS_LAWS and within(found.target, ("tradedesk.testing",)))
    ]


def _is_for_tests(found: Import) -> bool:
    steps = found.target.split(".")
    return steps[0] in {"hypothesis", "pytest"} or "testing" in (*steps, *found.names)


def broad_excepts_are_rare(modules: Modules) -> list[str]:
    findings = []
    places: dict[str, list[str]] = {home: [] for home in ONE_BROAD_EXCEPT_EACH}
    for module in modules.values():
        home = next((home for home in places if within(module.name, (home,))), None)
        for line, clause in _broad_clauses(module.tree):
            if home and clause == "except Exception":
                places[home].append(
                    module.at(line, f"R6: {home} may say `except Exception` once: send this crash there")
                )
            else:
                findings.append(module.at(line, f"R6: `{clause}` is too broad here: name the errors you can handle"))
    return findings + [finding for found in places.values() if len(found) > 1 for finding in found]


def _broad_clauses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    broad = {"Exception", "BaseException"}
    for node in ast.walk(tree):
        match node:
            case ast.Try(handlers=handlers) | ast.TryStar(handlers=handlers):
                keyword = "except*" if isinstance(node, ast.TryStar) else "except"
                for handler in handlers:
                    if broad & set(caught_names(handler.type)):
                        yield (
                            handler.lineno,
                            f"{keyword} {ast.unparse(handler.type)}" if handler.type else "except:",
                        )
            case ast.Call(func=function, args=args) if last_name(function) == "suppress":
                if broad & set(map(last_name, args)):
                    yield node.lineno, ast.unparse(node)


def imports_form_no_cycle(modules: Modules) -> list[str]:
    edges: dict[str, dict[str, int]] = {name: {} for name in modules}
    for module, found in every_import(modules):
        if found.at_top and not found.for_types:
            edges[module.name][found.target] = found.line
    findings = []
    while cycle := _find_cycle(edges):
        first, second = cycle[0], cycle[1]
        sentence = f"import cycle {' -> '.join(cycle)}: move what both need to a module below them"
        findings.append(modules[first].at(edges[first].pop(second), sentence))
    return findings


def _find_cycle(edges: dict[str, dict[str, int]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        # graphlib names each node's predecessor first: read backwards, the path runs from importer to imported.
        return list(reversed(error.args[1]))
    return []


def third_parties_are_declared(modules: Modules) -> list[str]:
    findings = []
    for module, found in every_import(modules):
        package = found.target.partition(".")[0]
        if found.for_types or is_ours(package) or package in sys.stdlib_module_names | RUNTIME_DEPENDENCIES:
            continue
        homes = EXTRAS.get(package, ())
        if not within(module.name, homes):
            where = f"belongs under {' or '.join(homes)}" if homes else "is no dependency of ours: do without it"
            findings.append(module.at(found.line, f"{package} {where}"))
    return findings


RULES = (
    layers_point_downwards,
    actors_stand_alone,
    cores_are_pure,
    packages_meet_at_their_doors,
    modules_hold_no_state,
    imports_stand_at_the_top,
    run_time_needs_no_test_tools,
    broad_excepts_are_rare,
    imports_form_no_cycle,
    third_parties_are_declared,
)
