"""A6 Crash, for actors without a restart rule, and the shape of what leaves the block."""

import signal

import pytest
import trio
from pytest import RaisesExc, RaisesGroup
from trio.testing import MockClock, wait_all_tasks_blocked

from actors import Observer, open_system
from tests.actors.parts import Boom, Ledger, fragile, gated, keeper, silent
from tests.actors.schedules import every_schedule


class Other(Exception):
    """A second failure."""


class Faulty(Observer):
    """Raises in one of its methods."""

    def __init__(self, method):
        setattr(self, method, self.fail)

    def fail(self, *_):
        raise Other("from the observer")


@every_schedule
async def test_a_crash_ends_the_system_as_a_group_of_just_that_error(scheduler):
    error = Boom("bad tick")
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            await (await system.start(fragile)).tell(error)
            await trio.sleep_forever()
    assert caught.value.exceptions == (error,)


@every_schedule
async def test_a_crash_while_the_block_drains_ends_the_system_too(scheduler):
    error = Boom("bad tick")
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            await system.start(silent)
            await (await system.start(fragile)).tell(error)
    assert caught.value.exceptions == (error,)


@every_schedule
async def test_an_exception_of_the_body_leaves_as_it_is(scheduler):
    error = Boom("body")
    with pytest.raises(Boom) as caught:
        async with open_system(scheduler=scheduler) as system:
            await system.start(silent)
            raise error
    assert caught.value is error


async def test_a_group_raised_by_the_body_is_not_wrapped_once_more():
    error = ExceptionGroup("of the body", [Boom()])
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system():
            raise error
    assert caught.value is error


@every_schedule
async def test_body_and_actor_failing_make_a_group_of_both(scheduler):
    in_body, in_actor = Boom("body"), Boom("actor")
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            await (await system.start(fragile)).tell(in_actor)
            try:
                await trio.sleep_forever()
            finally:
                raise in_body
    assert set(caught.value.exceptions) == {in_body, in_actor}


@every_schedule
async def test_a_failure_in_the_cleaning_up_after_a_kill_is_not_lost(scheduler):
    async def untidy(inbox):
        try:
            async for _ in inbox:
                pass
        finally:
            raise Other

    with RaisesGroup(Boom, Other):
        async with open_system(scheduler=scheduler) as system:
            await system.start(untidy)
            raise Boom


@every_schedule
async def test_an_actor_killed_by_hand_that_raises_ends_the_system(scheduler):
    async def untidy(inbox):
        try:
            async for _ in inbox:
                pass
        finally:
            raise Other

    with RaisesGroup(Other):
        async with open_system(scheduler=scheduler) as system:
            await (await system.start(untidy)).kill()
            await trio.sleep_forever()


@every_schedule
async def test_actors_that_wait_for_each_other_add_nothing_to_the_error_that_ends_the_system(scheduler):
    """Cut one after the other, the early one would see the end of the late one, and crash of it."""

    async def waiting(inbox, others):
        async for message in inbox:
            await others[0].ask(message)

    with RaisesGroup(Boom):
        async with open_system(scheduler=scheduler) as system:
            others = []
            early = await system.start(waiting, others)
            others.append(await system.start(gated, trio.Event(), []))
            await early.tell("x")
            await trio.sleep(1)
            await (await system.start(fragile)).tell(Boom())
            await trio.sleep_forever()


@every_schedule
async def test_a_group_of_a_failure_and_the_kill_leaves_the_failure(scheduler):
    async def nested(inbox):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(fail_when_cancelled)
            async for _ in inbox:
                pass

    async def fail_when_cancelled():
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            raise Other from None

    with RaisesGroup(RaisesGroup(Other)):
        async with open_system(scheduler=scheduler) as system:
            await (await system.start(nested)).kill()
            await trio.sleep_forever()


