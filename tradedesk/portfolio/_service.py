"""Serving calls: the loop between the core, which decides, and a dispatcher, which carries."""

from collections.abc import Awaitable, Callable, Sequence

import attrs

from actors import Request
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._dispatch import Dispatcher
from tradedesk.portfolio._errors import AllocationError
from tradedesk.portfolio._sleeves import Plan
from tradedesk.portfolio._trace import TraceRecord
from tradedesk.portfolio._waves import Kind, Wave
from tradedesk.portfolio.types import RiskAllocationPolicy

Sink = Callable[[Sequence[TraceRecord]], Awaitable[object]]


@attrs.define(eq=False)
class Call(Request[list[Exception]]):
    """One slice that somebody wants served; the reply is what failed."""

    plan: Plan
    abandoned: bool = False

    def wanted(self) -> bool:
        """Whether the caller still waits."""
        return not self.abandoned


@attrs.define(eq=False)
class Service:
    """Serves one call after the other on one core; its owner sees to the order.

    Attributes:
        sink: awaited once for each slice, with the records that came since the last time.
        records: those records; filled by the core's trace.
        unmet: failures whose caller had left, for the next one to meet.
    """

    core: Coordination
    policy: RiskAllocationPolicy
    sink: Sink | None
    records: list[TraceRecord]
    unmet: list[Exception] = attrs.field(factory=list)
    busy: bool = False

    async def serve(self, call: Call, dispatcher: Dispatcher) -> list[Exception]:
        """Serve a slice to its end and return what failed, strategies and policy alike."""
        self.busy = True
        steps = self.core.slice(call.plan, type(self.policy).__name__, call.wanted)
        failures: list[Exception]
        try:
            step = next(steps)
            while True:
                if isinstance(step, Wave):
                    outcomes = await dispatcher.carry(step)
                else:
                    outcomes = (await perform(Kind.ALLOCATE, self.policy, step.active),)
                step = steps.send(outcomes)
        except StopIteration as end:
            failures = end.value
        except AllocationError as error:
            failures = [error]
        finally:
            steps.close()
            self.busy = False
        if self.sink is not None:
            records, self.records[:] = list(self.records), []
            await self.sink(records)
        if failures and call.abandoned:
            self.unmet += failures
        return failures
