"""One point in a process of its own: from parameters to what is brought home."""

import pickle
from collections.abc import Callable, Sequence

import trio
from attrs import frozen

from tradedesk.metrics import Metrics, measure_run
from tradedesk.research._errors import ResearchError
from tradedesk.research._failure import Failure, Kept
from tradedesk.research._grid import Parameters
from tradedesk.research._trial import Trial, run_trial
from tradedesk.research._windows import Span

Build = Callable[..., Trial]
"""Makes a trial from parameters; a function at the top of a module, so that other processes find it by name."""


@frozen
class Curve:
    """Equity over time; `start` is what it was before."""

    start: float
    close_times: Sequence[int]
    equity: Sequence[float]


@frozen
class Outcome:
    """What a point came to, without its fills.

    Attributes:
        run_hash: of the run; equal runs have equal hashes, in whatever process.
        metrics: of the portfolio.
        fills: how many.
        refused: orders that were refused.
        curve: where it was asked for.
    """

    run_hash: str
    metrics: Metrics
    fills: int
    refused: int
    curve: Curve | None = None


@frozen
class Point:
    """One point of a grid: its parameters, and either an outcome or a failure."""

    parameters: Parameters
    outcome: Outcome | None
    failure: Failure | None = None


def run_point(
    build: Build,
    parameters: Parameters,
    span: Span | None,
    per_year: float | None,
    with_curve: bool,  # noqa: FBT001
) -> Outcome | Failure:
    """Build a trial, run it, and measure it; whatever the user's code raises is the result."""
    with Kept() as kept:
        result = trio.run(run_trial, build(**parameters), span)
        return Outcome(
            run_hash=result.run_hash,
            metrics=measure_run(result, periods_per_year=per_year),
            fills=len(result.fills),
            refused=len(result.refused),
            curve=Curve(result.start, result.close_times, result.equity) if with_curve else None,
        )
    return kept.failure or Failure("SystemExit", "")


def count_slices(build: Build, parameters: Parameters) -> int | Failure:
    """Count the slices of a trial's history behind its warm-up."""
    with Kept() as kept:
        trial = build(**parameters)
        return max(0, sum(1 for _ in trial.source) - trial.warm_up)
    return kept.failure or Failure("SystemExit", "")


def point(parameters: Parameters, result: Outcome | Failure) -> Point:
    """Put parameters and what came of them together."""
    return Point(parameters, None, result) if isinstance(result, Failure) else Point(parameters, result)


def check_build(build: Build) -> None:
    """Refuse what another process could not find.

    Raises:
        ResearchError: It cannot be pickled.
    """
    try:
        pickle.dumps(build)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        rule = "other processes find it by its name: make it a function at the top of a module"
        raise ResearchError(f"build is {build!r}; {rule}, or a functools.partial of one") from error
