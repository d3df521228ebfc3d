"""A6 Crash, for a single actor with a restart rule. Case names in brackets are those of OTP's supervisor_SUITE, adapted."""

import logging
import math
import random

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from pytest import RaisesGroup

from actors import (
    ActorCrashed,
    ActorError,
    ActorStopped,
    Backoff,
    Observer,
    Restart,
    RestartLimitExceeded,
    Scheduler,
    open_system,
)
from actors._restart import Crashes
from actors.testing import Record, Recorder
from tests.actors.parts import Boom, Ledger, fragile
from tests.actors.schedules import every_schedule, run

RESTING = Restart(limit=3, within=60.0, backoff=Backoff(10.0, up_to=10.0))


async def mortal(inbox, lives):
    """Writes each of its lives down as a list of what it handled; dies as it is told."""
    life = []
    lives.append(life)
    async for message in inbox:
        life.append(message)
        if message == "crash":
            raise Boom(message)
        if message == "return":
            return
        inbox.reply((len(lives), message))


async def ask(ref, message, outcomes):
    try:
        outcomes.append(await ref.ask(message))
    except ActorError as error:
        outcomes.append(error)


# Backoff and window, as arithmetic ------------------------------------------------------------------------------------


def test_a_backoff_grows_by_its_factor_up_to_its_bound():
    backoff = Backoff(0.1, up_to=1.0, factor=3)
    assert [backoff.delay(number, 0.5) for number in range(1, 6)] == pytest.approx([0.1, 0.3, 0.9, 1.0, 1.0])


def test_a_slow_backoff_meets_its_bound_too():
    assert Backoff(1.0, up_to=3.0, factor=1.001).delay(2_000, 0.5) == 3.0


@pytest.mark.parametrize("factor", [3.0, 10])
def test_a_backoff_of_nothing_never_waits(factor):
    assert Backoff(0.0, up_to=60.0, factor=factor).delay(5_000, 0.5) == 0.0


@pytest.mark.parametrize(("chance", "delay"), [(0.0, 6.0), (0.25, 8.0), (0.5, 10.0), (0.75, 12.0)])
def test_jitter_moves_a_delay_by_its_share_as_chance_has_it(chance, delay):
    assert Backoff(10.0, up_to=10.0, jitter=0.4).delay(1, chance) == pytest.approx(delay)


def test_chance_comes_from_the_backoff_when_it_brings_its_own():
    rule = Restart(limit=9, backoff=Backoff(1.0, up_to=9.0, jitter=1.0, chance=random.Random(7).random))
    crashes, expected = Crashes("a", rule), random.Random(7)
    delays = [crashes.next_delay(0.0, Boom(), lambda: 0.5) for _ in range(3)]
    assert delays == [size * 2 * expected.random() for size in (1.0, 2.0, 4.0)]


