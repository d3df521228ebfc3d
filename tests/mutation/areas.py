"""What is mutated, by which tests a mutant may be found, and when a mutant is no mutant."""

import re
from collections.abc import Mapping, Sequence

import attrs


@attrs.frozen
class Area:
    """Modules, and tests that are quick and near; a mutant meets those of them that reach it, the quickest first."""

    modules: Sequence[str]
    tests: Sequence[str]


def in_folder(folder: str, names: str, pattern: str) -> list[str]:
    return [f"{folder}/{pattern.format(name)}" for name in names.split()]


AREAS: Mapping[str, Area] = {
    "portfolio": Area(
        modules=in_folder(
            "tradedesk/portfolio", "coordination updates holdings standing halts roster phases", "_{}.py"
        ),
        tests=[
            *in_folder(
                "tests/portfolio",
                "bad_input budget calls cancellation candle_timeout coordination failure_rules failure_table failures "
                "failures_and_changes flow halts drawdown_halt meters policy_checks reports roster sleeves trace two_phases",
                "test_{}.py",
            ),
            *in_folder("tests/laws", "budget changes failures model order", "test_{}.py"),
        ],
    ),
    "actors": Area(
        modules=in_folder("actors", "inbox mailbox", "_{}.py"),
        tests=in_folder(
            "tests/actors",
            "asks cancellation circles crash deadlines drain_timeout errors groups handler_timeout observing order "
            "overflow restart start stop timers watch",
            "test_{}.py",
        ),
    ),
}

SAME: Mapping[str, tuple[re.Pattern[str], str]] = {
    "zip(strict=) guards against a dispatcher that gives too few outcomes; where none does it changes nothing": (
        re.compile(r",\s*(?:strict=\w+)?\)"),
        ")",
    ),
    "cast() returns its second argument, whatever the first one is": (
        re.compile(r"""\bcast\((?:"[^"]*"|\w+), """),
        "cast(",
    ),
}


def no_mutant(line: str, becomes: str) -> str | None:
    """Why a change of a line changes nothing at all, where one rule says it of many."""
    for why, (pattern, kept) in SAME.items():
        if pattern.sub(kept, line) == pattern.sub(kept, becomes):
            return why
    return None
