"""At no instant is more held than the budget: seen by the strategies themselves, and read from the trace."""

from collections.abc import Sequence
from contextlib import suppress

import attrs
import trio
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.desk import DEFAULT, RULES, TIMEOUT, Boom, Desk, Feed, Lab, desks, entries_of, feeds, strategies_of
from tests.laws.monitors import lost_or_doubled, met_while_down, out_of_turn, over_budget
from tests.laws.runs import by_the_runner, laboratory
from tests.laws.schedules import AS_ACTORS, WAYS, Way, law
from tradedesk.portfolio import CandleTimeoutError, PortfolioRunner, Quarantined, Resting, TraceRecord


@st.composite
def plays(draw: st.DrawFn, faults: float = 0.0, *, leaving: bool = False) -> tuple[Desk, list[Feed]]:
    desk = draw(desks(faults, policies=("wandering", "wandering", "weighted", "equal")))
    return desk, draw(feeds(desk, leaving=leaving, min_size=2))


@law
@given(plays(), AS_ACTORS)
def test_the_budget_holds_under_every_schedule(play: tuple[Desk, list[Feed]], way: Way):
    run = by_the_runner(*play, way)

    assert run.breaches == []
    assert list(over_budget(play[0], run.trace)) == []


@law
@given(plays(faults=0.25), WAYS)
def test_the_budget_holds_when_strategies_fail(play, way):
    run = by_the_runner(*play, way)

    assert run.breaches == []
    assert list(over_budget(play[0], run.trace)) == []


@law
@given(plays(faults=0.15, leaving=True), WAYS)
def test_the_budget_holds_when_callers_leave(play, way):
    run = by_the_runner(*play, way)

    assert run.breaches == []
    assert list(over_budget(play[0], run.trace)) == []


@law
@given(plays(faults=0.15, leaving=True), AS_ACTORS)
def test_a_caller_who_leaves_takes_no_candle_along(play, way):
    run = by_the_runner(*play, way)

    assert list(lost_or_doubled(run.trace)) == []
    assert list(out_of_turn(play[0], run.trace)) == []


class CutRun:
    """Several callers feed one runner; its host is cancelled in mid-run, and the runner is used again without a block."""

    def __init__(self, desk: Desk, script: Sequence[Feed], way: Way, cut_after: float) -> None:
        self.desk, self.script, self.way, self.cut_after = desk, script, way, cut_after
        self.trace: list[TraceRecord] = []
        self.lab = Lab()
        self.running = -1

    async def scenario(self) -> None:
        async with laboratory(self.desk) as self.lab:
            self.strategies = strategies_of(self.desk, self.lab)
            self.runner = PortfolioRunner(
                entries_of(self.strategies),
                self.desk.policy(),
                DEFAULT,
                dispatch=self.way.dispatch,
                candle_timeout=TIMEOUT if self.desk.hangs else None,
                trace=self.watch,
                scheduler=self.way.scheduler(),
            )
            try:
                with trio.move_on_after(self.cut_after):
                    async with self.runner, trio.open_nursery() as callers:
                        for number in range(3):
                            callers.start_soon(self.feed, self.script[number::3])
            except* (Boom, CandleTimeoutError):  # the block's exit meets what nobody met
                pass
            self.running = sum(strategy.handling for strategy in self.strategies.values())
            await self.feed(self.script)

    def watch(self, record: TraceRecord) -> None:
        self.trace.append(record)
        if isinstance(record, Quarantined | Resting):
            self.lab.held[record.sleeve] = 0.0

    async def feed(self, script: Sequence[Feed]) -> None:
        for number, feed in enumerate(script):
            with suppress(Exception):  # this run asks for the budget, not for the failures
                await self.runner.on_slice(feed.slice(number))


@law
@given(plays(faults=0.05), WAYS, st.integers(0, 12))
def test_the_budget_holds_when_the_host_is_cancelled_and_the_runner_used_again(play, way, cut_after):
    run = CutRun(*play, way, cut_after)
    way.run(run.scenario)

    assert run.running == 0, "a handler outlived its block"
    assert run.lab.breaches == []
    assert list(lost_or_doubled(run.trace, cut=True)) == []


@law
@given(plays(faults=0.1), st.data(), WAYS, st.integers(0, 12))
def test_the_budget_holds_when_the_host_is_cancelled_whatever_the_rules(play, data, way, cut_after):
    desk, script = play
    rules = {plan.key: data.draw(RULES) for plan in desk.sleeves}
    run = CutRun(attrs.evolve(desk, rules=rules, hangs=0.1), script, way, cut_after)
    way.run(run.scenario)

    assert run.running == 0, "a handler outlived its block"
    assert run.lab.breaches == []
    assert list(lost_or_doubled(run.trace, cut=True)) == []
    assert list(met_while_down(run.trace)) == []
