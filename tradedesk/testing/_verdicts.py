"""What came of testing laws: a verdict for each, and the smallest case that breaks one."""

from collections.abc import Iterator, Sequence
from typing import Final

import attrs

_WORD: Final = 8
_INDENT: Final = " " * _WORD


@attrs.frozen
class Verdict:
    """One law, and whether it holds.

    Attributes:
        law: its name.
        says: what it says.
        tried: how many cases were tried; until the first that broke it, if one did.
        problem: what breaks it, in a sentence; None where it holds.
        witness: the smallest case that breaks it; give it back as one of ``cases`` to try it again.
        story: the witness in words, line by line.
        presupposes: a broken law without which this one means nothing, so that it was not judged; empty where it was.
    """

    law: str
    says: str
    tried: int
    problem: str | None = None
    witness: object = None
    story: tuple[str, ...] = ()
    presupposes: str = ""

    @property
    def holds(self) -> bool:
        """Whether it was judged, and no case broke it."""
        return self.problem is None and not self.presupposes

    def lines(self, width: int) -> Iterator[str]:
        """Show it, the law's name in a column of this width."""
        word = "open" if self.presupposes else "holds" if self.holds else "BROKEN"
        says = f"not judged while {self.presupposes} is broken" if self.presupposes else self.says
        yield f"{word:{_WORD}}{self.law:{width}}  {says}"
        if self.problem is not None:
            yield f"{_INDENT}{self.problem}"
            yield from (f"{_INDENT}  {line}" for line in self.story)


class LawBroken(AssertionError):
    """A policy or a strategy breaks a law.

    Attributes:
        law: the law's name.
        witness: the smallest case that breaks it.
        verdicts: of all laws.
    """

    def __init__(self, verdict: Verdict, verdicts: "Verdicts") -> None:
        self.law = verdict.law
        self.witness = verdict.witness
        self.verdicts = verdicts
        others = [each.law for each in verdicts.broken if each is not verdict]
        also = [f"also broken: {', '.join(others)}"] if others else []
        lines = [verdict.problem or "", *(f"  {line}" for line in verdict.story), *also]
        super().__init__("\n".join([f"{verdicts.subject} breaks {verdict.law}: {verdict.says}", *lines]))


@attrs.frozen
class Verdicts(Sequence[Verdict]):
    """The verdicts on one policy or strategy, law by law; printed, a table.

    Attributes:
        subject: who was tested.
        each: the verdicts.
        notes: what to know besides, in sentences.
    """

    subject: str
    each: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()

    def __getitem__(self, place: int) -> Verdict:  # type: ignore[override] # a slice of verdicts has no subject
        return self.each[place]

    def __len__(self) -> int:
        return len(self.each)

    @property
    def broken(self) -> tuple[Verdict, ...]:
        """Those whose law some case broke."""
        return tuple(verdict for verdict in self.each if verdict.problem is not None)

    def of(self, law: str) -> Verdict:
        """Return the verdict on one law.

        Raises:
            KeyError: That law was not tried.
        """
        for verdict in self.each:
            if verdict.law == law:
                return verdict
        raise KeyError(law)

    def check(self) -> "Verdicts":
        """Return itself if all laws hold.

        Raises:
            LawBroken: One does not; the first of them.
        """
        for verdict in self.broken:
            raise LawBroken(verdict, self)
        return self

    def __str__(self) -> str:
        width = max((len(verdict.law) for verdict in self.each), default=0)
        rows = [line for verdict in self.each for line in verdict.lines(width)]
        return "\n".join([self.subject, *rows, *self.notes])
