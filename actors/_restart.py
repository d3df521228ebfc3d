"""When a crashed actor is started again, and after how long. Pure: time and chance arrive as data."""

from collections.abc import Callable
from math import isfinite
from typing import Literal

import attrs

from actors._errors import RestartLimitExceeded

Kind = Literal["permanent", "transient", "temporary"]


def _above_zero(_: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    if not (isfinite(value) and value > 0):
        raise ValueError(f"{attribute.name} must be a finite number, more than 0, not {value!r}")


def _finite(least: float) -> Callable[[object, "attrs.Attribute[float]", float], None]:
    def check(_: object, attribute: "attrs.Attribute[float]", value: float) -> None:
        if not (isfinite(value) and value >= least):
            raise ValueError(f"{attribute.name} must be a finite number, at least {least:g}, not {value!r}")

    return check


@attrs.frozen
class Backoff:
    """How long to wait before a restart: ``first``, then ``factor`` times as long each time, never above ``up_to``.

    It begins anew when no crash is left in the window of the restart rule, which is what a stable run is.

    Attributes:
        first: seconds before the first restart.
        up_to: seconds that no delay exceeds, before jitter.
        factor: at least 1.
        jitter: share of the delay by which it may come earlier or later, 0 to 1.
        chance: gives numbers in [0, 1) for the jitter; ``random.Random(seed).random`` repeats them.
    """

    first: float = attrs.field(validator=_finite(0.0))
    up_to: float = attrs.field(validator=_finite(0.0))
    factor: float = attrs.field(default=2.0, validator=_finite(1.0))
    jitter: float = attrs.field(default=0.0, validator=[_finite(0.0), attrs.validators.le(1.0)])
    chance: Callable[[], float] | None = None

    def delay(self, number: int, chance: float) -> float:
        """Seconds before restart ``number`` (from 1) of a window; ``chance`` in [0, 1) decides the jitter."""
        try:
            plain = min(self.first * float(self.factor) ** (number - 1), self.up_to)
        except OverflowError:
            plain = self.up_to if self.first else 0.0
        return plain * (1 + self.jitter * (2 * chance - 1))


@attrs.frozen
class Restart:
    """A restart rule for one actor: at most ``limit`` restarts within ``within`` seconds, then it escalates.

    Attributes:
        limit: restarts allowed in the window, 0 or more.
        within: length of the window in seconds, more than 0; it moves with time. No crash would ever count in none.
        backoff: the wait before each restart; None restarts at once.
        kind: "transient" restarts after a crash; "permanent" also when the behaviour returns; "temporary" never:
            its crash is reported, and costs nobody else anything; a group that is brought down ends it for good.
    """

    limit: int = attrs.field(default=3, validator=[attrs.validators.instance_of(int), attrs.validators.ge(0)])
    within: float = attrs.field(default=60.0, validator=_above_zero)
    backoff: Backoff | None = None
    kind: Kind = attrs.field(
        default="transient", validator=attrs.validators.in_(("permanent", "transient", "temporary"))
    )

    def applies(self, crash: Exception | None) -> bool:
        """Whether an actor that ended like this is started again; ``crash`` is None when it returned."""
        return self.kind == "permanent" or (self.kind == "transient" and crash is not None)


@attrs.define
class Crashes:
    """One actor's ends within the window of its rule."""

    actor: str
    rule: Restart
    recent: list[tuple[float, Exception | None]] = attrs.field(factory=list, init=False)

    def next_delay(self, now: float, crash: Exception | None, chance: Callable[[], float]) -> float:
        """Count an end at ``now``; return the seconds before the restart.

        Raises:
            RestartLimitExceeded: it was one too many; holds the cause of each.
        """
        rule = self.rule
        self.recent = [(when, cause) for when, cause in self.recent if now - when < rule.within]
        self.recent.append((now, crash))
        if len(self.recent) > rule.limit:
            raise RestartLimitExceeded.of(self.actor, rule.limit, rule.within, [cause for _, cause in self.recent])
        if rule.backoff is None:
            return 0.0
        return rule.backoff.delay(len(self.recent), (rule.backoff.chance or chance)())

    def forgive(self) -> None:
        """Forget what was: the group around it began anew."""
        self.recent = []
