"""Serving calls: the loop between the core, which decides, and a dispatcher, which carries."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence

import attrs

from actors import Inbox, Reply, Request
from tradedesk.marketdata import CandleCloseEvent, Slice, SourceOrderError
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._dispatch import Dispatcher
from tradedesk.portfolio._errors import AllocationError
from tradedesk.portfolio._sleeves import Plan, Sleeves
from tradedesk.portfolio._trace import TraceRecord
from tradedesk.portfolio._waves import Failure, Kind, Wave
from tradedesk.portfolio.types import RiskAllocationPolicy

Sink = Callable[[Sequence[TraceRecord]], Awaitable[object]]


@attrs.define(eq=False)
class Caller(Request[list[Exception]]):
    """Somebody who waits for slices to be served; the reply is what failed."""

    left: bool = attrs.field(default=False, init=False)

    def waits(self) -> bool:
        """Whether the caller is still there."""
        return not self.left


@attrs.define(eq=False)
class Call(Caller):
    """A caller with one slice."""

    plan: Plan


class Clock:
    """Plans the items of one source, whose slices must close one after the other."""

    def __init__(self, sleeves: Sleeves) -> None:
        self._sleeves = sleeves
        self._previous: Slice | None = None

    def plan(self, item: CandleCloseEvent | Slice) -> Plan:
        """Plan one item.

        Raises:
            SourceOrderError: It does not close after the one before.
        """
        if not isinstance(item, Slice):
            return self._sleeves.plan((item,), None)
        previous = self._previous
        if previous is not None and item.close_time <= previous.close_time:
            instruments = dict.fromkeys(event.instrument for event in (*previous.events, *item.events))
            raise SourceOrderError(0, tuple(instruments), previous.close_time, item.close_time)
        self._previous = item
        return self._sleeves.plan(item.events, item.close_time)


@attrs.define(eq=False)
class Feed(Caller):
    """A caller with a source, from which one item at a time is taken: a failure leaves the rest in it."""

    clock: Clock
    items: Iterable[CandleCloseEvent | Slice]

    def next_plan(self) -> Plan | None:
        """Take and plan the next item; None at the end of the source."""
        for item in self.items:
            return self.clock.plan(item)
        return None


@attrs.define(eq=False)
class Service:
    """Serves one slice after the other on one core; its owner sees to the order.

    Attributes:
        sink: awaited once for each slice, with the records that came since the last time.
        records: those records; filled by the core's trace.
        unmet: failures whose caller had left, for the next one to meet.
        busy: a slice is being served.
    """

    core: Coordination
    policy: RiskAllocationPolicy
    sink: Sink | None
    records: list[TraceRecord]
    unmet: list[Exception] = attrs.field(factory=list)
    busy: bool = False

    async def serve(self, plan: Plan, caller: Caller, dispatcher: Dispatcher) -> list[Exception]:
        """Serve a slice to its end and return what failed, strategies and policy alike."""
        self.busy = True
        steps = self.core.slice(plan, type(self.policy).__name__, caller.waits)
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
        if failures and caller.left:
            self.unmet += failures
        return failures

    async def coordinate(self, inbox: Inbox[Call | Feed], dispatcher: Dispatcher) -> None:
        """The coordinator's actor: calls in the order they came, feeds a slice at a time in between."""
        feeds: deque[tuple[Feed, Reply]] = deque()
        async for caller in inbox:
            if isinstance(caller, Feed):
                feeds.append((caller, inbox.defer()))
            else:
                inbox.reply(await self.serve(caller.plan, caller, dispatcher))
            while feeds and not inbox.queued:
                feed, reply = feeds.popleft()
                failures = await self._advance(feed, dispatcher)
                if failures is None:
                    feeds.append((feed, reply))
                else:
                    reply.send(failures)

    async def _advance(self, feed: Feed, dispatcher: Dispatcher) -> list[Exception] | None:
        """Serve the next slice of a feed; None when there may be more, else what its caller is told."""
        if feed.left:
            return []
        plan = await perform(Kind.NEXT, feed, None)
        if isinstance(plan, Plan):
            return await self.serve(plan, feed, dispatcher) or None
        return [plan.error] if isinstance(plan, Failure) else []
