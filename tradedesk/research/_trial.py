"""What is run once for each point: a portfolio, its broker, a history."""

from collections.abc import Iterable
from itertools import islice

from attrs import frozen

from tradedesk.backtest import BacktestResult, run_backtest
from tradedesk.execution import PaperBroker
from tradedesk.marketdata import Slice
from tradedesk.portfolio import PortfolioRunner
from tradedesk.research._windows import Span


@frozen
class Trial:
    """Everything that one backtest needs, made anew for each.

    Attributes:
        runner: not entered; its strategies have their desks from `broker`.
        broker: fresh.
        source: the whole history, from its beginning.
        warm_up: slices that the strategies see before they may trade, and before anything is measured.
    """

    runner: PortfolioRunner
    broker: PaperBroker
    source: Iterable[Slice]
    warm_up: int = 0


async def run_trial(trial: Trial, span: Span | None = None) -> BacktestResult:
    """Run the whole history behind the warm-up, or a span of it, warmed up with as many slices right before it.

    Raises:
        Exception: What the source or a strategy raises.
    """
    first, end = (0, None) if span is None else (span.first, span.end + trial.warm_up)
    async with trial.runner:
        return await run_backtest(
            trial.runner,
            trial.broker,
            islice(trial.source, first, end),
            warm_up=trial.warm_up,
            sleeve_curves=False,
        )
