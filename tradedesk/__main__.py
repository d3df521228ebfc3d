"""The `tradedesk` command, or one line that says how to get it."""

import sys
from typing import Final

_EXTRA: Final = ("cattrs", "cyclopts", "numpy", "rich", "trio_parallel")

_missing: str | None = None
try:
    from tradedesk.cli import main as _command
except ModuleNotFoundError as error:
    if error.name not in _EXTRA:
        raise
    _missing = error.name


def main() -> int:
    """Run the command line and give its exit code: 2 where the extra `cli` is not installed."""
    if _missing is None:
        return _command()
    sentence = f"the command needs {_missing}: pip install 'tradedesk-actors[cli]'"
    print(f"tradedesk: {sentence}", file=sys.stderr)  # noqa: T201 - the command's own output
    return 2


if __name__ == "__main__":
    sys.exit(main())
