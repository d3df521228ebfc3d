"""A10: a handler that takes too long for one message is cut, and that is a crash of its actor."""

import math
from contextlib import suppress

import pytest
import trio

from actors import ActorCrashed, ActorStopped, Backoff, HandlerTimeout, Restart, open_system
from actors._handler_limit import LimitedInbox
from actors.testing import assert_no_leaks
from tests.actors.parts import Boom, Ledger, silent
from tests.actors.schedules import every_schedule


async def sleeper(inbox, log):
    """Sleeps as long as it is told; notes what it begins and what it finishes."""
    log.append("begin")
    async for seconds in inbox:
        await trio.sleep(seconds)
        log.append(seconds)
        inbox.reply(seconds)


@every_schedule
async def test_a_handler_that_takes_too_long_is_cut_when_its_time_is_over_and_its_actor_crashes(scheduler):
    log, ledger = [], Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(sleeper, log, name="slow", handler_timeout=2, restart=Restart())
        await ref.tell(1.5)
        await ref.tell(9)
        await ref.tell(1)
        began = trio.current_time()
        await ref.ask(0.5)
        assert trio.current_time() - began == 1.5 + 2 + 1 + 0.5
        assert (ref.statistics().restarts, ref.statistics().handled) == (1, 3)
    assert log == ["begin", 1.5, "begin", 1, 0.5]
    [(name, error)] = ledger.crashes
    assert name == "slow"
    assert isinstance(error, HandlerTimeout)
    assert (error.actor, error.message, error.seconds) == ("slow", 9, 2)
    assert str(error) == (
        "'slow' took longer than 2 s for 9 and was cancelled: "
        "start it with a larger handler_timeout, or move the long part into an actor of its own."
    )
    assert error.__cause__ is None


@every_schedule
async def test_who_asked_is_told_of_the_crash_with_the_limit_as_its_cause(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(sleeper, [], handler_timeout=2, restart=Restart())
        began = trio.current_time()
        with pytest.raises(ActorCrashed) as caught:
            await ref.ask(9)
        assert trio.current_time() - began == 2
        assert isinstance(caught.value.__cause__, HandlerTimeout)
        assert await ref.ask(1) == 1


@every_schedule
async def test_without_a_rule_it_ends_the_system(scheduler):
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(sleeper, [], handler_timeout=2)
            await ref.tell(9)
            await trio.sleep_forever()
    assert caught.group_contains(HandlerTimeout, depth=1)
    assert len(caught.value.exceptions) == 1


@every_schedule
async def test_it_escalates_like_every_crash(scheduler):
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(sleeper, [], handler_timeout=2, restart=Restart(limit=1))
            await ref.tell(9)
            await ref.tell(9)
            await trio.sleep_forever()
    assert caught.group_contains(HandlerTimeout, depth=2)


@pytest.mark.parametrize("scope", ["one_for_all", "rest_for_one"])
def test_it_concerns_the_group_like_every_crash(scope):
    @every_schedule
    async def scenario(scheduler):
        log = []
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope=scope)
            first = await group.start(sleeper, [], handler_timeout=2, restart=Restart())
            await group.start(sleeper, log, handler_timeout=2)
            await first.tell(9)
            await trio.sleep(3)
        assert log == ["begin", "begin"]

    scenario()


def test_it_is_logged_once(caplog):
    @every_schedule
    async def scenario(scheduler):
        caplog.clear()
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(sleeper, [], name="slow", handler_timeout=2, restart=Restart())
            await ref.tell(9)
            await trio.sleep(3)
        [record] = caplog.records
        assert record.exc_info[0] is HandlerTimeout

    scenario()


# What counts --------------------------------------------------------------------------------------------


