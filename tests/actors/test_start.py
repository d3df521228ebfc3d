"""Starting actors: when `start` returns, and what it refuses."""

import re
import warnings

import pytest
import trio
from pytest import RaisesGroup

from actors import ActorError, Inbox, NameTaken, Restart, StartFailed, SystemClosed, open_system
from tests.actors.parts import Boom, echo, fragile, keeper, silent
from tests.actors.schedules import every_schedule


async def slow_setup(inbox, log, seconds=5):
    await trio.sleep(seconds)
    log.append("set up")
    async for _ in inbox:
        pass


@every_schedule
async def test_start_returns_when_the_behaviour_first_awaits_its_inbox(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(slow_setup, log)
        assert log == ["set up"]
        assert ref.statistics().state == "running"


@every_schedule
async def test_an_error_before_the_first_message_is_raised_by_start_and_ends_nothing(scheduler):
    error = Boom("no connection")

    async def broken(inbox):
        await trio.sleep(1)
        raise error

    async with open_system(scheduler=scheduler) as system:
        with pytest.raises(Boom) as caught:
            await system.start(broken)
        assert caught.value is error
        assert await (await system.start(echo)).ask("still here?") == "still here?"


@every_schedule
async def test_a_behaviour_that_ends_before_it_awaits_its_inbox_did_not_start(scheduler):
    async def nothing(inbox):
        pass

    async with open_system(scheduler=scheduler) as system:
        with pytest.raises(StartFailed) as caught:
            await system.start(nothing, name="idle")
    assert str(caught.value) == (
        "'idle' ended before it awaited its inbox: write 'async for message in inbox: ...' in the behaviour."
    )


@every_schedule
async def test_a_starter_that_is_cancelled_leaves_nothing_running(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        with trio.move_on_after(1) as scope:
            await system.start(slow_setup, log, name="child")
        assert scope.cancelled_caught
        await trio.sleep(10)
        assert system.tree().actors == ()
        await system.start(silent, name="child")
    assert log == []


@every_schedule
async def test_an_error_that_nobody_waits_for_any_more_ends_the_system(scheduler):
    async def broken(inbox):
        try:
            await trio.sleep_forever()
        finally:
            raise Boom

    with RaisesGroup(Boom):
        async with open_system(scheduler=scheduler) as system:
            with trio.move_on_after(1):
                await system.start(broken)
            await trio.sleep_forever()


async def test_an_interrupt_before_the_first_message_leaves_no_starter_waiting():
    ended = []

    async def interrupted(inbox):
        raise KeyboardInterrupt

    async def starter(system):
        with trio.CancelScope(shield=True), pytest.raises(StartFailed):
            await system.start(interrupted)
        ended.append(True)

    with RaisesGroup(KeyboardInterrupt, flatten_subgroups=True):
        async with trio.open_nursery() as outside, open_system() as system:
            outside.start_soon(starter, system)
            await trio.sleep_forever()
    assert ended == [True]


@every_schedule
async def test_a_message_may_be_sent_while_the_actor_is_still_setting_up(scheduler):
    seen, refs = [], []

    async def late(inbox, child_seen):
        await trio.sleep(1)
        async for message in inbox:
            child_seen.append(message)

    async def parent(inbox):
        async for _ in inbox:
            refs.append(await system.start(late, seen))
            await refs[0].tell("first")

    async with open_system(scheduler=scheduler) as system:
        boss = await system.start(parent)
        await boss.tell("go")
        await boss.drain()
    assert seen == ["first"]


@every_schedule
async def test_living_actors_have_different_names(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(silent, name="a")
        with pytest.raises(NameTaken) as caught:
            await system.start(silent, name="a")
        await ref.stop()
        await system.start(silent, name="a")
    assert str(caught.value) == ("an actor named 'a' is alive in this system: choose another name or stop it first.")


async def test_a_name_that_is_made_up_is_never_taken():
    async with open_system() as system:
        names = [(await system.start(silent, name=name)).name for name in ("silent-2", None, None)]
    assert len(set(names)) == 3
    assert names[1].startswith("silent-")


@every_schedule
async def test_a_system_that_has_ended_starts_nothing(scheduler):
    async with open_system("desk", scheduler=scheduler) as system:
        pass
    with pytest.raises(SystemClosed) as caught:
        await system.start(silent)
    assert str(caught.value) == (
        "system 'desk' is closed: start actors inside its 'async with open_system(...)' block."
    )


@every_schedule
async def test_a_system_that_is_ending_starts_nothing(scheduler):
    refused = []

    async def last_wish(inbox):
        async for _ in inbox:
            pass
        try:
            await system.start(silent)
        except SystemClosed:
            refused.append(True)

    async with open_system(scheduler=scheduler) as system:
        await system.start(last_wish)
    assert refused == [True]


async def test_start_hands_its_arguments_to_the_behaviour():
    seen = []

    async def behaviour(inbox, *args):
        seen.append((type(inbox), args))
        async for _ in inbox:
            pass

    async with open_system() as system:
        await system.start(behaviour, 1, "two", None)
    assert seen == [(Inbox, (1, "two", None))]


@pytest.mark.parametrize("capacity", [0, -1, 1.5, True, "10", None])
async def test_a_capacity_that_is_no_number_of_messages_is_refused(capacity):
    async with open_system() as system:
        with pytest.raises(
            ValueError, match=f"^capacity must be a whole number of messages, at least 1, not {capacity!r}$"
        ):
            await system.start(silent, capacity=capacity)


@pytest.mark.parametrize("overflow", ["drop", "", None, "Block"])
async def test_an_overflow_that_does_not_exist_is_refused(overflow):
    async with open_system() as system:
        known = "'block', 'fail', 'drop_oldest', 'drop_newest' or Conflate(key)"
        with pytest.raises(ValueError, match=f"^overflow must be {re.escape(known)}, not {overflow!r}$"):
            await system.start(silent, overflow=overflow)


async def test_a_coroutine_instead_of_a_function_is_refused_without_a_second_warning():
    async with open_system() as system:
        with warnings.catch_warnings(record=True) as caught, pytest.raises(TypeError) as error:
            await system.start(silent(None))
    assert re.match(r"start\(\) takes an async function, not <coroutine object silent at 0x\w+>: ", str(error.value))
    assert str(error.value).endswith("write start(f, arg), not start(f(inbox, arg))")
    assert caught == []


async def test_what_is_refused_takes_no_name():
    async with open_system() as system:
        with pytest.raises(ValueError):
            await system.start(silent, name="a", capacity=0)
        assert (await system.start(silent, name="a")).name == "a"


async def test_a_failed_start_frees_the_name():
    async def broken(inbox):
        raise Boom

    async with open_system() as system:
        with pytest.raises(Boom):
            await system.start(broken, name="a")
        await system.start(silent, name="a")


@every_schedule
async def test_actors_start_actors(scheduler):
    async def parent(inbox, depth, log):
        log.append(depth)
        if depth:
            await system.start(parent, depth - 1, log)
        async for _ in inbox:
            pass

    log = []
    async with open_system(scheduler=scheduler) as system:
        await system.start(parent, 5, log)
    assert log == [5, 4, 3, 2, 1, 0]


TWO = "two tasks iterate the inbox of 'shared'; an actor has one task"


def helped(first):
    """A behaviour that lets a second task iterate its inbox, before or after it does so itself."""

    async def shared(inbox, seen):
        async with trio.open_nursery() as nursery:
            if first == "child":
                nursery.start_soon(keeper, inbox, seen)
            async for message in inbox:
                nursery.start_soon(keeper, inbox, seen)
                seen.append(message)
                await trio.sleep(1)

    return shared


@pytest.mark.parametrize("queued", [1, 5])
async def test_two_tasks_may_not_iterate_one_inbox(queued, autojump_clock):
    seen = []
    with RaisesGroup(RaisesGroup(trio.BusyResourceError)) as caught:
        async with open_system() as system:
            ref = await system.start(helped("owner"), seen, name="shared")
            for number in range(queued):
                ref.tell_nowait(number)
            await trio.sleep_forever()
    assert str(caught.value.exceptions[0].exceptions[0]) == TWO
    assert seen == [0]


async def test_a_helper_that_iterates_first_is_refused_as_well(autojump_clock):
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system() as system:
            await system.start(helped("child"), [], name="shared")
            await trio.sleep_forever()
    assert caught.group_contains(trio.BusyResourceError, match=TWO)


async def test_the_inbox_of_an_actor_is_of_no_use_to_others():
    inboxes = []

    async def shared(inbox):
        inboxes.append(inbox)
        async for _ in inbox:
            pass

    async with open_system() as system:
        await system.start(shared, name="shared")
        with pytest.raises(trio.BusyResourceError, match=TWO):
            await anext(inboxes[0])


async def test_every_error_of_the_package_is_an_actor_error():
    async with open_system() as system:
        await system.start(fragile, name="a")
        with pytest.raises(ActorError):
            await system.start(fragile, name="a")


@every_schedule
async def test_an_actor_hands_out_its_own_ref_which_is_the_one_that_start_returned(scheduler):
    seen = []

    async def introduces_itself(inbox):
        seen.append(inbox.ref)
        async for message in inbox:
            if message == "crash":
                raise Boom
            seen.append(inbox.ref)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(introduces_itself, restart=Restart())
        await ref.tell("crash")
        await ref.tell("again")
        await ref.drain()
    assert seen == [ref, ref, ref]


async def test_who_holds_the_inbox_of_one_that_has_ended_learns_that_its_ref_is_gone():
    inboxes = []

    async def leaks(inbox):
        inboxes.append(inbox)
        async for _ in inbox:
            pass

    async with open_system() as system:
        await system.start(leaks, name="leaky")
    with pytest.raises(ActorError) as error:
        _ = inboxes[0].ref
    assert str(error.value) == "'leaky' has ended, and its inbox has no ref any more: keep the one of start()."
