"""The runner: the door through which candles come in."""

from collections.abc import AsyncIterable, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, nullcontext
from functools import partial
from time import perf_counter
from types import MappingProxyType, TracebackType
from typing import Literal, Self, cast
from weakref import WeakSet

import attrs
import trio
from trio.lowlevel import Task, current_task

from actors import ActorStopped, Observer, Ref, Scheduler, open_system
from tradedesk.marketdata import CandleCloseEvent, Instrument, Slice
from tradedesk.portfolio._briefing import Briefing
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._dispatch import Actors, Direct, Dispatcher
from tradedesk.portfolio._errors import RunnerStateError
from tradedesk.portfolio._facts import FactsSource, InformedPolicy
from tradedesk.portfolio._halt_rules import HaltRule
from tradedesk.portfolio._halting import Watchers, check_rules
from tradedesk.portfolio._roster import Roster
from tradedesk.portfolio._seats import Cast
from tradedesk.portfolio._service import Call, Change, Clock, Feed, Service, Sink, Trace
from tradedesk.portfolio._serving import Serving, Status
from tradedesk.portfolio._setup import (
    Defaults,
    Entry,
    Strategies,
    check_amount,
    check_choice,
    check_facts,
    check_policy,
    check_reason,
    member_of,
    members_of,
)
from tradedesk.portfolio._sleeves import Plan, Sleeves
from tradedesk.portfolio._statistics import RunnerStatistics, SliceReport
from tradedesk.portfolio._tasks import Turns, refuse_descendants
from tradedesk.portfolio._timing import Seconds
from tradedesk.portfolio._trace import TraceRecord
from tradedesk.portfolio._view import View
from tradedesk.portfolio.types import FailureRule, PortfolioStrategy, RiskAllocationPolicy


