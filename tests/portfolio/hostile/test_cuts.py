"""A busy scenario with every feature, cut at each of its steps, the host or one caller: nothing is lost, all is usable."""

import pytest
import trio

from actors.testing import run
from tests.actors.schedules import trio_order
from tests.laws.monitors import lost_or_doubled, met_while_down, unended
from tests.portfolio.parts import BUDGET, DEFAULT, Boom, Strategy, TwoPhases, equal, event
from tradedesk.portfolio import Facts, PortfolioRunner, Quarantine, Restart, StrategySpec

KEYS = ("plain", "restarted", "shielded", "quarantined", "two-phase")
TIMEOUT = 10.0


class Cutter(trio.abc.Instrument):
    """Cancels a scope when the run has taken so many steps."""

    def __init__(self, after):
        self.left, self.scope = after, trio.CancelScope()

    def before_task_step(self, task):
        self.left -= 1
        if self.left == 0:
            self.scope.cancel()


class Busy:
    """Every feature at once; ``cut`` is the scope that is cancelled, around the host or around one caller."""

    def __init__(self, dispatch, cutter, who):
        self.cutter, self.who, self.direct = cutter, who, dispatch == "direct"
        self.trace = []
        self.running = 0
        self.unexpected = []
        strategies = {
            "plain": Strategy(active=True, at_candle=self.handler("plain")),
            "restarted": StrategySpec(
                Strategy(active=True, at_candle=self.handler("restarted", fails=1)),
                on_failure=Restart(self.make, limit=9, warm_up=2),
            ),
            "shielded": StrategySpec(
                Strategy(active=True, at_candle=self.handler("shielded", hangs=2)), on_failure=Restart(self.make)
            ),
            "quarantined": StrategySpec(
                Strategy(active=True, at_candle=self.handler("quarantined", fails=2)), on_failure=Quarantine()
            ),
            "two-phase": TwoPhases(
                active=True,
                at_update=self.handler("two-phase"),
                at_evaluation=lambda: self.handler("two-phase")(event("two-phase", candle=0)),
            ),
        }
        self.runner = PortfolioRunner(
            strategies,
            equal(),
            DEFAULT,
            dispatch=dispatch,
            candle_timeout=TIMEOUT,
            facts=lambda close_time, routed: Facts(),
            trace=self.trace.append,
            sink=self.sink,
        )

    def make(self, key):
        return Strategy(active=True, at_candle=self.handler(key))

    def handler(self, key, fails=None, hangs=None):
        async def handle(event):
            self.running += 1
            try:
                await trio.lowlevel.checkpoint()
                if event.candle == fails:
                    raise Boom
                with trio.CancelScope(shield=event.candle == hangs):
                    await trio.sleep(1.5 * TIMEOUT if event.candle == hangs else 1)
            finally:
                self.running -= 1

        return handle

    async def sink(self, records):
        await trio.lowlevel.checkpoint()

    async def candles(self, number):
        keys = [key for key in KEYS if key in self.runner.strategies]
        await self.runner.on_slice([event(key, candle=number) for key in keys])

    async def steps(self):
        for number in range(1, 4):
            await self.candles(number)
        await self.runner.add("late", Strategy(active=True))
        await self.runner.set_policy(equal(BUDGET / 2))
        await self.runner.remove("plain")
        await self.candles(4)

    async def host(self):
        if self.who == "host":
            with self.cutter.scope:
                async with self.runner:
                    await self.steps()
        else:
            async with self.runner:
                with self.cutter.scope:
                    await self.steps()
                await self.runner.on_slice([])  # what the cut caller had asked for before is made by then
                await self.candles(5)

    async def scenario(self):
        trio.lowlevel.add_instrument(self.cutter)
        try:
            await self.host()
        finally:
            trio.lowlevel.remove_instrument(self.cutter)
        assert self.running == 0
        await self.candles(6)  # without a block

    def breaches(self):
        # in its own task a caller is the host: cut, it leaves the candles of that slice without an end, and no others
        hosted = self.who == "host" or self.direct
        yield from lost_or_doubled(self.trace, cut=hosted)
        if len(unended(self.trace)) > hosted:
            yield f"candles without an end in slices {unended(self.trace)}"
        yield from met_while_down(self.trace)
        held = sum(self.runner.statistics().held.values())
        if held > BUDGET * (1 + 1e-9):
            yield f"{held} is held"
        last = [type(one).__name__ for one in self.trace if one.slice_number == self.runner.statistics().slices]
        if last.count("Handled") < 3:
            yield f"the last slice: {last}"


@pytest.mark.parametrize("who", ["host", "caller"])
@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_a_cut_at_any_step_loses_nothing_and_leaves_the_runner_usable(dispatch, who):
    for seed in range(3):  # each seed takes every third step, so that together they take all
        step = seed + 1
        while True:
            cutter = Cutter(step)
            busy = Busy(dispatch, cutter, who)
            with trio_order(seed):
                run(busy.scenario)
            assert list(busy.breaches()) == [], (seed, step)
            if cutter.left > 0:  # the run ended before its cut
                break
            step += 3
        assert step > 40
