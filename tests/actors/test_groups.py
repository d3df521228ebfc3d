"""A7 Supervision: who is started again with whom, in which order, and who is told when that does not help."""

import logging

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
    open_system,
)
from tests.actors.parts import Boom, Ledger
from tests.actors.schedules import Schedule, every_schedule
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
        while log[-1:] != ["+c"]:  # noqa: ASYNC110 - nobody tells of a beginning
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


@pytest.mark.parametrize("rule", [None, RULE, Restart(kind="permanent")])
def test_a_sibling_comes_back_with_its_group_although_its_own_rule_would_not_ask_for_it(rule):
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


@pytest.mark.parametrize("scope", ["one_for_all", "rest_for_one"])
@pytest.mark.parametrize("busy", [True, False])
def test_a_temporary_sibling_ends_with_its_group_for_good(scope, busy):
    @every_schedule
    async def scenario(scheduler):
        log, outcomes, ledger = [], [], Ledger()
        async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
            group = system.group("g", scope=scope)
            (a,) = await start(group, "a", log)
            (b,) = await start(group, "b", log, restart=Restart(kind="temporary"), setup=0.0, tidy=3.0)
            (c,) = await start(group, "c", log)
            if busy:
                nursery.start_soon(ask, b, 50.0, outcomes)
                await trio.sleep(1)
                b.tell_nowait("queued")
            log.clear()
            await a.tell(Boom())
            await trio.sleep(10)
            assert log == ["-a", "-c", "-b", "+a", "+c"]
            assert restarts([a, b, c]) == [1, 0, 1]
            assert (b.ending.reason, b.ending.error) == ("killed", None)
            assert [(type(each), each.begun) for each in outcomes] == [(ActorStopped, True)] * busy
            await system.start(member, [], name="b")  # its name is free
        assert ledger.dead == ["queued"] * busy

    scenario()


def test_a_temporary_sibling_that_crashes_while_it_is_brought_down_is_logged_and_stops_nothing(caplog):
    @every_schedule
    async def scenario(scheduler):
        caplog.clear()
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            (a,) = await start(group, "a", [])
            b = await group.start(untidy, name="b", restart=Restart(kind="temporary"))
            await a.tell(Boom("first"))
            await trio.sleep(1)
            assert restarts([a, b]) == [1, 0]
            assert (b.ending.reason, str(b.ending.error)) == ("crashed", "untidy")
            logged = [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR]
            assert logged == ["'b' crashed, is temporary, and is not called again"]

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


# Nested groups --------------------------------------------------------------------------------------------------------


@every_schedule
async def test_a_group_that_gives_up_is_called_again_with_whom_its_parent_says_and_forgets_its_crashes(scheduler):
    log, ledger = [], Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        outer = system.group("outer", scope="one_for_all")
        (a,) = await start(outer, "a", log)
        inner = outer.group("inner", restart=Restart(limit=5))
        b, c = await start(inner, "bc", log, restart=Restart(limit=1, within=1e4))
        (d,) = await start(outer, "d", log)
        log.clear()
        await b.tell(Boom("1"))
        await trio.sleep(1)
        assert log == ["-b", "+b"]
        log.clear()
        await b.tell(Boom("2"))
        await trio.sleep(1)
        assert log == ["-b", "-d", "-c", "-a", "+a", "+b", "+c", "+d"]
        assert restarts([a, b, c, d]) == [1, 2, 1, 1]
        assert [type(error) for _, error in ledger.crashes] == [Boom, RestartLimitExceeded]
        log.clear()
        await b.tell(Boom("3"))  # the first one of a new count
        await trio.sleep(1)
        assert log == ["-b", "+b"]


def test_causes_are_nested_as_the_groups_are(caplog):
    @every_schedule
    async def scenario(scheduler):
        errors = [Boom(str(number)) for number in range(4)]
        with pytest.raises(ExceptionGroup) as caught:
            async with open_system(scheduler=scheduler) as system:
                inner = system.group("outer").group("inner", restart=Restart(limit=1))
                (a,) = await start(inner, "a", [], restart=Restart(limit=1))
                for error in errors:
                    await a.tell(error)
                    await trio.sleep(1)
                await trio.sleep_forever()
        (limit,) = caught.value.exceptions
        assert isinstance(limit, RestartLimitExceeded)
        assert limit.message == "'inner' ended 2 times within 60 s; its limit is 1 restarts"
        assert [type(each) for each in limit.exceptions] == [RestartLimitExceeded] * 2
        assert [error for each in limit.exceptions for error in each.exceptions] == errors

    scenario()
    assert "group 'inner' gave up and is called again in 0 s" in [record.getMessage() for record in caplog.records]


@every_schedule
async def test_two_children_that_give_up_at_once_cost_their_group_one_recovery(scheduler):
    async with open_system(scheduler=scheduler) as system:
        inner = system.group("outer").group("inner", restart=Restart(limit=5))
        refs = await start(inner, "ab", [], restart=Restart(limit=0))
        for ref in refs:
            ref.tell_nowait(Boom())
        await trio.sleep(1)
        assert restarts(refs) == [1, 1]


