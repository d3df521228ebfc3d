"""The choices that make an interleaving, as data. Pure: who chooses and who is released is decided elsewhere."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol


class ExplorationError(Exception):
    """The exploration itself cannot go on; the scenario is not to blame, or not known to be."""


class ScheduleDoesNotFit(ExplorationError):
    """A recorded schedule is not one of this scenario, or no longer; the text names the first step that differs."""


class NotDeterministic(ExplorationError):
    """The same choices led to other steps; the text names the first step that differs."""


class TooManySteps(AssertionError):
    """One schedule took more steps than it may: somebody goes on for ever."""


class Choice(NamedTuple):
    """Several could go on, and one did.

    Attributes:
        place: which of the options was taken.
        options: who was ready, longest waiting first; behind them other things that might happen.
    """

    place: int
    options: tuple[str, ...]

    @property
    def chosen(self) -> str:
        """The option that was taken."""
        return self.options[self.place]


class Search(Protocol):
    """Decides the choices of one schedule after the other.

    Attributes:
        name: what its schedules are called in a report.
        covers: what was tried when `begin` returns False, in words; "" when it proves nothing.
    """

    name: str
    covers: str

    def begin(self) -> bool:
        """Prepare the next schedule; False when there is none left to try."""
        ...

    def pick(self, options: Sequence[str], plain: int) -> int:
        """Choose one of two options or more.

        Args:
            options: the names of who is ready, longest waiting first, then other things that might happen.
            plain: how many of them are somebody's step; the others are a crash, or the passing of time.
        """
        ...


class Tape:
    """Asks a search, and writes down what it says.

    Attributes:
        choices: where several could go on.
        at: the step that each of them made.
        steps: who went on, in order.
    """

    def __init__(self, search: Search, most: int) -> None:
        self.choices: list[Choice] = []
        self.steps: list[str] = []
        self.at: list[int] = []
        self.most = most
        self._search = search

    def choose(self, options: list[str], plain: int) -> int:
        """The index of the option that is taken; raises `TooManySteps`, and what the search raises."""
        index = 0
        if len(options) > 1:
            index = self._search.pick(options, plain)
            self.choices.append(Choice(index, tuple(options)))
            self.at.append(len(self.steps))
        self.note(options[index])
        return index

    def note(self, step: str) -> None:
        """A step that was nobody's choice."""
        self.steps.append(step)
        if len(self.steps) > self.most:
            raise TooManySteps(
                f"after {self.most:,} steps the scenario has not ended; the last were "
                f"{', '.join(map(repr, self.steps[-5:]))}: does somebody go on for ever?"
            )
