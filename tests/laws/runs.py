"""Play a script to a runner, one way or another, and say all that can be seen of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs
import trio

from actors import Inbox, open_system
from tests.laws.desk import (
    DEFAULT,
    TIMEOUT,
    Desk,
    Feed,
    Join,
    Lab,
    Leave,
    Scripted,
    Step,
    Switch,
    entries_of,
    entry_of,
    strategies_of,
    strategy_of,
)
from tests.laws.model import Model
from tests.laws.schedules import Way
from tradedesk.portfolio import PortfolioRunner, Quarantined, Resting, RunnerStatistics, StrategySpec, TraceRecord


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


def figures(statistics: RunnerStatistics) -> object:
    """Statistics as a value that those of another run can equal."""
    fields = attrs.asdict(statistics, recurse=False)
    sleeves = {key: attrs.asdict(one) for key, one in statistics.sleeves.items()}
    for one in sleeves.values():
        one["error"] = None if one["error"] is None else named(one["error"])
    return fields | {"sleeves": sleeves}


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


class Troupe:
    """Every strategy object that ever joined: its calls, by a name of its own, and the last one of each key."""

    def __init__(self, desk: Desk, lab: Lab, strategies: Mapping[str, Scripted]) -> None:
        self.calls = {key: strategy.calls for key, strategy in strategies.items()}
        self.latest = dict(strategies)
        self._desk, self._lab = desk, lab

    def joining(self, join: Join) -> Scripted:
        key = join.plan.key
        if join.anew or key not in self.latest:
            self.latest[key] = strategy_of(join.plan, self._desk, self._lab)
            self.calls[f"{key}, newcomer {len(self.calls)}"] = self.latest[key].calls
        return self.latest[key]


async def every_handler_ends(desk: Desk) -> None:
    """Wait for those that hang and that nobody waits for."""
    await trio.sleep(10 * TIMEOUT if desk.hangs else 0)


def by_the_model(desk: Desk, script: Sequence[Step]) -> Run:
    async def scenario() -> Run:
        async with laboratory(desk) as lab:
            model = Model(desk, lab)
            troupe = Troupe(desk, lab, model.strategies)
            for step in script:
                await by_model(model, troupe, step)
        return Run(troupe.calls, states_of(model.strategies), statistics=model.standings)

    return Way().run(scenario)


async def by_model(model: Model, troupe: Troupe, step: Step) -> None:
    match step:
        case Join(plan=plan) if plan.key not in model.members:
            model.add(troupe.joining(step))
        case Leave(key=key) if key in model.members and len(model.members) > 1:
            troupe.latest[key] = model.strategies[key]
            model.remove(key)
        case Switch():
            model.policy = step.policy()
            model.lab.switch(step.budget)
        case Feed():
            model.ask_back(step.readmitted)
            for key in step.regimes.keys() & model.members.keys():
                model.strategies[key].regime = step.regimes[key]
            if model.trades(step.events):
                await model.on_slice(step.events)


class Playing:
    """One caller takes the steps of a script to a runner; what its calls raise is noted, and it goes on."""

    def __init__(self, desk: Desk, lab: Lab, way: Way, *, poll_regimes: bool, watched: bool) -> None:
        self.desk, self.lab = desk, lab
        strategies = strategies_of(desk, lab)
        self.troupe = Troupe(desk, lab, strategies)
        self.raised: list[object] = []
        self.trace: list[TraceRecord] = []
        self.batches: list[Sequence[TraceRecord]] = []
        self.runner = PortfolioRunner(
            entries_of(strategies),
            desk.policy(),
            DEFAULT,
            dispatch=way.dispatch,
            poll_regimes=poll_regimes,
            candle_timeout=TIMEOUT if desk.hangs else None,
            trace=self.watch if watched else None,
            sink=self.sink if watched else None,
            scheduler=way.scheduler(),
            unknown_instruments="ignore" if desk.skip_unknown else "raise",
        )

    def watch(self, record: TraceRecord) -> None:
        self.trace.append(record)
        if isinstance(record, Quarantined | Resting):  # its orders are refused: it holds nothing
            self.lab.held[record.sleeve] = 0.0

    async def sink(self, records: Sequence[TraceRecord]) -> None:
        await trio.lowlevel.checkpoint()
        self.batches.append(records)

    @property
    def present(self) -> dict[str, Scripted]:
        entries = self.runner.strategies.items()
        return {key: entry.strategy if isinstance(entry, StrategySpec) else entry for key, entry in entries}

    async def play(self, script: Sequence[Step]) -> None:
        for number, step in enumerate(script):
            try:
                await self._take(step, number)
            except Exception as error:
                self.raised.append(named(error))

    async def _take(self, step: Step, number: int) -> None:
        match step:
            case Feed():
                await self._ask_back(step)
                await self._feed(step, number)
            case Join():
                await self._join(step)
            case Leave(key=key):
                await self._leave(key)
            case Switch():
                await self.runner.set_policy(step.policy())
                self.lab.switch(step.budget)

    async def _ask_back(self, feed: Feed) -> None:
        if feed.readmitted:
            await every_handler_ends(self.desk)
        for key, anew in feed.readmitted.items():
            if key in self.present and self.runner.statistics().sleeves[key].standing == "quarantined":
                self.runner.readmit(key, self.present[key].successor() if anew else None)

    async def _feed(self, feed: Feed, number: int) -> None:
        for key in feed.regimes.keys() & self.present.keys():
            self.present[key].regime = feed.regimes[key]
        with trio.move_on_after(float("inf") if feed.patience is None else feed.patience):
            await self.runner.on_slice(feed.slice(number))

    async def _join(self, join: Join) -> None:
        await every_handler_ends(self.desk)
        key, present = join.plan.key, self.present
        strategy = present[key] if key in present else self.troupe.joining(join)
        await self.runner.add(key, entry_of(strategy))

    async def _leave(self, key: str) -> None:
        await every_handler_ends(self.desk)
        strategy = self.present.get(key)
        try:
            assert await self.runner.remove(key) is strategy
        finally:
            if strategy is not None and key not in self.runner.strategies:
                self.troupe.latest[key] = strategy
                self.lab.held.pop(key, None)  # it may have failed to take the 0, and counts no longer

    async def play_in_the_block(self, script: Sequence[Step]) -> None:
        try:
            async with self.runner:
                await self.play(script)
        except Exception as error:
            self.raised.append(named(error))

    def run(self) -> Run:
        return Run(
            calls=self.troupe.calls,
            states=states_of(self.present),
            trace=self.trace,
            raised=self.raised,
            statistics=figures(self.runner.statistics()),
            breaches=self.lab.breaches,
            batches=self.batches,
        )


def by_the_runner(
    desk: Desk, script: Sequence[Step], way: Way, *, poll_regimes: bool = True, watched: bool = True
) -> Run:
    async def scenario() -> Run:
        async with laboratory(desk) as lab:
            playing = Playing(desk, lab, way, poll_regimes=poll_regimes, watched=watched)
            await (playing.play_in_the_block(script) if way.entered else playing.play(script))
        return playing.run()

    return way.run(scenario)