class PortfolioRunner:
    """Runs many strategies on one risk budget.

    For each slice, the candles that close at one instant: collect every strategy's regime, let the policy split
    the budget over the active ones, send the risk, and only then route the candles. Inside ``async with
    runner:`` each strategy is an actor in a task of its own, and so is the coordinator. Outside of it, or with
    ``dispatch="direct"``, the strategies run in the caller's task; the same rules decide.

    Calls are served one at a time, in the order they were made.
    """

    def __init__(
        self,
        strategies: Strategies,
        policy: RiskAllocationPolicy | InformedPolicy,
        default_risk_per_trade: float,
        *,
        dispatch: Literal["actors", "direct"] = "actors",
        poll_regimes: bool = True,
        unknown_instruments: Literal["raise", "ignore"] = "raise",
        on_failure: FailureRule = "raise",
        candle_timeout: float | None = None,
        facts: FactsSource | None = None,
        halt_rules: Iterable[HaltRule] = (),
        time_handlers: bool = False,
        clock: Seconds = perf_counter,
        trace: Trace | None = None,
        sink: Sink | None = None,
        observer: Observer | None = None,
        scheduler: Scheduler | None = None,
    ) -> None:
        """Check everything, start nothing.

        Args:
            strategies: sleeve -> strategy, in declared order; see `PortfolioStrategy`, `StrategySpec`.
            policy: splits the budget over the active sleeves.
            default_risk_per_trade: what sleeves outside the allocation get; it does not count against the
                budget. Finite, not negative.
            dispatch: how strategies run inside the block: as actors, or in the caller's task.
            poll_regimes: ask every strategy for its regime before each allocation. False trusts the reports
                that follow each candle: cheaper, and blind to a regime that follows a clock.
            unknown_instruments: "raise" `UnknownInstrumentError`, or "ignore" such candles.
            on_failure: "raise": what a strategy raises comes out of the call, with a note, after the other
                strategies of the slice are done; several come as an exception group. `Quarantine` or `Restart`:
                the call does not raise, the sleeve is taken out, and in the second case built anew. A
                `StrategySpec` may say otherwise for its sleeve.
            candle_timeout: seconds that a handler may take; then it is cancelled and has failed with
                `CandleTimeoutError`. One that has not ended after as much time again is quarantined, whatever
                ``on_failure`` says. What is not async, the other two methods, cannot be cut.
            facts: asked once per slice, right before a policy that decides by more than names; see `FactsSource`.
            halt_rules: asked once per slice with the facts whether to `halt`; see `DrawdownHalt`.
            time_handlers: measure how long each sleeve's handlers take, for the statistics: two readings of the clock
                for each candle.
            clock: for that: seconds since some moment, never going back.
            trace: called with each record at the barrier of its wave.
            sink: awaited once per slice with the records since the last time.
            observer: sees the actors' messages as they happen.
            scheduler: who runs next; production leaves that to trio.

        Raises:
            ValueError: No strategies, one object in two sleeves, an amount or choice out of range, or a policy or rule
                that needs facts that there are not.
            TypeError: A strategy, the policy or a rule lacks a method.
        """
        check_choice("dispatch", dispatch, ("actors", "direct"))
        check_choice("unknown_instruments", unknown_instruments, ("raise", "ignore"))
        check_policy(policy, facts)
        rules = check_rules(halt_rules)
        for rule in rules:
            check_facts(type(rule).__name__, getattr(rule, "needs", frozenset({"facts"})), facts)
        self._defaults = Defaults(on_failure, candle_timeout)
        members = members_of(strategies, self._defaults)
        self.default_risk_per_trade = check_amount("default_risk_per_trade", default_risk_per_trade)
        self._sleeves = Sleeves([member.sleeve for member in members], skip_unknown=unknown_instruments == "ignore")
        records: list[TraceRecord] = []
        write = records.append if trace is not None or sink is not None else None
        briefing = None if facts is None else Briefing(facts, write)
        core = Coordination(
            self._sleeves,
            self.default_risk_per_trade,
            rules=[member.rule for member in members],
            poll_regimes=poll_regimes,
            trace=write if briefing is None else briefing.note,
        )
        self._facts = facts
        watchers = Watchers(core.halts, rules) if rules else None
        self._service = Service(core, cast("RiskAllocationPolicy", policy), trace, sink, records, briefing, watchers)
        self._roster = Roster(self._service, Cast.of(members, clock if time_handlers else None), [])
        for member in members:
            self._roster.seats.append(self._roster.seat(member))
        self._direct: Dispatcher = Direct(self._roster.cast.performers, self._roster.seats)
        self._turns = Turns()
        self._as_actors = dispatch == "actors"
        self._watchers = observer, scheduler
        self._exits: AsyncExitStack | None = None
        self._coordinator: Ref[Call | Change | Feed] | None = None
        self._tasks = WeakSet[Task]()

    @property
    def strategies(self) -> Mapping[Instrument, Entry]:
        """What was given for each sleeve, in declared order."""
        return MappingProxyType(self._roster.cast.entries)

    @property
    def policy(self) -> RiskAllocationPolicy | InformedPolicy:
        """Who splits the budget."""
        return self._service.policy

    async def on_candle_close(self, event: CandleCloseEvent) -> SliceReport:
        """Serve one candle, as a slice of one; back when it is handled.

        Candles of one instant that come one at a time are allocated one at a time: three strategies that turn
        active on one close then get budget, budget / 2 and budget / 3. `on_slice` allocates once for all of
        them.

        Raises:
            UnknownInstrumentError: Nobody trades the event's instrument.
            AllocationError: The policy's answer is refused; the candle was not routed.
            ReentrantCallError: The call came from inside a handler.
            Exception: What the strategy raised, with a note that names sleeve and candle.
        """
        return await self._report(self._sleeves.plan((event,), None))

    async def on_slice(self, events: Iterable[CandleCloseEvent] | Slice) -> SliceReport:
        """Serve all candles that close at one instant, in any order; no candles at all is a clock tick.

        Raises:
            DuplicateCandleError: Two candles of one instrument and period.
            ExceptionGroup: What the strategies raised, when several did.
            Exception: And all that `on_candle_close` raises.
        """
        if isinstance(events, Slice):
            return await self._report(self._sleeves.plan(events.events, events.close_time))
        return await self._report(self._sleeves.plan(tuple(events), None))

    async def run(self, source: AsyncIterable[CandleCloseEvent | Slice] | Iterable[CandleCloseEvent | Slice]) -> None:
        """Serve a source of events or slices to its end.

        A failure leaves the source where it is, so that another ``run`` can go on behind the slice that failed.

        Raises:
            SourceOrderError: A slice does not close after the one before.
            Exception: And all that `on_slice` raises.
        """
        clock = Clock(self._sleeves)
        if isinstance(source, AsyncIterable):
            async for item in source:
                await self._serve(Call(clock.plan(item)))
            return
        feed = Feed(clock, iter(source))
        if self._coordinator is not None:
            await self._ask(self._coordinator, feed)
            return
        while (plan := feed.next_plan()) is not None:
            await self._serve(Call(plan))

    async def serve(
        self,
        source: AsyncIterable[CandleCloseEvent | Slice],
        *,
        task_status: Status = trio.TASK_STATUS_IGNORED,
    ) -> None:
        """Serve a stream until it ends: ``serving = await nursery.start(runner.serve, channel)``.

        Starts the actors, unless the runner is entered already, and then says that it has started. The next
        item is taken when the slice before it is done, so a full channel holds its sender back. Returns at
        the end of the stream, or behind the slice in hand after ``serving.stop()``; cancel it to cut
        handlers. The source is not closed, and can be served on.

        Raises:
            SourceOrderError: A slice does not close after the one before.
            Exception: And all that `on_slice` raises.
        """
        serving = Serving()
        items = aiter(source)
        async with nullcontext() if self._exits is not None else self:
            task_status.started(serving)
            clock = Clock(self._sleeves)
            while (item := await serving.take(items)) is not None:
                await self._serve(Call(clock.plan(item)))

    async def add(self, sleeve: Instrument, strategy: Entry) -> None:
        """Add a sleeve behind all others, between two slices.

        It holds nothing, and takes part from the next slice on. Like a slice, a change is served in the order of the
        calls; if its caller is cancelled before it is served, it is not made.

        Args:
            sleeve: its key.
            strategy: as a value of the runner's ``strategies``.

        Raises:
            RosterError: The key, or the strategy object, is in the portfolio, or a handler of that object, which was
                given up, still runs.
            TypeError, ValueError: The strategy lacks a method, or its period is none.
            ReentrantCallError: The call came from inside a handler.
        """
        member = member_of(sleeve, strategy, self._defaults)
        await self._change(partial(self._roster.add, member))

    async def remove(self, sleeve: Instrument) -> object:
        """Take a sleeve out between two slices, and return its strategy.

        The last it hears is an amount of 0, unless it is quarantined or rests. Then its actor is stopped, and what it
        held goes to others with the next slice. Its positions are yours to close. Candles of an instrument that no
        other sleeve trades are unknown from then on. The strategy may be added again.

        Raises:
            UnknownSleeveError: There is no such sleeve.
            RosterError: It is the last one.
            ReentrantCallError: The call came from inside a handler.
            Exception: What the strategy raised when it was told; it is out all the same.
        """
        return await self._change(partial(self._roster.remove, sleeve))

    async def set_policy(self, policy: RiskAllocationPolicy | InformedPolicy) -> None:
        """Let another policy allocate, from the next slice on.

        Until that slice the sleeves keep what they hold, also if the new budget is smaller. The slice sends
        what is less first, as ever.

        Raises:
            TypeError, ValueError: The policy lacks its method, its budget is no amount, or it needs facts that there
                are not.
            ReentrantCallError: The call came from inside a handler.
        """
        check_policy(policy, self._facts)
        await self._change(partial(self._roster.set_policy, cast("RiskAllocationPolicy", policy)))

    def halt(self, reason: str) -> None:
        """Pull the kill switch: no new risk until `release`.

        From anywhere, also from inside a handler: it neither waits nor queues behind slices that do. Orders are
        refused at once. From the next allocation on, at the latest that of the next slice, no sleeve is granted
        anything, and the default is 0; what was granted is taken back, as in any slice. The policy is not asked.
        Candles still flow, so that strategies can manage what they have open. Halting twice is fine: the first
        reason stays. From another thread: ``trio.from_thread.run_sync(runner.halt, reason)``.

        Args:
            reason: for whoever wonders why, not empty.

        Raises:
            TypeError, ValueError: The reason is no text, or empty.
        """
        self._service.core.halts.pull(check_reason(reason))

    async def release(self) -> None:
        """Let go of the kill switch: from the next slice on the policy allocates again.

        Served between two slices, in the order of the calls. A `halt` that comes after this call is not let go of. To
        release a portfolio that is not halted does nothing.

        Raises:
            ReentrantCallError: The call came from inside a handler, which may halt and not release.
        """
        service = self._service
        await self._change(partial(service.release, service.core.halts.calls))

    def statistics(self) -> RunnerStatistics:
        """This portfolio now."""
        core, players = self._service.core, self._roster.cast
        sleeves = core.sleeve_statistics()
        if players.clock is not None:
            sleeves = {key: attrs.evolve(one, times=players.times(key)) for key, one in sleeves.items()}
        return RunnerStatistics(
            slices=core.slices,
            candles=core.candles,
            active=core.active,
            held=MappingProxyType(dict(zip(self._sleeves.keys, core.held, strict=True))),
            unmet=len(self._service.unmet),
            sleeves=MappingProxyType(sleeves),
            halt=core.halts.halt,
            active_count=core.active_count(),
            utilisation=core.utilisation(),
        )

    @property
    def view(self) -> View:
        """A window on the portfolio that costs nothing to look through, for who looks after every slice."""
        return View(self._service.core)

    def poll(self, sleeves: Iterable[Instrument]) -> None:
        """Ask these for their regime before the next allocation, also with ``poll_regimes=False``.

        For whoever told a strategy something that may change it, say its fills. Called from inside a slice, it counts
        for the next one. A sleeve that is down is asked when it is back.

        Raises:
            UnknownSleeveError: There is no such sleeve.
        """
        self._service.core.standing.owing.update([self._roster.place(sleeve) for sleeve in sleeves])

    def order_refusal(self, sleeve: Instrument, *, reduces: bool = False) -> str | None:
        """Why an order of a sleeve is to be refused now; None when it may go. For brokers to ask.

        Args:
            sleeve: whose order.
            reduces: it can only make a position smaller; a halt does not refuse that.

        Raises:
            UnknownSleeveError: There is no such sleeve.
        """
        core = self._service.core
        refusal = core.standing.order_refusal(self._roster.place(sleeve))
        return core.halts.order_refusal if refusal is None and not reduces else refusal

    def readmit(self, sleeve: Instrument, strategy: PortfolioStrategy | None = None) -> None:
        """Let a quarantined sleeve take part again when the next slice begins: its failures are forgotten.

        It is polled and told afresh; its orders wait for its next grant.

        Args:
            sleeve: its key.
            strategy: another object to play for it; None keeps the one it has.

        Raises:
            UnknownSleeveError: There is no such sleeve.
            RunnerStateError: It is not quarantined, or the handler that it is quarantined for still runs.
            ValueError: The object plays for another sleeve.
            TypeError: The object lacks a method.
        """
        self._roster.readmit(sleeve, strategy)

    async def __aenter__(self) -> Self:
        """Start the actors."""
        if self._exits is not None or self._turns.taken:
            raise RunnerStateError("this runner is entered, or serving a call, already: one block at a time.")
        async with AsyncExitStack() as exits:
            self._exits = exits
            exits.callback(self._close)
            if self._as_actors:
                await self._turns.take()  # it is free; who calls while the actors start waits for them
                try:
                    await self._start_actors(exits)
                finally:
                    self._turns.give_back()
            self._exits = exits.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool | None:
        """End the actors: finish the calls that were made, or, by exception or cancellation, cut them."""
        if self._exits is None:
            raise RunnerStateError("this runner is not entered.")
        handled = await self._exits.__aexit__(kind, error, traceback)  # noqa: ASYNC102 - the system shields
        if self._service.unmet:
            rest = None if handled else _without_cancellations(error)
            self._raise([] if rest is None else [rest])
        return handled

    async def _start_actors(self, exits: AsyncExitStack) -> None:
        observer, scheduler = self._watchers
        system = await exits.enter_async_context(open_system("portfolio", observer=observer, scheduler=scheduler))
        dispatcher = Actors(system, self._register)
        for seat in self._roster.seats:
            await dispatcher.admit(seat)
        self._coordinator = coordinator = await system.start(
            self._service.coordinate,
            dispatcher,
            self._register,
            name="coordinator",
        )
        exits.push_async_exit(partial(_drain, coordinator))

    def _register(self) -> None:
        self._tasks.add(current_task())

    def _close(self) -> None:
        self._exits = self._coordinator = None
        self._tasks.clear()

    async def _change(self, make: Callable[[Dispatcher], Awaitable[object]]) -> object:
        change = Change(make)
        self._sleeves.changing += 1  # who calls behind this one must not plan before it is made
        try:
            await self._serve(change)
        finally:
            self._sleeves.changing -= 1
        return change.result

    async def _report(self, plan: Plan) -> SliceReport:
        call = Call(plan)
        await self._serve(call)
        return call.report

    async def _serve(self, call: Call | Change) -> None:
        turns, service, coordinator = self._turns, self._service, self._coordinator
        if turns.taken or coordinator is None:
            await turns.take()
            try:
                coordinator = self._coordinator  # the actors may have started while this call was in line
                if coordinator is None:
                    await service.attend(call, self._direct)
            finally:
                turns.give_back()
        if coordinator is not None:
            await self._ask(coordinator, call)
        elif call.failures or service.unmet:
            self._raise(call.failures)

    async def _ask(self, coordinator: Ref[Call | Change | Feed], caller: Call | Change | Feed) -> None:
        service = self._service
        if service.busy:
            refuse_descendants(self._tasks)
        met = False
        try:
            await coordinator.ask(caller)
            met = True
        except ActorStopped as error:
            raise RunnerStateError("the runner's block is ending: this call was not served to its end.") from error
        finally:
            if not met:
                service.abandon(caller)
        if caller.failures or service.unmet:
            self._raise(caller.failures)

    def _raise(self, failures: Sequence[BaseException]) -> None:
        """Raise the failures of this call, and those that an earlier caller did not stay for."""
        failures = [*self._service.unmet, *failures]
        self._service.unmet.clear()
        if len(failures) == 1:
            raise failures[0]
        raise BaseExceptionGroup(f"{len(failures)} failures in the portfolio", failures)


async def _drain(coordinator: Ref[Call], _kind: object, error: BaseException | None, _traceback: object) -> None:
    """End the coordinator before all sleeves, also those that were added after it."""
    if error is None:
        await coordinator.drain()


def _without_cancellations(error: BaseException | None) -> BaseException | None:
    """A cancellation that meets failures gives way to them; nothing else may get lost."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1]
    return None if isinstance(error, trio.Cancelled) else error
