"""Every planted fault: the program with it, the program without it, and how many schedules may pass before it is found."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import attrs

from actors.testing import Lab
from tests.actors.testing.planted import desk, parts


@attrs.frozen
class Planted:
    faulty: Callable[[Lab], Awaitable[object]]
    correct: Callable[[Lab], Awaitable[object]]
    within: int
    """Schedules."""
    shrunk_to: int
    """Choices out of turn, at most."""
    says: str
    """How the error begins."""
    options: dict[str, Any] = attrs.field(factory=dict)


def on_the_desk(fault: str, within: int, shrunk_to: int, says: str) -> Planted:
    return Planted(partial(desk.scenario, fault=fault), desk.scenario, within, shrunk_to, says)


def small(program: Any, within: int, shrunk_to: int, says: str, **options: Any) -> Planted:
    return Planted(program, partial(program, fault=False), within, shrunk_to, says, options)


PLANTED = {
    "two channels": on_the_desk("two channels", 10, 1, "A handles candle 2"),
    "relays": on_the_desk("relays", 10, 8, "B handles candle 0"),
    "unacknowledged decrease": on_the_desk("unacknowledged decrease", 10, 1, "held"),
    "stale acknowledgement": on_the_desk("stale acknowledgement", 10, 4, "held"),
    "lost message": small(parts.lost_message, 10, 2, "kept"),
    "double message": small(parts.double_message, 20, 1, "placed", timers="racing"),
    "barrier removed": small(parts.barrier_removed, 10, 2, "rounds"),
    "crash that loses a report": small(parts.lost_report, 10, 1, "hangs", crash_points=["worker *"]),
    "timer that fires after a restart": small(parts.late_timer, 10, 1, "sessions", crash_points=["session"]),
}
