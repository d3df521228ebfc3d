"""A portfolio from its first candle to its last, under one schedule: the real runner, in virtual time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Unpack

import attrs
from trio.lowlevel import in_trio_run

from actors import DeadLetter
from actors.testing import Lab, Schedule, replay
from tradedesk.portfolio import (
    Failed,
    Instrument,
    Quarantined,
    RunnerStatistics,
    SliceReport,
    TraceRecord,
)
from tradedesk.testing._building import Options, Policy, premises_of, runner_of
from tradedesk.testing._feeding import Fed, Feeding, Undertaker
from tradedesk.testing._invariants import PROMISES
from tradedesk.testing._log import Call, Item, Premises
from tradedesk.testing._rules import Rule
from tradedesk.testing._scripts import CrashPoint
from tradedesk.testing._watched import Book, Entry, unwatched


@attrs.frozen(eq=False)
class Run:
    """What came of a simulation.

    Attributes:
        log: the trace, and between its records what the strategies met, in the order of things.
        premises: what was so before the first record.
        reports: what the runner said of the items that it served, by their place in the stream.
        errors: what it raised at the others, likewise.
        statistics: of the runner, at the end.
        strategies: the objects that play at the end, by sleeve: yours, not those that watch them.
        missed: crashes that were planted and never came, because the sleeve met too few calls.
    """

    log: Sequence[Item]
    premises: Premises
    reports: Mapping[int, SliceReport]
    errors: Mapping[int, Exception]
    statistics: RunnerStatistics
    strategies: Mapping[Instrument, object]
    missed: Sequence[CrashPoint]

    @property
    def trace(self) -> list[TraceRecord]:
        """The records of the runner."""
        return [item for item in self.log if not isinstance(item, Call | DeadLetter)]

    @property
    def facts(self) -> list[object]:
        """The trace as values that those of another run can equal: an error by its type and its arguments."""
        return [facts_of(record) for record in self.trace]

    def calls(self, sleeve: str) -> list[Call]:
        """What the strategies of a sleeve met, in order."""
        return [item for item in self.log if isinstance(item, Call) and item.sleeve == sleeve]

    def check(self, *rules: "Rule | Callable[[Run], object]") -> None:
        """Hold the run to some rules, or to functions of a run that raise; without arguments to all of `PROMISES`.

        Raises:
            Violation: A rule is broken; it names the rule and the records that show it.
        """
        __tracebackhide__ = True  # pytest's
        for rule in rules or PROMISES:
            if isinstance(rule, Rule):
                rule.check(self.log, self.premises)
            else:
                rule(self)


def simulate(
    strategies: Mapping[Instrument, Entry],
    policy: Policy,
    stream: Iterable[Fed],
    *,
    schedule: Schedule | str | None = None,
    steps: int = 20_000,
    **options: Unpack[Options],
) -> Run:
    """Feed a stream to a portfolio, item by item, and say what happened. Nothing async for the caller.

    The runner is the real one, each strategy an actor; ``schedule`` decides who goes on whenever several could. Time is
    virtual. One call uses its strategies up: make new ones, and a new policy, for the next.

    Args:
        strategies: as for `PortfolioRunner`.
        policy: as for `PortfolioRunner`.
        stream: candles, slices, or sequences of candles that close at one instant.
        schedule: from `actors.testing.hypothesis.schedules`, or the word in a report of an exploration; None: in turn.
        steps: how many the schedule may take.
        options: see `Options`.

    Raises:
        AssertionError: Nobody can go on, or it takes too many steps.
        ScheduleDoesNotFit: The word was made for another portfolio or stream.
        RuntimeError: Trio runs already.
        Exception: What the runner raised.
    """
    if in_trio_run():
        raise RuntimeError(
            "simulate() runs trio by itself: call it before the scenario, or simulate_in(lab, ...) in it"
        )
    runs: list[Run] = []

    async def scenario(lab: Lab) -> None:
        runs.append(await simulate_in(lab, strategies, policy, stream, **options))

    if isinstance(schedule, str):
        replay(scenario, schedule, steps=steps)
    else:
        (schedule or Schedule()).run(scenario, steps=steps)
    return runs[0]


async def simulate_in(
    lab: Lab,
    strategies: Mapping[Instrument, Entry],
    policy: Policy,
    stream: Iterable[Fed],
    **options: Unpack[Options],
) -> Run:
    """The same inside a scenario that is explored: there the lab decides who goes on. Arguments as for `simulate`.

    Raises:
        Exception: What the runner raised.
    """
    book = Book(crashes=set(options.get("crashes", ())))
    feeding = Feeding(book, keep_errors=options.get("keep_errors", False))
    observer = lab.observer(Undertaker(book.log))
    runner = runner_of(strategies, policy, book, options, observer=observer, scheduler=lab.scheduler)
    async with runner:
        await feeding.feed(lab, runner, stream, options.get("callers", 1))
    return Run(
        book.log,
        premises_of(policy, book, options, feeding.given),
        feeding.reports,
        feeding.errors,
        runner.statistics(),
        {sleeve: unwatched(entry) for sleeve, entry in runner.strategies.items()},
        sorted(book.crashes, key=attrs.astuple),
    )


def facts_of(item: Item) -> object:
    """An item as a value that one of another run can equal."""
    if isinstance(item, Failed | Quarantined):
        fields = attrs.asdict(item, recurse=False) | {"error": named(item.error)}
        return type(item).__name__, *fields.items()
    if isinstance(item, Call) and isinstance(item.value, BaseException):
        return attrs.evolve(item, value=named(item.value))
    return item


def named(error: BaseException) -> object:
    """An error as a value that an error of another run can equal."""
    if isinstance(error, BaseExceptionGroup):
        return [named(one) for one in error.exceptions]
    return type(error), error.args, tuple(getattr(error, "__notes__", ()))
