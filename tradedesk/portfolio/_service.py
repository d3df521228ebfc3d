"""Serving calls: the loop between the core, which decides, and a dispatcher, which carries."""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import Final

import attrs

from actors import Request
from tradedesk.portfolio._allocation import Checked
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._dispatch import Dispatcher
from tradedesk.portfolio._errors import AllocationError
from tradedesk.portfolio._sleeves import Plan
from tradedesk.portfolio._trace import TraceRecord
from tradedesk.portfolio._waves import Answer, Failure, Kind, Wave
from tradedesk.portfolio.types import Instrument, RiskAllocationPolicy

_CALL: Final = Kind.CALL

Trace = Callable[[TraceRecord], object]
Sink = Callable[[Sequence[TraceRecord]], Awaitable[object]]


@attrs.define(eq=False)
class Call(Request[None]):
    """One slice that somebody wants served.

    Attributes:
        failures: what went wrong; filled at the end, for the caller to raise.
    """

    plan: Plan
    abandoned: bool = False
    failures: Sequence[Exception] = ()

    def wanted(self) -> bool:
        """Whether the caller still waits."""
        return not self.abandoned


@attrs.define(eq=False)
class Service:
    """Serves one call after the other on one core; its owner sees to the order.

    Attributes:
        trace: called with each record at the barrier of its wave.
        sink: awaited once for each slice, with the records that came since the last time.
        records: filled by the core, when somebody watches.
        unmet: failures whose caller had left, for the next one to meet.
    """

    core: Coordination
    policy: RiskAllocationPolicy
    trace: Trace | None
    sink: Sink | None
    records: list[TraceRecord]
    unmet: list[Exception] = attrs.field(factory=list)
    busy: bool = False
    _for_sink: list[TraceRecord] = attrs.field(factory=list)
    _mishaps: list[Exception] = attrs.field(factory=list)  # of this call: what policy, trace and sink raised

    async def serve(self, call: Call, dispatcher: Dispatcher) -> None:
        """Serve a slice to its end; what failed is in the call, or unmet if nobody waits for it any more."""
        self.busy = True
        steps = self.core.slice(call.plan, type(self.policy).__name__, call.wanted)
        served = False
        try:
            try:
                step = next(steps)
                while True:
                    if self.records:
                        await self._show()
                    if isinstance(step, Wave):
                        outcomes = await dispatcher.carry(step)
                    else:
                        outcomes = (await perform(_CALL, self._consult, step.active),)
                    step = steps.send(outcomes)
            except StopIteration:
                pass
            except AllocationError as error:
                self._mishaps.append(error)
            if self.records or self.sink is not None:
                await self._flush()
            served = True
        finally:
            steps.close()
            self.busy = False
            if self._mishaps or self.core.failed:
                self._settle(call, served=served)

    def _settle(self, call: Call, *, served: bool) -> None:
        call.failures = [*self.core.failures, *self._mishaps]
        self._mishaps.clear()
        if call.abandoned or not served:
            self.abandon(call)

    def abandon(self, call: Call) -> None:
        """The caller leaves: what failed, or is going to, is for somebody else to meet."""
        call.abandoned = True
        self.unmet += call.failures
        call.failures = ()

    def _consult(self, active: list[Instrument]) -> Checked:
        policy = self.policy
        answer = Answer(policy.allocate(active), getattr(policy, "portfolio_risk_budget", None))
        return self.core.accept(answer, type(policy).__name__)

    async def _show(self) -> None:
        """Hand on what the core has written. Who watches does not steer: if it raises, the slice goes on."""
        fresh, self.records[:] = list(self.records), []
        if self.sink is not None:
            self._for_sink += fresh
        remaining = iter(fresh)
        while type(outcome := await perform(_CALL, self._trace_all, remaining)) is Failure:
            self._mishaps.append(outcome.error)

    def _trace_all(self, records: Iterator[TraceRecord]) -> None:
        if self.trace is not None:
            for record in records:
                self.trace(record)

    async def _flush(self) -> None:
        await self._show()
        if self.sink is not None:
            records, self._for_sink = self._for_sink, []
            outcome = await perform(_CALL, self.sink, records)
            if type(outcome) is Failure:
                self._mishaps.append(outcome.error)
