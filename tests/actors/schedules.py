"""One scenario, many interleavings: trio's own, seeded choices of the seam, seeded orders of trio.

A scenario is an async function that takes a `Scheduler`. It runs under a virtual clock, must end, and must leave no task.
"""

import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Literal, TypeVar

import attrs
from trio._core import _run

from actors import Scheduler
from actors.testing import ControlledScheduler, run

T = TypeVar("T")
Scenario = Callable[[Scheduler], Awaitable[T]]

SEEDS = int(os.environ.get("SCHEDULE_SEEDS", "50"))
"""Of each kind. Mutation tests run with fewer: most of what they plant fails under any order."""

controlled = ControlledScheduler.seeded


@contextmanager
def trio_order(seed: int) -> Iterator[None]:
    """Make trio shuffle each batch of ready tasks as ``seed`` says; its private hook, which its own tests use."""
    before = _run._ALLOW_DETERMINISTIC_SCHEDULING, _run._r.getstate()
    _run._ALLOW_DETERMINISTIC_SCHEDULING = True
    _run._r.seed(seed)
    try:
        yield
    finally:
        _run._ALLOW_DETERMINISTIC_SCHEDULING = before[0]
        _run._r.setstate(before[1])


@attrs.frozen
class Schedule:
    kind: Literal["production", "controlled", "trio"]
    seed: int = 0

    def run(self, scenario: Scenario[T]) -> T:
        scheduler = controlled(self.seed) if self.kind == "controlled" else Scheduler()
        with trio_order(self.seed) if self.kind == "trio" else nullcontext():
            return run(scenario, scheduler)


SCHEDULES = (
    Schedule("production"),
    *(Schedule("controlled", seed) for seed in range(SEEDS)),
    *(Schedule("trio", seed) for seed in range(SEEDS)),
)


def every_schedule(scenario: Scenario[None]) -> Callable[[], None]:
    """A test that runs its scenario under each of `SCHEDULES`, and says which one it failed under."""

    def test() -> None:
        for schedule in SCHEDULES:
            try:
                schedule.run(scenario)
            except BaseException as error:
                error.add_note(f"under {schedule}")
                raise

    test.__name__ = scenario.__name__
    test.__module__ = scenario.__module__
    return test
