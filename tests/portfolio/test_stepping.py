"""A coroutine that was stepped by hand goes on as if it had been awaited from its beginning."""

import pytest
import trio
from trio.lowlevel import current_task
from trio.testing import wait_all_tasks_blocked

from tests.portfolio.parts import Boom
from tradedesk.portfolio._stepping import Resumed


async def begun(steps):
    """Step by hand, then await."""
    return await Resumed(steps, steps.send(None))


async def test_what_it_returns_and_raises_comes_out(autojump_clock):
    async def returns():
        await trio.sleep(1)
        await trio.sleep(2)
        return "done", trio.current_time()

    async def raises():
        await trio.sleep(1)
        raise Boom

    assert await begun(returns()) == ("done", 3)
    with pytest.raises(Boom):
        await begun(raises())


async def test_a_cancellation_reaches_it_where_it_waits_and_it_may_clean_up(autojump_clock):
    seen = []

    async def steps():
        try:
            await trio.sleep_forever()
        finally:
            seen.append(trio.current_effective_deadline())
            with trio.CancelScope(shield=True):
                await trio.sleep(1)
            seen.append(trio.current_time())

    with trio.move_on_after(5) as scope:
        await begun(steps())
    assert scope.cancelled_caught
    assert seen == [-float("inf"), 6]


async def test_scopes_and_nurseries_that_it_opens_in_its_first_step_are_its_own(autojump_clock):
    async def steps():
        with trio.move_on_after(2) as inner:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(trio.sleep_forever)
                await trio.sleep_forever()
        return inner.cancelled_caught, trio.current_time()

    with trio.CancelScope() as outer:
        assert await begun(steps()) == (True, 2)
    assert not outer.cancelled_caught


async def test_it_is_closed_with_what_awaits_it():
    closed = []

    async def steps():
        try:
            await trio.lowlevel.checkpoint()
        finally:
            closed.append("closed")

    outer = begun(steps())
    outer.send(None)
    outer.close()
    assert closed == ["closed"]


async def test_an_exception_that_is_thrown_in_is_raised_where_it_waits():
    async def steps():
        try:
            await trio.lowlevel.checkpoint()
        except Boom:
            return "caught"

    outer = begun(steps())
    outer.send(None)
    with pytest.raises(StopIteration) as stop:
        outer.throw(Boom())
    assert stop.value.value == "caught"


async def test_whoever_looks_at_the_task_sees_where_it_waits(autojump_clock):
    async def deep_in_a_handler():
        await trio.sleep(1)

    tasks = []

    async def look():
        tasks.append(current_task())
        await begun(deep_in_a_handler())

    async with trio.open_nursery() as nursery:
        nursery.start_soon(look)
        await wait_all_tasks_blocked()
        names = [frame.f_code.co_name for frame, _ in tasks[0].iter_await_frames()]
    assert names[:3] == ["look", "begun", "deep_in_a_handler"]
    assert "sleep" in names
