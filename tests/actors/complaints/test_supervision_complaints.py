"""Complaints 5, 6 and 7 of users of other actor libraries, as tests of this one: supervisors, budgets, silence."""

import logging
from contextlib import nullcontext

import pytest
import trio
from pytest import RaisesGroup

from actors import Backoff, Ended, Restart, StartFailed, open_system
from tests.actors.parts import Boom, Ledger, fragile
from tests.actors.schedules import every_schedule
from tests.actors.test_groups import SCOPES, member, restarts, start

ONE = Restart(limit=1, within=60.0)


# 5 Where is the supervisor? -------------------------------------------------------------------------------------------


@every_schedule
async def test_05_a_trading_desk_restarts_what_depends_on_a_feed_and_nothing_else(scheduler):
    """pykka#42, thespianpy#47, kquick#21, tractor#22, nautilus_trader#3203"""
    log, ledger = [], Ledger()
    rule = Restart(limit=2, within=60.0, backoff=Backoff(0.1, up_to=30.0))
    async with open_system("desk", scheduler=scheduler, observer=ledger) as system:
        journal = await system.start(member, log, name="journal", restart=rule)
        desk = system.group("desk", scope="rest_for_one", restart=rule)
        (feed,) = await start(desk, ["feed"], log, restart=rule)
        strategies = await start(desk.group("strategies"), ["trend", "carry"], log, restart=rule)
        log.clear()
        await strategies[0].tell(Boom("a bug"))  # one strategy's problem
        await trio.sleep(1)
        assert log == ["-trend", "+trend"]
        log.clear()
        await feed.tell(Boom("connection lost"))  # whatever reads from it begins anew
        await trio.sleep(1)
        assert log == ["-feed", "-carry", "-trend", "+feed", "+trend", "+carry"]
        assert restarts([journal, feed, *strategies]) == [0, 1, 2, 1]
        assert ledger.letters == []


# 6 Restart-budget semantics bite --------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES)
def test_06_the_budget_is_each_childs_own(scope):
    """actor-ts#917: five siblings that failed once each killed two"""

    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            refs = await start(system.group("g", scope=scope), "abcde", [], restart=ONE)
            for ref in refs:
                await ref.tell(Boom())
                await trio.sleep(1)
            assert [await ref.ask("alive") for ref in refs] == ["alive"] * 5

    scenario()


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(("pause", "survives"), [(60.0, True), (59.9, False)])
def test_06_the_window_moves_and_ends_where_it_says_in_every_scope(scope, pause, survives):
    """actor-ts#1019: nobody had tested it, and mutants lived"""

    @every_schedule
    async def scenario(scheduler):
        with nullcontext() if survives else RaisesGroup(RaisesGroup(Boom, Boom)):
            async with open_system(scheduler=scheduler) as system:
                (ref,) = await start(system.group("g", scope=scope), "a", [], restart=ONE)
                for _ in range(4):
                    await ref.tell(Boom())
                    await trio.sleep(pause)

    scenario()


@every_schedule
async def test_06_backoff_is_short_again_only_after_a_stable_run(scheduler):
    """zeroclaw#8633"""
    begins = []

    async def timed(inbox):
        begins.append(trio.current_time())
        async for _ in inbox:
            raise Boom

    rule = Restart(limit=9, within=20.0, backoff=Backoff(1.0, up_to=60.0))
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(timed, restart=rule)
        rests = []
        for pause in (5.0, 5.0, 5.0, 40.0, 5.0):
            crashed = trio.current_time()
            await ref.tell("crash")
            await trio.sleep(pause)
            rests.append(begins[-1] - crashed)
    assert rests == pytest.approx([1, 2, 4, 8, 1])


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("kind", ["transient", "temporary"])
def test_06_whoever_ends_in_good_order_escalates_nothing(scope, kind):
    """quasar#117"""

    async def brief(inbox):
        async for _ in inbox:
            return

    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope=scope)
            refs = [await group.start(brief, restart=Restart(limit=0, kind=kind)) for _ in range(3)]
            (other,) = await start(group, "x", [], restart=Restart(limit=0))
            for ref in refs:
                await ref.tell("go")
                assert (await ref.ended()).reason == "finished"
            assert restarts([other]) == [0]

    scenario()


# 7 Silent failure -----------------------------------------------------------------------------------------------------


async def in_its_handler(inbox, error):
    async for _ in inbox:
        raise error


async def in_a_child_task(inbox, error):
    async def fail():
        raise error

    async for _ in inbox:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail)
            await trio.sleep_forever()


async def in_its_clean_up(inbox, error):
    try:
        async for _ in inbox:
            pass
    finally:
        raise error


