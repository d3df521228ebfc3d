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
    """Run the whole history, or a span of it.

    A span is warmed up with the slices right before it, as far as there are; the whole history with its first ones.

    Raises:
        Exception: What the source or a strategy raises.
    """
    first, end = (trial.warm_up, None) if span is None else (span.first, span.end)
    begin = max(0, first - trial.warm_up)
    async with trial.runner:
        return await run_backtest(
            trial.runner, trial.broker, islice(trial.source, begin, end), warm_up=first - begin, sleeve_curves=False
        )
