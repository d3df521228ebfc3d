"""Reads what mutmut has found: for each mutant the line that it changes, what becomes of it, and how that ended."""

import ast
import difflib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Literal

import attrs

KILLED = (1, 3)
TIMEOUTS = (-24, 24, 36, 152, 255)
GENERATED = re.compile(r"\s*# type: ignore # mutmut generated$")

Fate = Literal["killed", "timeout", "survived", "unreached", "not run"]


@attrs.frozen
class Mutant:
    """One change of one function.

    Attributes:
        name: mutmut's, for ``mutmut show``; its number changes whenever the function does.
        line: what is taken out, on one line, without indentation.
        becomes: what stands there instead.
    """

    module: str
    function: str
    line: str
    becomes: str
    fate: Fate
    name: str


def mutants_of(folder: Path, module: str) -> Iterator[Mutant]:
    """All mutants of a module, in a folder in which ``mutmut run`` has been."""
    file = folder / "mutants" / module
    fates: Mapping[str, int | None] = json.loads(file.with_name(f"{file.name}.meta").read_text("utf-8"))[
        "exit_code_by_key"
    ]
    bodies = dict(_bodies(file.read_text("utf-8")))
    for name, code in fates.items():
        mangled = name.rpartition(".")[2]
        original, mutated = bodies[f"{mangled.rpartition('__mutmut_')[0]}__mutmut_orig"], bodies[mangled]
        line, becomes = _difference(original, mutated)
        yield Mutant(module, _plain(mangled), line, becomes, _fate(code), name)


def _bodies(source: str) -> Iterator[tuple[str, list[str]]]:
    lines = source.splitlines()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0].lineno - 1
            yield node.name, [GENERATED.sub("", line).strip() for line in lines[first : node.end_lineno]]


def _difference(original: list[str], mutated: list[str]) -> tuple[str, str]:
    out, put = [], []
    for step in difflib.ndiff(original, mutated):
        if step.startswith("- "):
            out.append(step[2:])
        elif step.startswith("+ "):
            put.append(step[2:])
    return " ".join(out), " ".join(put)


def _plain(mangled: str) -> str:
    name = mangled.rpartition("__mutmut_")[0]
    return name.removeprefix("xǁ").replace("ǁ", ".") if name.startswith("xǁ") else name.removeprefix("x_")


def _fate(code: int | None) -> Fate:
    match code:
        case None:
            return "not run"
        case 0:
            return "survived"
        case 33:
            return "unreached"
    return "killed" if code in KILLED else "timeout" if code in TIMEOUTS else "killed"
