"""What a scenario came to: an error as a value, and of many errors the one that was first. Pure."""

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self


class Verdict:
    """Keeps what the block of a ``with`` raises: it is the result, and gets into a report. What is no failure passes"""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> bool:
        while isinstance(error, BaseExceptionGroup) and len(error.exceptions) == 1:
            error = error.exceptions[0]
        if error is not None and type(error).__name__ == "Failed":  # pytest's verdict, which is no Exception
            error = AssertionError(str(error)).with_traceback(error.__traceback__)
        if isinstance(error, Exception):
            self.error = error
            return True
        return False


def first_of(error: Exception, crashed: Iterable[Exception]) -> Exception:
    """Of a group, the error of the actor that crashed first, with a note on the others: they are what follows of it."""
    if not isinstance(error, ExceptionGroup):
        return error
    leaves = list(_leaves(error))
    first = next((crash for crash in crashed if any(crash is leaf for leaf in leaves)), None)
    if first is None:
        return error
    others = [f"{type(leaf).__name__}: {leaf}" for leaf in leaves if leaf is not first]
    first.add_note("\n".join(["after it there failed:", *(f"  {other}" for other in others)]))
    return first


def _leaves(error: Exception) -> Iterator[Exception]:
    if isinstance(error, ExceptionGroup):
        for each in error.exceptions:
            yield from _leaves(each)
    else:
        yield error
