"""A virtual day of crashes leaves nothing behind: no task, no memory, no deadline, no scope, no child of a nursery."""

import gc
import logging
import sys
import tracemalloc

import attrs
import pytest
import trio

from actors import Backoff, Restart, Scheduler, open_system
from tests.actors.parts import Boom, fragile
from tests.actors.schedules import run

DAY = 86_400
EVERY = 6
RESTARTS = DAY // EVERY
WARM_UP = 200
RULE = Restart(limit=3, within=5.0, backoff=Backoff(0.1, up_to=5.0))
BLOCKS = 300
"""Blocks of memory that may differ between twenty minutes and a day, of about forty thousand: the interpreter's caches."""
HALF_AN_HOUR = 3_600 // EVERY // 2
BYTES = 8_192
"""That may differ over half an hour in which every allocation is traced, which costs a factor of ten in time."""


@attrs.frozen
class Picture:
    """What a crash could leave behind."""

    tasks: int
    children: int
    services: int
    deadlines: int
    blocks: int


def picture(system):
    gc.collect()
    return Picture(
        trio.lowlevel.current_statistics().tasks_living,
        len(system._nursery.child_tasks),
        len(system._starter.services),
        len(system._runtime._deadlines._heap),
        sys.getallocatedblocks(),
    )


async def crash(ref, times):
    for _ in range(times):
        ref.tell_nowait(Boom())
        await trio.sleep(EVERY)


async def start(system, scope):
    home = system if scope is None else system.group("outer").group("g", scope=scope)
    return [await home.start(fragile, name=name, restart=RULE) for name in ("ab" if scope else "a")]


@pytest.mark.parametrize("scope", [None, "one_for_all"])
def test_a_day_of_restarts_leaves_nothing_behind(scope, caplog):
    caplog.set_level(logging.CRITICAL, "actors")

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            refs = await start(system, scope)
            await crash(refs[0], WARM_UP)
            early = picture(system)
            await crash(refs[0], RESTARTS - WARM_UP)
            late = picture(system)
            assert (late.tasks, late.children, late.services) == (early.tasks, early.children, early.services)
            assert late.deadlines <= 64
            assert late.blocks - early.blocks < BLOCKS
            assert [ref.statistics().restarts for ref in refs] == [RESTARTS] * len(refs)
            assert [await ref.ask("fine") for ref in refs] == ["fine"] * len(refs)
        assert trio.current_time() >= DAY

    run(scenario, Scheduler())


@pytest.mark.parametrize("scope", [None, "one_for_one", "rest_for_one"])
def test_half_an_hour_of_restarts_allocates_nothing_that_stays(scope, caplog):
    caplog.set_level(logging.CRITICAL, "actors")

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            refs = await start(system, scope)
            await crash(refs[0], WARM_UP)
            gc.collect()
            early, _ = tracemalloc.get_traced_memory()
            await crash(refs[0], HALF_AN_HOUR)
            gc.collect()
            late, _ = tracemalloc.get_traced_memory()
            assert late - early < BYTES

    tracemalloc.start()
    try:
        run(scenario, Scheduler())
    finally:
        tracemalloc.stop()
