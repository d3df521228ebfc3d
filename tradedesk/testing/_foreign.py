"""Where code under test runs: what it raises becomes a value, and its state is put back."""

import copy
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import attrs


@attrs.define
class Caught:
    """Keeps what the code in its block raises, also a SystemExit; an interrupt and a cancellation pass."""

    error: Exception | SystemExit | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _: object, error: BaseException | None, __: TracebackType | None) -> bool:
        if not isinstance(error, Exception | SystemExit):
            return False
        self.error = error
        return True


def told(error: BaseException) -> str:
    """Say what was raised and, where code under test raised it, in which line."""
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__) if not _is_ours(frame.f_globals)]
    lines = dict(traceback.walk_tb(error.__traceback__))
    if not frames:
        return what
    return f"{what} ({Path(frames[-1].f_code.co_filename).name}, line {lines[frames[-1]]})"


def _is_ours(names: dict[str, Any]) -> bool:
    top = str(names.get("__name__", "tradedesk")).partition(".")[0]
    return top in {"tradedesk", "actors", "trio", "hypothesis"} or top in sys.stdlib_module_names - {"__main__"}


def fresh(thing: Any) -> Any:
    """A copy to ask, so that no question depends on those before it; the thing itself where it cannot be copied."""
    for copied in (copy.deepcopy, copy.copy):
        with Caught():
            return copied(thing)
    return thing
