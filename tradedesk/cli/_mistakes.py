"""Mistakes in a portfolio file: where each stands and what is wrong there."""

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from attrs import define, frozen


@frozen
class Mistake:
    """One mistake; `path` is the way to it in the file, like `sleeve[1].period`."""

    path: str
    rule: str

    def __str__(self) -> str:
        return f"{self.path}: {self.rule}"


class UsageError(Exception):
    """What the command was told to do and cannot, found before anything is run."""


@define(slots=False)
class ConfigError(Exception):
    """A portfolio file that cannot be run: what is wrong with the whole of it, or every mistake in it."""

    file: Path
    wrong: str | tuple[Mistake, ...]

    def __str__(self) -> str:
        if isinstance(self.wrong, str):
            return f"{self.file} {self.wrong}"
        count = f"{len(self.wrong)} mistake{'s' if len(self.wrong) > 1 else ''}"
        return "\n".join([f"{self.file} has {count}:", *(f"  {mistake}" for mistake in self.wrong)])


def likely(written: str, known: Iterable[str]) -> str:
    """Name the known word that `written` may stand for, as the end of a sentence; empty if none is near."""
    near = get_close_matches(written, list(known), n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def one_of(written: str, known: Iterable[str]) -> str:
    """Name the likely word or, if none is near, all that are known, if any is."""
    known = list(known)
    return likely(written, known) or (f" (known: {', '.join(known)})" if known else "")
