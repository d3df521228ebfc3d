"""What an exploration may do to a scenario. Pure."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Literal

import attrs

Seam = Literal["actors", "trio"]
Timers = Literal["idle", "racing"]


def _checked_patterns(patterns: Sequence[str]) -> tuple[str, ...]:
    if isinstance(patterns, str):
        raise TypeError(f'crash_points is a sequence of names: write crash_points=["{patterns}"]')
    return tuple(patterns)


@attrs.frozen
class Settings:
    """See `actors.testing.explore`."""

    seam: Seam = attrs.field(default="actors", validator=attrs.validators.in_(("actors", "trio")))
    timers: Timers = attrs.field(default="idle", validator=attrs.validators.in_(("idle", "racing")))
    crash_points: tuple[str, ...] = attrs.field(default=(), converter=_checked_patterns)
    crashes: int = 1
    steps: int = 20_000

    def __attrs_post_init__(self) -> None:
        if self.seam == "trio" and (self.crash_points or self.timers != "idle"):
            raise ValueError('crash_points and timers="racing" need seam="actors": trio\'s own order has only tasks')
        if self.crashes < 0:
            raise ValueError(f"crashes must be at least 0, not {self.crashes!r}")
        if self.steps < 1:
            raise ValueError(f"steps must be at least 1, not {self.steps!r}")

    @property
    def crash(self) -> str:
        """What must hold sometimes when crashes are wanted."""
        return f"a crash of {' or '.join(self.crash_points)}"

    def may_crash(self, actor: str) -> bool:
        """Whether a crash of this actor is among the choices."""
        return any(fnmatchcase(actor, pattern) for pattern in self.crash_points)