@every_schedule
async def test_the_host_being_cancelled_is_all_that_leaves_the_block(scheduler):
    with trio.move_on_after(1) as scope:
        async with open_system(scheduler=scheduler) as system:
            await system.start(silent)
            await trio.sleep_forever()
    assert scope.cancelled_caught


@every_schedule
async def test_the_host_may_be_cancelled_while_the_block_drains(scheduler):
    ledger = Ledger()
    with trio.move_on_after(1) as scope:
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(gated, trio.Event(), [], name="stuck")
            await ref.tell("x")
    assert scope.cancelled_caught
    assert ledger.ends == [("stuck", "killed")]


def test_a_keyboard_interrupt_in_an_actor_escapes():
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            await system.start(silent)
            await (await system.start(fragile)).tell(KeyboardInterrupt())
            await trio.sleep_forever()

    with RaisesGroup(KeyboardInterrupt):
        scenario()


async def test_an_interrupted_actor_says_so(autojump_clock):
    ledger = Ledger()
    with RaisesGroup(KeyboardInterrupt):
        async with open_system(observer=ledger) as system:
            await (await system.start(fragile, name="a")).tell(KeyboardInterrupt())
            await trio.sleep_forever()
    assert ledger.ends == [("a", "interrupted")]
    assert ledger.crashes == []


@every_schedule
async def test_two_crashes_at_one_moment_both_leave(scheduler):
    async def wake_and_fail(inbox):
        async for _ in inbox:
            try:
                await trio.sleep_forever()
            finally:
                raise Boom

    with RaisesGroup(Boom, Boom):
        async with open_system(scheduler=scheduler) as system:
            for _ in range(2):
                await (await system.start(wake_and_fail)).tell("go")
            await trio.sleep(1)
            system._nursery.cancel_scope.cancel()
            await trio.sleep_forever()


@every_schedule
async def test_a_crash_takes_the_message_in_hand_and_buries_the_rest(scheduler):
    ledger, error = Ledger(), Boom()
    with RaisesGroup(Boom):
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(fragile, name="thin")
            for message in (1, error, 2, 3):
                ref.tell_nowait(message)
            await trio.sleep_forever()
    assert (ledger.done, ledger.dead) == ([1], [2, 3])
    assert ref.statistics().handled == 1


async def test_dead_letters_of_a_crash_say_crashed_wherever_they_waited(autojump_clock):
    ledger = Ledger()

    async def thin(inbox):
        async for _ in inbox:
            await trio.sleep(1)
            raise Boom

    with RaisesGroup(RaisesGroup(Boom)):
        async with trio.open_nursery() as outside, open_system(observer=ledger) as system:
            ref = await system.start(thin, capacity=1)
            await ref.tell("in hand")
            await wait_all_tasks_blocked()
            await ref.tell("queued")
            outside.start_soon(ref.tell, "blocked")
            await trio.sleep_forever()
    assert {letter.message: letter.reason for letter in ledger.letters} == {"queued": "crashed", "blocked": "crashed"}


async def test_an_error_that_an_asker_catches_and_handles_is_still_the_actors_crash(autojump_clock):
    with RaisesGroup(Boom):
        async with open_system() as system:
            ref = await system.start(fragile)
            try:
                await ref.ask(Boom())
            except Exception as error:
                assert isinstance(error.__cause__, Boom)


@pytest.mark.parametrize("method", ["handled", "delivered", "crashed", "stopped"])
async def test_an_observer_that_raises_inside_an_actor_ends_the_system_and_leaves_nobody_waiting(
    method, autojump_clock
):
    mourned = []

    async def mourn(ref):
        with trio.CancelScope(shield=True):
            await ref.drain()
        mourned.append(ref)

    with pytest.raises(ExceptionGroup) as caught:
        async with trio.open_nursery() as outside, open_system(observer=Faulty(method)) as system:
            ref = await system.start(fragile)
            ref.tell_nowait(1)
            ref.tell_nowait(Boom())
            outside.start_soon(mourn, ref)
            outside.start_soon(mourn, ref)
            await trio.sleep_forever()
    assert mourned == [ref, ref]
    assert caught.group_contains(Other) or any_context(caught.value, Other)


