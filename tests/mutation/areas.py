"""What is mutated, by which tests a mutant may be found, and when a mutant is no mutant."""

import re
from collections.abc import Mapping, Sequence

import attrs


@attrs.frozen
class Area:
    """What belongs together.

    Attributes:
        modules: what is mutated.
        quick: files of tests that find most mutants in little time; of them a mutant meets those that reach it.
        wide: files for those that the quick ones let pass.
    """

    modules: Sequence[str]
    quick: Sequence[str]
    wide: Sequence[str]


def in_folder(folder: str, names: str, pattern: str = "test_{}.py") -> list[str]:
    return [f"{folder}/{pattern.format(name)}" for name in names.split()]


AREAS: Mapping[str, Area] = {
    "portfolio": Area(
        modules=in_folder(
            "tradedesk/portfolio", "coordination updates holdings standing halts roster phases", "_{}.py"
        ),
        quick=in_folder(
            "tests/portfolio",
            "coordination two_phases flow budget reports halts meters failure_rules roster failures_and_changes",
        ),
        wide=[
            *in_folder(
                "tests/portfolio",
                "coordination two_phases flow budget reports halts meters failure_rules roster failures_and_changes "
                "bad_input calls cancellation candle_timeout drawdown_halt failure_table failures policy_checks "
                "sleeves trace",
            ),
            "tests/portfolio/hostile/test_meddling.py",
            *in_folder("tests/laws", "changes failures model"),
        ],
    ),
    "actors": Area(
        modules=in_folder("actors", "inbox mailbox", "_{}.py"),
        quick=in_folder(
            "tests/actors",
            "asks crash deadlines drain_timeout errors handler_timeout observing order overflow restart start stop "
            "timers watch",
        ),
        wide=in_folder(
            "tests/actors",
            "asks crash deadlines drain_timeout errors handler_timeout observing order overflow restart start stop "
            "timers watch cancellation circles context fairness groups model recoveries restart_table seam",
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
