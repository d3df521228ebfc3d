"""The source of our packages as syntax trees: parsed, never imported."""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

OURS = ("actors", "tradedesk")


@dataclass(frozen=True)
class Module:
    name: str
    file: str
    is_package: bool
    tree: ast.Module

    def at(self, line: int, sentence: str) -> str:
        return f"{self.file}:{line}: {sentence}"


@dataclass(frozen=True)
class Import:
    target: str
    """The module that is read: for `from a import b` that is `a.b` where b is a module of ours, otherwise `a`."""
    names: tuple[str, ...]
    """What is taken out of the target; empty where the target is a module taken whole."""
    line: int
    at_top: bool
    """Directly in the module's body, under TYPE_CHECKING, or under `try ... except ImportError`."""
    for_types: bool
    guarded: bool
    """Under a `try` that survives ImportError."""


Modules = Mapping[str, Module]


def parse(sources: Mapping[str, str]) -> Modules:
    """Modules by dotted name, from source text by path relative to the root of the packages."""
    modules = [_module(file, text) for file, text in sorted(sources.items())]
    return {module.name: module for module in modules}


def _module(file: str, text: str) -> Module:
    parts = file.removesuffix(".py").split("/")
    is_package = parts[-1] == "__init__"
    return Module(".".join(parts[:-1] if is_package else parts), file, is_package, ast.parse(text, file))


def real_sources() -> dict[str, str]:
    """The packages beside this test suite or, where there are none, the installed ones."""
    sources = {}
    for package in map(package_folder, OURS):
        for path in package.rglob("*.py"):
            sources[path.relative_to(package.parent).as_posix()] = path.read_text(encoding="utf-8")
    return sources


def package_folder(name: str) -> Path:
    beside = Path(__file__).parents[1] / name
    if beside.is_dir():
        return beside
    spec = find_spec(name)
    assert spec is not None, f"{name} is neither beside the tests nor installed"
    assert spec.origin is not None, f"{name} has no __init__.py"
    return Path(spec.origin).parent


def within(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == prefix or name.startswith(prefix + ".") for prefix in prefixes)


def is_ours(name: str) -> bool:
    return within(name, OURS)


def imports(module: Module, modules: Modules) -> Iterator[Import]:
    """Every import statement of a module, wherever it hides."""
    for node, place in _import_nodes(module.tree.body, _Place()):
        for target, names in _targets(node, module, modules):
            yield Import(target, names, node.lineno, place.at_top, place.for_types, place.guarded)


@dataclass(frozen=True)
class _Place:
    at_top: bool = True
    for_types: bool = False
    guarded: bool = False


def _import_nodes(
    body: list[ast.AST] | list[ast.stmt], place: _Place
) -> Iterator[tuple[ast.Import | ast.ImportFrom, _Place]]:
    for node in body:
        match node:
            case ast.Import() | ast.ImportFrom():
                yield node, place
            case ast.If() if _is_type_checking(node.test):
                yield from _import_nodes(node.body, _Place(place.at_top, for_types=True, guarded=place.guarded))
                yield from _import_nodes(node.orelse, _Place(at_top=False, for_types=place.for_types))
            case ast.Try() if place.at_top and _survives_import_error(node):
                yield from _import_nodes(node.body, _Place(guarded=True, for_types=place.for_types))
                rest = [*node.handlers, *node.orelse, *node.finalbody]
                yield from _import_nodes(rest, _Place(at_top=False, for_types=place.for_types))
            case _:
                hidden = _Place(at_top=False, for_types=place.for_types)
                yield from _import_nodes(list(ast.iter_child_nodes(node)), hidden)


def _is_type_checking(test: ast.expr) -> bool:
    return last_name(test) == "TYPE_CHECKING"


def _survives_import_error(node: ast.Try) -> bool:
    caught = {name for handler in node.handlers for name in caught_names(handler.type)}
    return bool(caught & {"ImportError", "ModuleNotFoundError"})


def caught_names(caught: ast.expr | None) -> list[str]:
    """The exception classes of an `except` clause; a bare one catches BaseException."""
    if caught is None:
        return ["BaseException"]
    classes = caught.elts if isinstance(caught, ast.Tuple) else [caught]
    return [last_name(each) for each in classes]


def last_name(node: ast.expr) -> str:
    """`c` of `c`, of `a.b.c` and of `c[...]`; empty for anything else."""
    match node:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=value):
            return last_name(value)
        case _:
            return ""


def _targets(
    node: ast.Import | ast.ImportFrom, module: Module, modules: Modules
) -> Iterator[tuple[str, tuple[str, ...]]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, ()) for alias in node.names)
        return
    base = _absolute(node, module)
    taken = [alias.name for alias in node.names]
    submodules = [name for name in taken if f"{base}.{name}" in modules]
    yield from ((f"{base}.{name}", ()) for name in submodules)
    if names := tuple(name for name in taken if name not in submodules):
        yield base, names


def _absolute(node: ast.ImportFrom, module: Module) -> str:
    if not node.level:
        return node.module or ""
    climbed = node.level - 1 if module.is_package else node.level
    anchor = module.name.split(".")
    anchor = anchor[: len(anchor) - climbed]
    return ".".join([*anchor, *([node.module] if node.module else [])])
