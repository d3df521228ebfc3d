"""A probe hears what the code under test says, in order and in virtual time, and says what was missing."""

import attrs
import pytest
import trio

from actors import ActorError, ActorStopped, AlreadyReplied, Ended, open_system
from actors.testing import Probe, assert_no_leaks
from tests.actors.parts import Boom, silent
from tests.actors.schedules import every_schedule


@attrs.frozen
class Tick:
    price: float


@attrs.frozen
class Halt:
    pass


async def failure(function, *args, **options):
    """What the expectation says that is not met."""
    with pytest.raises(AssertionError) as caught:
        await function(*args, **options)
    return str(caught.value)


async def tell_later(ref, *messages, every):
    for message in messages:
        await trio.sleep(every)
        await ref.tell(message)


async def announce(inbox, target):
    """Tells the target every message that it gets."""
    async for message in inbox:
        await target.tell(message)


async def relay(inbox, target):
    """Asks the target every message that it gets, and passes the reply on."""
    async for message in inbox:
        inbox.reply(await target.ask(message))


# Expecting ------------------------------------------------------------------------------------------------------------


@every_schedule
async def test_messages_are_expected_by_type_by_value_and_by_condition_in_order(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        actor = await system.start(announce, probe.ref)
        for message in (Tick(1.0), Halt(), Tick(2.0)):
            await actor.tell(message)
        assert await probe.expect(Tick) == Tick(1.0)
        assert await probe.expect(Halt()) == Halt()
        assert await probe.expect(Tick, where=lambda tick: tick.price > 1) == Tick(2.0)
        assert probe.received == [Tick(1.0), Halt(), Tick(2.0)]
        await probe.expect_none()


@every_schedule
async def test_a_message_that_comes_in_time_is_waited_for(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        began = trio.current_time()
        nursery.start_soon(lambda: tell_later(probe.ref, "x", every=0.75))
        assert await probe.expect("x") == "x"
        assert trio.current_time() - began == 0.75


@every_schedule
async def test_what_does_not_come_is_missed_when_its_time_has_passed(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system, name="broker")
        began = trio.current_time()
        assert await failure(probe.expect, Tick, within=2.5) == (
            "'broker' expected Tick within 2.5 s, and there came nothing in 2.5 s"
        )
        assert trio.current_time() - began == 2.5


@every_schedule
async def test_what_comes_instead_is_named_in_order_with_its_time(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        nursery.start_soon(lambda: tell_later(probe.ref, Halt(), "x", "y", every=0.25))
        await probe.expect(Halt)
        await trio.sleep(0.3)
        assert await failure(probe.expect, Tick(1.0)) == (
            "'probe' expected Tick(price=1.0) within 1 s, and there came 'x' earlier"
        )
        await trio.sleep(0.3)
        assert await failure(probe.expect, Tick) == (
            "'probe' expected Tick within 1 s, and there came 'x' earlier, then 'y' earlier"
        )


@every_schedule
async def test_what_comes_instead_while_the_probe_waits_is_named_with_its_time(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        nursery.start_soon(lambda: tell_later(probe.ref, Halt(), every=0.25))
        assert await failure(probe.expect, Tick) == (
            "'probe' expected Tick within 1 s, and there came Halt() after 0.25 s"
        )


@every_schedule
async def test_a_message_of_the_type_that_does_not_meet_the_condition_is_not_the_one(scheduler):
    def is_high(tick):
        return tick.price > 100

    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        await probe.ref.tell(Tick(1.0))
        assert await failure(probe.expect, Tick, where=is_high) == (
            "'probe' expected Tick where is_high holds within 1 s, and there came Tick(price=1.0) after 0 s"
        )


@every_schedule
async def test_what_was_not_expected_stays_to_be_expected(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        await probe.ref.tell("x")
        await failure(probe.expect, "y")
        assert await probe.expect("x") == "x"


@every_schedule
async def test_expecting_nothing_waits_the_whole_time(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        began = trio.current_time()
        await probe.expect_none(within=3.0)
        assert trio.current_time() - began == 3.0


@every_schedule
async def test_expecting_nothing_fails_as_soon_as_something_comes(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        nursery.start_soon(lambda: tell_later(probe.ref, "x", every=0.5))
        assert await failure(probe.expect_none, within=3.0) == (
            "'probe' expected no message for 3 s, and there came 'x' after 0.5 s"
        )
        assert await failure(probe.expect_none) == ("'probe' expected no message for 1 s, and there came 'x' after 0 s")


@every_schedule
async def test_a_probe_that_has_ended_hears_nothing_and_says_so_at_once(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)

        async def stop():
            await trio.sleep(0.5)
            await probe.ref.stop()

        nursery.start_soon(stop)
        assert await failure(probe.expect, Tick) == (
            "'probe' expected Tick within 1 s, and there came nothing in 0.5 s, and the probe has ended"
        )
        assert await failure(probe.expect_none) == (
            "'probe' expected no message for 1 s, and there came nothing in 0 s, and the probe has ended"
        )


@every_schedule
async def test_what_was_heard_before_the_probe_ended_can_still_be_expected(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        await probe.ref.tell("x")
    assert await probe.expect("x") == "x"


@every_schedule
async def test_a_cancelled_expectation_leaves_nothing_pending_and_loses_no_message(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        with assert_no_leaks(system):
            with trio.move_on_after(0.5):
                await probe.expect(Tick)
            await probe.ref.tell("x")
            assert await probe.expect("x") == "x"


@every_schedule
async def test_a_met_expectation_leaves_no_deadline_pending(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        nursery.start_soon(lambda: tell_later(probe.ref, "x", every=0.5))
        await probe.expect("x", within=1_000.0)
        assert system.statistics().deadlines == 0


@every_schedule
async def test_two_tasks_may_not_expect_of_one_probe(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        nursery.start_soon(lambda: probe.expect("x", within=5.0))
        await trio.sleep(1)
        with pytest.raises(trio.BusyResourceError) as caught:
            await probe.expect("x")
        assert str(caught.value) == "two tasks expect something of 'probe': give each its own probe"
        await probe.ref.tell("x")


@pytest.mark.parametrize("within", [-1.0, float("inf"), float("nan")])
async def test_the_time_to_wait_is_finite_and_not_negative(within):
    async with open_system() as system:
        probe = await Probe.start(system)
        for waits in (probe.expect_none, lambda within: probe.expect_ended(probe.ref, within=within)):
            with pytest.raises(ValueError) as caught:
                await waits(within=within)
            assert str(caught.value) == f"within must be a finite number of seconds, zero or more, not {within!r}"


# Ends -----------------------------------------------------------------------------------------------------------------


@every_schedule
async def test_the_end_of_an_actor_is_expected_with_its_reason(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        ref = await system.start(silent, name="a")
        nursery.start_soon(ref.stop)
        assert await probe.expect_ended(ref) == Ended("a", "stopped", None)
        assert await probe.expect_ended(ref) == Ended("a", "stopped", None)
        await probe.expect_none()


@every_schedule
async def test_an_actor_that_lives_on_is_said_to(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        ref = await system.start(silent, name="a")
        with assert_no_leaks(system):
            assert await failure(probe.expect_ended, ref, within=2.0) == (
                "'probe' expected the end of 'a' within 2 s: after 2 s it is running"
            )
        assert ref._mourners == {}


# Replies --------------------------------------------------------------------------------------------------------------


@every_schedule
async def test_the_test_replies_to_the_request_that_it_expected(scheduler):
    replies = []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        actor = await system.start(relay, probe.ref)

        async def ask():
            replies.append(await actor.ask("how much?"))

        nursery.start_soon(ask)
        await probe.expect("how much?")
        await trio.sleep(5)
        assert replies == []
        probe.reply(7)
    assert replies == [7]


@every_schedule
async def test_canned_answers_are_given_at_once_and_are_not_expected(scheduler):
    async with open_system(scheduler=scheduler) as system:
        probe = await Probe.start(system)
        probe.answer(Tick, lambda tick: tick.price * 2)
        probe.answer(Halt, "halted")
        assert await probe.ref.ask(Tick(2.0)) == 4.0
        assert await probe.ref.ask(Halt()) == "halted"
        probe.answer(Halt, "again")
        assert await probe.ref.ask(Halt()) == "again"
        await probe.ref.tell("x")
        assert await probe.expect("x") == "x"
        assert probe.received == [Tick(2.0), Halt(), Halt(), "x"]


@every_schedule
async def test_a_canned_answer_that_raises_crashes_the_probe(scheduler):
    def refuse(_):
        raise Boom

    with pytest.RaisesGroup(Boom):
        async with open_system(scheduler=scheduler) as system:
            probe = await Probe.start(system)
            probe.answer(Tick, refuse)
            await probe.ref.tell(Tick(1.0))
            await trio.sleep_forever()


@every_schedule
async def test_a_request_that_nobody_answers_ends_with_the_probe(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)

        async def ask():
            with pytest.raises(ActorStopped):
                await probe.ref.ask("how much?")

        nursery.start_soon(ask)
        await probe.expect("how much?")
        await probe.ref.stop()


async def test_a_reply_needs_somebody_who_asked_and_is_given_once(autojump_clock):
    async with open_system() as system, trio.open_nursery() as nursery:
        probe = await Probe.start(system)
        with pytest.raises(ActorError) as caught:
            probe.reply(1)
        assert str(caught.value) == "'probe' has no message to reply to: await probe.expect(...) first"
        await probe.ref.tell("x")
        await probe.expect("x")
        with pytest.raises(ActorError) as caught:
            probe.reply(1)
        assert str(caught.value) == "'x' was told to 'probe': nobody asked"
        nursery.start_soon(probe.ref.ask, "y")
        await probe.expect("y")
        probe.reply(1)
        with pytest.raises(AlreadyReplied):
            probe.reply(2)


async def test_several_probes_live_in_one_system():
    async with open_system() as system:
        a, b = await Probe.start(system, name="a"), await Probe.start(system, name="b")
        await a.ref.tell(1)
        await b.ref.tell(2)
        assert (await a.expect(1), await b.expect(2)) == (1, 2)