class InItsLaterSetUp:
    def __init__(self):
        self.lives = 0

    async def __call__(self, inbox, error):
        self.lives += 1
        if self.lives > 1:
            raise error
        async for _ in inbox:
            raise error


@pytest.mark.parametrize("how", [in_its_handler, in_a_child_task, in_its_clean_up, InItsLaterSetUp])
def test_07_no_exception_of_a_behaviour_is_swallowed(how):
    """nautilus_trader#5039, #5048, pyalgotrade#128"""

    @every_schedule
    async def scenario(scheduler):
        error = Boom("seen")
        behaviour, rule = (how(), ONE) if how is InItsLaterSetUp else (how, None)
        with pytest.raises(ExceptionGroup) as caught:
            async with open_system(scheduler=scheduler) as system:
                ref = await system.start(behaviour, error, restart=rule)
                await ref.tell("go")
                await trio.sleep(1)
        assert set(leaves(caught.value)) == {error}

    scenario()


def leaves(error):
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    return [leaf for each in inner for leaf in leaves(each)] or [error]


def test_07_a_crash_loop_is_in_the_log_each_time(caplog):
    """actor-ts#916"""

    @every_schedule
    async def scenario(scheduler):
        caplog.clear()
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(fragile, name="loop", restart=Restart(limit=5))
            for number in range(5):
                await ref.tell(Boom(number))
            await trio.sleep(1)
        assert [record.getMessage() for record in caplog.records] == ["'loop' ended and is called again in 0 s"] * 5
        assert [str(record.exc_info[1]) for record in caplog.records] == list("01234")
        assert {record.levelno for record in caplog.records} == {logging.WARNING}

    scenario()


@pytest.mark.parametrize("rule", [None, ONE])
def test_07_a_set_up_that_raises_leaves_no_zombie(rule):
    """actor-ts#914"""

    @every_schedule
    async def scenario(scheduler):
        async def stillborn(_):
            raise Boom

        async with open_system(scheduler=scheduler) as system:
            await trio.sleep(1)
            tasks = trio.lowlevel.current_statistics().tasks_living
            group = system.group("g", scope="one_for_all")
            for _ in range(3):
                with pytest.raises(Boom):
                    await group.start(stillborn, name="same name", restart=rule)
            assert system.tree().actors == ()
            assert trio.lowlevel.current_statistics().tasks_living == tasks

    scenario()


@every_schedule
async def test_07_who_watches_one_whose_set_up_fails_is_told(scheduler):
    """kameo#229"""
    news, refs = [], []

    async def watcher(inbox):
        async for message in inbox:
            if isinstance(message, Ended):
                news.append((message.actor, message.reason, str(message.error)))
            else:
                inbox.watch(refs[0])

    lives = []

    async def dies_at_its_second_begin(inbox):
        lives.append(inbox)
        if len(lives) == 2:
            raise Boom("second")
        async for message in inbox:
            raise message

    async with open_system(scheduler=scheduler) as system:
        watching = await system.start(watcher)
        group = system.group("g", scope="one_for_all", restart=Restart(limit=9))
        refs.append(await group.start(dies_at_its_second_begin, name="a", restart=Restart(kind="transient", limit=9)))
        await watching.tell("watch")
        await trio.sleep(1)
        await refs[0].tell(Boom("first"))
        await trio.sleep(1)
        assert news == []  # it was called again
        await refs[0].stop()
        await trio.sleep(1)
    assert news == [("a", "stopped", "None")]
    assert len(lives) == 3


@every_schedule
async def test_07_who_asked_is_told_that_a_start_failed_and_so_is_the_log_of_a_temporary_one(scheduler):
    """kameo#229, actor-ts#914"""

    async def ends_at_once(_):
        pass

    async with open_system(scheduler=scheduler) as system:
        with pytest.raises(StartFailed, match="'early' ended before it awaited its inbox"):
            await system.start(ends_at_once, name="early", restart=Restart(kind="temporary"))


@every_schedule
async def test_07_a_tell_that_nobody_handles_can_be_seen(scheduler):
    """pykka#42"""
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(fragile, name="a")
        await ref.stop()
        await ref.tell("too late")
        assert system.statistics().dead_letters == 1
    assert [(letter.actor, letter.message, letter.reason) for letter in ledger.letters] == [("a", "too late", "ended")]


@every_schedule
async def test_07_a_failure_beside_the_one_that_ends_the_system_is_not_lost(scheduler):
    """aiotools.Supervisor: exceptions of siblings are not kept"""

    async def untidy(inbox):
        try:
            async for _ in inbox:
                pass
        except trio.Cancelled:
            raise Boom("second") from None

    with RaisesGroup(Boom, Boom):
        async with open_system(scheduler=scheduler) as system:
            await system.start(untidy)
            await (await system.start(fragile)).tell(Boom("first"))
            await trio.sleep_forever()
