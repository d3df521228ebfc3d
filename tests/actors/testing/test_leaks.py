"""Planted leaks are found and named; a tidy block has none."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import open_system
from actors.testing import assert_no_leaks
from tests.actors.parts import Boom, gated, hang, silent
from tests.actors.schedules import every_schedule


async def test_a_task_that_outlasts_the_block_is_named():
    async with trio.open_nursery() as nursery:
        with pytest.raises(AssertionError) as caught, assert_no_leaks():
            nursery.start_soon(hang, None, name="sleeper")
        assert str(caught.value) == "left behind: task 'sleeper'"
        nursery.cancel_scope.cancel()


async def test_a_system_task_that_outlasts_the_block_is_named():
    stop = trio.Event()
    with pytest.raises(AssertionError) as caught, assert_no_leaks():
        trio.lowlevel.spawn_system_task(stop.wait, name="service")
    stop.set()
    assert str(caught.value) == "left behind: task 'service'"


@every_schedule
async def test_actors_that_outlast_the_block_are_named_in_the_same_order(scheduler):
    async with open_system(scheduler=scheduler) as system:
        await system.start(silent, name="before")
        with pytest.raises(AssertionError) as caught, assert_no_leaks(system):
            await system.start(silent, name="b")
            await system.start(silent, name="a")
        assert str(caught.value) == "left behind: actor 'a', actor 'b'"


@every_schedule
async def test_without_its_system_an_actor_is_a_task(scheduler):
    async with open_system(scheduler=scheduler) as system:
        with pytest.raises(AssertionError) as caught, assert_no_leaks():
            await system.start(silent, name="a")
        assert str(caught.value) == "left behind: task 'a'"


@every_schedule
async def test_what_waits_in_a_system_that_lives_on_is_counted(scheduler):
    gate = trio.Event()
    async with open_system("desk", scheduler=scheduler) as system, trio.open_nursery() as nursery:
        busy = await system.start(gated, gate, [], name="busy", capacity=1)
        nursery.start_soon(busy.ask, "in hand")
        await wait_all_tasks_blocked()
        await busy.tell("queued")
        with pytest.raises(AssertionError) as caught, assert_no_leaks(system):
            nursery.start_soon(lambda: busy.ask("x", timeout=60.0), name="asker")
            nursery.start_soon(busy.tell, "y", name="teller")
            await wait_all_tasks_blocked()
        assert str(caught.value) == (
            "left behind: task 'asker', task 'teller', 2 senders before the full inbox of 'busy', "
            "1 pending deadline in system 'desk'"
        )
        nursery.cancel_scope.cancel()
        gate.set()


@every_schedule
async def test_a_block_that_ends_what_it_starts_leaks_nothing(scheduler):
    with assert_no_leaks():
        async with open_system(scheduler=scheduler) as system:
            with assert_no_leaks(system):
                ref = await system.start(silent)
                await ref.tell("x")
                await ref.stop()


async def test_what_was_there_before_may_stay_and_may_go():
    async with trio.open_nursery() as nursery:
        nursery.start_soon(hang, None)
        ending = await nursery.start(brief)
        with assert_no_leaks():
            ending.set()
            await wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()


@every_schedule
async def test_who_waited_before_the_block_is_not_its_leak(scheduler):
    gate = trio.Event()
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        busy = await system.start(gated, gate, [], name="busy", capacity=1)
        await busy.tell("in hand")
        await wait_all_tasks_blocked()
        await busy.tell("queued")
        nursery.start_soon(busy.tell, "x")
        await wait_all_tasks_blocked()
        assert busy.statistics().waiting == 1
        with assert_no_leaks(system):
            await wait_all_tasks_blocked()
        gate.set()


async def brief(task_status):
    event = trio.Event()
    task_status.started(event)
    await event.wait()


async def test_an_exception_leaves_the_block_as_it_is():
    async with trio.open_nursery() as nursery:
        with pytest.raises(Boom), assert_no_leaks():
            nursery.start_soon(hang, None)
            raise Boom
        nursery.cancel_scope.cancel()