@every_schedule
async def test_many_short_messages_that_take_long_together_are_no_failure(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(sleeper, log, handler_timeout=2)
        for _ in range(50):
            await ref.tell(1.5)
        await ref.drain()
    assert log == ["begin", *[1.5] * 50]


@every_schedule
async def test_the_limit_counts_from_each_message_on_also_after_a_wait(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(sleeper, [], handler_timeout=2, restart=Restart())
        for pause in (0, 0.5, 3, 0.7, 1.1, 2, 1.9):
            await trio.sleep(pause)
            await ref.ask(1.9)
        await trio.sleep(0.3)
        began = trio.current_time()
        with pytest.raises(ActorCrashed):
            await ref.ask(2.1)
        assert trio.current_time() - began == pytest.approx(2)
    assert len(ledger.crashes) == 1


@every_schedule
async def test_set_up_clean_up_and_the_wait_for_a_message_have_no_limit(scheduler):
    log = []

    async def patient(inbox):
        await trio.sleep(5)
        async for _ in inbox:
            await trio.sleep(0.5)
            log.append("handled")
        await trio.sleep(5)
        log.append("cleaned")

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(patient, handler_timeout=1)
        await trio.sleep(5)
        await ref.tell("x")
        await trio.sleep(5)
    assert log == ["handled", "cleaned"]


@every_schedule
async def test_a_second_life_has_the_limit_too_and_its_set_up_has_none(scheduler):
    ledger, lives = Ledger(), []

    async def patient(inbox):
        lives.append(1)
        await trio.sleep(5)
        async for seconds in inbox:
            await trio.sleep(seconds)

    rule = Restart(backoff=Backoff(1.5, up_to=2))
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(patient, handler_timeout=1, restart=rule)
        for seconds in (0.5, 9, 0.5, 9, 0.5):
            await ref.tell(seconds)
        await trio.sleep(40)
    assert [error.message for _, error in ledger.crashes] == [9, 9]
    assert len(lives) == 3


@every_schedule
async def test_a_handler_that_blocks_the_program_and_finishes_is_late_but_not_cut(scheduler):
    clock = trio.lowlevel.current_clock()

    async def blocks(inbox):
        async for _ in inbox:
            clock.jump(5)  # as a long computation does
            inbox.reply("done")

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(blocks, handler_timeout=1)
        assert await ref.ask("x") == "done"
        assert await ref.ask("x") == "done"


@every_schedule
async def test_an_answer_that_was_given_in_time_stands(scheduler):
    async def answers_first(inbox):
        async for message in inbox:
            inbox.reply(message)
            await trio.sleep_forever()

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(answers_first, handler_timeout=1, restart=Restart())
        assert await ref.ask("a") == "a"
        assert await ref.ask("b") == "b"
        await trio.sleep(5)
        assert ref.statistics().restarts == 2


# Who resists --------------------------------------------------------------------------------------------


@every_schedule
async def test_a_handler_that_swallows_the_cancellation_has_failed_all_the_same(scheduler):
    """Once the limit has passed no further message is taken up, and the end is a crash, however it comes."""
    taken, ledger = [], Ledger()

    async def deaf(inbox):
        async for message in inbox:
            taken.append(message)
            with suppress(trio.Cancelled):
                await trio.sleep(message)

    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(deaf, handler_timeout=1, restart=Restart())
        ref.tell_nowait(9)
        ref.tell_nowait(0.5)
        await trio.sleep(5)
        assert taken == [9, 0.5]
        assert ref.statistics().handled == 1
    assert [type(error) for _, error in ledger.crashes] == [HandlerTimeout]


@every_schedule
async def test_a_behaviour_that_swallows_the_cancellation_and_returns_has_crashed(scheduler):
    async def deaf(inbox):
        try:
            async for _ in inbox:
                await trio.sleep_forever()
        except trio.Cancelled:
            return

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(deaf, handler_timeout=1, restart=Restart())
        with pytest.raises(ActorCrashed) as caught:
            await ref.ask("x")
        assert isinstance(caught.value.__cause__, HandlerTimeout)


@every_schedule
async def test_a_loop_in_a_shield_takes_no_further_message(scheduler):
    log = []

    async def shielded(inbox):
        log.append("begin")
        with trio.CancelScope(shield=True):
            async for seconds in inbox:
                await trio.sleep(seconds)
                log.append(seconds)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(shielded, handler_timeout=1, restart=Restart())
        await ref.tell(3)
        await ref.tell(0.5)
    assert log == ["begin", 3, "begin", 0.5]


@every_schedule
async def test_the_cleaning_up_is_waited_for_and_the_next_life_begins_after_it(scheduler):
    log, began = [], trio.current_time()

    async def tidy(inbox):
        log.append((trio.current_time() - began, "begin"))
        try:
            async for _ in inbox:
                await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(4)
            log.append((trio.current_time() - began, "clean"))

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(tidy, handler_timeout=1, restart=Restart())
        await ref.tell("x")
        await trio.sleep(7)
        await ref.kill()
    assert log[:3] == [(0, "begin"), (5, "clean"), (5, "begin")]


@every_schedule
async def test_what_is_raised_because_of_the_limit_is_its_cause(scheduler):
    async def breaks(inbox):
        async for _ in inbox:
            try:
                await trio.sleep_forever()
            finally:
                raise Boom

    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(breaks, handler_timeout=1, restart=Restart())
        await ref.tell("x")
        await trio.sleep(3)
    [(_, error)] = ledger.crashes
    assert (type(error), type(error.__cause__)) == (HandlerTimeout, Boom)


# Beside the orders to end -------------------------------------------------------------------------------


@every_schedule
async def test_a_kill_that_takes_longer_than_the_limit_is_a_kill(scheduler):
    async def tidy(inbox):
        try:
            async for _ in inbox:
                await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(5)

    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(tidy, name="a", handler_timeout=2)
        await ref.tell("x")
        await trio.sleep(1)
        await ref.kill()
    assert (ledger.ends, ledger.crashes) == ([("a", "killed")], [])


@every_schedule
async def test_an_actor_that_its_group_brings_down_does_not_fail_of_the_limit_as_well(scheduler):
    async def tidy(inbox):
        async for _ in inbox:
            try:
                await trio.sleep_forever()
            finally:
                with trio.CancelScope(shield=True):
                    await trio.sleep(5)

    async def crashes(inbox):
        async for _ in inbox:
            raise Boom

    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        group = system.group("g", scope="one_for_all")
        crashing = await group.start(crashes, restart=Restart())
        ref = await group.start(tidy, handler_timeout=2)
        await ref.tell("x")
        await trio.sleep(1)
        await crashing.tell("x")
        await trio.sleep(9)
        assert ref.statistics().restarts == 1
    assert [type(error) for _, error in ledger.crashes] == [Boom]


@pytest.mark.parametrize("how", ["stop", "drain"])
def test_a_handler_that_hangs_while_its_actor_stops_is_a_crash(how):
    @every_schedule
    async def scenario(scheduler):
        with pytest.raises(ExceptionGroup) as caught:
            async with open_system(scheduler=scheduler) as system:
                ref = await system.start(sleeper, [], handler_timeout=2, restart=Restart())
                await ref.tell(9)
                await trio.sleep(1)
                await getattr(ref, how)()
        assert caught.group_contains(HandlerTimeout, depth=1)

    scenario()


@every_schedule
async def test_a_drain_goes_on_with_what_is_queued_behind_a_handler_that_was_cut(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(sleeper, log, handler_timeout=2, restart=Restart())
        for seconds in (9, 1):
            await ref.tell(seconds)
        await ref.drain()
    assert log == ["begin", "begin", 1]


@every_schedule
async def test_a_handler_that_asks_and_is_cut_leaves_its_question_behind(scheduler):
    late = []

    async def server(inbox):
        async for message in inbox:
            await trio.sleep(5)
            inbox.reply(message)
            late.append(message)

    async def client(inbox, ref):
        async for message in inbox:
            await ref.ask(message)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(server)
        asking = await system.start(client, ref, handler_timeout=2, restart=Restart())
        with pytest.raises(ActorCrashed):
            await asking.ask("x")
        await trio.sleep(5)
        assert system.statistics().late_replies == 1
    assert late == ["x"]


@every_schedule
async def test_those_who_wait_behind_a_handler_that_ended_its_actor_learn_that_nothing_was_done(scheduler):
    errors = []

    async def asks(ref, seconds):
        try:
            await ref.ask(seconds)
        except (ActorCrashed, ActorStopped) as error:
            errors.append(type(error))

    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(sleeper, [], handler_timeout=2, restart=Restart(kind="temporary"))
        nursery.start_soon(asks, ref, 9)
        await trio.sleep(1)
        nursery.start_soon(asks, ref, 1)
    assert sorted(error.__name__ for error in errors) == ["ActorCrashed", "ActorStopped"]


# What it costs ------------------------------------------------------------------------------------------


async def test_a_limit_is_one_deadline_however_many_messages_and_none_when_the_actor_is_idle(autojump_clock):
    async with open_system() as system:
        ref = await system.start(sleeper, [], handler_timeout=2)
        for _ in range(1_000):
            await ref.ask(0)
        assert len(system._runtime._deadlines._heap) == 1
        for _ in range(20):
            await ref.ask(1.5)
            assert len(system._runtime._deadlines._heap) == 1
        assert system.statistics().deadlines == 0
        await trio.sleep(3)
        assert len(system._runtime._deadlines._heap) == 0


async def test_only_a_handler_that_runs_counts_as_a_pending_deadline(autojump_clock):
    async with open_system() as system:
        with assert_no_leaks(system):
            ref = await system.start(sleeper, [], handler_timeout=2)
            ref.tell_nowait(1)
            await trio.sleep(0.5)
            assert system.statistics().deadlines == 1
            await trio.sleep(0.6)
            assert system.statistics().deadlines == 0
            await ref.stop()


async def test_the_limit_holds_when_the_heap_was_swept_while_the_actor_was_idle(autojump_clock):
    async with open_system() as system:
        ref = await system.start(sleeper, [], handler_timeout=2, restart=Restart())
        other = await system.start(sleeper, [])
        await ref.ask(0)
        for _ in range(200):
            await other.ask(0, timeout=1e6)
        with pytest.raises(ActorCrashed):
            await ref.ask(9)


async def test_an_actor_without_a_limit_has_a_plain_inbox(autojump_clock):
    async with open_system() as system:
        plain = await system.start(silent)
        limited = await system.start(silent, handler_timeout=1)
    assert [isinstance(ref._inbox, LimitedInbox) for ref in (plain, limited)] == [False, True]


@pytest.mark.parametrize("seconds", [0, -1, math.inf, math.nan])
async def test_a_limit_that_is_no_span_of_time_is_refused(seconds):
    async with open_system() as system:
        with pytest.raises(ValueError) as caught:
            await system.start(silent, handler_timeout=seconds)
        assert system.tree().actors == ()
    assert str(caught.value) == f"handler_timeout must be a finite number of seconds, above zero, not {seconds!r}"
