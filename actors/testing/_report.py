"""What an exploration found, as a value and as text."""

from collections.abc import Mapping
from typing import Final

import attrs

from actors.testing._choices import Choice
from actors.testing._lab import Run, crash_of
from actors.testing._replay import encode
from actors.testing._searches import counted
from actors.testing._settings import Settings

_SHOWN: Final = 40
"""Steps that a report shows, the last of the failing schedule."""


class NeverHeld(AssertionError):
    """A condition that was to hold sometimes never did: the test is about something that does not happen."""


class NotExhausted(AssertionError):
    """An exploration that was to come to its end stopped before: it proves less than the test says."""


@attrs.frozen
class Failure:
    """The first failure, and the smallest schedule that shows it.

    Attributes:
        error: what the scenario raised under that schedule, out of groups that held nothing else.
        schedule: the schedule as one word, for `replay` and for ``pytest --schedule``.
        kind: the search that found it.
        number: in which schedule, from 1.
        deviations: choices that were not FIFO in the schedule that was found.
        shrunk_to: how many of them are left.
        shrink_runs: schedules tried for that.
        explanation: sentences that tell it from schedules that do not fail.
        steps: a line for each step of the smallest schedule.
    """

    error: Exception
    schedule: str
    kind: str
    number: int
    deviations: int
    shrunk_to: int
    shrink_runs: int
    explanation: tuple[str, ...]
    steps: tuple[str, ...]

    def explain(self) -> str:
        """What tells this failure from schedules that do not fail, in sentences."""
        return "\n".join(self.explanation) or "nothing simple tells this schedule from those that do not fail"

    def __str__(self) -> str:
        found = f"failed in schedule {self.number} ({self.kind})"
        out_of_turn, runs = counted(self.deviations, "choice"), counted(self.shrink_runs, "run")
        shrunk = f"{out_of_turn} out of turn, shrunk to {self.shrunk_to} in {runs}"
        hidden = len(self.steps) - _SHOWN
        return "\n".join(
            [
                f"{found}; {shrunk}",
                *self.explanation,
                "steps:" if hidden <= 0 else f"steps, without the first {hidden}:",
                *(f"  {step}" for step in self.steps[-_SHOWN:]),
                f"schedule: {self.schedule}",
            ]
        )


@attrs.frozen
class Report:
    """What an exploration did; ``str()`` says it in a few lines.

    Attributes:
        schedules: how many schedules of each search.
        distinct: how many of them were different.
        longest: steps of the longest.
        seconds: of CPU time, shrinking included.
        exhausted: whether there was nothing left to try.
        stopped: where it stopped, in words.
        failure: None when no schedule failed.
        held: the conditions given to `Lab.sometimes` that were looked at, and whether each held at least once.
        uncontrolled: tasks that moved though nobody released them: they wait for something that is not of the seam.
    """

    schedules: Mapping[str, int]
    distinct: int
    longest: int
    seconds: float
    exhausted: bool
    stopped: str
    failure: Failure | None
    held: Mapping[str, bool]
    uncontrolled: tuple[str, ...]

    @property
    def tried(self) -> int:
        """Schedules in all, without those that only check, shrink or explain."""
        return sum(self.schedules.values())

    @property
    def summary(self) -> str:
        """What was tried, how much of it was different, and where it stopped: one line."""
        kinds = ", ".join(f"{kind} {count:,}" for kind, count in self.schedules.items())
        tried = counted(self.tried, "schedule")
        return f"explored {tried} ({kinds}), {self.distinct:,} of them different: {self.stopped}"

    def check(self) -> None:
        """Raise the failure with the report as a note, or `NeverHeld` when a condition held in no schedule."""
        __tracebackhide__ = True  # pytest's
        if self.failure is not None:
            error = self.failure.error
            error.add_note(str(self))
            raise error
        never = [name for name, held in self.held.items() if not held]
        if never:
            raise NeverHeld(
                f"in {counted(self.tried, 'schedule')} it never held that {', nor that '.join(map(repr, never))}"
            )

    def __str__(self) -> str:
        lines = [self.summary]
        if self.uncontrolled:
            names = ", ".join(map(repr, self.uncontrolled))
            lines.append(f"not explored: when {names} moved, for trio woke them and not the seam of the actors")
        if self.failure is not None:
            lines.append(str(self.failure))
        return "\n".join(lines)


def failure_of(
    found: Run, smallest: Run, settings: Settings, *, number: int, shrink_runs: int, explanation: list[str]
) -> Failure:
    """Put together what is known of a failure."""
    if smallest.error is None:
        raise ValueError("a run that did not fail has no failure")
    return Failure(
        error=smallest.error,
        schedule=encode(smallest.choices, settings),
        kind=found.kind,
        number=number,
        deviations=len(found.deviations),
        shrunk_to=len(smallest.deviations),
        shrink_runs=shrink_runs,
        explanation=tuple(explanation),
        steps=tuple(steps_of(smallest)),
    )


def steps_of(run: Run) -> list[str]:
    """A line for each step: who went on, with which messages, and before whom."""
    messages: dict[int, list[str]] = {}
    for step, _, message in run.taken:
        messages.setdefault(step, []).append(repr(message))
    lines = list(run.steps)
    for step, seen in messages.items():
        lines[step] += f" <- {', '.join(seen)}"
    for choice, step in zip(run.choices, run.at, strict=True):
        lines[step] += _out_of_turn(choice)
    return lines


def _out_of_turn(choice: Choice) -> str:
    passed_over = [name for name in choice.options[: choice.place] if choice.chosen != crash_of(name)]
    return f"   (before {', '.join(passed_over)})" if passed_over else ""