@pytest.mark.parametrize(
    ("kind", "death", "expected"),
    [
        ("permanent", "return", [1, 1]),
        ("permanent", "crash", [1, 1]),
        ("transient", "return", [0, 0]),
        ("transient", "crash", [1, 1]),
        ("temporary", "return", [0, 0]),
        ("temporary", "crash", [0, 0]),
    ],
)
def test_the_kind_of_a_child_says_whether_its_end_concerns_its_group(kind, death, expected):
    async def mortal(inbox):
        async for message in inbox:
            if message == "crash":
                raise Boom
            return

    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            a = await group.start(mortal, restart=Restart(kind=kind))
            (b,) = await start(group, "b", [])
            await a.tell(death)
            await trio.sleep(1)
            assert restarts([a, b]) == expected
            assert await b.ask("x") == "x"

    scenario()


# Orders and ends while a group is down --------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["stop", "drain", "kill"])
@pytest.mark.parametrize("when", ["down", "resting"])
@pytest.mark.parametrize("who", [0, 1, 2])
def test_an_order_to_end_is_obeyed_while_the_group_recovers(order, when, who):
    @every_schedule
    async def scenario(scheduler):
        log, ledger = [], Ledger()
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            group = system.group("g", scope="one_for_all")
            refs = await start(group, "abc", log, restart=RESTING, setup=0.0, tidy=2.0)
            await refs[1].tell(Boom())
            await trio.sleep(3 if when == "down" else 8)
            refs[who].tell_nowait("queued")
            began = trio.current_time()
            await getattr(refs[who], order)()
            assert trio.current_time() - began < (5 if when == "down" else 3)
            await trio.sleep(40)
            assert restarts([ref for ref in refs if ref is not refs[who]]) == [1, 1]
            assert [await ref.ask("x") for ref in refs if ref is not refs[who]] == ["x", "x"]
            assert refs[who].ending.reason == {"stop": "stopped", "drain": "drained", "kill": "killed"}[order]
        assert ledger.dead == ([] if order == "drain" else ["queued"])
        assert log.count("queued") == (order == "drain")

    scenario()


@pytest.mark.parametrize("order", ["stop", "drain", "kill"])
def test_an_order_to_end_reaches_a_child_that_rested_when_its_group_was_brought_down(order):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            outer = system.group("outer", scope="one_for_all")
            (a,) = await start(outer, "a", [], restart=RESTING)
            (b,) = await start(outer.group("inner"), "b", [], restart=RESTING)
            await b.tell(Boom())
            await trio.sleep(1)
            await a.tell(Boom())
            await trio.sleep(1)
            began = trio.current_time()
            await getattr(b, order)()
            assert trio.current_time() - began < 1

    scenario()


@pytest.mark.parametrize("scope", SCOPES)
def test_leaving_the_block_during_a_recovery_drains_at_once(scope):
    @every_schedule
    async def scenario(scheduler):
        log, ledger = [], Ledger()
        rule = Restart(backoff=Backoff(1000.0, up_to=1000.0))
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            refs = await start(system.group("g", scope=scope), "abc", log, restart=rule)
            await refs[0].tell(Boom())
            await trio.sleep(1)
            for ref in refs:
                ref.tell_nowait(f"last {ref.name}")
            began = trio.current_time()
        assert trio.current_time() - began < 1
        assert sorted(word for word in log if word.startswith("last")) == ["last a", "last b", "last c"]
        assert ledger.letters == []
        assert [ref.ending.reason for ref in refs] == ["drained"] * 3

    scenario()