@given(
    first=st.floats(0, 1e308),
    up_to=st.floats(0, 1e308),
    factor=st.floats(1, 1e308) | st.integers(1, 10**9),
    number=st.integers(1, 10**12),
)
def test_no_delay_overflows_exceeds_its_bound_or_shrinks(first, up_to, factor, number):
    backoff = Backoff(first, up_to=up_to, factor=factor)
    delay = backoff.delay(number, 0.5)
    assert min(first, up_to) <= delay <= up_to
    assert delay <= backoff.delay(number + 1, 0.5)
    assert first or not delay


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Backoff(-1, up_to=1), "first must be a finite number, at least 0, not -1"),
        (lambda: Backoff(math.nan, up_to=1), "first must be a finite number, at least 0, not nan"),
        (lambda: Backoff(1, up_to=math.inf), "up_to must be a finite number, at least 0, not inf"),
        (lambda: Backoff(1, up_to=1, factor=0.5), "factor must be a finite number, at least 1, not 0.5"),
        (lambda: Backoff(1, up_to=1, jitter=-0.1), "jitter must be a finite number, at least 0, not -0.1"),
        (lambda: Backoff(1, up_to=1, jitter=1.5), "'jitter' must be <= 1.0: 1.5"),
        (lambda: Restart(limit=-1), "'limit' must be >= 0: -1"),
        (lambda: Restart(within=-1), "within must be a finite number, more than 0, not -1"),
        (lambda: Restart(within=0), "within must be a finite number, more than 0, not 0"),
        (lambda: Restart(within=math.inf), "within must be a finite number, more than 0, not inf"),
        (lambda: Restart(kind="eternal"), "'kind' must be in ('permanent', 'transient', 'temporary') (got 'eternal')"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused(make, text):
    with pytest.raises(ValueError) as caught:
        make()
    assert str(caught.value.args[0]) == text


def test_a_limit_that_is_no_whole_number_is_refused():
    with pytest.raises(TypeError, match="'limit' must be <class 'int'>"):
        Restart(limit=1.5)


def test_the_backoff_begins_anew_when_no_crash_is_left_in_the_window():
    crashes = Crashes("a", Restart(limit=3, within=10.0, backoff=Backoff(1.0, up_to=60.0)))
    assert [crashes.next_delay(now, Boom(), random.random) for now in (0.0, 1.0, 9.0)] == [1.0, 2.0, 4.0]
    assert crashes.next_delay(19.0, Boom(), random.random) == 1.0


def test_a_crash_leaves_the_window_exactly_when_it_is_as_old_as_the_window():
    crashes = Crashes("a", Restart(limit=1, within=10.0))
    crashes.next_delay(0.0, Boom(), random.random)
    crashes.next_delay(10.0, Boom(), random.random)
    with pytest.raises(RestartLimitExceeded):
        crashes.next_delay(19.9, Boom(), random.random)


def test_one_crash_too_many_says_whose_and_holds_every_cause_in_the_window():
    crashes, causes = Crashes("thin", Restart(limit=2, within=10.0)), [Boom(str(number)) for number in range(4)]
    for now, cause in zip((0.0, 11.0, 12.0), causes, strict=False):
        crashes.next_delay(now, cause, random.random)
    with pytest.raises(RestartLimitExceeded) as caught:
        crashes.next_delay(13.0, causes[3], random.random)
    assert caught.value.exceptions == tuple(causes[1:])
    assert caught.value.message == "'thin' ended 3 times within 10 s; its limit is 2 restarts"


def test_the_cause_of_a_permanent_actor_that_returned_says_that_it_returned():
    with pytest.raises(RestartLimitExceeded) as caught:
        Crashes("thin", Restart(limit=0, kind="permanent")).next_delay(0.0, None, random.random)
    (cause,) = caught.value.exceptions
    assert (type(cause), str(cause)) == (ActorError, "'thin' is permanent, and returned")


def test_what_is_left_of_a_split_group_still_says_that_the_limit_was_exceeded():
    group = RestartLimitExceeded.of("a", 1, 5.0, [Boom("x"), ValueError("y")])
    match, rest = group.split(ValueError)
    assert isinstance(match, RestartLimitExceeded)
    assert isinstance(rest, RestartLimitExceeded)
    assert match.message == rest.message == group.message
    assert isinstance(group, ActorError)


# Who comes back after what --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "death", "reason"),
    [
        pytest.param("permanent", "return", None, id="permanent_normal"),
        pytest.param("transient", "return", "finished", id="transient_normal"),
        pytest.param("temporary", "return", "finished", id="temporary_normal"),
        pytest.param("permanent", "crash", None, id="permanent_abnormal"),
        pytest.param("transient", "crash", None, id="transient_abnormal"),
        pytest.param("temporary", "crash", "crashed", id="temporary_abnormal"),
        *(
            pytest.param(kind, order, reason, id=f"{kind}_{case}")
            for kind in ("permanent", "transient", "temporary")
            for order, case, reason in (
                ("stop", "shutdown", "stopped"),
                ("drain", "drained", "drained"),
                ("kill", "killed", "killed"),
            )
        ),
    ],
)
def test_a_kind_says_who_comes_back_after_what(kind, death, reason):
    @every_schedule
    async def scenario(scheduler):
        lives = []
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(mortal, lives, name="a", restart=Restart(kind=kind))
            other = await system.start(fragile)
            if death in ("return", "crash"):
                await ref.tell(death)
                await trio.sleep(1)
            else:
                await getattr(ref, death)()
            assert await other.ask("alive") == "alive"
            assert ref.statistics().restarts == (reason is None)
            if reason is None:
                assert await ref.ask("again") == (2, "again")
            else:
                assert ref.ending.reason == reason
                assert len(lives) == 1

    scenario()


