"""Play a script to a runner, one way or another, and say all that can be seen of it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import attrs
import trio

from actors import Inbox, open_system
from tests.laws.desk import DEFAULT, TIMEOUT, Desk, Feed, Lab, Scripted, entries_of, strategies_of, successor
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
    seen: RunnerStatistics | None = None

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


def by_the_model(desk: Desk, script: Sequence[Feed]) -> Run:
    async def scenario() -> Run:
        async with laboratory(desk) as lab:
            model = Model(desk, lab)
            for feed in script:
                model.ask_back(feed.readmitted)
                for key, regime in feed.regimes.items():
                    model.strategies[key].regime = regime
                await model.on_slice(feed.events)
        return Run(
            {key: s.calls for key, s in model.strategies.items()},
            states_of(model.strategies),
            statistics=model.standings,
        )

    return Way().run(scenario)


class Playing:
    """One caller feeds a script to a runner; what its calls raise is noted, and it goes on."""

    def __init__(self, desk: Desk, lab: Lab, way: Way, *, poll_regimes: bool) -> None:
        self.desk, self.lab = desk, lab
        self.strategies = strategies_of(desk, lab)
        self.raised: list[object] = []
        self.trace: list[TraceRecord] = []
        self.batches: list[Sequence[TraceRecord]] = []
        self.runner = PortfolioRunner(
            entries_of(desk, self.strategies, lab),
            desk.policy(),
            DEFAULT,
            dispatch=way.dispatch,
            poll_regimes=poll_regimes,
            candle_timeout=TIMEOUT if desk.hangs else None,
            trace=self.watch,
            sink=self.sink,
            scheduler=way.scheduler(),
        )
        lab.pull = self.runner.halt

    def watch(self, record: TraceRecord) -> None:
        self.trace.append(record)
        if isinstance(record, Quarantined | Resting):  # its orders are refused: it holds nothing
            self.lab.held[record.sleeve] = 0.0

    async def sink(self, records: Sequence[TraceRecord]) -> None:
        await trio.lowlevel.checkpoint()
        self.batches.append(records)

    def present(self, key: str) -> Scripted:
        entry = self.runner.strategies[key]
        return entry.strategy if isinstance(entry, StrategySpec) else entry

    async def ask_back(self, feed: Feed) -> None:
        if feed.readmitted:
            await trio.sleep(10 * TIMEOUT)  # until every handler that was given up has ended
        for key, anew in feed.readmitted.items():
            if self.runner.statistics().sleeves[key].standing == "quarantined":
                self.runner.readmit(key, successor(self.desk, self.lab, self.strategies[key]) if anew else None)

    async def play(self, script: Sequence[Feed]) -> None:
        for number, feed in enumerate(script):
            await self.ask_back(feed)
            if feed.switch == "halt":
                self.runner.halt("enough")
            elif feed.switch == "release":
                await self.runner.release()
            for key, regime in feed.regimes.items():
                self.present(key).regime = regime
            try:
                with trio.move_on_after(float("inf") if feed.patience is None else feed.patience):
                    await self.runner.on_slice(feed.slice(number))
            except Exception as error:
                self.raised.append(named(error))

    async def play_in_the_block(self, script: Sequence[Feed]) -> None:
        try:
            async with self.runner:
                await self.play(script)
        except Exception as error:
            self.raised.append(named(error))

    def run(self) -> Run:
        return Run(
            calls={key: s.calls for key, s in self.strategies.items()},
            states=states_of({key: self.present(key) for key in self.strategies}),
            trace=self.trace,
            raised=self.raised,
            statistics=figures(self.runner.statistics()),
            breaches=self.lab.breaches,
            batches=self.batches,
            seen=self.runner.statistics(),
        )


def by_the_runner(desk: Desk, script: Sequence[Feed], way: Way, *, poll_regimes: bool = True) -> Run:
    async def scenario() -> Run:
        async with laboratory(desk) as lab:
            playing = Playing(desk, lab, way, poll_regimes=poll_regimes)
            await (playing.play_in_the_block(script) if way.entered else playing.play(script))
        return playing.run()

    return way.run(scenario)
