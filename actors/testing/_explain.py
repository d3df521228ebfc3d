"""Say in words what a failing schedule has that others have not. Pure: the runs are made by a function."""

from collections.abc import Callable, Iterable, Iterator
from math import inf

from actors.testing._choices import Search
from actors.testing._lab import Run, is_no_turn
from actors.testing._searches import PCT, RandomWalk, Tiers
from actors.testing._shrink import same_failure

Attempt = Callable[[Search], Run]

_SAMPLE = 60
"""Schedules by chance that a sentence is held against; it says so."""

Turn = tuple[str, int]
"""An actor takes its nth message."""


def explain(attempt: Attempt, failing: Run, most: int) -> list[str]:
    """Sentences that tell this failure from what does not fail; none when none was found.

    Each was held against schedules by chance, at most ``most``. That is evidence and no proof.
    """
    sentences = list(_slow(attempt, failing))[:2]
    runs = [failing, *_sample(attempt, min(_SAMPLE, most))]
    failed = [_turns(run) for run in runs if same_failure(run.error, failing.error)]
    passed = [_turns(run) for run in runs if run.error is None]
    return sentences + _order(failed, passed)


def _slow(attempt: Attempt, failing: Run) -> Iterator[str]:
    names = dict.fromkeys(name for choice in failing.choices for name in choice.options)
    others = [choice.chosen for choice in failing.choices if is_no_turn(choice.chosen)]
    if len(failing.deviations) <= len(others):
        with_others = f", with {', '.join(others)}" if others else ""
        yield f"fails when everybody is served in turn{with_others}"
        return
    for name in names:
        run = attempt(Tiers([name], []))
        if same_failure(run.error, failing.error):
            yield f"fails when {name!r} is slow: when it goes on only while nobody else can"


def _sample(attempt: Attempt, most: int) -> Iterator[Run]:
    walk, priorities = RandomWalk(1), PCT(2, seed=1)
    for _ in range(most // 2):
        for search in (walk, priorities):
            search.begin()
            yield attempt(search)


def _turns(run: Run) -> dict[Turn, int]:
    """When an actor took its nth message."""
    counts: dict[str, int] = {}
    turns: dict[Turn, int] = {}
    for place, (_, actor, _) in enumerate(run.taken):
        counts[actor] = counts.get(actor, 0) + 1
        turns[actor, counts[actor]] = place
    return turns


def _order(failed: list[dict[Turn, int]], passed: list[dict[Turn, int]]) -> list[str]:
    """The order of two messages that all failures have and the fewest others."""
    if not passed:
        return [f"failed in all of {len(failed)} schedules: hardly a matter of order"] if len(failed) > 1 else []
    turns = sorted(failed[0], key=failed[0].__getitem__)
    pairs = [(one, other) for one in turns for other in _others(one, passed) if _all_have(one, other, failed)]
    if not pairs:
        return []
    wrong = {pair: sum(_before(*pair, run) for run in passed) for pair in pairs}
    one, other = min(pairs, key=lambda pair: wrong[pair])
    if wrong[one, other] == len(passed):
        return []
    order = f"only if {one[0]!r} takes its {_nth(one[1])} message before {other[0]!r} takes its {_nth(other[1])}"
    failures, others = f"{len(failed)} of {len(failed)}", f"{wrong[one, other]} of {len(passed)}"
    return [f"{order}: so in {failures} schedules that failed, and in {others} that did not"]


def _others(one: Turn, runs: list[dict[Turn, int]]) -> Iterable[Turn]:
    return dict.fromkeys(turn for run in runs for turn in run if turn[0] != one[0])


def _all_have(one: Turn, other: Turn, runs: list[dict[Turn, int]]) -> bool:
    return all(_before(one, other, run) for run in runs)


def _before(one: Turn, other: Turn, run: dict[Turn, int]) -> bool:
    return run.get(one, inf) < run.get(other, inf)


def _nth(number: int) -> str:
    last = number % 100
    ending = "th" if 11 <= last <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")  # noqa: PLR2004 - English
    return f"{number}{ending}"
