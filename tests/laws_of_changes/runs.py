"""Play a script to a runner, one way or another, and say all that can be seen of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs
import trio

from actors import Inbox, open_system
from tests.laws_of_changes.desk import (
    DEFAULT,
    Desk,
    Feed,
    Halt,
    Join,
    Lab,
    Leave,
    Release,
    Scripted,
    SleevePlan,
    Step,
    Switch,
    entries_of,
    entry_of,
    strategies_of,
    strategy_of,
)
from tests.laws_of_changes.model import Model
from tests.laws_of_changes.schedules import Way
from tradedesk.portfolio import PortfolioRunner, TraceRecord


@attrs.define
class Run:
    calls: Mapping[str, Sequence[object]]
    states: Mapping[str, tuple[object, ...]]
    trace: Sequence[TraceRecord] = ()
    raised: Sequence[object] = ()
    statistics: object = None
    breaches: Sequence[str] = ()
    batches: Sequence[Sequence[TraceRecord]] = ()

    @property
    def facts(self) -> list[object]:
        return [fact(record) for record in self.trace]


def fact(record: TraceRecord) -> tuple[object, ...]:
    """A record as a value that a record of another run can equal: an error by its type and arguments."""
    fields = attrs.asdict(record, recurse=False)
    if "error" in fields:
        fields["error"] = named(fields["error"])
    return type(record).__name__, *fields.items()


def named(error: BaseException) -> object:
    if isinstance(error, BaseExceptionGroup):
        return [named(one) for one in error.exceptions]
    return type(error), error.args, tuple(getattr(error, "__notes__", ()))


def states_of(strategies: Mapping[str, Scripted]) -> dict[str, tuple[object, ...]]:
    return {key: (strategy.state, strategy.risk, strategy.regime) for key, strategy in strategies.items()}


async def echo(inbox: Inbox[object]) -> None:
    async for message in inbox:
        inbox.reply(message)


@asynccontextmanager
async def laboratory(desk: Desk) -> AsyncIterator[Lab]:
    """A ledger, and an actor of another system for strategies to ask."""
    lab = Lab(desk.budget)
    async with open_system("outside") as outside:
        ref = await outside.start(echo)
        lab.ask = lambda: ref.ask("anything")
        yield lab


class Cast:
    """Every strategy object of a run, also those that left, by a name of its own."""

    def __init__(self, desk: Desk, lab: Lab, strategies: Mapping[str, Scripted]) -> None:
        self.everybody = dict(strategies)
        self._latest = dict(strategies)
        self._desk, self._lab = desk, lab

    def joining(self, join: Join) -> Scripted:
        strategy = self._latest.get(join.plan.key)
        if join.anew or strategy is None:
            strategy = strategy_of(join.plan, self._desk, self._lab)
            self.everybody[f"{join.plan.key}, object {len(self.everybody)}"] = strategy
            self._latest[join.plan.key] = strategy
        return strategy


def by_the_model(desk: Desk, script: Sequence[Step]) -> Run:
    async def scenario() -> Run:
        async with laboratory(desk) as lab:
            model = Model(desk, lab)
            cast = Cast(desk, lab, model.strategies)
            for step in script:
                match step:
                    case Join() if step.plan.key not in model.strategies:
                        model.add(step.plan, cast.joining(step))
                    case Leave() if step.key in model.strategies and len(model.strategies) > 1:
                        model.remove(step.key)
                    case Switch():
                        model.policy = step.policy()
                        lab.switch(step.budget)
                    case Feed():
                        set_regimes(step, model.strategies)
                        if model.trades(step.events):
                            await model.on_slice(step.events)
        return Run({key: s.calls for key, s in cast.everybody.items()}, states_of(cast.everybody))

    return Way().run(scenario)


def set_regimes(feed: Feed, strategies: Mapping[str, Scripted]) -> None:
    for key in feed.regimes.keys() & strategies.keys():
        strategies[key].regime = feed.regimes[key]


class Play:
    """One caller takes the steps of a script; what its calls raise is noted, and it goes on."""

    def __init__(self, desk: Desk, lab: Lab, way: Way, *, poll_regimes: bool, watched: bool) -> None:
        self.desk, self.lab = desk, lab
        self.strategies = strategies_of(desk, lab)
        self.cast = Cast(desk, lab, self.strategies)
        self.raised: list[object] = []
        self.trace: list[TraceRecord] = []
        self.batches: list[Sequence[TraceRecord]] = []
        self.runner = PortfolioRunner(
            entries_of(desk, self.strategies),
            desk.policy(),
            DEFAULT,
            dispatch=way.dispatch,
            poll_regimes=poll_regimes,
            trace=self.trace.append if watched else None,
            sink=self.sink if watched else None,
            scheduler=way.scheduler(),
        )

    async def sink(self, records: Sequence[TraceRecord]) -> None:
        await trio.lowlevel.checkpoint()
        self.batches.append(records)

    async def whole(self, script: Sequence[Step]) -> None:
        for number, step in enumerate(script):
            try:
                await self.take(step, number)
            except Exception as error:
                self.raised.append(named(error))

    async def take(self, step: Step, number: int) -> None:
        match step:
            case Feed():
                set_regimes(step, self.strategies)
                with trio.move_on_after(float("inf") if step.patience is None else step.patience):
                    await self.runner.on_slice(step.slice(number))
            case Join(plan=plan):
                await self.join(step, plan)
            case Leave(key=key):
                await self.leave(key)
            case Halt(reason=reason):
                self.runner.halt(reason)
            case Release():
                await self.runner.release()
            case Switch():
                await self.runner.set_policy(step.policy())
                self.lab.switch(step.budget)

    async def join(self, join: Join, plan: SleevePlan) -> None:
        if plan.key in self.strategies:  # refused, so the object is of no account
            await self.runner.add(plan.key, entry_of(plan, strategy_of(plan, self.desk, self.lab)))
        strategy = self.cast.joining(join)
        await self.runner.add(plan.key, entry_of(plan, strategy))
        self.strategies[plan.key] = strategy

    async def leave(self, key: str) -> None:
        try:
            assert await self.runner.remove(key) is self.strategies[key]
        finally:
            if key in self.strategies and key not in self.runner.strategies:
                del self.strategies[key]
                self.lab.held.pop(key, None)  # it may have failed to take the 0, and counts no longer

    @property
    def run(self) -> Run:
        return Run(
            calls={key: s.calls for key, s in self.cast.everybody.items()},
            states=states_of(self.cast.everybody),
            trace=self.trace,
            raised=self.raised,
            statistics=self.runner.statistics(),
            breaches=self.lab.breaches,
            batches=self.batches,
        )


def by_the_runner(
    desk: Desk, script: Sequence[Step], way: Way, *, poll_regimes: bool = True, watched: bool = True
) -> Run:
    async def scenario() -> Run:
        async with laboratory(desk) as lab:
            play = Play(desk, lab, way, poll_regimes=poll_regimes, watched=watched)
            if way.entered:
                try:
                    async with play.runner:
                        await play.whole(script)
                except Exception as error:
                    play.raised.append(named(error))
            else:
                await play.whole(script)
        return play.run

    return way.run(scenario)
