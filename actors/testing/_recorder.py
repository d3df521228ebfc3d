"""All that an observer sees, in order."""

from typing import Literal

import attrs

from actors._messages import DeadLetter
from actors._observer import Observer

What = Literal["sent", "delivered", "handled", "crashed", "restarted", "stopped", "dead letter"]


@attrs.frozen
class Record:
    """One thing that an observer saw; ``str()`` gives it as a line.

    Attributes:
        what: "sent", "delivered", "handled", "crashed", "restarted", "stopped" or "dead letter".
        actor: whom it concerns; for "sent" and "dead letter" the addressee.
        subject: the message; the error of a crash, the reason of a stop, the `DeadLetter`; None for a restart.
    """

    what: What
    actor: str
    subject: object = None

    def __str__(self) -> str:
        return f"{self.actor}: {self.what}" + ("" if self.what == "restarted" else f" {self.subject!r}")


class Recorder(Observer):
    """Writes down what the runtime shows: ``open_system(observer=recorder)``; ``str()`` gives a line a record.

    Attributes:
        records: what happened, in order.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []

    def __str__(self) -> str:
        return "\n".join(map(str, self.records))

    def subjects(self, what: What, *, actor: str | None = None) -> list[object]:
        """The subjects of all records of one kind, in order; of one actor if it is named."""
        return [each.subject for each in self.records if each.what == what and actor in (None, each.actor)]

    @property
    def dead_letters(self) -> list[DeadLetter]:
        """Every dead letter so far."""
        return [letter for letter in self.subjects("dead letter") if isinstance(letter, DeadLetter)]

    def assert_no_dead_letters(self) -> None:
        """Raise an `AssertionError` that lists what nobody handled, if there is any."""
        letters = self.dead_letters
        if letters:
            lines = [f"{letter.message!r} to {letter.actor!r}: {letter.reason}" for letter in letters]
            raise AssertionError("\n  ".join([f"dead letters, {len(letters)} in all:", *lines]))

    def sent(self, actor: str, message: object) -> None:
        self.records.append(Record("sent", actor, message))

    def delivered(self, actor: str, message: object) -> None:
        self.records.append(Record("delivered", actor, message))

    def handled(self, actor: str, message: object) -> None:
        self.records.append(Record("handled", actor, message))

    def crashed(self, actor: str, error: Exception) -> None:
        self.records.append(Record("crashed", actor, error))

    def restarted(self, actor: str) -> None:
        self.records.append(Record("restarted", actor))

    def stopped(self, actor: str, reason: str) -> None:
        self.records.append(Record("stopped", actor, reason))

    def dead_letter(self, letter: DeadLetter) -> None:
        self.records.append(Record("dead letter", letter.actor, letter))
