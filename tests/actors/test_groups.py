"""A7 Supervision: who is started again with whom, in which order, and who is told when that does not help."""

import logging

import attrs
import pytest
import trio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pytest import RaisesGroup

from actors import (
    ActorCrashed,
    ActorError,
    ActorStopped,
    Backoff,
    Restart,
    RestartLimitExceeded,
    Scheduler,
    open_system,
)
from tests.actors.parts import Boom, Ledger
from tests.actors.schedules import Schedule, every_schedule, run
from tests.actors.test_cancellation import CancelAt

RULE = Restart(limit=3, within=60.0)
RESTING = Restart(limit=3, within=60.0, backoff=Backoff(10.0, up_to=10.0))
SCOPES = ("one_for_one", "one_for_all", "rest_for_one")


async def member(inbox, log, setup=0.0, tidy=0.0):
    """Writes down when it begins and ends; raises errors, works for numbers of seconds, answers all else."""
    await trio.sleep(setup)
    log.append(f"+{inbox.name}")
    try:
        async for message in inbox:
            if isinstance(message, BaseException):
                raise message
            if isinstance(message, float):
                await trio.sleep(message)
            inbox.reply(message)
            log.append(message)
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(tidy)
        log.append(f"-{inbox.name}")


async def untidy(inbox):
    """Crashes when it is brought down, each time."""
    try:
        async for message in inbox:
            inbox.reply(message)
    except trio.Cancelled:
        raise Boom("untidy") from None


async def start(group, names, log, restart=RULE, **options):
    return [await group.start(member, log, *options.values(), name=name, restart=restart) for name in names]


def restarts(refs):
    return [ref.statistics().restarts for ref in refs]


async def ask(ref, message, outcomes):
    try:
        outcomes.append(await ref.ask(message))
    except ActorError as error:
        outcomes.append(error)


# Who, and in which order ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "expected", "news"),
    [
        ("one_for_one", [0, 1, 0], ["-b", "+b"]),
        ("one_for_all", [1, 1, 1], ["-b", "-c", "-a", "+a", "+b", "+c"]),
        ("rest_for_one", [0, 1, 1], ["-b", "-c", "+b", "+c"]),
    ],
)
def test_a_scope_says_who_is_started_again_and_in_which_order(scope, expected, news):
    @every_schedule
    async def scenario(scheduler):
        log = []
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope=scope)
            refs = await start(group, "abc", log)
            outside = await system.start(member, [], name="outside", restart=RULE)
            log.clear()
            await refs[1].tell(Boom())
            await trio.sleep(1)
            assert log == news
            assert restarts(refs) == expected
            assert restarts([outside]) == [0]
            assert [await ref.ask("alive") for ref in refs] == ["alive"] * 3

    scenario()


@every_schedule
async def test_each_begins_before_the_next_is_called_and_each_has_ended_before_the_next_is_brought_down(scheduler):
    log, times = [], []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        refs = await start(group, "abc", log, setup=5.0, tidy=3.0)
        log.clear()
        began = trio.current_time()
        await refs[0].tell(Boom())
        while restarts(refs) != [1, 1, 1] or log[-1] != "+c":
            await trio.sleep(0.5)
        times.append(trio.current_time() - began)
        assert log == ["-a", "-c", "-b", "+a", "+b", "+c"]
        assert times == [pytest.approx(3 + 3 + 3 + 5 + 5 + 5, abs=0.6)]


