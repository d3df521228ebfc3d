"""Complaint 10 of users of other actor libraries, as tests of this one: timers; and the deadlines of 8 and 9."""

import trio

from actors import ActorCrashed, HandlerTimeout, Restart, open_system
from tests.actors.parts import Boom, Do, Ledger, hang, worker
from tests.actors.schedules import every_schedule


async def ticking(inbox, seen, rule):
    rule(inbox)
    async for message in inbox:
        if isinstance(message, BaseException):
            raise message
        seen.append((trio.current_time(), message))
        if isinstance(message, float):
            await trio.sleep(message)


@every_schedule
async def test_10_an_actor_sets_timers_without_a_task_of_its_own(scheduler):
    """pykka#53, #95, #102"""
    seen = []
    async with open_system(scheduler=scheduler) as system:
        await system.start(ticking, seen, lambda inbox: (inbox.once(1.0, "once"), inbox.every(2.0, "every")))
        await trio.sleep(5)
    assert seen == [(1.0, "once"), (2.0, "every"), (4.0, "every")]


@every_schedule
async def test_10_a_restart_neither_doubles_a_timer_nor_lets_a_stale_tick_in(scheduler):
    """akka-typed-blog#13"""
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(ticking, seen, lambda inbox: inbox.every(2.0, "tick"), restart=Restart())
        ref.tell_nowait(2.5)  # at work until 2.5; the tick of 2.0 is queued
        ref.tell_nowait(Boom())  # but before it stands the crash
        await trio.sleep(7)
    assert seen == [(0.0, 2.5), (4.5, "tick"), (6.5, "tick")]


@every_schedule
async def test_10_a_tick_waits_for_the_handler_and_ticks_do_not_pile_up(scheduler):
    """orleans#2574, actor-ts#921"""
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(ticking, seen, lambda inbox: inbox.every(1.0, "tick"))
        ref.tell_nowait(5.5)
        await trio.sleep(7.5)
        assert ref.statistics().skipped == 4
    assert seen == [(0.0, 5.5), (5.5, "tick"), (6.0, "tick"), (7.0, "tick")]


@every_schedule
async def test_08_a_drain_with_a_deadline_ends_what_hangs(scheduler):
    """ractor#466, broadway#362"""
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(worker)
        ref.tell_nowait(Do(hang))
        await trio.sleep(1)
        ref.tell_nowait(Do(hang))
        await ref.drain(timeout=5.0)
        assert trio.current_time() == 6.0
        assert ref.ending.reason == "killed"
    assert len(ledger.dead) == 1


@every_schedule
async def test_09_a_handler_that_hangs_is_a_crash_and_its_asker_is_told(scheduler):
    """wavelength#1082, ray#6612"""
    outcomes = []

    async def ask(ref):
        try:
            await ref.ask(Do(hang))
        except ActorCrashed as error:
            outcomes.append((trio.current_time(), type(error.__cause__)))

    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(worker, restart=Restart(), handler_timeout=2.0)
        nursery.start_soon(ask, ref)
        await trio.sleep(5)
        assert outcomes == [(2.0, HandlerTimeout)]
        assert ref.statistics().restarts == 1
