"""A10: the timeouts of all asks share one heap, in trio's time, also a virtual one."""

import pytest
import trio

from actors import AskTimeout, ask_all, open_system
from actors._deadlines import Deadlines, Limit
from actors._messages import WAITING, Answers
from actors._seam import Scheduler
from tests.actors.parts import echo, gated, keeper
from tests.actors.schedules import every_schedule


def limit(message="x", timeout=1.0):
    return Limit(Answers(Scheduler(), 1), 0, "slow", message, timeout)


def settled():
    ask = limit()
    ask.answers.settle(0, "done")
    return ask


def test_a_hundred_thousand_settled_asks_leave_a_small_heap():
    deadlines = Deadlines()
    for number in range(100_000):
        deadlines.add(float(number), settled())
    assert len(deadlines._heap) <= 64


def test_the_heap_grows_with_the_asks_that_wait():
    deadlines, waiting = Deadlines(), [limit() for _ in range(1_000)]
    for number, ask in enumerate(waiting):
        deadlines.add(float(number), ask)
        for _ in range(10):
            deadlines.add(float(number), settled())
    assert deadlines.pending == 1_000
    assert len(deadlines._heap) <= 2 * 1_000 + 64


@pytest.mark.parametrize("fill", ["before", "after"])
def test_sweeping_loses_no_ask_that_waits(fill):
    deadlines, ask = Deadlines(), limit()
    if fill == "after":
        deadlines.add(7.0, ask)
    for number in range(1_000):
        deadlines.add(float(number), settled())
    if fill == "before":
        deadlines.add(7.0, ask)
    deadlines.expire(6.9)
    assert ask.answers.values == [WAITING]
    deadlines.expire(7.0)
    assert [type(error) for error in ask.answers.errors.values()] == [AskTimeout]


def test_equal_deadlines_expire_in_the_order_they_came():
    order = []

    class Noting(Answers):
        def settle(self, place, value):
            order.append(self)
            return super().settle(place, value)

    asks = [Noting(Scheduler(), 1) for _ in range(100)]
    deadlines = Deadlines()
    for ask in asks:
        deadlines.add(1.0, Limit(ask, 0, "slow", "x", 1.0))
    deadlines.expire(1.0)
    assert order == asks


def test_an_ask_that_is_settled_does_not_expire():
    class Unprintable:
        def __repr__(self):
            pytest.fail("nobody needs this text")

    ask = limit(Unprintable())
    ask.answers.settle(0, "reply")
    deadlines = Deadlines()
    deadlines.add(1.0, ask)
    deadlines.expire(2.0)
    assert ask.answers.values == ["reply"]


def test_without_asks_the_next_deadline_is_never():
    assert Deadlines().next == float("inf")


@every_schedule
async def test_an_ask_times_out_when_its_time_has_passed_and_not_before(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(gated, trio.Event(), [], name="slow")
        began = trio.current_time()
        with pytest.raises(AskTimeout) as caught:
            await ref.ask("x", timeout=2.5)
        assert trio.current_time() - began == 2.5
        await ref.kill()
    assert str(caught.value) == "'slow' did not reply to 'x' within 2.5 s."
    assert caught.value.actor == "slow"


@every_schedule
async def test_a_shorter_timeout_expires_before_a_longer_one_that_was_set_first(scheduler):
    order = []

    async def asker(inbox, target):
        async for timeout in inbox:
            with pytest.raises(AskTimeout):
                await target.ask("x", timeout=timeout)
            order.append(timeout)

    async with open_system(scheduler=scheduler) as system:
        target = await system.start(gated, trio.Event(), [])
        for timeout in (5, 3, 1, 4):
            await (await system.start(asker, target)).tell(timeout)
        await trio.sleep(10)
        await target.kill()
    assert order == [1, 3, 4, 5]


@every_schedule
async def test_a_timeout_of_zero_expires_at_once(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(gated, trio.Event(), [])
        began = trio.current_time()
        with pytest.raises(AskTimeout, match="within 0 s"):
            await ref.ask("x", timeout=0)
        assert trio.current_time() == began
        await ref.kill()


@every_schedule
async def test_the_timeout_covers_the_wait_for_a_place(scheduler):
    seen, gate = [], trio.Event()
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(gated, gate, seen, capacity=1)
        await ref.tell("in hand")
        await trio.sleep(1)
        await ref.tell("queued")
        began = trio.current_time()
        with pytest.raises(AskTimeout):
            await ref.ask("in line", timeout=2)
        assert trio.current_time() - began == 2
        gate.set()
    assert seen == ["in hand", "queued"]


@every_schedule
async def test_a_timeout_works_while_the_host_is_cancelled(scheduler):
    """Actors that clean up may still ask: the keeper of time outlives them."""
    outcomes = []

    async def tidy(inbox, other):
        try:
            async for _ in inbox:
                pass
        finally:
            with trio.CancelScope(shield=True):
                try:
                    await other.ask("x", timeout=2)
                except AskTimeout:
                    outcomes.append(trio.current_time() - began)

    async with open_system("other") as elsewhere:
        stuck = await elsewhere.start(gated, trio.Event(), [])
        with trio.move_on_after(1):
            async with open_system(scheduler=scheduler) as system:
                await system.start(tidy, stuck)
                began = trio.current_time()
                await trio.sleep_forever()
        await stuck.kill()
    assert outcomes == [3]


async def test_answered_asks_leave_no_deadline(autojump_clock):
    async with open_system() as system:
        ref = await system.start(echo)
        for number in range(500):
            await ref.ask(number, timeout=1_000)
        await ask_all([(ref, number) for number in range(500)], timeout=1_000)
        assert system.statistics().deadlines == 0
        assert len(system._runtime._deadlines._heap) <= 1_064


async def test_waiting_asks_are_counted(autojump_clock):
    async with open_system() as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, trio.Event(), [])
        with trio.move_on_after(1):
            nursery.start_soon(keeper_of_errors, ref)
            await trio.sleep(0.5)
            assert system.statistics().deadlines == 1
            await trio.sleep_forever()
        await trio.sleep(5)
        assert system.statistics().deadlines == 0
        await ref.kill()


async def keeper_of_errors(ref):
    with pytest.raises(AskTimeout):
        await ref.ask("x", timeout=3)


async def test_a_day_of_timeouts_passes_in_virtual_time(autojump_clock):
    seen = []
    async with open_system() as system:
        ref = await system.start(gated, trio.Event(), seen, capacity=5_000)
        await system.start(keeper, seen)
        began = trio.current_time()
        for _ in range(24 * 60):
            with pytest.raises(AskTimeout):
                await ref.ask("x", timeout=60)
        assert trio.current_time() - began == 24 * 60 * 60
        await ref.kill()
