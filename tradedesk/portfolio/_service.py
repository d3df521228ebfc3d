"""Serving calls: the loop between the core, which decides, and a dispatcher, which carries."""

from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Final, cast

import attrs

from actors import Inbox, Reply, Request
from tradedesk.marketdata import CandleCloseEvent, Slice, SourceOrderError
from tradedesk.portfolio._allocation import Checked
from tradedesk.portfolio._boundary import perform
from tradedesk.portfolio._briefing import Briefing
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._dispatch import Dispatcher
from tradedesk.portfolio._errors import AllocationError
from tradedesk.portfolio._facts import Facts, ask
from tradedesk.portfolio._halting import Watchers
from tradedesk.portfolio._sleeves import Plan, Sleeves
from tradedesk.portfolio._statistics import NO_TROUBLE, SliceReport
from tradedesk.portfolio._trace import TraceRecord
from tradedesk.portfolio._waves import Answer, Failure, Kind, Wave
from tradedesk.portfolio.types import Instrument, RiskAllocationPolicy

_CALL: Final = Kind.CALL

Trace = Callable[[TraceRecord], object]
Sink = Callable[[Sequence[TraceRecord]], Awaitable[object]]


@attrs.define(eq=False)
class Caller(Request[None]):
    """Somebody who waits for slices to be served.

    Attributes:
        left: it waits no longer.
        failures: what went wrong; filled at the end, for the caller to raise.
        report: what else there is to say of its last slice.
    """

    left: bool = attrs.field(default=False, init=False)
    failures: Sequence[Exception] = attrs.field(default=(), init=False)
    report: SliceReport = attrs.field(default=NO_TROUBLE, init=False)

    def waits(self) -> bool:
        """Whether the caller is still there."""
        return not self.left


@attrs.define(eq=False)
class Call(Caller):
    """A caller with one slice."""

    plan: Plan


@attrs.define(eq=False)
class Change(Caller):
    """A caller who changes the portfolio between two slices.

    Attributes:
        make: makes it, and says what came of it.
        result: that.
    """

    make: Callable[[Dispatcher], Awaitable[object]]
    result: object = attrs.field(default=None, init=False)


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

    def next_plan(self, _: object = None) -> Plan | None:
        """Take and plan the next item; None at the end of the source."""
        for item in self.items:
            return self.clock.plan(item)
        return None