@every_schedule
async def test_a_group_rests_as_the_rule_of_the_child_that_crashed_says(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        refs = await start(group, "ab", log, restart=RESTING)
        await refs[0].tell(Boom())
        await trio.sleep(9)
        assert restarts(refs) == [0, 0]
        assert log[2:] == ["-a", "-b"]
        await trio.sleep(2)
        assert restarts(refs) == [1, 1]


# What is kept and what is lost ----------------------------------------------------------------------------------------


@every_schedule
async def test_a_sibling_that_is_brought_down_loses_its_message_in_hand_and_keeps_its_queue(scheduler):
    log, outcomes, ledger = [], [], Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        group = system.group("g", scope="one_for_all")
        a, b = await start(group, "ab", log)
        nursery.start_soon(ask, b, 50.0, outcomes)
        await trio.sleep(1)
        for word in ("one", "two", "three"):
            b.tell_nowait(word)
        error = Boom()
        nursery.start_soon(ask, a, error, outcomes)
        await trio.sleep(1)
        assert [(type(each), each.__cause__) for each in outcomes] in (
            [(ActorCrashed, error), (ActorStopped, None)],
            [(ActorStopped, None), (ActorCrashed, error)],
        )
        assert [each.begun for each in outcomes if isinstance(each, ActorStopped)] == [True]
        assert log[2:] == ["-a", "-b", "+a", "+b", "one", "two", "three"]
        assert b.statistics().handled == 3
    assert ledger.letters == []


@pytest.mark.parametrize("rule", [None, RULE, Restart(kind="permanent"), Restart(kind="temporary")])
def test_a_sibling_comes_back_with_its_group_whatever_its_own_rule(rule):
    @every_schedule
    async def scenario(scheduler):
        log = []
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            (a,) = await start(group, "a", log)
            (b,) = await start(group, "b", log, restart=rule)
            await a.tell(Boom())
            await trio.sleep(1)
            assert restarts([a, b]) == [1, 1]
            assert await b.ask("x") == "x"

    scenario()


@pytest.mark.parametrize("order", ["stop", "drain", "kill"])
def test_a_sibling_that_has_ended_stays_ended(order):
    @every_schedule
    async def scenario(scheduler):
        log = []
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            a, b, c = await start(group, "abc", log)
            await getattr(b, order)()
            await a.tell(Boom())
            await trio.sleep(1)
            assert restarts([a, b, c]) == [1, 0, 1]
            assert log.count("+b") == 1

    scenario()


@every_schedule
async def test_a_sibling_that_rests_by_its_own_rule_is_called_again_with_the_group(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        outer = system.group("outer", scope="one_for_all")
        inner = outer.group("inner")
        (b,) = await start(inner, "b", log, restart=Restart(backoff=Backoff(100.0, up_to=100.0)))
        (a,) = await start(outer, "a", log)
        await b.tell(Boom())
        await trio.sleep(1)
        await a.tell(Boom())
        await trio.sleep(1)
        assert restarts([a, b]) == [1, 1]
        assert await b.ask("x") == "x"
        await trio.sleep(200)
        assert restarts([a, b]) == [1, 1]


@every_schedule
async def test_a_rest_that_ends_at_the_moment_of_a_recovery_leaves_nobody_asleep(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        outer = system.group("outer", scope="one_for_all")
        inner = outer.group("inner")
        (b,) = await start(inner, "b", log, restart=RESTING)
        (a,) = await start(outer, "a", log)
        await b.tell(Boom())
        with trio.move_on_at(trio.current_time() + 10):
            await trio.sleep_forever()
        a.tell_nowait(Boom())
        assert await b.ask("x") == "x"
        assert await a.ask("x") == "x"
        await trio.sleep(50)
        assert restarts([a]) == [1]
        assert await b.ask("y") == "y"


# Several crashes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("scope", "expected"), [("one_for_one", [1, 0, 1]), ("one_for_all", [1, 1, 1])])
def test_two_that_crash_at_once_cost_each_one_restart(scope, expected):
    @every_schedule
    async def scenario(scheduler):
        log = []
        async with open_system(scheduler=scheduler) as system:
            refs = await start(system.group("g", scope=scope), "abc", log)
            for ref in (refs[2], refs[0]):
                ref.tell_nowait(Boom())
            await trio.sleep(1)
            assert restarts(refs) == expected
            assert [await ref.ask("x") for ref in refs] == ["x"] * 3

    scenario()


@every_schedule
async def test_a_child_that_crashes_before_it_began_again_is_tried_again_until_its_limit(scheduler):
    log, lives = [], []

    async def frail(inbox):
        lives.append(inbox)
        if len(lives) in (2, 3):
            raise Boom(len(lives))
        async for message in inbox:
            raise message

    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        a = await group.start(frail, name="a", restart=RULE)
        (b,) = await start(group, "b", log)
        await a.tell(Boom())
        await trio.sleep(1)
        assert len(lives) == 4
        assert restarts([a]) == [3]
        assert await b.ask("x") == "x"


@pytest.mark.parametrize("scope", SCOPES)
def test_one_crash_too_many_in_a_group_without_a_rule_ends_the_system_with_every_cause(scope):
    @every_schedule
    async def scenario(scheduler):
        errors = [Boom(str(number)) for number in range(3)]
        with pytest.raises(ExceptionGroup) as caught:
            async with open_system(scheduler=scheduler) as system:
                a, _ = await start(system.group("g", scope=scope), "ab", [], restart=Restart(limit=2))
                for error in errors:
                    await a.tell(error)
                    await trio.sleep(1)
                await trio.sleep_forever()
        (limit,) = caught.value.exceptions
        assert isinstance(limit, RestartLimitExceeded)
        assert list(limit.exceptions) == errors

    scenario()


def test_a_crash_while_it_is_brought_down_is_seen_and_logged_and_stops_nothing(caplog):
    @every_schedule
    async def scenario(scheduler):
        caplog.clear()
        ledger = Ledger()
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            group = system.group("g", scope="one_for_all")
            (a,) = await start(group, "a", [])
            b = await group.start(untidy, name="b", restart=RULE)
            await a.tell(Boom("first"))
            await trio.sleep(1)
            assert restarts([a, b]) == [1, 1]
            assert [(name, str(error)) for name, error in ledger.crashes] == [("a", "first"), ("b", "untidy")]
            logged = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
            assert logged == ["'b' crashed while its group brought it down"]
            assert await b.ask("x") == "x"

    scenario()
