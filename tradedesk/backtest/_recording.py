"""What is written down while a backtest runs: after each slice a point of each curve, and what changed."""

from array import array
from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Final

import attrs

from tradedesk.backtest._coverage import CoverageMeter
from tradedesk.backtest._rows import Rows
from tradedesk.backtest.types import Allocation, Fault, HaltSpan, RefusedOrder
from tradedesk.execution import Broker, Fill, Ticket, TripStatement
from tradedesk.marketdata import Instrument, Slice
from tradedesk.portfolio import PortfolioRunner, View

_number: Final = attrgetter("number")


@attrs.define(eq=False)
class Recording:
    """Listens to the broker and looks at the portfolio, slice by slice."""

    runner: PortfolioRunner
    broker: Broker
    sleeve_curves: bool
    start: float
    warming: bool = attrs.field(kw_only=True)
    refused_in_warm_up: int = 0
    close_times: "array[int]" = attrs.field(factory=lambda: array("q"))
    equity: "array[float]" = attrs.field(factory=lambda: array("d"))
    exposure: "array[float]" = attrs.field(factory=lambda: array("d"))
    traded: "array[float]" = attrs.field(factory=lambda: array("d"))
    profits: Rows = attrs.field(factory=Rows)
    fills: list[Fill] = attrs.field(factory=list)
    round_trips: list[TripStatement] = attrs.field(factory=list)
    allocations: list[Allocation] = attrs.field(factory=list)
    refused: list[RefusedOrder] = attrs.field(factory=list)
    faults: list[Fault] = attrs.field(factory=list)
    halts: list[HaltSpan] = attrs.field(factory=list)
    coverage: CoverageMeter = attrs.field(factory=CoverageMeter)
    time: int = 0
    _view: View = attrs.field(init=False)
    _in_hand: float = 0.0
    _held: Sequence[float] | None = None
    _asked: Sequence[Instrument] | None = None
    _policy: object = None

    def __attrs_post_init__(self) -> None:
        self._view = self.runner.view

    # The broker's listener ------------------------------------------------------------------------------

    def order_refused(self, ticket: Ticket) -> None:
        """An order was rejected."""
        if self.warming:
            self.refused_in_warm_up += 1
            return
        self.refused.append(
            RefusedOrder(self.time, ticket.sleeve, ticket.instrument, ticket.id, ticket.order, ticket.reason)
        )

    def trip_ended(self, trip: TripStatement) -> None:
        """A position is closed."""
        self.round_trips.append(trip)

    # Slices ---------------------------------------------------------------------------------------------

    def begin(self, slice_: Slice) -> None:
        """A slice is about to be opened."""
        self.time = slice_.close_time
        self.coverage.see(slice_)

    def hear(self, heard: Mapping[Instrument, Sequence[Fill]]) -> None:
        """Take in fills; those at the close before this slice count as traded there."""
        fresh = [fill for fills in heard.values() for fill in fills]
        if len(heard) > 1:
            fresh.sort(key=_number)
        self.fills += fresh
        for fill in fresh:
            if self.close_times and fill.close_time <= self.close_times[-1]:
                self.traded[-1] += fill.value
            else:
                self._in_hand += fill.value

    def end(self) -> None:
        """A slice is done with, and the broker has closed it."""
        view = self._view
        if view.failed:
            self._note_faults(view.failed)
        if self.warming:
            return
        broker = self.broker
        self.close_times.append(self.time)
        self.equity.append(broker.equity)
        self.exposure.append(broker.exposure)
        self.traded.append(self._in_hand)
        self._in_hand = 0.0
        if self.sleeve_curves:
            self.profits.append(broker.profits())
        if view.held != self._held or view.asked is not self._asked or self.runner.policy is not self._policy:
            self._note_allocation(view.sleeves, view.asked, view.held)
        halt = view.halt
        if halt is not None or self.halts:
            self._note_halt(None if halt is None else halt.reason)

    def _note_faults(self, failed: Mapping[Instrument, Exception]) -> None:
        for sleeve, error in failed.items():
            outcome = self.runner.order_refusal(sleeve, reduces=True) or "it came out of the run"
            self.faults.append(Fault(self.time, sleeve, error, outcome))

    def _note_allocation(
        self, sleeves: Sequence[Instrument], asked: Sequence[Instrument], held: Sequence[float]
    ) -> None:
        last = self.allocations[-1] if self.allocations else None
        policy = self.runner.policy
        budget = getattr(policy, "portfolio_risk_budget", None)
        self._held, self._asked, self._policy = list(held), asked, policy
        keys = last.sleeves if last is not None and list(last.sleeves) == list(sleeves) else tuple(sleeves)
        now = Allocation(len(self.close_times) - 1, self.time, keys, tuple(asked), array("d", held), budget)
        before = None if last is None else (last.sleeves, last.active, last.held, last.budget)
        if before != (now.sleeves, now.active, now.held, now.budget):
            self.allocations.append(now)

    def _note_halt(self, reason: str | None) -> None:
        last = self.halts[-1] if self.halts else None
        running = last is not None and last.until is None
        if running and last is not None and last.reason != reason:
            self.halts[-1] = attrs.evolve(last, until=self.time)
            running = False
        if reason is not None and not running:
            self.halts.append(HaltSpan(reason, self.time))
