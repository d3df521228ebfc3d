"""What a run needs, whether a file or the demo asked for it."""

from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Final

from attrs import field, frozen

from tradedesk.cli._broker import Backtest
from tradedesk.cli._config import Dispatch, Unknown
from tradedesk.cli._tries import Sweep, WalkForward
from tradedesk.execution import PaperBroker
from tradedesk.marketdata import Slice
from tradedesk.portfolio import (
    FactsSource,
    FailureRule,
    InformedPolicy,
    Instrument,
    PortfolioStrategy,
    RiskAllocationPolicy,
    StrategySpec,
)
from tradedesk.report import Sources

_CHUNK: Final = 1 << 20
_NO_LINES: Final = (".gz", ".parquet", ".pq")


@frozen
class Desk:
    """Strategies, the policy and the settings of a runner, and the candles to run."""

    title: str
    strategies: Mapping[Instrument, PortfolioStrategy | StrategySpec]
    policy: RiskAllocationPolicy | InformedPolicy
    default_risk_per_trade: float
    sources: tuple[Generator[Slice, None, None], ...]
    """Opened by their first `next`, so that a desk can be built and thrown away."""
    count: Callable[[], int | None]
    """How many candles the sources hold, for a progress bar; None where counting is not worth it."""
    dispatch: Dispatch = "actors"
    poll_regimes: bool = True
    unknown_instruments: Unknown = "raise"
    on_failure: FailureRule = "raise"
    facts: FactsSource | None = None
    broker: PaperBroker | None = None
    """Takes the strategies' orders, in a backtest."""
    backtest: Backtest = field(factory=Backtest)
    sweep: Sweep | None = None
    walk_forward: WalkForward | None = None
    places: Sources = field(factory=dict)
    """Instrument, or instrument and period -> where its candles come from, in a word."""


def count_rows(files: tuple[Path, ...]) -> int | None:
    """Count the rows below the headers; None if a file is compressed, no text, no regular file or not to be read."""
    if not all(path.is_file() and path.suffix.lower() not in _NO_LINES for path in files):
        return None
    try:
        return sum(map(_rows, files))
    except OSError:
        return None  # the reader finds the better words


def _rows(path: Path) -> int:
    with path.open("rb") as stream:
        return max(0, sum(chunk.count(b"\n") for chunk in iter(lambda: stream.read(_CHUNK), b"")) - 1)
