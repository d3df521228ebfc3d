"""P13 Cancellation: of the caller, of the host; wherever it strikes."""

from contextlib import nullcontext

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors.testing import assert_no_leaks, run
from tests.laws.monitors import lost_or_doubled, unended
from tests.laws.schedules import Way
from tests.portfolio.parts import DEFAULT, Boom, Strategy, caught, equal, event, every_mode, serving
from tradedesk.marketdata import Slice
from tradedesk.portfolio import Handled, PortfolioRunner, Refused, Reported, Routed

STRIKES = range(14)
"""At the n-th checkpoint of the handlers; the last ones are beyond the end of the slice."""

WAYS = [Way(seed=seed) for seed in range(12)] + [Way(order="controlled", seed=seed) for seed in range(12)]


class Desk:
    """Two sleeves that move the budget to and fro and count their checkpoints; one scope is cancelled at one of them."""

    def __init__(self, strike: int, way: Way, dispatch: str = "actors") -> None:
        self.scope = trio.CancelScope()
        self.left = strike
        self.trace: list[object] = []
        self.running = 0
        self.strategies = {key: Strategy(key == "A", self.handle) for key in "AB"}
        self.runner = PortfolioRunner(
            self.strategies, equal(), DEFAULT, dispatch=dispatch, trace=self.trace.append, scheduler=way.scheduler()
        )

    async def handle(self, _: object) -> None:
        self.running += 1
        try:
            for _ in range(3):
                self.left -= 1
                if self.left < 0:
                    self.scope.cancel()
                await trio.lowlevel.checkpoint()
        finally:
            self.running -= 1

    async def slice(self) -> None:
        await self.runner.on_slice([event("A"), event("A", "DAY"), event("B")])

    def kinds(self, kind: type) -> list[object]:
        return [record for record in self.trace if type(record) is kind]

    @property
    def handled(self) -> int:
        return len(self.kinds(Handled))


@pytest.mark.parametrize("strike", STRIKES)
def test_a_caller_cancelled_after_routing_leaves_a_slice_that_is_finished(strike):
    for way in WAYS:
        desk = Desk(strike, way)

        async def scenario(desk=desk):
            async with desk.runner:
                with desk.scope:
                    await desk.slice()
                await desk.runner.on_slice([])
                assert (desk.handled, len(desk.kinds(Routed)), desk.running) == (3, 3, 0)

        way.run(scenario)


@pytest.mark.parametrize("strike", STRIKES)
def test_a_host_that_is_cancelled_leaves_no_handler_running_and_nothing_more_is_delivered(strike):
    for way in WAYS:
        desk = Desk(strike, way)

        async def scenario(desk=desk):
            with desk.scope:
                async with desk.runner:
                    await desk.slice()
            met = [len(strategy.candles) for strategy in desk.strategies.values()]
            await trio.sleep(10)
            assert [len(strategy.candles) for strategy in desk.strategies.values()] == met
            assert desk.running == 0

        way.run(scenario)


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
@pytest.mark.parametrize("strike", STRIKES)
def test_a_runner_whose_host_was_cancelled_is_usable_without_a_block_and_asks_everybody_again(strike, dispatch):
    for way in WAYS:
        desk = Desk(strike, way, dispatch)

        async def scenario(desk=desk):
            with desk.scope:
                async with desk.runner:
                    await desk.slice()
            desk.scope = trio.CancelScope()
            for strategy in desk.strategies.values():
                strategy.active = not strategy.active
                strategy.calls.clear()
            await desk.slice()
            assert desk.runner.statistics().held == {"A": 0.0, "B": 12.0}
            assert all(strategy.calls[0] == "report" for strategy in desk.strategies.values())

        way.run(scenario)


@pytest.mark.parametrize("strike", STRIKES)
def test_a_call_without_a_block_that_is_cancelled_gives_its_turn_back(strike):
    way = Way()
    desk = Desk(strike, way)

    async def scenario():
        with desk.scope:
            await desk.slice()
        desk.left = 100
        with trio.fail_after(5):
            await desk.slice()
        assert desk.running == 0

    way.run(scenario)


@pytest.mark.parametrize("entered", [True, False])
@pytest.mark.parametrize("strike", STRIKES)
def test_in_its_own_task_a_caller_who_is_cancelled_is_the_host_and_leaves_its_slice_cut(strike, entered):
    way = Way()
    desk = Desk(strike, way, "direct")

    async def scenario():
        async with desk.runner if entered else nullcontext():
            with desk.scope:
                await desk.slice()
            assert desk.running == 0
            calls = [len(strategy.calls) for strategy in desk.strategies.values()]
            await wait_all_tasks_blocked()
            assert [len(strategy.calls) for strategy in desk.strategies.values()] == calls
            desk.left = 100
            await desk.slice()
        in_hand = strike < 9  # three candles of three checkpoints
        assert unended(desk.trace) == ({1} if in_hand else set())
        assert list(lost_or_doubled(desk.trace, cut=True)) == []
        assert [record.slice_number for record in desk.kinds(Handled)].count(2) == 3
        assert len([record for record in desk.kinds(Reported) if record.slice_number == 2]) == 2

    way.run(scenario)


