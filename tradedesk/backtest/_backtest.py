"""Driving a portfolio and a paper broker through one source, slice by slice."""

from array import array
from collections.abc import Generator, Iterable, Mapping, Sequence

import attrs

from tradedesk.execution import AccountStatement, Fill, PaperBroker, SleeveStatement
from tradedesk.marketdata import Instrument, Slice
from tradedesk.portfolio import PortfolioRunner


@attrs.frozen
class BacktestResult:
    """What came of a run.

    Attributes:
        close_times: of the slices, in nanoseconds since 1970.
        equity: of the account when each slice was closed, in its currency.
        fills: all of them, oldest first.
        account: at the end.
        sleeves: sleeve -> its book at the end, in declared order.
        rejected: orders that the broker did not take, or not fill for want of money or leave.
    """

    close_times: Sequence[int]
    equity: Sequence[float]
    fills: Sequence[Fill]
    account: AccountStatement
    sleeves: Mapping[Instrument, SleeveStatement]
    rejected: int


async def backtest(runner: PortfolioRunner, broker: PaperBroker, source: Iterable[Slice]) -> BacktestResult:
    """Run a portfolio over a source, with orders and fills: the broker opens a slice, the strategies see it, it closes.

    The broker asks the runner before it takes a sleeve's order (`PortfolioRunner.order_refusal`). A sleeve that is
    quarantined with ``positions="flatten"`` is closed out, at the next open; one that is not in the portfolio keeps
    what it holds, and is refused new orders. The strategies got their desks from the broker when they were built; the
    runner may be entered or not.

    Raises:
        BrokerStateError: A slice of the broker is open, or the source begins before the broker's last slice.
        Exception: And all that ``runner.run`` raises. The broker then stands where it was, with the slice open.
    """
    curve = _Curve(runner, broker)
    broker.ask_first(curve.refusal)
    await runner.run(curve.worked(source))
    return BacktestResult(
        close_times=curve.close_times,
        equity=curve.equity,
        fills=tuple(curve.fills),
        account=broker.account(),
        sleeves={sleeve: broker.sleeve(sleeve) for sleeve in broker.sleeves},
        rejected=broker.statistics().rejected,
    )


@attrs.define(eq=False)
class _Curve:
    runner: PortfolioRunner
    broker: PaperBroker
    close_times: "array[int]" = attrs.field(factory=lambda: array("q"))
    equity: "array[float]" = attrs.field(factory=lambda: array("d"))
    fills: list[Fill] = attrs.field(factory=list)

    def worked(self, source: Iterable[Slice]) -> Generator[Slice, None, None]:
        """Work around each slice; the runner asks for the next one when all strategies are done with it."""
        broker = self.broker
        for slice_ in source:
            self._hear(broker.open_slice(slice_))
            yield slice_
            self._flatten()
            broker.close_slice()
            self.close_times.append(slice_.close_time)
            self.equity.append(broker.equity)
        self._hear(broker.unheard())

    def refusal(self, sleeve: Instrument, /, *, reduces: bool) -> str | None:
        """Why an order of a sleeve is to be refused now."""
        if sleeve not in self.runner.strategies:
            return "the portfolio has no such sleeve"
        return self.runner.order_refusal(sleeve, reduces=reduces)

    def _hear(self, heard: Mapping[Instrument, Sequence[Fill]]) -> None:
        if heard:
            self.fills += sorted((fill for fills in heard.values() for fill in fills), key=lambda fill: fill.number)

    def _flatten(self) -> None:
        """Close out who is quarantined for good and still holds something."""
        refusal, known = self.runner.order_refusal, self.runner.strategies
        leaving = [sleeve for sleeve in self.broker.exposed if sleeve in known and refusal(sleeve) is not None]
        if leaving:
            standing = self.runner.statistics().sleeves
            for sleeve in leaving:
                if standing[sleeve].positions == "flatten" and not self.broker.is_leaving(sleeve):
                    self.broker.close_out(sleeve)
