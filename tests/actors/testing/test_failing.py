"""Planted failures come with the nth message or the nth call: once, or from then on, and whatever was restarted."""

import pytest
import trio
from pytest import RaisesGroup

from actors import ActorCrashed, Restart, RestartLimitExceeded, open_system
from actors.testing import Recorder, fail_nth, fail_nth_call
from tests.actors.parts import Boom, echo, keeper
from tests.actors.schedules import every_schedule

OFTEN = Restart(limit=100, within=60.0)


async def fates(ref, count):
    """What becomes of the asks 1 to ``count``: the reply, or the error that the actor crashed of."""
    found = []
    for number in range(1, count + 1):
        try:
            found.append(await ref.ask(number))
        except ActorCrashed as error:
            found.append(error.__cause__)
    return found


@every_schedule
async def test_the_nth_message_fails_once_and_not_again_after_the_restart(scheduler):
    error = Boom("planted")
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(fail_nth(echo, 3, error=error), restart=OFTEN)
        assert await fates(ref, 7) == [1, 2, error, 4, 5, 6, 7]


@every_schedule
async def test_from_the_nth_message_on_every_one_fails(scheduler):
    error = Boom("planted")
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(fail_nth(echo, 3, error=error, again=True), restart=OFTEN)
        assert await fates(ref, 5) == [1, 2, error, error, error]


@every_schedule
async def test_failing_again_and_again_runs_into_the_limit_of_the_restarts(scheduler):
    with RaisesGroup(RestartLimitExceeded) as caught:
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(fail_nth(echo, 1, again=True), restart=Restart(limit=2, within=60.0), name="a")
            for number in range(3):
                await ref.tell(number)
            await trio.sleep_forever()
    assert [str(each) for each in caught.value.exceptions[0].exceptions] == [
        "planted: message 1 of 'a'",
        "planted: message 2 of 'a'",
        "planted: message 3 of 'a'",
    ]


@every_schedule
async def test_the_message_that_fails_is_lost_and_those_behind_it_are_handled(scheduler):
    seen, recorder = [], Recorder()
    async with open_system(observer=recorder, scheduler=scheduler) as system:
        ref = await system.start(fail_nth(keeper, 2), seen, name="a", restart=OFTEN)
        for number in (1, 2, 3):
            await ref.tell(number)
    assert (seen, recorder.subjects("handled"), recorder.dead_letters) == ([1, 3], [1, 3], [])


@every_schedule
async def test_each_actor_counts_its_own_messages(scheduler):
    error = Boom("planted")
    failing = fail_nth(echo, 2, error=error)
    async with open_system(scheduler=scheduler) as system:
        for _ in range(2):
            ref = await system.start(failing, restart=OFTEN)
            assert await fates(ref, 3) == [1, error, 3]


@every_schedule
async def test_failures_can_be_planted_one_around_the_other(scheduler):
    first, second = Boom("first"), Boom("second")
    twice = fail_nth(fail_nth(echo, 4, error=second), 2, error=first)
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(twice, restart=OFTEN)
        # the inner one does not see, and does not count, the message that the outer one made fail
        assert await fates(ref, 6) == [1, first, 3, 4, second, 6]


async def test_a_failing_behaviour_keeps_its_name_and_a_plain_inbox_afterwards():
    kinds = []

    async def twice(inbox):
        kinds.append(type(inbox).__name__)
        await anext(inbox)
        await anext(inbox)

    async def looks(inbox):
        await fail_nth(twice, 9)(inbox)
        kinds.append(type(inbox).__name__)

    async with open_system() as system:
        ref = await system.start(looks)
        await ref.tell(1)
        await ref.tell(2)
    assert kinds == ["FailingInbox", "Inbox"]
    assert fail_nth(echo, 1).__name__ == "echo"


@every_schedule
async def test_the_nth_call_fails_once_before_it_does_anything(scheduler):
    seen = []

    async def handle(number):
        await trio.sleep(1)
        seen.append(number)
        return number

    flaky = fail_nth_call(handle, 2)
    with pytest.raises(RuntimeError) as caught:
        for number in (1, 2):
            await flaky(number=number)
    assert str(caught.value) == "planted: call 2 of handle"
    assert (await flaky(3), seen, flaky.__name__) == (3, [1, 3], "handle")


async def test_from_the_nth_call_on_every_one_fails_with_the_error_that_is_given():
    error = Boom("planted")

    async def handle():
        return "well"

    flaky = fail_nth_call(handle, 2, error=error, again=True)
    assert await flaky() == "well"
    for _ in range(3):
        with pytest.raises(Boom) as caught:
            await flaky()
        assert caught.value is error


@every_schedule
async def test_around_a_behaviour_a_call_is_an_incarnation(scheduler):
    error = Boom("planted")
    async with open_system(scheduler=scheduler) as system:
        started = await system.start(fail_nth_call(echo, 2), name="a")
        assert await started.ask(1) == 1
        with pytest.raises(Boom):
            await system.start(fail_nth_call(echo, 1, error=error), name="b")


@pytest.mark.parametrize("plant", [fail_nth, fail_nth_call])
@pytest.mark.parametrize("n", [0, -1, 1.0, True])
def test_the_first_message_or_call_is_number_one(plant, n):
    with pytest.raises(ValueError) as caught:
        plant(echo, n)
    assert str(caught.value) == (
        f"n must be a whole number, at least 1, not {n!r}: the first message or call is number 1"
    )
