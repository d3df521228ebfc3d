"""Where the command begins and ends."""

from collections.abc import Sequence

from tradedesk.cli._app import run_app
from tradedesk.cli._guard import Guard


def main(tokens: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code; `tokens` stand in for the process's own arguments."""
    with Guard() as guard:
        guard.code = run_app(tokens)
    return guard.code