def test_a_host_cancelled_by_the_last_act_of_a_handler_ends_in_nothing_but_the_cancellation():
    """The coordinator has its reports already and must not go on to sleeves that are closed."""
    for seed in range(20):
        way = Way(seed=seed)
        scope = trio.CancelScope()
        a = Strategy(at_candle=lambda _, scope=scope: scope.cancel())
        runner = PortfolioRunner({"A": a}, equal(), DEFAULT)

        async def scenario(scope=scope, runner=runner):
            with scope:
                async with runner:
                    await runner.on_slice([event("A"), event("A", "HOUR"), event("A", "DAY")])
            assert scope.cancelled_caught

        way.run(scenario)


async def test_a_caller_cancelled_before_routing_has_nothing_routed():
    a, trace = Strategy(), []
    async with serving("actors", {"A": a}, trace=trace.append) as runner:
        with trio.CancelScope() as scope:
            a.at_report = lambda _: scope.cancel()
            await runner.on_candle_close(event("A"))
        await runner.on_slice([])
    assert a.candles == []
    assert [r.reason for r in trace if type(r) is Refused] == ["the caller left before the candles were routed"]


@every_mode
async def test_a_caller_who_is_cancelled_before_the_call_has_nothing_routed(mode):
    a = Strategy()
    async with serving(mode, {"A": a}) as runner:
        await runner.on_slice([])
        with trio.CancelScope() as scope:
            scope.cancel()
            await runner.run([event("A")] * 100)
            await trio.lowlevel.checkpoint()
        await runner.on_slice([])
    # in the caller's own task a cancellation strikes at the caller's next checkpoint, not before
    assert (mode == "actors") == (a.candles == [])


def left_alone(boom, seconds=2):
    async def slow(event):
        await trio.sleep(seconds)
        if event.candle == "bad":
            raise boom

    return Strategy(at_candle=slow)


async def leave_early(runner):
    with trio.move_on_after(1):
        await runner.on_candle_close(event("A", candle="bad"))


async def test_the_failures_of_an_abandoned_slice_are_met_by_the_next_call(autojump_clock):
    boom = Boom()
    async with serving("actors", {"A": left_alone(boom)}) as runner:
        await leave_early(runner)
        assert await caught(runner.on_slice([])) is boom
        assert runner.statistics().unmet == 0


async def test_the_failures_of_an_abandoned_slice_are_counted_until_they_are_met(autojump_clock):
    async with serving("actors", {"A": left_alone(Boom())}) as runner:
        await leave_early(runner)
        await trio.sleep(5)
        assert runner.statistics().unmet == 1
        await caught(runner.on_slice([]))


async def test_the_failures_of_an_abandoned_slice_are_met_by_the_end_of_the_block(autojump_clock):
    boom = Boom()
    with pytest.raises(Boom) as raised:
        async with serving("actors", {"A": left_alone(boom)}) as runner:
            await leave_early(runner)
    assert raised.value is boom


async def test_at_the_end_of_a_block_that_fails_itself_both_are_met(autojump_clock):
    boom, own = Boom(), ValueError("of the body")
    with pytest.raises(ExceptionGroup) as raised:
        async with serving("actors", {"A": left_alone(boom)}) as runner:
            await leave_early(runner)
            await trio.sleep(5)
            raise own
    assert raised.value.exceptions == (boom, own)


async def test_a_keyboard_interrupt_of_the_body_is_not_lost_beside_unmet_failures(autojump_clock):
    boom, stop = Boom(), KeyboardInterrupt()
    with pytest.raises(BaseExceptionGroup) as raised:
        async with serving("actors", {"A": left_alone(boom)}) as runner:
            await leave_early(runner)
            await trio.sleep(5)
            raise stop
    assert raised.value.exceptions == (boom, stop)


async def test_unmet_failures_surface_where_a_cancelled_block_ends(autojump_clock):
    boom = Boom()
    with pytest.raises(Boom) as raised:
        with trio.move_on_after(10):
            async with serving("actors", {"A": left_alone(boom)}) as runner:
                await leave_early(runner)
                await trio.sleep(20)
    assert raised.value is boom


def test_a_failure_is_met_even_if_its_caller_is_cancelled_while_the_reply_is_on_its_way():
    for seed in range(40):
        way, boom = Way(seed=seed), Boom()
        met = []

        async def scenario(boom=boom, met=met):
            scope = trio.CancelScope()

            def act(_):
                scope.cancel()
                raise boom

            async with serving("actors", {"A": Strategy(at_candle=act)}) as runner:
                with scope:
                    met.append(await caught(runner.on_candle_close(event("A"))))
                met.append(await caught(runner.on_slice([])))

        way.run(scenario)
        assert [error for error in met if error] == [boom]


async def test_a_run_that_is_cancelled_in_a_slice_can_be_taken_up_again_behind_it(autojump_clock):
    async def slow(_):
        await trio.sleep(1)

    a = Strategy(at_candle=slow)
    source = iter([Slice(number, (event("A", candle=number),)) for number in range(10)])
    async with serving("actors", {"A": a}) as runner:
        with trio.move_on_after(3.5):
            await runner.run(source)
        await runner.run(source)
    assert [candle.candle for candle in a.candles] == list(range(10))


def test_the_block_leaves_no_task_behind():
    async def main():
        with assert_no_leaks():
            async with serving("actors", {str(n): Strategy() for n in range(10)}) as runner:
                await runner.on_slice([event("3")])

    run(main)
