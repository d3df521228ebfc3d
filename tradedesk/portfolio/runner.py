"""The runner: the door through which candles come in."""

from collections.abc import AsyncIterable, Iterable, Sequence
from contextlib import AsyncExitStack
from functools import partial
from math import inf
from types import MappingProxyType, TracebackType
from typing import Literal, Self, cast

import trio
from trio.lowlevel import Task, current_task

from actors import ActorStopped, Observer, Ref, Scheduler, System, open_system
from tradedesk.marketdata import CandleCloseEvent, Instrument, Slice
from tradedesk.portfolio._briefing import Briefing
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._dispatch import Actors, Direct, Dispatcher, Message, guarded_sleeve, sleeve
from tradedesk.portfolio._errors import RunnerStateError, UnknownSleeveError
from tradedesk.portfolio._facts import FactsSource, InformedPolicy
from tradedesk.portfolio._seats import Cast, Seat
from tradedesk.portfolio._service import Call, Clock, Feed, Service, Sink, Trace
from tradedesk.portfolio._setup import (
    Strategies,
    candle_timeouts,
    check_amount,
    check_choice,
    check_policy,
    check_strategy,
    failure_rules,
    sleeves_of,
)
from tradedesk.portfolio._sleeves import Plan, Sleeves
from tradedesk.portfolio._statistics import RunnerStatistics, SliceReport
from tradedesk.portfolio._tasks import Turns, refuse_descendants
from tradedesk.portfolio._trace import TraceRecord
from tradedesk.portfolio._waves import Build
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
            trace: called with each record at the barrier of its wave.
            sink: awaited once per slice with the records since the last time.
            observer: sees the actors' messages as they happen.
            scheduler: who runs next; production leaves that to trio.

        Raises:
            ValueError: No strategies, one object in two sleeves, an amount or choice out of range, or a policy that
                needs facts that there are not.
            TypeError: A strategy or the policy lacks a method.
        """
        check_choice("dispatch", dispatch, ("actors", "direct"))
        check_choice("unknown_instruments", unknown_instruments, ("raise", "ignore"))
        check_policy(policy, facts)
        sleeves, objects = sleeves_of(strategies)
        rules = failure_rules(strategies, on_failure)
        self._cast = Cast(objects, dict(strategies))
        self.strategies = MappingProxyType(self._cast.entries)
        timeouts = enumerate(candle_timeouts(strategies, candle_timeout).items())
        self._seats = [Seat(place, key, self._cast, seconds) for place, (key, seconds) in timeouts]
        self._guarded = [rule != "raise" or seat.seconds < inf for rule, seat in zip(rules, self._seats, strict=True)]
        self.policy = policy
        self.default_risk_per_trade = check_amount("default_risk_per_trade", default_risk_per_trade)
        self._sleeves = Sleeves(sleeves, skip_unknown=unknown_instruments == "ignore")
        records: list[TraceRecord] = []
        write = records.append if trace is not None or sink is not None else None
        briefing = None if facts is None else Briefing(facts, write)
        core = Coordination(
            self._sleeves,
            self.default_risk_per_trade,
            rules=rules,
            poll_regimes=poll_regimes,
            trace=write if briefing is None else briefing.note,
        )
        self._service = Service(core, cast("RiskAllocationPolicy", policy), trace, sink, records, briefing)
        self._direct: Dispatcher = Direct(objects, self._seats)
        self._turns = Turns()
        self._as_actors = dispatch == "actors"
        self._watchers = observer, scheduler
        self._exits: AsyncExitStack | None = None
        self._coordinator: Ref[Call | Feed] | None = None
        self._tasks: set[Task] = set()

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
        return await self._serve(self._sleeves.plan((event,), None))

    async def on_slice(self, events: Iterable[CandleCloseEvent] | Slice) -> SliceReport:
        """Serve all candles that close at one instant, in any order; no candles at all is a clock tick.

        Raises:
            DuplicateCandleError: Two candles of one instrument and period.
            ExceptionGroup: What the strategies raised, when several did.
            Exception: And all that `on_candle_close` raises.
        """
        if isinstance(events, Slice):
            return await self._serve(self._sleeves.plan(events.events, events.close_time))
        return await self._serve(self._sleeves.plan(tuple(events), None))

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
                await self._serve(clock.plan(item))
            return
        feed = Feed(clock, iter(source))
        if self._coordinator is not None:
            await self._ask(self._coordinator, feed)
            return
        while (plan := feed.next_plan()) is not None:
            await self._serve(plan)

    def statistics(self) -> RunnerStatistics:
        """This portfolio now."""
        core = self._service.core
        return RunnerStatistics(
            slices=core.slices,
            candles=core.candles,
            active=core.active,
            held=MappingProxyType(dict(zip(self._sleeves.keys, core.held, strict=True))),
            unmet=len(self._service.unmet),
            sleeves=MappingProxyType(core.sleeve_statistics()),
        )

    def order_refusal(self, sleeve: Instrument) -> str | None:
        """Why an order of a sleeve is to be refused now; None when it may go. For brokers to ask.

        Raises:
            UnknownSleeveError: There is no such sleeve.
        """
        return self._service.core.standing.order_refusal(self._place(sleeve))

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
        place = self._place(sleeve)
        down = self._service.core.standing.down.get(place)
        if down is None or down.until is not None:
            standing = self.statistics().sleeves[sleeve].standing
            raise RunnerStateError(f"sleeve {sleeve!r} is {standing}: only a quarantined sleeve can be readmitted.")
        if self._seats[place].abandoned:
            raise RunnerStateError(f"the handler of sleeve {sleeve!r} has not ended yet: readmit it when it has.")
        build = None
        if strategy is not None:
            check_strategy(sleeve, strategy)
            owner = self._cast.sleeve_of(strategy)
            if owner not in (None, sleeve):
                raise ValueError(f"sleeve {owner!r} has this object already: give sleeve {sleeve!r} one of its own.")
            build = Build(lambda _: strategy, given=True)
        self._service.core.standing.readmit(place, build)

    def _place(self, sleeve: Instrument) -> int:
        place = self._sleeves.place_of.get(sleeve)
        if place is None:
            raise UnknownSleeveError(sleeve, self._sleeves.keys)
        return place

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
        refs = [await self._start_sleeve(system, seat) for seat in self._seats]
        dispatcher = Actors(refs, self._seats)
        self._coordinator = await system.start(
            self._service.coordinate,
            dispatcher,
            self._register,
            name="coordinator",
        )

    async def _start_sleeve(self, system: System, seat: Seat) -> Ref[Message]:
        # nobody but the coordinator writes to a sleeve, and at most one message is out: more is a defect
        start = partial(system.start, name=f"sleeve {seat.key!r}", capacity=1, overflow="fail")
        if self._guarded[seat.place]:
            return await start(guarded_sleeve, seat, self._register)
        return await start(sleeve, seat.strategy, self._register)

    def _register(self) -> None:
        self._tasks.add(current_task())

    def _close(self) -> None:
        self._exits = self._coordinator = None
        self._tasks.clear()

    async def _serve(self, plan: Plan) -> SliceReport:
        call = Call(plan)
        turns, service, coordinator = self._turns, self._service, self._coordinator
        if turns.taken or coordinator is None:
            await turns.take()
            try:
                coordinator = self._coordinator  # the actors may have started while this call was in line
                if coordinator is None:
                    await service.serve(plan, call, self._direct)
            finally:
                turns.give_back()
        if coordinator is not None:
            await self._ask(coordinator, call)
        elif call.failures or service.unmet:
            self._raise(call.failures)
        return call.report

    async def _ask(self, coordinator: Ref[Call | Feed], caller: Call | Feed) -> None:
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


def _without_cancellations(error: BaseException | None) -> BaseException | None:
    """A cancellation that meets failures gives way to them; nothing else may get lost."""
    if isinstance(error, BaseExceptionGroup):
        return error.split(trio.Cancelled)[1]
    return None if isinstance(error, trio.Cancelled) else error
