"""Try many schedules of a scenario, and say what came of it."""

import time
from collections.abc import Sequence
from copy import deepcopy
from inspect import isasyncgenfunction
from typing import Final

import attrs

from actors.testing._choices import NotDeterministic, Search
from actors.testing._explain import explain
from actors.testing._lab import Run
from actors.testing._replay import Again, Strict, decode
from actors.testing._report import Failure, Report, failure_of, steps_of
from actors.testing._runs import Scenario, perform, perform_all
from actors.testing._searches import Deviations, Portfolio, counted
from actors.testing._settings import Seam, Settings, Timers
from actors.testing._shrink import shrink


def explore(
    scenario: Scenario,
    *,
    search: Search | None = None,
    schedules: int = 1_000,
    seconds: float = 10.0,
    steps: int = 20_000,
    seam: Seam = "actors",
    timers: Timers = "idle",
    crash_points: Sequence[str] = (),
    crashes: int = 1,
    check_every: int = 50,
    shrink_runs: int = 300,
) -> Report:
    """Run ``await scenario(lab)`` under many schedules, each from the beginning and in virtual time.

    It ends at the first schedule that fails, and makes that smaller. Not for use where trio runs already.

    Args:
        scenario: an async function of a `Lab`; it must build all that it uses, and do the same each time.
        search: which schedules to try; a `Portfolio` when None. It is copied, so it can be used again.
        schedules: how many to try at most.
        seconds: of CPU time after which no further schedule is begun.
        steps: in one schedule; a scenario that takes more fails.
        seam: "actors" decides whenever the runtime of the actors wakes somebody; "trio" decides about every task at
            every checkpoint, over a private hook of trio.
        timers: "idle" lets time pass when nobody is ready; "racing" makes it a choice at any time, so that whoever is
            ready may come late.
        crash_points: names of actors, or patterns such as ``worker-*``, whose crash is a choice whenever they go on
            with a message. Only in systems of `Lab.open_system`.
        crashes: at most so many in one schedule.
        check_every: after so many schedules one is repeated, to see that the same choices lead to the same steps.
        shrink_runs: schedules that are tried, at most, to make a failing one smaller.

    Raises:
        NotDeterministic: the same choices led to other steps; the text names the first.
        TypeError: what should be a scenario or a search is none.
        ValueError: a number is out of range.
    """
    _check_scenario(scenario)
    settings = Settings(seam=seam, timers=timers, crash_points=crash_points, crashes=crashes, steps=steps)
    if not seconds >= 0:
        raise ValueError(f"seconds must be at least 0, not {seconds!r}")
    limits = _Limits(_at_least_one(schedules), seconds, check_every)
    exploration = _Exploration(scenario, settings, _copied(search) if search else Portfolio(), limits)
    exploration.go()
    return exploration.report(shrink_runs)


def replay(scenario: Scenario, schedule: str, *, steps: int = 20_000) -> None:
    """Run a scenario under one recorded schedule, to the letter; what it fails with comes out.

    Args:
        scenario: the async function that was explored.
        schedule: the word that a report shows after ``schedule:``; it knows about crash points and timers.
        steps: in the schedule, at most.

    Raises:
        ScheduleDoesNotFit: the scenario is not, or no longer, the one that was recorded; the text names the step.
        ValueError: it is no schedule.
    """
    __tracebackhide__ = True  # pytest's
    _check_scenario(scenario)
    settings, chosen = decode(schedule, steps)
    strict = Strict(chosen)
    run = perform(scenario, strict, settings, quiet=False)
    if run.error is not None:
        run.error.add_note("\n".join(["replayed:", *(f"  {step}" for step in steps_of(run))]))
        raise run.error
    strict.check_used()


@attrs.frozen
class _Limits:
    schedules: int
    seconds: float
    check_every: int = attrs.field(validator=attrs.validators.ge(2))


