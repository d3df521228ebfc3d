"""Driving a portfolio and a broker through one source, slice by slice."""

from collections.abc import Generator, Iterable
from contextlib import ExitStack
from functools import partial
from types import TracebackType

from tradedesk.backtest._recording import Recording
from tradedesk.backtest._result import BacktestResult
from tradedesk.backtest._warm_up import Warming
from tradedesk.backtest.types import WarmUp
from tradedesk.execution import Broker
from tradedesk.marketdata import Instrument, Slice
from tradedesk.portfolio import PortfolioRunner


class Backtest:
    """A run over history that can be looked at wherever it ends: at the end of its source, or where a strategy crashed.

    `run_backtest` is the short form for who needs no result of a run that failed.
    """

    def __init__(
        self, runner: PortfolioRunner, broker: Broker, *, warm_up: int | str = 0, sleeve_curves: bool = True
    ) -> None:
        """Check everything, run nothing.

        Args:
            runner: its strategies were built with desks of the broker; it may be entered or not.
            broker: `tradedesk.execution.PaperBroker`, or another that keeps the protocol.
            warm_up: so many slices, or those that close within a period ("30DAY") of the first close, come before
                the run counts: strategies see their candles, report and are given risk, but their orders are refused,
                and the curves begin behind it.
            sleeve_curves: keep the profit of each sleeve at each close: 8 bytes for each.

        Raises:
            ValueError: The warm-up is no whole number of at least 0, or no period.
        """
        self._warming = Warming(warm_up)
        self._recording = Recording(runner, broker, sleeve_curves, broker.equity, warming=self._warming.on)
        self._known = runner.strategies  # as it is at any time
        self._view = runner.view
        self._error: BaseException | None = None

    async def run(self, source: Iterable[Slice]) -> BacktestResult:
        """Run the portfolio over a source, with orders and fills, and return what came of it.

        The broker opens a slice and fills what was ordered before; strategies hear of it and report; the policy
        allocates; the candles are handled; the broker closes the slice and takes what was ordered. The broker asks the
        runner before it takes a sleeve's order (`PortfolioRunner.order_refusal`), and its own gates behind that. A
        sleeve that is quarantined with ``positions="flatten"`` is closed out, at the next open.

        Whatever ends it, the slice in hand is closed. Called again with the rest of the source, it goes on.

        Raises:
            BrokerStateError: A slice of the broker is open, or the source begins before the broker's last slice.
            Exception: And all that ``runner.run`` raises; `result` then says what was done until then.
        """
        recording, broker = self._recording, self._recording.broker
        broker.ask_first(self._refusal)
        broker.tell(recording)
        self._error = None
        worked = self._worked(source)
        with ExitStack() as exits:
            exits.push(partial(self._ended, worked))
            await recording.runner.run(worked)
        return self.result()

    def result(self) -> BacktestResult:
        """What was done so far."""
        kept, broker = self._recording, self._recording.broker
        return BacktestResult(
            start=kept.start,
            close_times=kept.close_times[:],
            equity=kept.equity[:],
            exposure=kept.exposure[:],
            traded=kept.traded[:],
            fills=tuple(kept.fills),
            round_trips=tuple(kept.round_trips),
            allocations=tuple(kept.allocations),
            account=broker.account(),
            sleeves={sleeve: broker.sleeve(sleeve) for sleeve in broker.sleeves},
            coverage=kept.coverage.coverage(),
            warm_up=WarmUp(self._warming.slices, self._warming.until, kept.refused_in_warm_up),
            refused=tuple(kept.refused),
            faults=tuple(kept.faults),
            halts=tuple(kept.halts),
            error=self._error,
            profits=kept.profits if kept.sleeve_curves else None,
        )

    def _worked(self, source: Iterable[Slice]) -> Generator[Slice, None, None]:
        """Work around each slice; the runner asks for the next one when all strategies are done with it."""
        recording, broker = self._recording, self._recording.broker
        for slice_ in source:
            if recording.warming and not self._warming.takes(slice_.close_time):
                recording.warming, recording.start = False, broker.equity
            recording.begin(slice_)
            heard = broker.open_slice(slice_)
            if heard:
                recording.hear(heard)
                self._poll(heard)
            try:
                yield slice_
            finally:
                self._flatten()
                broker.close_slice()
                recording.end()

    def _poll(self, sleeves: Iterable[Instrument]) -> None:
        """Let who has news hear of it and report before the allocation, also where nobody polls."""
        known = self._known
        self._recording.runner.poll([sleeve for sleeve in sleeves if sleeve in known])

    def _flatten(self) -> None:
        """Close out who is quarantined for good and still holds something."""
        quarantined = self._view.quarantined
        if not quarantined:
            return
        broker = self._recording.broker
        leaving = [sleeve for sleeve, positions in quarantined.items() if positions == "flatten"]
        exposed = set(broker.exposed) if leaving else ()
        for sleeve in leaving:
            if sleeve in exposed and not broker.is_leaving(sleeve):
                broker.close_out(sleeve)

    def _refusal(self, sleeve: Instrument, /, *, reduces: bool) -> str | None:
        """Why an order of a sleeve is to be refused now."""
        recording = self._recording
        if recording.warming:
            return self._warming.rule
        if sleeve not in self._known:
            return "the portfolio has no such sleeve"
        return recording.runner.order_refusal(sleeve, reduces=reduces)

    def _ended(
        self,
        worked: Generator[Slice, None, None],
        _: object,
        error: BaseException | None,
        __: TracebackType | None,
    ) -> bool:
        """Close the slice in hand, and remember what ended the run; nothing is swallowed."""
        worked.close()
        self._recording.hear(self._recording.broker.unheard())
        self._error = error
        return False


async def run_backtest(
    runner: PortfolioRunner,
    broker: Broker,
    source: Iterable[Slice],
    *,
    warm_up: int | str = 0,
    sleeve_curves: bool = True,
) -> BacktestResult:
    """Run a portfolio over a source with a broker, and return what came of it; see `Backtest` for the arguments.

    Raises:
        ValueError: The warm-up is none.
        Exception: And all that `Backtest.run` raises. What was done until then is lost; `Backtest` keeps it.
    """
    return await Backtest(runner, broker, warm_up=warm_up, sleeve_curves=sleeve_curves).run(source)
