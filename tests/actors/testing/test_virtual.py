"""A scenario runs in virtual time from beginning to end; one that hangs or leaves a task fails."""

import pytest
import trio

from actors import Inbox, open_system
from actors.testing import ControlledScheduler, run
from tests.actors.parts import Boom, hang, keeper


def test_a_sleep_of_a_year_takes_no_time_and_the_result_comes_back():
    async def scenario(start, *, year=365 * 86_400.0):
        before = trio.current_time()
        await trio.sleep(year)
        return start + trio.current_time() - before

    assert run(scenario, 1.0, limit=1e9) == 365 * 86_400.0 + 1.0


def test_a_scenario_that_hangs_says_who_waits():
    async def stuck(inbox: Inbox[object]) -> None:
        await anext(inbox)
        await trio.sleep_forever()

    async def scenario(scheduler):
        async with open_system("desk", scheduler=scheduler) as system:
            ref = await system.start(stuck, name="stuck")
            await ref.ask("x")

    with pytest.raises(AssertionError) as caught:
        run(scenario, ControlledScheduler.seeded(0), limit=60.0)
    assert str(caught.value) == (
        "hangs: after 60 s of virtual time there still waited "
        f"'{__name__}.run.<locals>.main', 'desk.keep_time', 'desk.serve', 'stuck'"
    ).replace(__name__, "actors.testing._virtual")


def test_what_the_scenario_raises_comes_out_as_it_is():
    async def scenario():
        raise Boom

    with pytest.raises(Boom):
        run(scenario)


def test_a_timeout_of_the_scenario_is_its_own():
    async def scenario():
        with trio.fail_after(5):
            await trio.sleep_forever()

    with pytest.raises(trio.TooSlowError):
        run(scenario)


def test_a_scenario_that_leaves_a_task_fails():
    async def scenario():
        trio.lowlevel.spawn_system_task(hang, None, name="service")

    with pytest.raises(AssertionError) as caught:
        run(scenario)
    assert str(caught.value) == "left behind: task 'service'"


async def racing(scheduler):
    """Two actors that tell a third: who is first is the scheduler's to say."""
    seen = []

    async def tell(inbox, target, name):
        async for _ in inbox:
            await target.tell(name)

    async with open_system(scheduler=scheduler) as system:
        target = await system.start(keeper, seen)
        senders = [await system.start(tell, target, name) for name in "ab"]
        for sender in senders:
            await sender.tell("go")
        await trio.sleep(1)
    return "".join(seen)


def test_one_seed_gives_one_order_and_many_seeds_give_all():
    found = [run(racing, ControlledScheduler.seeded(seed)) for seed in range(20)]
    assert [run(racing, ControlledScheduler.seeded(seed)) for seed in range(20)] == found
    assert set(found) == {"ab", "ba"}


def test_a_seed_makes_the_kind_of_scheduler_it_was_asked_of():
    class Mine(ControlledScheduler):
        pass

    assert type(Mine.seeded(1)) is Mine
