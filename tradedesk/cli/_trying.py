"""Sweeps and walk-forwards of a portfolio file: what other processes build from it, and what came of all (rich)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from attrs import evolve
from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from tradedesk.cli._desk import Desk
from tradedesk.cli._mistakes import UsageError
from tradedesk.cli._screen import put
from tradedesk.cli._toml import read_desk
from tradedesk.cli._trade import runner_of, within
from tradedesk.cli._tries import Sweep
from tradedesk.cli._tries import WalkForward as Windows
from tradedesk.execution import PaperBroker
from tradedesk.marketdata import merge
from tradedesk.metrics import Metrics, rows
from tradedesk.research import Build, Curve, Outcome, Point, Trial, WalkForward, best

_FIGURES: Final = ("Total return", "Annual return", "Max drawdown", "Sharpe", "Trades")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def trial_of(file: str, /, **parameters: object) -> Trial:
    """Build the trial of a portfolio file with some parameters in place of its own.

    Raises:
        ConfigError: With these parameters the file cannot be run.
    """
    desk = read_desk(Path(file), backtest=True, tried=parameters)
    range_ = desk.backtest
    warm_up, slices = within(merge(*desk.sources), range_.since, range_.until, range_.warm_up)
    # In the caller's task: the results are equal, and a process keeps its strategies apart from the others'.
    return Trial(runner_of(evolve(desk, dispatch="direct")), desk.broker or PaperBroker((), cash=1.0), slices, warm_up)


def build_of(file: Path) -> Build:
    """Give what other processes build the trials of a file with."""
    return partial(trial_of, str(file.absolute()))


def sweep_of(file: Path, desk: Desk) -> Sweep:
    """Give what the file says is to be tried.

    Raises:
        UsageError: It says nothing.
    """
    if desk.sweep is None:
        raise UsageError(f"{file} has no table [sweep], which says what to try: parameters = {{ name = [1, 2] }}")
    return desk.sweep


def windows_of(file: Path, desk: Desk) -> Windows:
    """Give the windows that the file asks for.

    Raises:
        UsageError: It asks for none.
    """
    if desk.walk_forward is None:
        raise UsageError(f"{file} has no table [walk_forward], which says how many slices to `train` and to `test` on")
    return desk.walk_forward


def show_sweep(title: str, metric: str, points: Iterable[Point]) -> None:
    """Print every point, in grid order, and the best of them."""
    points = tuple(points)
    winner = best(points, metric)
    table = _table(*points[0].parameters, *_FIGURES, "fills", "refused")
    for each in points:
        style = "bold" if each is winner else ""
        table.add_row(*map(_shown, each.parameters.values()), *_outcome(each), style=style)
    put(Text(f"{title}: {len(points):,} points", style="bold"), table)
    for each in points:
        if each.failure is not None:
            put(Text(f"{_spelled(each.parameters)} failed with {each.failure}"))
    if winner is not None:
        found = f"{_spelled(winner.parameters)} has the highest {metric}, of {len(points):,} that were tried."
        put(Text(found))


def show_walk(title: str, metric: str, walk: WalkForward) -> None:
    """Print what was chosen in each window and what came of it, and all tests as one."""
    names = next(list(each.parameters) for step in walk.steps for each in step.tried)
    table = _table("tested from", "to", *names, "in training", *_FIGURES)
    for step in walk.steps:
        outcome = None if step.tested is None else step.tested.outcome
        if step.chosen is None or step.chosen.outcome is None or outcome is None or outcome.curve is None:
            table.add_row("-", "-", *("-" for _ in names), "-", *("-" for _ in _FIGURES))
            continue
        chosen = getattr(step.chosen.outcome.metrics, metric)
        table.add_row(
            *_extent(outcome.curve),
            *map(_shown, step.chosen.parameters.values()),
            f"{chosen:.4g}",
            *_texts(outcome.metrics),
        )
    put(Text(f"{title}: {len(walk.steps):,} windows, chosen by {metric}", style="bold"), table)
    whole = {row.label: row.text for row in rows(walk.metrics)}
    told = ", ".join(f"{label} {whole[label]}" for label in _FIGURES[:-1])
    put(Text(f"All tests together, from {_extent(walk.curve)[0]} to {_extent(walk.curve)[1]}: {told}."))


def _table(*heads: str) -> Table:
    table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for head in heads:
        table.add_column(Text(head.lower() if head in _FIGURES and head != "Sharpe" else head), justify="right")
    return table


def _outcome(of: Point) -> list[str]:
    outcome: Outcome | None = of.outcome
    if outcome is None:
        return ["failed", *("" for _ in _FIGURES[1:]), "", ""]
    return [*_texts(outcome.metrics), f"{outcome.fills:,}", f"{outcome.refused:,}"]


def _texts(metrics: Metrics) -> list[str]:
    found = {row.label: row.text for row in rows(metrics)}
    return [found[label] for label in _FIGURES]


def _shown(value: object) -> Text:
    # A value is no markup, whatever brackets it holds.
    return Text(str(value))


def _spelled(parameters: Mapping[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items())


def _extent(curve: Curve) -> tuple[str, str]:
    return _day(curve.close_times[0]), _day(curve.close_times[-1])


def _day(nanoseconds: int) -> str:
    return f"{_EPOCH + timedelta(microseconds=nanoseconds // 1_000):%Y-%m-%d}"
