"""Many schedules in one run of trio: to start trio costs a third of a short schedule."""

import logging
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Protocol

import trio

from actors.testing._choices import ExplorationError, Search, Tape
from actors.testing._clock import Clock
from actors.testing._lab import Lab, LabScheduler, Run, Watch
from actors.testing._settings import Settings
from actors.testing._trio_seam import trio_in_hand

_LOG: Final = logging.getLogger("actors")

Scenario = Callable[[Lab], Awaitable[object]]


class Plan(Protocol):
    """Says which schedule comes next, and hears what came of it."""

    def following(self) -> Search | None:
        """What decides the next schedule; None to end."""
        ...

    def note(self, run: Run) -> None:
        """A schedule has ended."""
        ...


def perform(scenario: Scenario, search: Search, settings: Settings, *, quiet: bool = True) -> Run:
    """Run one schedule, if quiet without a log; raises `ExplorationError` when the search cannot go on."""
    runs: list[Run] = []

    class Once:
        def following(self) -> Search | None:
            return None if runs else search

        def note(self, run: Run) -> None:
            runs.append(run)

    _Laboratory(scenario, Once(), settings, quiet=quiet).work()
    return runs[0]


def perform_all(scenario: Scenario, plan: Plan, settings: Settings) -> None:
    """Run what the plan says; after a schedule that failed, go on in a trio that knows nothing of it."""
    _Laboratory(scenario, plan, settings, quiet=True).work()


class _Laboratory:
    def __init__(self, scenario: Scenario, plan: Plan, settings: Settings, *, quiet: bool) -> None:
        self._scenario = scenario
        self._plan = plan
        self._settings = settings
        self._clock = Clock()
        self._watch = Watch()
        self._quiet = quiet
        self._goes_on = True

    def work(self) -> None:
        """Until the plan has no more."""
        # a thousand schedules with a crash in each would log a thousand times what the report says once
        with _silence() if self._quiet else nullcontext():
            while self._goes_on:
                self._run()

    def _run(self) -> None:
        failed: list[ExplorationError] = []

        async def main() -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._clock.idle, self._count_steps, name="<idle>")
                while not failed and (search := self._plan.following()) is not None:
                    outcome = await self._one(search)
                    if isinstance(outcome, ExplorationError):
                        failed.append(outcome)
                    else:
                        self._plan.note(outcome)
                        if outcome.error is not None:
                            break
                else:
                    self._goes_on = False
                nursery.cancel_scope.cancel()

        self._clock = Clock()
        self._watch = Watch()
        with self._order():
            trio.run(main, clock=self._clock, instruments=[self._watch])
        if failed:
            raise failed[0]

    async def _one(self, search: Search) -> Run | ExplorationError:
        tape = Tape(search, self._settings.steps)
        clock = self._clock
        lab = Lab(self._settings, tape, clock)
        errors: list[Exception | None] = []

        async def live() -> None:
            errors.append(await lab.live(self._scenario))

        release = lab.scheduler.release if isinstance(lab.scheduler, LabScheduler) else _nobody
        clock.begin(release, lab.stuck, lab.jumped)
        self._watch.watch(lab)
        async with trio.open_nursery() as nursery:  # noqa: ASYNC112 - a task of its own, as new as the schedule
            nursery.start_soon(live, name="scenario")
        self._watch.watch(None)
        clock.release = _nobody
        if isinstance(lab.failed, ExplorationError):
            return lab.failed
        return Run(
            kind=search.name,
            choices=tape.choices,
            at=tape.at,
            steps=tape.steps,
            taken=lab.taken,
            error=errors[0],
            held=lab.held,
            uncontrolled=tuple(lab.uncontrolled),
        )

    def _order(self) -> AbstractContextManager[None]:
        if self._settings.seam != "trio":
            return nullcontext()
        return trio_in_hand(lambda batch: self._watch.lab.choose_task(batch) if self._watch.lab else 0)

    def _count_steps(self) -> int:
        return self._watch.steps


@contextmanager
def _silence() -> Iterator[None]:
    def drop(_: logging.LogRecord) -> bool:
        return False

    _LOG.addFilter(drop)
    try:
        yield
    finally:
        _LOG.removeFilter(drop)


def _nobody(_: float) -> bool:
    return False
