"""An exception as a value."""

from types import TracebackType
from typing import Self


class Kept:
    """Keeps an exception of its block, to be looked at behind it; what is no failure passes.

    Attributes:
        error: what was raised; None when nothing was.
    """

    def __init__(self) -> None:
        self.error: Exception | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> bool:
        if isinstance(error, Exception):
            self.error = error
            return True
        return False