def test_a_temporary_crash_costs_nobody_else_anything_and_is_logged(caplog):
    @every_schedule
    async def scenario(scheduler):
        caplog.clear()
        ledger, error = Ledger(), Boom("once")
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(fragile, name="brief", restart=Restart(kind="temporary"))
            with pytest.raises(ActorCrashed) as caught:
                await ref.ask(error)
            assert (await ref.ended()).error is error
        assert caught.value.__cause__ is error
        assert ledger.crashes == [("brief", error)]
        (record,) = [record for record in caplog.records if record.name == "actors"]
        assert record.levelno == logging.ERROR
        assert "'brief'" in record.getMessage()
        assert record.exc_info[1] is error

    scenario()


@every_schedule
async def test_a_permanent_actor_that_returns_too_often_escalates(scheduler):
    with RaisesGroup(RaisesGroup(ActorError, ActorError)):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(mortal, [], restart=Restart(limit=1, kind="permanent"))
            ref.tell_nowait("return")
            ref.tell_nowait("return")
            await trio.sleep_forever()


# What a restart keeps and what it loses -------------------------------------------------------------------------------


@every_schedule
async def test_a_restart_keeps_the_ref_and_the_order_of_the_queue_and_loses_state_and_the_message_in_hand(scheduler):
    ledger, lives = Ledger(), []
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(mortal, lives, restart=Restart())
        for message in ("a", "crash", "b", "c", "crash", "d"):
            ref.tell_nowait(message)
    assert lives == [["a", "crash"], ["b", "c", "crash"], ["d"]]
    assert ledger.done == ["a", "b", "c", "d"]
    assert ledger.letters == []
    statistics = ref.statistics()
    assert (statistics.restarts, statistics.handled, statistics.dead_letters) == (2, 4, 0)


@every_schedule
async def test_who_asked_for_the_message_in_hand_learns_of_the_original_error_once(scheduler):
    error, outcomes = Boom("bad tick"), []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(fragile, restart=RESTING)
        nursery.start_soon(ask, ref, error, outcomes)
        await trio.sleep(1)
        assert [type(outcome) for outcome in outcomes] == [ActorCrashed]
        assert outcomes[0].__cause__ is error
        await trio.sleep(20)
        assert len(outcomes) == 1


@every_schedule
async def test_deferred_answers_fail_with_the_life_that_owed_them(scheduler):
    outcomes, replies = [], []

    async def owing(inbox):
        async for message in inbox:
            if message == "crash":
                raise Boom
            replies.append(inbox.defer())

    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(owing, restart=Restart())
        nursery.start_soon(ask, ref, "early", outcomes)
        await trio.sleep(1)
        ref.tell_nowait("crash")
        await trio.sleep(1)
        assert [(type(error), error.begun, type(error.__cause__)) for error in outcomes] == [(ActorStopped, True, Boom)]
        replies[0].send("too late")
        assert ref.statistics().late_replies == 1
        nursery.start_soon(ask, ref, "late", outcomes)
        await trio.sleep(1)
        replies[1].send("in time")
    assert outcomes[1:] == ["in time"]


@every_schedule
async def test_an_answer_that_was_given_before_the_crash_stands(scheduler):
    async def hasty(inbox):
        async for message in inbox:
            inbox.reply(message)
            raise Boom

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(hasty, restart=Restart())
        assert [await ref.ask(1), await ref.ask(2)] == [1, 2]


@every_schedule
async def test_the_next_life_has_no_message_in_hand(scheduler):
    texts = []

    async def confused(inbox):
        for act in (lambda: inbox.reply(1), inbox.defer):
            try:
                act()
            except ActorError as error:
                texts.append(str(error))
        async for message in inbox:
            raise message

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(confused, name="a", restart=Restart())
        await ref.tell(Boom())
        await trio.sleep(1)
    assert texts == ["'a' has no message in hand to reply to", "'a' has no message in hand to defer"] * 2


# While it rests -------------------------------------------------------------------------------------------------------


@every_schedule
async def test_what_is_sent_while_an_actor_rests_waits_and_is_handled_after_it(scheduler):
    lives = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(mortal, lives, restart=RESTING)
        start = trio.current_time()
        await ref.tell("crash")
        await trio.sleep(1)
        await ref.tell("told")
        assert ref.statistics().queued == 1
        assert await ref.ask("asked") == (2, "asked")
        assert trio.current_time() - start == pytest.approx(10)
    assert lives == [["crash"], ["told", "asked"]]


