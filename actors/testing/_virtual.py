"""Virtual time in one line."""

from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

import trio
from trio.lowlevel import current_task, spawn_system_task
from trio.testing import MockClock

from actors.testing._leaks import assert_no_leaks, living_below

T = TypeVar("T")
Args = TypeVarTuple("Args")


def run(scenario: Callable[[*Args], Awaitable[T]], *args: *Args, limit: float = 1_000_000.0) -> T:
    """Run ``await scenario(*args)`` in virtual time and return its result; a sleep of an hour costs nothing.

    ``run(scenario, ControlledScheduler.seeded(7))`` hands it a scheduler for its `open_system`; the same seed gives the
    same run. Not for use where trio runs already; there, use trio's ``MockClock`` as pytest-trio's
    ``autojump_clock`` does.

    Args:
        scenario: an async function.
        args: handed to the scenario.
        limit: seconds of virtual time after which a scenario that has not ended hangs.

    Raises:
        AssertionError: the scenario hangs, or it left a task behind; the text names who waits, or what was left.
            What the scenario raises comes out as it is.
    """

    async def main() -> T:
        waiting: list[str] = []
        with trio.CancelScope() as scope:
            _watch(scope, limit, waiting)
            with assert_no_leaks():
                return await scenario(*args)
        raise AssertionError(f"hangs: after {limit:g} s of virtual time there still waited {', '.join(waiting)}")

    return trio.run(main, clock=MockClock(autojump_threshold=0))


def _watch(scope: trio.CancelScope, limit: float, waiting: list[str]) -> None:
    """Cancel ``scope`` at the limit, and note before who waits."""
    main = current_task()

    async def watch() -> None:
        await trio.sleep(limit)
        waiting.extend(repr(task.name) for task in living_below(main))
        scope.cancel()

    spawn_system_task(watch, name="actors.testing.run")