@every_schedule
async def test_leaving_the_block_at_the_very_crash_drains_too(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        refs = await start(system.group("g", scope="one_for_all"), "abc", log)
        for ref in refs:
            ref.tell_nowait(Boom())
            ref.tell_nowait(f"last {ref.name}")
    assert sorted(word for word in log if word.startswith("last")) == ["last a", "last b", "last c"]


@every_schedule
async def test_an_exception_of_the_body_during_a_recovery_leaves_as_it_is_and_kills_all(scheduler):
    log = []
    with pytest.raises(ValueError, match="body"):
        async with open_system(scheduler=scheduler) as system:
            refs = await start(system.group("g", scope="one_for_all"), "abc", log, restart=RESTING)
            await refs[0].tell(Boom())
            await trio.sleep(1)
            raise ValueError("body")
    assert [ref.ending.reason for ref in refs] == ["killed"] * 3


@every_schedule
async def test_who_asks_in_a_shielded_clean_up_is_answered_by_a_group_that_recovers(scheduler):
    answers = []
    with trio.CancelScope() as scope:
        async with open_system(scheduler=scheduler) as system:
            a, b = await start(system.group("g", scope="one_for_all"), "ab", [], restart=RESTING)
            await a.tell(Boom())
            await trio.sleep(1)
            scope.cancel()
            with trio.CancelScope(shield=True):
                answers.append(await b.ask("x"))
    assert answers == ["x"]


@every_schedule
async def test_a_child_may_be_started_in_a_group_that_recovers(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        (a,) = await start(group, "a", log, restart=RESTING, setup=0.0, tidy=5.0)
        await a.tell(Boom())
        refs = []
        for name in "bcd":  # as it crashes, while it ends, while it rests
            refs += await start(group, name, log, setup=0.5)
            await trio.sleep(4)
        assert [await ref.ask("x") for ref in [a, *refs]] == ["x"] * 4
        await a.tell(Boom())
        await trio.sleep(50)
        assert log[-4:] == ["+a", "+b", "+c", "+d"]


def test_an_interrupt_in_a_child_ends_everything():
    log = []

    @every_schedule
    async def scenario(scheduler):
        log.clear()
        async with open_system(scheduler=scheduler) as system:
            refs = await start(system.group("g", scope="one_for_all"), "abc", log)
            await refs[1].tell(KeyboardInterrupt())
            await trio.sleep_forever()

    with RaisesGroup(KeyboardInterrupt):
        scenario()
    assert sorted(log) == ["+a", "+b", "+c", "-a", "-b", "-c"]


# Cancelled anywhere ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("schedule", [Schedule("production"), Schedule("controlled", 1), Schedule("trio", 2)])
@pytest.mark.parametrize("scope", SCOPES)
def test_wherever_the_host_is_cancelled_no_task_is_left_and_every_ask_is_settled_once(scope, schedule):
    async def host(scheduler, canceller):
        ledger, outcomes, sent = Ledger(), [], []
        with canceller.watch():
            async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
                group = system.group("outer", scope=scope)
                a, b = await start(group, "ab", [], restart=RESTING, setup=0.1, tidy=1.0)
                (c,) = await start(group.group("inner", scope=scope, restart=RULE), "c", [], restart=Restart(limit=0))
                for number in range(3):
                    for ref in (a, b, c):
                        message = f"{number} to {ref.name}"
                        sent.append(message)
                        nursery.start_soon(ask, ref, message, outcomes)
                    await trio.sleep(0.5)
                    sent.append(Boom(number))
                    await (a, b, c)[number].tell(sent[-1])
                    await trio.sleep(0.5)
                await trio.sleep(20)
                await trio.sleep(20)
        known = ledger.entered + ledger.dead
        assert ledger.faults([message for message in sent if message in known], []) == []
        assert len(outcomes) <= 9
        return canceller.left <= 0

    for step in range(1, 200):
        if not schedule.run(lambda scheduler, step=step: host(scheduler, CancelAt(step))):
            return
    raise AssertionError("too many steps")


# Anything, at any time ------------------------------------------------------------------------------------------------

ACTS = st.sampled_from(["crash", "crash", "work", "ask", "ask", "stop", "kill"])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    groups=st.lists(st.tuples(st.integers(0, 9), st.sampled_from(SCOPES), st.booleans()), min_size=1, max_size=4),
    homes=st.lists(st.integers(0, 9), min_size=1, max_size=6),
    acts=st.lists(st.tuples(st.sampled_from([0.0, 0.0, 0.5, 1.0, 3.0]), st.integers(0, 9), ACTS), max_size=20),
    seed=st.integers(0, 999),
)
def test_whatever_happens_nothing_hangs_and_every_message_has_one_fate(groups, homes, acts, seed):
    ledger, outcomes, asked = Ledger(), [], []

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
            made = []
            for parent, scope, ruled in groups:
                around = ([system, *made])[parent % (len(made) + 1)]
                made.append(around.group("g", scope=scope, restart=RESTING if ruled else None))
            rules = (RULE, Restart(backoff=Backoff(1.0, up_to=4.0)), Restart(limit=1), Restart(kind="temporary"))
            refs = [
                await made[home % len(made)].start(member, [], 0.1, tidy, restart=rules[number % 4])
                for number, (home, tidy) in enumerate(zip(homes, (0.0, 1.0) * 3, strict=False))
            ]
            for number, (pause, who, act) in enumerate(acts):
                await trio.sleep(pause)
                ref = refs[who % len(refs)]
                if act in ("stop", "kill"):
                    nursery.start_soon(getattr(ref, act))
                else:
                    message = {"crash": Boom(number), "work": 1.0 + number, "ask": f"ask {number}"}[act]
                    asked.append(message)
                    nursery.start_soon(ask, ref, message, outcomes)

    try:
        Schedule("controlled", seed).run(scenario)
    except* Boom:  # the limit that was exceeded is a group of these
        pass
    known = ledger.entered + ledger.dead  # an ask that was cancelled before it was made is no message
    assert ledger.faults([message for message in asked if message in known], []) == []
    assert len(outcomes) <= len(asked)


# What a group is ------------------------------------------------------------------------------------------------------


async def test_a_scope_that_is_none_is_refused():
    async with open_system() as system:
        text = "scope must be one of 'one_for_one', 'one_for_all', 'rest_for_one', not 'all'"
        with pytest.raises(ValueError, match=text):
            system.group("g", scope="all")
        with pytest.raises(ValueError, match=text):
            system.group("g").group("h", scope="all")


async def test_a_group_has_a_name():
    async with open_system() as system:
        group = system.group("feeds")
        assert (group.name, group.group("ticks").name) == ("feeds", "ticks")
