"""Calls are served one at a time in call order; who waits for itself is told; the block begins and ends in good order."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.portfolio.parts import Boom, Strategy, caught, equal, event, every_dispatch, every_mode, fail, serving
from tradedesk.portfolio import PortfolioRunner, ReentrantCallError, RunnerStateError

REENTRANT = (
    "the runner was called from inside a handler that it is waiting for: "
    "let the handler return, and feed the candle from outside."
)


@every_mode
async def test_calls_of_many_tasks_are_served_one_at_a_time_in_call_order(mode, autojump_clock):
    running, most, order = [], [], []

    async def slow(event):
        running.append(event)
        await trio.sleep(1)
        most.append(len(running))
        running.remove(event)
        order.append(event.candle)

    async with serving(mode, {"A": Strategy(at_candle=slow)}) as runner, trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(runner.on_candle_close, event("A", candle=number))
            await wait_all_tasks_blocked()
    assert (order, most) == ([0, 1, 2, 3, 4, 5], [1] * 6)


@every_mode
async def test_a_call_made_during_a_run_is_served_between_two_slices_of_the_source(mode, autojump_clock):
    async def slow(_):
        await trio.sleep(1)

    a = Strategy(at_candle=slow)
    async with serving(mode, {"A": a}) as runner, trio.open_nursery() as nursery:
        nursery.start_soon(runner.run, [event("A", candle=number) for number in range(3)])
        await wait_all_tasks_blocked()
        await runner.on_candle_close(event("A", candle="call"))
    assert [candle.candle for candle in a.candles] == [0, "call", 1, 2]


@every_mode
async def test_a_caller_who_leaves_the_line_is_passed_over(mode, autojump_clock):
    async def slow(_):
        await trio.sleep(1)

    a = Strategy(at_candle=slow)
    async with serving(mode, {"A": a}) as runner, trio.open_nursery() as nursery:
        nursery.start_soon(runner.on_candle_close, event("A", candle=0))
        await wait_all_tasks_blocked()
        with trio.CancelScope() as hasty:
            nursery.start_soon(runner.on_candle_close, event("A", candle=2))
            hasty.cancel()
            await runner.on_candle_close(event("A", candle=1))
    assert [candle.candle for candle in a.candles] == [0, 2]


@every_mode
async def test_a_turn_handed_to_a_caller_who_is_cancelled_at_that_moment_is_not_lost(mode, autojump_clock):
    hasty = trio.CancelScope()

    async def slow(event):
        await trio.sleep(1)
        if event.candle == 0:
            hasty.cancel()

    async def leave(runner):
        with hasty:
            await runner.on_candle_close(event("A", candle=1))

    with trio.fail_after(100):
        async with serving(mode, {"A": Strategy(at_candle=slow)}) as runner:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(runner.on_candle_close, event("A", candle=0))
                await wait_all_tasks_blocked()
                nursery.start_soon(leave, runner)
                await wait_all_tasks_blocked()
                nursery.start_soon(runner.on_candle_close, event("A", candle=2))
            await runner.on_slice([])
            assert runner.statistics().slices >= 3


@every_mode
async def test_a_call_from_inside_a_handler_raises(mode):
    a = Strategy()
    async with serving(mode, {"A": a}) as runner:
        a.at_candle = lambda _: runner.on_slice([])
        error = await caught(runner.on_candle_close(event("A")))
    assert (type(error), str(error)) == (ReentrantCallError, REENTRANT)


@every_mode
async def test_a_call_from_inside_a_handler_raises_also_in_a_call_that_had_to_wait_for_its_turn(mode, autojump_clock):
    async def slow_then_nested(event):
        await trio.sleep(1)
        if event.candle == "nested":
            await runner.on_slice([])

    with trio.fail_after(5):
        async with serving(mode, {"A": Strategy(at_candle=slow_then_nested)}) as runner, trio.open_nursery() as nursery:
            nursery.start_soon(runner.on_candle_close, event("A"))
            await wait_all_tasks_blocked()
            error = await caught(runner.on_candle_close(event("A", candle="nested")))
    assert type(error) is ReentrantCallError


@every_mode
async def test_a_call_from_a_nursery_opened_in_a_handler_raises(mode, autojump_clock):
    async def nested(_):
        async with trio.open_nursery() as outer, trio.open_nursery() as inner:
            outer.start_soon(trio.sleep, 1)
            inner.start_soon(runner.on_slice, [])

    with trio.fail_after(5):
        async with serving(mode, {"A": Strategy(at_candle=nested)}) as runner:
            with pytest.RaisesGroup(ReentrantCallError, flatten_subgroups=True):
                await runner.on_candle_close(event("A"))


@every_mode
async def test_a_call_from_a_sibling_of_the_caller_waits_its_turn(mode, autojump_clock):
    async def slow(_):
        await trio.sleep(1)

    a = Strategy(at_candle=slow)
    async with serving(mode, {"A": a}) as runner, trio.open_nursery() as nursery:
        nursery.start_soon(runner.on_candle_close, event("A", candle=2))
        await runner.on_candle_close(event("A", candle=1))
    assert [candle.candle for candle in a.candles] == [1, 2]


@every_mode
async def test_a_task_that_a_handler_starts_in_a_nursery_of_the_host_may_call(mode, autojump_clock):
    a = Strategy()
    async with serving(mode, {"A": a}) as runner, trio.open_nursery() as nursery:
        a.at_candle = lambda event: event.candle or nursery.start_soon(runner.on_candle_close, event_of_host)
        event_of_host = event("A", candle="from the host")
        await runner.on_candle_close(event("A"))
    assert a.candles[-1] is event_of_host


@every_dispatch
async def test_entering_twice_is_refused(mode):
    async with serving(mode, {"A": Strategy()}) as runner:
        with pytest.raises(RunnerStateError) as raised:
            await runner.__aenter__()
    assert str(raised.value) == "this runner is entered, or serving a call, already: one block at a time."


async def test_entering_in_the_middle_of_a_call_is_refused():
    a = Strategy()
    runner = PortfolioRunner({"A": a}, equal(), 1.0)
    a.at_candle = lambda _: runner.__aenter__()
    assert type(await caught(runner.on_candle_close(event("A")))) is RunnerStateError


async def test_leaving_what_was_not_entered_is_refused():
    runner = PortfolioRunner({"A": Strategy()}, equal(), 1.0)
    with pytest.raises(RunnerStateError, match=r"^this runner is not entered\.$"):
        await runner.__aexit__(None, None, None)


@every_dispatch
async def test_a_runner_can_be_entered_again_and_again(mode):
    a = Strategy(True)
    runner = PortfolioRunner({"A": a}, equal(), 1.0, dispatch=mode)
    for _ in range(3):
        async with runner:
            await runner.on_candle_close(event("A"))
        await runner.on_candle_close(event("A"))
    assert (len(a.candles), a.risks) == (6, [12.0])


@every_dispatch
async def test_calls_that_are_queued_when_the_block_ends_are_served_first(mode, autojump_clock):
    async def slow(_):
        await trio.sleep(1)

    a = Strategy(at_candle=slow)
    async with trio.open_nursery() as nursery, serving(mode, {"A": a}) as runner:
        for number in range(4):
            nursery.start_soon(runner.on_candle_close, event("A", candle=number))
        await wait_all_tasks_blocked()
    assert len(a.candles) == 4


async def test_calls_that_are_queued_when_an_exception_ends_the_block_are_told_so(autojump_clock):
    errors = []

    async def call(runner, number):
        errors.append(await caught(runner.on_candle_close(event("A", candle=number))))

    async def slow(_):
        await trio.sleep(1)

    async with trio.open_nursery() as nursery:
        with pytest.raises(Boom):
            async with serving("actors", {"A": Strategy(at_candle=slow)}) as runner:
                nursery.start_soon(call, runner, 0)
                nursery.start_soon(call, runner, 1)
                await wait_all_tasks_blocked()
                raise Boom
    assert [str(error) for error in errors] == [
        "the runner's block is ending: this call was not served to its end."
    ] * 2


async def test_a_call_made_while_the_actors_start_waits_for_them():
    order = []
    a = Strategy(at_candle=lambda _: order.append(trio.lowlevel.current_task().name))
    runner = PortfolioRunner({"A": a, **{str(number): Strategy() for number in range(20)}}, equal(), 1.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(runner.on_candle_close, event("A"))  # runs as soon as the first actor is waited for
        async with runner:
            await runner.on_candle_close(event("A"))
    assert order == ["sleeve 'A'"] * 2


@every_dispatch
async def test_after_the_block_calls_are_served_in_the_callers_task(mode):
    tasks = []
    a = Strategy(at_candle=lambda _: tasks.append(trio.lowlevel.current_task()))
    async with serving(mode, {"A": a}) as runner:
        pass
    await runner.on_candle_close(event("A"))
    assert tasks == [trio.lowlevel.current_task()]


async def test_long_runs_without_a_wait_let_other_tasks_run():
    ticks = []

    async def tick():
        while True:
            ticks.append(1)
            await trio.lowlevel.checkpoint()

    runner = PortfolioRunner({"A": Strategy()}, equal(), 1.0)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(tick)
        await runner.run([event("A")] * 1_000)
        nursery.cancel_scope.cancel()
    assert len(ticks) > 10


@every_mode
async def test_a_failure_in_one_call_is_none_of_the_next_callers_business(mode):
    a = Strategy(at_candle=fail)
    async with serving(mode, {"A": a}) as runner:
        await caught(runner.on_candle_close(event("A")))
        assert await caught(runner.on_slice([])) is None
