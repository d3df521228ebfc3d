"""Sees what actors take up, and plants crashes where it sees it."""

from collections.abc import Callable

from actors._messages import DeadLetter
from actors._observer import Observer


class PlantedCrash(Exception):
    """What an actor crashes with because the exploration wanted it to."""


class Onlooker(Observer):
    """Reports what is taken up to ``taken``, which may raise there, and crashes to ``fell``; hands everything on."""

    def __init__(
        self, taken: Callable[[str, object], None], fell: Callable[[Exception], None], other: Observer | None
    ) -> None:
        self._taken = taken
        self._fell = fell
        self._other = other or Observer()

    def sent(self, actor: str, message: object) -> None:
        self._other.sent(actor, message)

    def delivered(self, actor: str, message: object) -> None:
        self._other.delivered(actor, message)
        self._taken(actor, message)

    def handled(self, actor: str, message: object) -> None:
        self._other.handled(actor, message)

    def crashed(self, actor: str, error: Exception) -> None:
        self._other.crashed(actor, error)
        self._fell(error)

    def restarted(self, actor: str) -> None:
        self._other.restarted(actor)

    def stopped(self, actor: str, reason: str) -> None:
        self._other.stopped(actor, reason)

    def dead_letter(self, letter: DeadLetter) -> None:
        self._other.dead_letter(letter)