class _Exploration:
    """The plan of an exploration, and its tally."""

    def __init__(self, scenario: Scenario, settings: Settings, search: Search, limits: _Limits) -> None:
        self._scenario = scenario
        self._settings = settings
        self._search = search
        self._limits = limits
        self._began = time.process_time()
        self._made = 0
        self._kinds: dict[str, int] = {}
        self._seen: set[int] = set()
        self._longest = 0
        self._held: dict[str, bool] = {}
        self._uncontrolled: dict[str, None] = {}
        self._again: Again | None = None
        self._check_next = False
        self._last: Run | None = None
        self._failed: Run | None = None
        self._differs = ""
        self._exhausted = False
        self._stopped = ""

    def go(self) -> None:
        """Try schedules until there is a reason to stop."""
        perform_all(self._scenario, self, self._settings)
        if self._differs:
            raise self._not_deterministic(self._differs)

    # What `perform_all` asks ---------------------------------------------------------------------------------

    def following(self) -> Search | None:
        """The next schedule, or the last one again."""
        if self._check_next and self._last is not None:
            self._check_next = False
            self._again = Again(self._last)
            return self._again
        self._stopped = self._reason_to_stop()
        if self._stopped:
            return None
        if not self._search.begin():
            self._exhausted = bool(self._search.covers)
            self._stopped = f"exhausted, {self._search.covers}" if self._exhausted else "the search has no more"
            return None
        return self._search

    def note(self, run: Run) -> None:
        """Add a run to the tally."""
        if self._again is not None:
            self._differs = self._again.difference(run)
            self._again = None
            return
        self._made += 1
        self._kinds[run.kind] = self._kinds.get(run.kind, 0) + 1
        self._seen.add(hash(tuple(run.steps)))
        self._longest = max(self._longest, len(run.steps))
        self._uncontrolled |= dict.fromkeys(run.uncontrolled)
        for name, held in run.held.items():
            self._held[name] = self._held.get(name, False) or held
        self._last = run
        if run.error is not None:
            self._failed = run
        self._check_next = run.error is not None or self._made % self._limits.check_every == 1

    def _reason_to_stop(self) -> str:
        if self._failed is not None:
            return "stopped at the first failure"
        if self._differs:
            return "not deterministic"
        limits = self._limits
        if self._made >= limits.schedules:
            return f"stopped after {counted(limits.schedules, 'schedule')}"
        if self._made and time.process_time() - self._began >= limits.seconds:
            return f"stopped after {limits.seconds:g} s of CPU time"
        return ""

    # What came of it -----------------------------------------------------------------------------------------

    def report(self, shrink_runs: int) -> Report:
        """The tally; a failure is made smaller and explained."""
        failure = None if self._failed is None else self._failure(self._failed, shrink_runs)
        return Report(
            schedules=dict(self._kinds),
            distinct=len(self._seen),
            longest=self._longest,
            seconds=time.process_time() - self._began,
            exhausted=self._exhausted,
            stopped=self._stopped,
            failure=failure,
            held=dict(self._held),
            uncontrolled=tuple(self._uncontrolled),
        )

    def _failure(self, found: Run, shrink_runs: int) -> Failure:
        affordable = _STEPS_FOR_A_FAILURE // len(found.steps or "1")
        smallest, made = shrink(lambda smaller: self._try(Deviations(smaller)), found, min(shrink_runs, affordable))
        explanation = explain(self._try, smallest, affordable)
        return failure_of(found, smallest, self._settings, number=self._made, shrink_runs=made, explanation=explanation)

    def _try(self, search: Search) -> Run:
        return perform(self._scenario, search, self._settings)

    def _not_deterministic(self, difference: str) -> NotDeterministic:
        names = ", ".join(map(repr, self._uncontrolled))
        advice = (
            f'trio woke {names}, and in which order is a coin\'s: make actors of them, or explore with seam="trio"'
            if names
            else "does it use the clock, chance, ids, the order of a set, or something from the schedule before?"
        )
        return NotDeterministic(f"the same choices led to other steps: {difference}; {advice}")


_STEPS_FOR_A_FAILURE: Final = 200_000
"""What may be spent on a failure, some seconds; a long scenario is shrunk in fewer runs."""


def _check_scenario(scenario: Scenario) -> None:
    """A fault of the test is no failure of what it tests, in any schedule."""
    if not callable(scenario) or isasyncgenfunction(scenario):  # type: ignore[redundant-expr] # users may pass any
        raise TypeError(f"{scenario!r} is no scenario: it takes async def scenario(lab): ..., without yield")


def _copied(search: Search) -> Search:
    if isinstance(search, type) or not callable(getattr(search, "begin", None)):
        raise TypeError(f"{search!r} is no search: give one, such as search=PCT(3)")
    return deepcopy(search)


def _at_least_one(schedules: int) -> int:
    if type(schedules) is not int or schedules < 1:
        raise ValueError(f"schedules must be a whole number, at least 1, not {schedules!r}")
    return schedules
