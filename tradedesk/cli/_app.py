"""Commands and options; the one place that uses cyclopts."""

import sys
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Final

from attrs import evolve
from cyclopts import App, CycloptsError, Parameter, validators

from tradedesk import __version__
from tradedesk.cli import _config as config
from tradedesk.cli._data import check_data
from tradedesk.cli._demo import demo_desk
from tradedesk.cli._desk import Desk
from tradedesk.cli._guard import MISTAKEN, RunError
from tradedesk.cli._load import told
from tradedesk.cli._play import play
from tradedesk.cli._policy import amount
from tradedesk.cli._screen import progress, show
from tradedesk.cli._tally import Figures
from tradedesk.cli._toml import read_desk
from tradedesk.cli._trade import trade
from tradedesk.cli._trying import build_of, show_sweep, show_walk, sweep_of, windows_of
from tradedesk.cli._verdict import check_folder, check_target, save_report, save_tables, show_verdict
from tradedesk.execution import PaperBroker
from tradedesk.marketdata import MarketDataError, period_seconds
from tradedesk.marketdata.quality import KINDS
from tradedesk.research import sweep as run_sweep
from tradedesk.research import walk_forward as run_walk_forward

_EPILOGUE: Final = """\
active: slices for which a sleeve reported its regime active, over the slices since its first candle.
allocation: mean and largest of what the policy gave it, while it was granted something.
largest total held: the most that all sleeves held at one moment; the default risk is not held."""

_BROKER: Final = """\
[broker]
cash = 100_000.0
currency = "USD"                 # of the account
fill = "next_open"               # or "same_close", "next_close": market orders
spread = 0.02                    # points from bid to ask
quoted = "mid"                   # where candles stand; or "bid"
slippage = { points = 0.0, bps = 1.0 }
# in the currency that the instrument is quoted in:
commission = { per_trade = 0.0, per_unit = 0.005, bps = 0.0, minimum = 1.0 }
financing = { long = 0.05, short = 0.01, rollover = 22:00:00 }
margin = 1.0                     # the share of its value that a position binds
lot_step = 1.0                   # sizes are multiples of it
min_size = 1.0
max_size = 1e6
value_per_point = 1.0
volume_share = 0.1               # the most that fills of a candle's volume

[broker.instruments.EURUSD]      # what differs for one instrument
spread = 0.0001
currency = "USD"                 # what it is quoted in

[broker.worth]                   # of currencies other than the account's
JPY = 0.009                      # or read it from a sleeve's candles:
# JPY = { instrument = "USDJPY", inverted = true }

[backtest]
warm_up = 200                    # slices that are seen before orders are taken
since = 2005-01-01               # what closes later; a warm-up stands before
until = 2010-12-31               # a date counts whole
periods_per_year = 252.0         # else the clock counts the closes

Of `[broker]` only `cash` is needed, of the rest nothing."""

