"""Commands and options; the one place that uses cyclopts."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Final

from cyclopts import App, CycloptsError, Parameter

from tradedesk import __version__
from tradedesk.cli import _config as config
from tradedesk.cli._data import check_data
from tradedesk.cli._demo import demo_desk
from tradedesk.cli._desk import Desk
from tradedesk.cli._guard import MISTAKEN, RunError
from tradedesk.cli._play import play
from tradedesk.cli._policy import amount
from tradedesk.cli._screen import progress, show
from tradedesk.cli._toml import read_desk
from tradedesk.marketdata import MarketDataError, period_seconds
from tradedesk.marketdata.quality import KINDS

_EPILOGUE: Final = """\
active: slices for which a sleeve reported its regime active, over the slices since its first candle.
allocation: mean and largest of what the policy gave it, while it was granted something.
largest total held: the most that all sleeves held at one moment; the default risk is not held."""

_FILE: Final = """\
[portfolio]
budget = 100.0                   # what the active sleeves share
default_risk_per_trade = 10.0    # what an inactive sleeve is told
policy = { kind = "equal_split" }
dispatch = "actors"              # or "direct"
poll_regimes = true              # false: trust the report after each candle
unknown_instruments = "raise"    # or "ignore"

[[sleeve]]                       # one for each strategy
instrument = "EURUSD"
period = "4HOUR"
file = "eurusd.csv"              # from the folder of this file
strategy = "my_strategies:Mine"  # a module in that folder, or an installed one
parameters = { threshold = 2 }   # for the constructor
stamp = "open"                   # what the timestamps mark; or "close"
name = "EURUSD slow"             # for a second sleeve of the instrument

The last three keys of a sleeve and the last four of the portfolio may be left
out. A constructor that takes `instrument` is given it beside the parameters."""


def _amount(_: object, value: float) -> None:
    amount(value)


def _period(_: object, value: str | None) -> None:
    if value is not None:
        try:
            period_seconds(value)
        except MarketDataError as error:
            raise ValueError(str(error)) from error


Risk = Annotated[float, Parameter(validator=_amount)]
Period = Annotated[str | None, Parameter(validator=_period)]

app: Final = App(
    name="tradedesk",
    help="Run many candle strategies on one risk budget.",
    version=f"tradedesk {__version__}",
    help_format="plaintext",
    backend="trio",
    result_action="return_value",
    exit_on_error=False,
    print_error=False,
    suppress_keyboard_interrupt=False,
)


def run_app(tokens: Sequence[str] | None) -> int:
    """Run the command that the tokens name and give its exit code; `None` reads the process's own."""
    try:
        return app(tokens) or 0
    except CycloptsError as error:
        print(f"tradedesk: {error}", file=sys.stderr)  # noqa: T201 - the command's own output
        return MISTAKEN


@app.command(help_epilogue=_EPILOGUE)
async def demo(*, budget: Risk = 100.0, default_risk: Risk = 10.0, dispatch: config.Dispatch = "actors") -> None:
    """Run five real shares (daily candles, 2000 to 2013) through a volatility regime on one risk budget.

    Parameters
    ----------
    budget
        The risk that the active sleeves share in equal parts.
    default_risk
        The risk that an inactive sleeve is told; it does not count against the budget.
    dispatch
        Each strategy as an actor of its own, or all of them directly in one task.
    """
    await _run(demo_desk(budget, default_risk, dispatch))


@app.command(help_epilogue=f"{_FILE}\n\n{_EPILOGUE}")
async def run(portfolio: Path, /) -> None:
    """Run your own strategies over your own CSV files.

    Parameters
    ----------
    portfolio
        A TOML file with the portfolio and its sleeves, as below.
    """
    await _run(read_desk(portfolio))


_CHECK: Final = "Hold a policy or a strategy of yours to its laws, and show the smallest case that breaks one."

app.command("tradedesk.cli._check:check", name="check", help=_CHECK)  # by name: only who checks waits for Hypothesis


data: Final = App(name="data", help="Look after files of candles.", help_format="plaintext")
app.command(data)


@data.command(help_epilogue="\n".join(f"{kind.title}: {kind.meaning}." for kind in KINDS.values()))
def check(*files: Annotated[Path, Parameter(json_list=False)], period: Period = None) -> int:
    """Look through files of candles for everything that may be wrong with them.

    The exit code is 0 if all are clean, 1 if there are findings, 2 if a file cannot be read.

    Parameters
    ----------
    files
        CSV (.csv, .csv.gz) or Parquet files; Parquet needs the extra `data`.
    period
        The period of their candles, like 4HOUR; without it, each file's own times tell.
    """
    return check_data(files, period)


async def _run(desk: Desk) -> None:
    with progress(desk.title, desk.count) as tell:
        outcome = await play(desk, tell)
    show(desk.title, outcome)
    figures = outcome.figures
    if not figures.within_budget:
        held, budget = figures.largest_total, figures.budget
        raise RunError(f"the sleeves held {held!r} in total, which exceeds the budget of {budget!r}")
    if figures.budget is not None:
        print("The largest total held did not exceed the budget.")  # noqa: T201 - the command's own output