@every_schedule
async def test_an_ask_may_time_out_while_the_actor_rests(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(mortal, [], restart=RESTING)
        await ref.tell("crash")
        await trio.sleep(1)
        outcomes = []
        with trio.move_on_after(5):
            await ask(ref, "asked", outcomes)
        assert outcomes == []
        assert await ref.ask("later") == (2, "later")


@every_schedule
async def test_a_sender_that_waits_for_a_place_waits_through_the_rest(scheduler):
    lives = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(mortal, lives, capacity=1, restart=RESTING)
        start = trio.current_time()
        await ref.tell("crash")
        await trio.sleep(1)
        await ref.tell("a")
        await ref.tell("b")
        assert trio.current_time() - start == pytest.approx(10)
    assert lives[1] == ["a", "b"]


@pytest.mark.parametrize(
    ("order", "reason", "handled", "dead"),
    [("stop", "stopped", [], ["left"]), ("kill", "killed", [], ["left"]), ("drain", "drained", ["left"], [])],
)
def test_an_order_to_end_takes_effect_at_once_while_the_actor_rests(order, reason, handled, dead):
    @every_schedule
    async def scenario(scheduler):
        ledger, lives = Ledger(), []
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(mortal, lives, name="a", restart=RESTING)
            await ref.tell("crash")
            await trio.sleep(1)
            await ref.tell("left")
            start = trio.current_time()
            await getattr(ref, order)()
            assert trio.current_time() == start
        assert ledger.ends == [("a", reason)]
        assert (ledger.done, ledger.dead) == (handled, dead)
        assert lives[1:] == ([handled] if handled else [])

    scenario()


@every_schedule
async def test_an_actor_that_is_drained_while_it_rests_with_nothing_queued_is_not_called_again(scheduler):
    lives = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(mortal, lives, restart=RESTING)
        await ref.tell("crash")
        await trio.sleep(1)
        await ref.drain()
    assert lives == [["crash"]]
    assert (ref.ending.reason, ref.statistics().restarts) == ("drained", 0)


@pytest.mark.parametrize("order", ["stop", "kill", "drain"])
def test_an_order_at_the_very_moment_of_the_restart_is_kept(order):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(mortal, [], restart=RESTING)
            await ref.tell("crash")
            await trio.sleep(10)
            await getattr(ref, order)()
            assert ref.ending.error is None

    scenario()


@every_schedule
async def test_leaving_the_block_by_an_exception_does_not_wait_for_a_rest(scheduler):
    start = trio.current_time()
    with pytest.raises(Boom, match="body"):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(mortal, [], restart=RESTING)
            await ref.tell("crash")
            await trio.sleep(1)
            raise Boom("body")
    assert trio.current_time() == start + 1
    assert ref.ending.reason == "killed"


@every_schedule
async def test_a_system_that_is_cancelled_does_not_wait_for_a_rest(scheduler):
    start = trio.current_time()
    with trio.move_on_after(2):
        async with open_system(scheduler=scheduler) as system:
            await (await system.start(mortal, [], restart=RESTING)).tell("crash")
            await trio.sleep_forever()
    assert trio.current_time() == start + 2


@every_schedule
async def test_a_restarted_actor_can_be_killed_in_mid_message(scheduler):
    async def slow(inbox):
        async for message in inbox:
            if message == "crash":
                raise Boom
            await trio.sleep_forever()

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(slow, restart=Restart())
        ref.tell_nowait("crash")
        ref.tell_nowait("hang")
        await trio.sleep(1)
        await ref.kill()
        assert ref.ending.reason == "killed"


# Limit, window, escalation --------------------------------------------------------------------------------------------


@every_schedule
async def test_one_crash_too_many_ends_the_system_with_every_cause(scheduler):
    errors = [Boom(str(number)) for number in range(4)]
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(fragile, name="thin", restart=Restart(limit=3))
            for error in errors:
                ref.tell_nowait(error)
            ref.tell_nowait("left")
            await trio.sleep_forever()
    (limit,) = caught.value.exceptions
    assert isinstance(limit, RestartLimitExceeded)
    assert limit.exceptions == tuple(errors)
    assert ref.ending.reason == "crashed"
    assert ref.ending.error.exceptions == limit.exceptions  # trio's nursery raises a copy
    assert (ref.statistics().restarts, ref.statistics().dead_letters) == (3, 1)


@every_schedule
async def test_the_asker_of_the_last_straw_learns_of_the_original_error_and_those_behind_of_the_limit(scheduler):
    error, outcomes = Boom("last"), []

    async def asking(ref, message):
        with trio.CancelScope(shield=True):
            await ask(ref, message, outcomes)

    with RaisesGroup(RaisesGroup(RaisesGroup(Boom))):
        async with trio.open_nursery() as outside, open_system(scheduler=scheduler) as system:
            ref = await system.start(slow_to_fail, error, restart=Restart(limit=0))
            outside.start_soon(asking, ref, "first")
            await trio.sleep(0.5)
            outside.start_soon(asking, ref, "second")
            await trio.sleep_forever()
    causes = {type(outcome): outcome.__cause__ for outcome in outcomes}
    assert causes[ActorCrashed] is error
    assert isinstance(causes[ActorStopped], RestartLimitExceeded)


async def slow_to_fail(inbox, error):
    async for _ in inbox:
        await trio.sleep(1)
        raise error


@every_schedule
async def test_a_limit_of_nothing_escalates_the_first_crash(scheduler):
    lives = []
    with RaisesGroup(RaisesGroup(Boom)):
        async with open_system(scheduler=scheduler) as system:
            await (await system.start(mortal, lives, restart=Restart(limit=0))).tell("crash")
            await trio.sleep_forever()
    assert lives == [["crash"]]


@every_schedule
async def test_a_crash_before_a_later_life_awaits_its_inbox_counts(scheduler):
    calls = []

    async def broken_after_the_first(inbox):
        calls.append(None)
        if len(calls) > 1:
            raise Boom("set-up")
        async for _ in inbox:
            raise Boom("handler")

    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(broken_after_the_first, restart=Restart(limit=2))
            ref.tell_nowait("go")
            ref.tell_nowait("left")
            await trio.sleep_forever()
    assert [str(cause) for cause in caught.value.exceptions[0].exceptions] == ["handler", "set-up", "set-up"]
    assert ref.statistics().dead_letters == 1


@every_schedule
async def test_the_rest_grows_with_each_crash_and_is_short_again_after_a_stable_run(scheduler):
    starts = []

    async def timed(inbox):
        starts.append(trio.current_time())
        async for _ in inbox:
            raise Boom

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(timed, restart=Restart(limit=5, within=30.0, backoff=Backoff(1.0, up_to=3.0)))
        crashes = [trio.current_time()]
        for _ in range(4):
            ref.tell_nowait("crash")
        await trio.sleep(100)
        crashes.append(trio.current_time())
        ref.tell_nowait("crash")
        await trio.sleep(5)
    began = starts[0]
    assert [start - began for start in starts[1:5]] == pytest.approx([1, 3, 6, 9])
    assert starts[5] - crashes[1] == pytest.approx(1)


# What is no matter of the rule ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["permanent", "transient", "temporary"])
def test_a_first_start_that_fails_is_raised_by_start_and_not_tried_again(kind):
    @every_schedule
    async def scenario(scheduler):
        calls = []

        async def stillborn(inbox):
            calls.append(inbox)
            raise Boom("set-up")

        async with open_system(scheduler=scheduler) as system:
            with pytest.raises(Boom, match="set-up"):
                await system.start(stillborn, restart=Restart(kind=kind))
            assert len(calls) == 1

    scenario()


def test_an_interrupt_is_never_restarted():
    lives = []

    @every_schedule
    async def scenario(scheduler):
        lives.clear()

        async def interrupted(inbox):
            lives.append(inbox)
            async for _ in inbox:
                raise KeyboardInterrupt

        async with open_system(scheduler=scheduler) as system:
            await (await system.start(interrupted, restart=Restart(kind="permanent"))).tell("go")
            await trio.sleep_forever()

    with RaisesGroup(KeyboardInterrupt):
        scenario()
    assert len(lives) == 1


@every_schedule
async def test_a_crash_in_the_cleaning_up_after_a_kill_is_not_restarted_and_not_lost(scheduler):
    async def untidy(inbox):
        try:
            async for _ in inbox:
                pass
        finally:
            raise Boom("cleaning up")

    with RaisesGroup(Boom):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(untidy, restart=Restart(kind="permanent"))
            await ref.kill()
            await trio.sleep_forever()
    assert (ref.ending.reason, ref.statistics().restarts) == ("crashed", 0)


@every_schedule
async def test_a_crash_while_it_is_told_to_stop_is_not_restarted_and_not_lost(scheduler):
    with RaisesGroup(Boom):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(slow_to_fail, Boom(), restart=Restart(kind="permanent"))
            await ref.tell("go")
            await trio.sleep(0.5)
            await ref.stop()
            await trio.sleep_forever()
    assert ref.ending.reason == "crashed"


@every_schedule
async def test_a_crash_while_draining_comes_back_for_what_is_queued(scheduler):
    lives = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(mortal, lives, restart=RESTING)
        for message in ("a", "crash", "b"):
            ref.tell_nowait(message)
        await ref.drain()
    assert lives == [["a", "crash"], ["b"]]


# Seen -----------------------------------------------------------------------------------------------------------------


@every_schedule
async def test_an_observer_sees_each_crash_then_each_restart_then_the_end(scheduler):
    recorder = Recorder()
    with RaisesGroup(RaisesGroup(Boom, Boom)):
        async with open_system(scheduler=scheduler, observer=recorder) as system:
            ref = await system.start(fragile, name="a", restart=Restart(limit=1, within=5.0))
            ref.tell_nowait(Boom("one"))
            ref.tell_nowait(Boom("two"))
            await trio.sleep_forever()
    life = [record for record in recorder.records if record.what in ("crashed", "restarted", "stopped")]
    assert [(record.what, str(record.subject)) for record in life] == [
        ("crashed", "one"),
        ("restarted", "None"),
        ("crashed", "'a' ended 2 times within 5 s; its limit is 1 restarts (2 sub-exceptions)"),
        ("stopped", "crashed"),
    ]


@every_schedule
async def test_an_observer_sees_no_crash_where_a_permanent_actor_returned(scheduler):
    recorder = Recorder()
    async with open_system(scheduler=scheduler, observer=recorder) as system:
        await (await system.start(mortal, [], name="a", restart=Restart(kind="permanent"))).tell("return")
        await trio.sleep(1)
    assert recorder.subjects("crashed") == []
    assert recorder.records[-2:] == [Record("restarted", "a"), Record("stopped", "a", "drained")]


def test_the_log_names_the_actor_its_error_and_the_rest(caplog):
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(fragile, name="thin", restart=Restart(limit=1, backoff=Backoff(0.5, up_to=1)))
            ref.tell_nowait(Boom("one"))
            ref.tell_nowait(Boom("two"))
            await trio.sleep_forever()

    with RaisesGroup(RaisesGroup(Boom, Boom)):
        run(scenario, Scheduler())
    assert [(record.name, record.levelname, record.getMessage()) for record in caplog.records] == [
        ("actors", "WARNING", "'thin' ended and is called again in 0.5 s"),
        ("actors", "ERROR", "'thin' gives up: it ended more often than its rule allows"),
    ]
    assert [str(record.exc_info[1]).partition(" ")[0] for record in caplog.records] == ["one", "'thin'"]


@pytest.mark.parametrize("method", ["crashed", "restarted"])
async def test_an_observer_that_raises_at_a_restart_ends_the_system_and_hides_no_crash(method, autojump_clock):
    class Faulty(Observer):
        pass

    def fail(*_):
        raise ValueError("from the observer")

    setattr(Faulty, method, fail)
    error = Boom()
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(observer=Faulty()) as system:
            ref = await system.start(fragile, restart=Restart())
            await ref.tell(error)
            await trio.sleep_forever()
    assert error in caught.value.exceptions


@every_schedule
async def test_the_statistics_of_a_resting_actor_tell_what_waits(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(mortal, [], restart=RESTING)
        await ref.tell("crash")
        await trio.sleep(1)
        await ref.tell("x")
        statistics = ref.statistics()
        assert (statistics.state, statistics.queued, statistics.age, statistics.restarts) == ("running", 1, None, 0)
        assert system.statistics().deadlines == 1
