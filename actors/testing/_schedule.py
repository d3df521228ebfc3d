"""A schedule that can be written by hand, and that shrinks well."""

from collections.abc import Iterable, Sequence

import attrs

from actors.testing._controlled import ControlledScheduler
from actors.testing._lab import Run
from actors.testing._runs import Scenario, perform
from actors.testing._searches import Tiers
from actors.testing._settings import Seam, Settings


def _who(slow: Iterable[str | int]) -> tuple[str | int, ...]:
    if isinstance(slow, str):
        raise TypeError(f'slow is a sequence of names or numbers: write slow=["{slow}"]')
    return tuple(slow)


def _places(demote: Iterable[int]) -> tuple[int, ...]:
    return tuple(demote)


@attrs.frozen
class Schedule:
    """Everybody is served in turn, but the slow go on only when nobody else can, and some become slow on the way.

    ``Schedule()`` is FIFO; `actors.testing.hypothesis.schedules` makes others.

    Attributes:
        slow: who is slow, the slowest last: names, or numbers in the order in which they first become ready.
        demote: at which choices, from 0, the one about to go on becomes the slowest.
    """

    slow: tuple[str | int, ...] = attrs.field(default=(), converter=_who)
    demote: tuple[int, ...] = attrs.field(default=(), converter=_places)

    def run(self, scenario: Scenario, *, seam: Seam = "actors", steps: int = 20_000) -> None:
        """Run ``await scenario(lab)`` under this schedule; what it fails with comes out, with the names of the slow."""
        run = perform(scenario, Tiers(self.slow, self.demote), Settings(seam=seam, steps=steps))
        if run.error is not None:
            run.error.add_note(f"under {self}{self._names(run)}")
            raise run.error

    def scheduler(self) -> ControlledScheduler:
        """Make a scheduler that goes by this schedule, for code that opens one system and is not explored."""
        tiers = Tiers(self.slow, self.demote)

        def choose(names: Sequence[str]) -> str:
            return names[tiers.pick(names, len(names))] if len(names) > 1 else names[0]

        return ControlledScheduler(choose)

    def _names(self, run: Run) -> str:
        known = list(dict.fromkeys(name for choice in run.choices for name in choice.options))
        names = [known[who] for who in self.slow if isinstance(who, int) and who < len(known)]
        return f", where {', '.join(map(repr, names))} {'are' if len(names) > 1 else 'is'} slow" if names else ""
