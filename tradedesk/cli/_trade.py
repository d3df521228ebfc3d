"""Run a desk with its broker from the first candle to the last, or to where it is ended."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from itertools import chain
from time import perf_counter

from attrs import evolve, frozen

from tradedesk.backtest import Backtest, BacktestResult
from tradedesk.cli._desk import Desk
from tradedesk.cli._guard import Foreign
from tradedesk.cli._interrupt import Interruptible
from tradedesk.cli._play import told
from tradedesk.cli._tally import Figures, Tally
from tradedesk.execution import PaperBroker
from tradedesk.marketdata import Slice, merge
from tradedesk.portfolio import PortfolioRunner, TraceRecord
from tradedesk.report import PriceLog


@frozen
class Traded:
    """What a backtest came to, and how long it took, reading included.

    `error` is what the sources or a strategy raised, or an interrupt; then the rest says what was done until then.
    """

    result: BacktestResult
    figures: Figures
    prices: PriceLog
    seconds: float
    error: BaseException | None


def runner_of(desk: Desk, trace: Callable[[TraceRecord], object] | None = None) -> PortfolioRunner:
    """Make the runner of a desk."""
    return PortfolioRunner(
        desk.strategies,
        desk.policy,
        desk.default_risk_per_trade,
        dispatch=desk.dispatch,
        poll_regimes=desk.poll_regimes,
        unknown_instruments=desk.unknown_instruments,
        on_failure=desk.on_failure,
        facts=desk.facts,
        trace=trace,
    )


async def trade(desk: Desk, broker: PaperBroker, progress: Callable[[int], None]) -> Traded:
    """Stream the desk's candles through a runner and a broker; `progress` is told now and then how many went in."""
    tally, prices = Tally(desk.strategies), PriceLog()
    runner = runner_of(desk, tally.take)
    range_ = desk.backtest
    began = perf_counter()
    with closing(merge(*desk.sources)) as slices:
        warm_up, kept = within(slices, range_.since, range_.until, range_.warm_up)
        run = Backtest(runner, broker, warm_up=warm_up)
        with Interruptible() as interruptible, Foreign() as foreign:
            async with runner:
                await run.run(prices.watch(told(interruptible.until_asked(kept), progress)))
    result, error = run.result(), foreign.error
    if error is None and interruptible.ended:
        error = KeyboardInterrupt()
        result = evolve(result, error=error)
    return Traded(result, tally.figures(), prices, perf_counter() - began, error)


def within(
    slices: Iterable[Slice], since: int | None, until: int | None, warm_up: int
) -> tuple[int, Generator[Slice, None, None]]:
    """Cut a source to a range of close times, with so many slices before it as there are to warm up with.

    Without `since` the warm-up is the first slices themselves.

    Returns:
        How many slices are the warm-up, and all slices to run.
    """
    source = iter(slices)
    if since is None:
        return warm_up, _until(source, until)
    before: deque[Slice] = deque(maxlen=warm_up)
    for slice_ in source:
        if slice_.close_time > since:
            return len(before), _until(chain(before, (slice_,), source), until)
        before.append(slice_)
    return 0, _until((), until)


def _until(slices: Iterable[Slice], until: int | None) -> Generator[Slice, None, None]:
    for slice_ in slices:
        if until is not None and slice_.close_time > until:
            return
        yield slice_
