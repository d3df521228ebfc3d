"""What mutmut leaves out: a statement taken away. One process for each, forked from one that has loaded pytest and trio.

Neither of our packages may be loaded there, nor a plugin that pytest is to rewrite: the child imports them anew.
"""

import ast
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path

import attrs
import pytest
import trio

from tests.mutation.found import Mutant

LOADED = (attrs, pytest, trio)

PATIENCE = 60
"""Seconds that the tests have for one deletion; a statement whose absence lets them hang is noticed by that."""

SIMPLE = (ast.Expr, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Delete, ast.Raise, ast.Return, ast.Break)


@attrs.frozen
class Deletion:
    module: str
    function: str
    line: str
    source: str


def deletions_of(root: Path, module: str) -> Iterator[Deletion]:
    """Each simple statement of each function, taken away."""
    source = (root / module).read_text("utf-8")
    lines = source.splitlines(keepends=True)
    for function, node in _functions(ast.parse(source)):
        for statement in ast.walk(node):
            if isinstance(statement, SIMPLE) and not _is_text(statement):
                first, last = statement.lineno - 1, statement.end_lineno or statement.lineno
                indent = lines[first][: statement.col_offset]
                taken = " ".join(line.strip() for line in lines[first:last])
                yield Deletion(module, function, taken, "".join([*lines[:first], f"{indent}pass\n", *lines[last:]]))


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for child in node.body:
                if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield f"{node.name}.{child.name}", child


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def mutants_by_deletion(root: Path, module: str, *rings: Sequence[str]) -> Iterator[Mutant]:
    """Try every deletion with one ring of tests after the other, until one notices it.

    Raises:
        RuntimeError: The tests of a ring fail on the code as it is.
    """
    for tests in rings:
        if _fails(root, module, (root / module).read_text("utf-8"), tests):
            raise RuntimeError(f"the tests fail without any deletion: {' '.join(tests)}")
    for number, one in enumerate(deletions_of(root, module), 1):
        noticed = any(_fails(root, module, one.source, tests) for tests in rings)
        name = f"{module}, deletion {number}"
        yield Mutant(module, one.function, one.line, "pass", "killed" if noticed else "survived", name)


def _fails(root: Path, module: str, source: str, tests: Sequence[str]) -> bool:
    child = os.fork()
    if child == 0:
        try:
            os._exit(_run(root, module, source, tests))
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    return status != 0


def _run(root: Path, module: str, source: str, tests: Sequence[str]) -> int:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    os.chdir(root)
    sys.path.insert(0, str(root))
    sys.dont_write_bytecode = True
    file, read = str(root / module), SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, fullname: str) -> object:
        if loader.path == file:
            return compile(source, file, "exec", dont_inherit=True)
        return read(loader, fullname)

    SourceFileLoader.get_code = get_code
    signal.alarm(PATIENCE)
    return int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests]))
