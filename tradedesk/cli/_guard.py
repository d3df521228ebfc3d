"""What ends a command: one sentence for the user, and the exit code.

Code that is not ours (a strategy, its module) may raise anything, and rule R6 keeps `except Exception` out of
here for good reason: it would hide our own faults. So the two places that meet foreign code are `with`
blocks whose exit looks at what was raised.
"""

import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import Final, Self

from attrs import define

from tradedesk.cli._mistakes import ConfigError, UsageError
from tradedesk.marketdata import MarketDataError
from tradedesk.portfolio import PortfolioError
from tradedesk.research import ResearchError

FAILED: Final = 1
MISTAKEN: Final = 2
INTERRUPTED: Final = 130

_OURS: Final = frozenset({"tradedesk", "actors", "trio", "outcome", "cyclopts", "rich", "__main__"})


class RunError(Exception):
    """A run whose result must not be trusted."""


@define
class Guard:
    """Turns what leaves its block into words on stderr and an exit code; a fault of our own passes."""

    code: int = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> bool:
        if error is None:
            return True
        verdict = judge(error)
        if verdict is None:
            return False
        self.code, text = verdict
        print(f"tradedesk: {text}", file=sys.stderr)  # noqa: T201 - the command's own output
        return True


@define
class Foreign:
    """Keeps what the user's code raises in its block, also a SystemExit; only an interrupt passes."""

    error: BaseException | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> bool:
        self.error = error
        return isinstance(error, (Exception, SystemExit))


def judge(error: BaseException) -> tuple[int, str] | None:
    """Give the exit code and the text for what ended the command; None for a fault of our own."""
    leaves = list(_leaves(error))
    if any(isinstance(leaf, KeyboardInterrupt) for leaf in leaves):
        unsaved = [str(leaf) for leaf in leaves if isinstance(leaf, RunError)]
        return INTERRUPTED, "\n".join(["interrupted", *unsaved])
    if isinstance(error, ConfigError | UsageError):
        return MISTAKEN, str(error)
    texts = [_failure(leaf) if isinstance(leaf, Exception) else None for leaf in leaves]
    return None if None in texts else (FAILED, "\n".join(filter(None, texts)))


def _leaves(error: BaseException) -> Iterator[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from _leaves(inner)
    else:
        yield error


def _failure(error: BaseException) -> str | None:
    notes = getattr(error, "__notes__", [])
    frames = user_frames(error)
    if frames is not None or notes:
        told = traceback.TracebackException.from_exception(error.with_traceback(frames))
        return "the run failed:\n" + "".join(told.format()).rstrip()
    if isinstance(error, (MarketDataError, PortfolioError, ResearchError, RunError)):
        return f"the run failed: {error}"
    return None


def user_frames(error: BaseException) -> TracebackType | None:
    """Give the traceback from where it enters code that is neither ours nor the standard library's."""
    frames = error.__traceback__
    while frames is not None and _is_ours(frames):
        frames = frames.tb_next
    return frames


def _is_ours(frames: TracebackType) -> bool:
    # What attrs generates has no module name of its own.
    module = frames.tb_frame.f_globals.get("__name__", "tradedesk")
    top = str(module).partition(".")[0]
    return top in _OURS or top in sys.stdlib_module_names
