"""What became of foreign code that raised, as a value that travels between processes.

The block looks at what leaves it, so that no clause here is broader than it says (rule R6).
"""

import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from attrs import define, frozen


@frozen
class Failure:
    """Why a trial came to no result.

    Attributes:
        kind: the name of the exception's class; of a group's first exception.
        text: what it said, and how many others there were.
        traceback: as Python prints it; empty where a whole process was lost.
    """

    kind: str
    text: str
    traceback: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}" if self.text else self.kind


@define
class Kept:
    """Keeps what is raised in its block, also a SystemExit; a cancellation or an interrupt passes."""

    failure: Failure | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> bool:
        if kind is None or not isinstance(error, Exception | SystemExit):
            return False
        told = "".join(traceback.format_exception(error))
        leaves = list(_leaves(error))
        others = f" (and {len(leaves) - 1} more)" if len(leaves) > 1 else ""
        self.failure = Failure(type(leaves[0]).__name__, f"{leaves[0]}{others}", told)
        return True


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error