def any_context(error, kind):
    """Whether an error of this kind is in the group, or was being handled when one of its errors came."""
    if isinstance(error, BaseExceptionGroup):
        return any(any_context(each, kind) for each in error.exceptions)
    while error is not None and not isinstance(error, kind):
        error = error.__context__
    return error is not None


async def test_an_observer_that_raises_does_not_hide_the_crash(autojump_clock):
    with RaisesGroup(RaisesExc(Boom, check=lambda error: any_context(error, Other))):
        async with open_system(observer=Faulty("crashed")) as system:
            await (await system.start(fragile)).tell(Boom())
            await trio.sleep_forever()


async def test_an_observer_that_raises_on_dead_letters_keeps_no_actor_alive(autojump_clock):
    """With senders waiting for places, each kill makes a dead letter in the middle of the ending of the block."""
    outcomes = []

    async def sender(ref):
        with trio.CancelScope(shield=True):
            await ref.tell("blocked")
        outcomes.append("woken")

    with pytest.raises(ExceptionGroup) as caught:
        async with trio.open_nursery() as outside, open_system(observer=Faulty("dead_letter")) as system:
            for _ in range(3):
                ref = await system.start(gated, trio.Event(), [], capacity=1)
                ref.tell_nowait("in hand")
                await wait_all_tasks_blocked()
                ref.tell_nowait("queued")
                outside.start_soon(sender, ref)
            await wait_all_tasks_blocked()
            raise Boom
    assert outcomes == ["woken"] * 3
    assert any_context(caught.value, Boom)


async def test_an_observer_that_raises_when_a_waiting_message_enters_costs_its_sender_nothing(autojump_clock):
    class Picky(Observer):
        def sent(self, actor, message):
            if message == "waited":
                raise Other

    gate, done = trio.Event(), []

    async def sender(ref):
        with trio.CancelScope(shield=True):
            await ref.tell("waited")
        done.append(True)

    with RaisesGroup(Other, flatten_subgroups=True):
        async with trio.open_nursery() as outside, open_system(observer=Picky()) as system:
            ref = await system.start(gated, gate, [], capacity=1)
            ref.tell_nowait("in hand")
            await wait_all_tasks_blocked()
            ref.tell_nowait("queued")
            outside.start_soon(sender, ref)
            await wait_all_tasks_blocked()
            gate.set()
            await trio.sleep_forever()
    assert done == [True]


async def test_an_observer_may_send_messages_itself(autojump_clock):
    class Forwarder(Observer):
        def dead_letter(self, letter):
            target.tell_nowait(letter.message)

    seen = []
    async with open_system(observer=Forwarder()) as system:
        target = await system.start(keeper, seen)
        stuck = await system.start(gated, trio.Event(), [])
        for number in range(3):
            stuck.tell_nowait(number)
        await wait_all_tasks_blocked()
        await stuck.kill()
    assert seen == [1, 2]


def test_an_interrupt_while_the_block_kills_leaves_no_task_behind():
    """Trio raises Ctrl-C in the main task, at its next checkpoint: here, while it waits for the cleaning up."""

    async def tidy(inbox):
        try:
            async for _ in inbox:
                pass
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(5)

    async def main():
        async with open_system() as system:
            await system.start(tidy)
            await system.start(tidy)
            trio.lowlevel.spawn_system_task(interrupt_soon)
            raise Boom

    async def interrupt_soon():
        await trio.sleep(1)
        signal.raise_signal(signal.SIGINT)

    with RaisesGroup(KeyboardInterrupt, flatten_subgroups=True, allow_unwrapped=True):
        trio.run(main, clock=MockClock(autojump_threshold=0))