@attrs.define(eq=False)
class Service:
    """Serves one call after the other on one core; its owner sees to the order.

    Attributes:
        trace: called with each record at the barrier of its wave.
        sink: awaited once for each slice, with the records that came since the last time.
        records: filled by the core, when somebody watches.
        briefing: asked before the policy, if there is a source of facts.
        watchers: asked with those facts.
        unmet: failures whose caller had left, for the next one to meet.
    """

    core: Coordination
    policy: RiskAllocationPolicy
    trace: Trace | None
    sink: Sink | None
    records: list[TraceRecord]
    briefing: Briefing | None = None
    watchers: Watchers | None = None
    unmet: list[Exception] = attrs.field(factory=list)
    busy: bool = False
    _for_sink: list[TraceRecord] = attrs.field(factory=list)
    _mishaps: list[Exception] = attrs.field(factory=list)  # of this call: what policy, trace and sink raised

    async def serve(self, plan: Plan, caller: Caller, dispatcher: Dispatcher) -> None:
        """Serve a slice to its end; what failed is the caller's, or unmet if nobody waits for it any more."""
        if plan.edition != self.core.sleeves.edition:
            replanned = await self._replanned(plan, caller)
            if replanned is None:
                return
            plan = replanned
        await self._drive(plan, caller, dispatcher)

    async def _drive(self, plan: Plan, caller: Caller, dispatcher: Dispatcher) -> None:
        self.busy = True
        steps = self.core.slice(plan, type(self.policy).__name__, caller.waits)
        served = False
        try:
            try:
                step = next(steps)
                while True:
                    if self.records:
                        await self._show()
                    if isinstance(step, Wave):
                        outcomes = await dispatcher.carry(step)
                    elif self.briefing is None:
                        outcomes = (await perform(_CALL, self._consult, step.active),)
                    else:
                        outcomes = (await self._consult_with_facts(self.briefing, step.active, plan.close_time),)
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
            if self._mishaps or self.core.standing.eventful:
                self._settle(caller, served=served)

    async def _replanned(self, plan: Plan, caller: Caller) -> Plan | None:
        """Plan what was planned before the sleeves changed; None where it has become a mistake."""
        planned = await perform(_CALL, self.core.sleeves.again, plan)
        if not isinstance(planned, Failure):
            return cast("Plan", planned)
        caller.failures = (planned.error,)
        if caller.left:
            self.abandon(caller)
        return None

    async def change(self, change: Change, dispatcher: Dispatcher) -> None:
        """Make a change, unless its caller has left."""
        if not change.waits():
            return
        self.busy = True
        try:
            outcome = await perform(_CALL, change.make, dispatcher)
            if isinstance(outcome, Failure):
                self._mishaps.append(outcome.error)
            else:
                change.result = outcome
            await self._flush()
        finally:
            self.busy = False
            change.failures = list(self._mishaps)
            self._mishaps.clear()
            if not change.waits():
                self.abandon(change)

    async def release(self, calls: int, _: Dispatcher) -> None:
        """Let go of the kill switch, unless it was pulled after ``calls`` calls."""
        if self.core.release_halt(calls) and self.watchers is not None:
            self._mishaps += await self.watchers.released()

    async def coordinate(
        self,
        inbox: Inbox[Call | Change | Feed],
        dispatcher: Dispatcher,
        register: Callable[[], None],
    ) -> None:
        """The coordinator's actor: calls in the order they came, feeds a slice at a time in between."""
        register()
        feeds: deque[tuple[Feed, Reply]] = deque()
        async for caller in inbox:
            if isinstance(caller, Feed):
                feeds.append((caller, inbox.defer()))
            else:
                await self.attend(caller, dispatcher)
                inbox.reply(None)
            while feeds and not inbox.queued:
                feed, reply = feeds.popleft()
                if await self._advance(feed, dispatcher):
                    feeds.append((feed, reply))
                else:
                    reply.send(None)

    def attend(self, caller: Call | Change, dispatcher: Dispatcher) -> Awaitable[None]:
        """Serve a caller who wants one thing."""
        if isinstance(caller, Call):
            return self.serve(caller.plan, caller, dispatcher)
        return self.change(caller, dispatcher)

    async def _advance(self, feed: Feed, dispatcher: Dispatcher) -> bool:
        """Serve the next slice of a feed; say whether there may be another."""
        if feed.left:
            return False
        plan = await perform(_CALL, feed.next_plan, None)
        if isinstance(plan, Failure):
            feed.failures = (plan.error,)
        if not isinstance(plan, Plan):
            return False
        await self.serve(plan, feed, dispatcher)
        return not feed.failures and not feed.left

    def abandon(self, caller: Caller) -> None:
        """The caller leaves: what failed, or is going to, is for somebody else to meet."""
        caller.left = True
        self.unmet += caller.failures
        caller.failures = ()

    def _settle(self, caller: Caller, *, served: bool) -> None:
        caller.report = self.core.report()
        caller.failures = [*self.core.standing.raised, *self._mishaps]
        self._mishaps.clear()
        if caller.left or not served:
            self.abandon(caller)

    def _consult(self, active: list[Instrument]) -> Checked | None:
        if self.core.halts.on:
            return None
        policy = self.policy
        answer = Answer(policy.allocate(active), getattr(policy, "portfolio_risk_budget", None))
        return self.core.accept(answer, type(policy).__name__)

    async def _consult_with_facts(self, briefing: Briefing, active: list[Instrument], close_time: int | None) -> object:
        facts = await briefing.facts(close_time, type(self.policy).__name__)
        halts = self.core.halts
        if isinstance(facts, Failure):
            if not halts.on:
                return facts
            self._mishaps.append(facts.error)  # it is not asked for the policy, so candles need not wait for it
            return None
        if self.watchers is not None:
            self._mishaps += await self.watchers.judge(facts)
        return None if halts.on else await perform(_CALL, partial(self._consult_with, active), facts)

    def _consult_with(self, active: list[Instrument], facts: Facts) -> Checked:
        policy = self.policy
        answer = Answer(ask(policy, active, facts), getattr(policy, "portfolio_risk_budget", None))
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