_FILE: Final = """\
[portfolio]
budget = 100.0                   # what the active sleeves share
default_risk_per_trade = 10.0    # what an inactive sleeve is told
policy = { kind = "equal_split" }
dispatch = "actors"              # or "direct"
poll_regimes = true              # false: trust the report after each candle
unknown_instruments = "raise"    # or "ignore"
on_failure = "raise"             # or "quarantine", "flatten": go on without

[[sleeve]]                       # one for each strategy
instrument = "EURUSD"
period = "4HOUR"
file = "eurusd.csv"              # from the folder of this file
strategy = "my_strategies:Mine"  # a module in that folder, or an installed one
parameters = { threshold = 2 }   # for the constructor
stamp = "open"                   # what the timestamps mark; or "close"
name = "EURUSD slow"             # for a second sleeve of the instrument

The last three keys of a sleeve and the last five of the portfolio may be left
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
Workers = Annotated[int | None, Parameter(validator=validators.Number(gte=1))]
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
async def demo(
    *,
    budget: Risk = 2_000.0,
    default_risk: Risk = 200.0,
    dispatch: config.Dispatch = "actors",
    report: Path = Path("tradedesk-demo.html"),
) -> None:
    """Backtest five real shares (daily candles, 2000 to 2013), each under a trend follower, on one risk budget.

    Parameters
    ----------
    budget
        The risk that the active sleeves share in equal parts, in dollars that a trade may lose.
    default_risk
        The risk that an inactive sleeve is told; it does not count against the budget.
    dispatch
        Each strategy as an actor of its own, or all of them directly in one task.
    report
        The HTML file that the report is written to.
    """
    check_target("--report", report)
    await _judge(demo_desk(budget, default_risk, dispatch), report=report, output=None, all_figures=False)


@app.command(help_epilogue=f"{_FILE}\n\n{_BROKER}\n\n{_EPILOGUE}")
async def backtest(
    portfolio: Path,
    /,
    *,
    report: Path | None = None,
    output: Path | None = None,
    dispatch: config.Dispatch | None = None,
    figures: bool = False,
) -> None:
    """Run your own strategies over your own files with a paper broker, and judge the result.

    A strategy whose constructor takes `desk` gives its orders there. If a strategy fails or you interrupt, what was
    done until then is shown and written all the same, and the exit code is 1 or 130.

    Parameters
    ----------
    portfolio
        A TOML file with the portfolio, its sleeves and the broker, as below.
    report
        An HTML file to write the report to.
    output
        A folder to write equity, fills, trades and the other tables to, as CSV files.
    dispatch
        In place of what the file says: each strategy as an actor of its own, or all of them directly in one task.
    figures
        Print every figure with its meaning.
    """
    if report is not None:
        check_target("--report", report)
    if output is not None:
        check_folder("--output", output)
    desk = read_desk(portfolio, backtest=True)
    if dispatch is not None:
        desk = evolve(desk, dispatch=dispatch)
    await _judge(desk, report=report, output=output, all_figures=figures)


@app.command(help_epilogue=f"{_FILE}\n\n{_EPILOGUE}")
async def run(portfolio: Path, /) -> None:
    """Run your own strategies over your own CSV files.

    Parameters
    ----------
    portfolio
        A TOML file with the portfolio and its sleeves, as below.
    """
    await _run(read_desk(portfolio))


@app.command
async def sweep(portfolio: Path, /, *, workers: Workers = None) -> None:
    """Try every combination of the parameters in the table [sweep], over processes.

    [sweep]
    metric = "sharpe_ratio"          # the highest is best

    [sweep.parameters]
    fast = [20, 50]                  # for every strategy that takes it
    "EURUSD.slow" = [100, 200]       # for that of one sleeve

    Parameters
    ----------
    portfolio
        A TOML file as for `backtest`.
    workers
        Processes at a time; as many as there are processors unless you say otherwise.
    """
    desk = read_desk(portfolio, backtest=True)
    asked = sweep_of(portfolio, desk)
    with progress(desk.title, lambda: None, "runs") as tell:
        points = await run_sweep(
            build_of(portfolio),
            asked.parameters,
            periods_per_year=desk.backtest.periods_per_year,
            workers=workers,
            on_done=tell,
        )
    show_sweep(desk.title, asked.metric, points)
    if all(each.failure is not None for each in points):
        raise RunError("every point failed")


@app.command
async def walk_forward(portfolio: Path, /, *, workers: Workers = None) -> None:
    """Choose parameters in one stretch of history and try them in the next, over processes.

    Beside the table [sweep]:

    [walk_forward]
    train = 500                      # slices to choose in
    test = 100                       # slices to try in, right behind
    anchored = false                 # true: train from the beginning on

    Parameters
    ----------
    portfolio
        A TOML file as for `backtest`.
    workers
        Processes at a time; as many as there are processors unless you say otherwise.
    """
    desk = read_desk(portfolio, backtest=True)
    asked, cut = sweep_of(portfolio, desk), windows_of(portfolio, desk)
    with progress(desk.title, lambda: None, "runs") as tell:
        walk = await run_walk_forward(
            build_of(portfolio),
            asked.parameters,
            train=cut.train,
            test=cut.test,
            anchored=cut.anchored,
            metric=asked.metric,
            periods_per_year=desk.backtest.periods_per_year,
            workers=workers,
            on_done=tell,
        )
    show_walk(desk.title, asked.metric, walk)


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


_CHECK: Final = "Hold a policy or a strategy of yours to its laws, and show the smallest case that breaks one."

app.command("tradedesk.cli._check:check", name="check", help=_CHECK)  # by name: only who checks waits for Hypothesis


async def _run(desk: Desk) -> None:
    with progress(desk.title, desk.count) as tell:
        outcome = await play(desk, tell)
    show(desk.title, outcome)
    _say_quarantined(outcome.figures)
    _say_budget(outcome.figures)


async def _judge(desk: Desk, *, report: Path | None, output: Path | None, all_figures: bool) -> None:
    broker = desk.broker or PaperBroker((), cash=1.0)
    per_year, rules = desk.backtest.periods_per_year, broker.rules
    with progress(desk.title, desk.count) as tell:
        traded = await trade(desk, broker, tell)
    show_verdict(desk.title, traded, rules, periods_per_year=per_year, all_figures=all_figures)
    ended: list[BaseException] = [] if traded.error is None else [traded.error]
    saves: list[Callable[[], str]] = []
    if report is not None:
        saves.append(
            partial(save_report, report, desk.title, traded, rules, sources=desk.places, periods_per_year=per_year)
        )
    if output is not None:
        saves.append(partial(save_tables, output, traded))
    for save in saves:
        try:
            _say(save())
        except RunError as error:
            ended.append(error)  # the other files, the hash and what ended the run are worth as much as before
    _say(f"Run hash {traded.result.run_hash}")
    _say_quarantined(traded.figures)
    if ended:
        raise ended[0] if len(ended) == 1 else BaseExceptionGroup("", ended)
    _say_budget(traded.figures)
    _say(f"candles per second  {traded.figures.candles / traded.seconds:,.0f}")


def _say(sentence: str) -> None:
    print(sentence)  # noqa: T201 - the command's own output


def _say_quarantined(figures: Figures) -> None:
    for each in figures.quarantined:
        _say(f"{each.sleeve} was quarantined in slice {each.slice_number}: {told(each.error)}")


def _say_budget(figures: Figures) -> None:
    if not figures.within_budget:
        held, budget = figures.largest_total, figures.budget
        raise RunError(f"the sleeves held {held!r} in total, which exceeds the budget of {budget!r}")
    if figures.budget is not None:
        _say("The largest total held did not exceed the budget.")
