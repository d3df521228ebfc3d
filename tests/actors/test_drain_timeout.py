"""A8: a drain with a deadline, of one actor and of a whole system."""

import math

import pytest
import trio

from actors import AskCycle, Restart, open_system
from tests.actors.parts import Boom, Ledger, hang, silent
from tests.actors.schedules import every_schedule


async def each_second(inbox, seen):
    """Takes a second for a message."""
    async for message in inbox:
        await trio.sleep(1)
        seen.append(message)


async def tidy(inbox, log):
    """Hangs on each message; notes its name and the time when it unwinds."""
    try:
        async for _ in inbox:
            await trio.sleep_forever()
    finally:
        log.append((trio.current_time(), inbox.name))


# One actor ----------------------------------------------------------------------------------------------


@every_schedule
async def test_a_drain_that_takes_too_long_kills_and_what_remains_becomes_dead_letters(scheduler):
    seen, ledger = [], Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(each_second, seen, name="a")
        for number in range(5):
            await ref.tell(number)
        began = trio.current_time()
        await ref.drain(timeout=2.5)
        assert trio.current_time() - began == 2.5
        assert ref.ending.reason == "killed"
    assert (seen, ledger.dead) == ([0, 1], [3, 4])
    assert {letter.reason for letter in ledger.letters} == {"killed"}


@every_schedule
async def test_a_drain_that_is_done_in_time_is_a_drain(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(each_second, seen)
        for number in range(3):
            await ref.tell(number)
        await ref.drain(timeout=3.5)
        assert ref.ending.reason == "drained"
        assert system.statistics().deadlines == 0
    assert seen == [0, 1, 2]


@pytest.mark.parametrize("timeouts", [(4.5, 2.5), (2.5, 4.5), (None, 2.5), (2.5, None), (2.5, 2.5)])
def test_of_two_deadlines_the_earlier_counts_and_both_drains_return(timeouts):
    @every_schedule
    async def scenario(scheduler):
        seen, ends = [], []

        async def drains(ref, timeout):
            await ref.drain(timeout=timeout)
            ends.append(trio.current_time() - began)

        async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
            ref = await system.start(each_second, seen)
            for number in range(9):
                await ref.tell(number)
            began = trio.current_time()
            for timeout in timeouts:
                nursery.start_soon(drains, ref, timeout)
        assert (seen, ends) == ([0, 1], [2.5, 2.5])

    scenario()


@every_schedule
async def test_from_its_own_task_a_drain_with_a_deadline_only_marks_and_the_deadline_stands(scheduler):
    seen, refs = [], []

    async def own(inbox):
        async for message in inbox:
            if message == 0:
                await refs[0].drain(timeout=2.5)
            await trio.sleep(1)
            seen.append(message)

    async with open_system(scheduler=scheduler) as system:
        refs.append(await system.start(own))
        for number in range(5):
            refs[0].tell_nowait(number)
        assert (await refs[0].ended()).reason == "killed"
    assert seen == [0, 1]


@every_schedule
async def test_the_deadline_stands_when_whoever_drains_is_cancelled(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(each_second, [])
        for number in range(5):
            await ref.tell(number)
        began = trio.current_time()
        with trio.move_on_after(1.25):
            await ref.drain(timeout=2.5)
        assert (await ref.ended()).reason == "killed"
        assert trio.current_time() - began == 2.5


@every_schedule
async def test_a_deadline_of_nothing_kills_at_once(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(each_second, [])
        ref.tell_nowait("x")
        await trio.sleep(0.5)
        ref.tell_nowait("y")
        began = trio.current_time()
        await ref.drain(timeout=0)
        assert trio.current_time() == began
    assert ledger.dead == ["y"]


@every_schedule
async def test_a_drain_after_a_stop_is_a_stop_and_its_deadline_kills(scheduler):
    ledger, log = Ledger(), []
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(tidy, log, name="a")
        await ref.tell("x")
        await ref.tell("y")
        await trio.sleep(1)
        nursery.start_soon(ref.stop)
        await trio.sleep(1)
        await ref.drain(timeout=2)
    assert ledger.ends == [("a", "killed")]
    assert ledger.dead == ["y"]


@every_schedule
async def test_a_stop_after_a_drain_with_a_deadline_ends_it_earlier(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(each_second, [], name="a")
        for number in range(9):
            await ref.tell(number)
        nursery.start_soon(lambda: ref.drain(timeout=5))
        await trio.sleep(1.5)
        await ref.stop()
        assert system.statistics().deadlines == 0
    assert ledger.ends == [("a", "stopped")]


@every_schedule
async def test_an_actor_that_rests_is_drained_within_the_deadline_too(scheduler):
    seen = []

    async def fails_first(inbox):
        async for message in inbox:
            if message == "crash":
                raise Boom
            await trio.sleep(9)
            seen.append(message)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(fails_first, restart=Restart())
        await ref.tell("crash")
        await ref.tell("long")
        await ref.drain(timeout=2)
        assert ref.ending.reason == "killed"
    assert seen == []


@every_schedule
async def test_a_drain_that_is_refused_as_a_circle_sets_no_deadline(scheduler):
    async def drains(inbox, refs):
        async for _ in inbox:
            with pytest.raises(AskCycle):
                await refs[0].drain(timeout=1)
            inbox.reply("refused")

    async def asks(inbox, ref):
        async for message in inbox:
            inbox.reply(await ref.ask(message))

    async with open_system(scheduler=scheduler) as system:
        refs = []
        draining = await system.start(drains, refs)
        refs.append(await system.start(asks, draining))
        assert await refs[0].ask("x") == "refused"
        await trio.sleep(5)
        assert refs[0].statistics().state == "running"


async def test_a_drain_after_the_end_sets_no_deadline(autojump_clock):
    async with open_system() as system:
        ref = await system.start(silent)
        await ref.stop()
        await ref.drain(timeout=1)
        assert system.statistics().deadlines == 0
    await ref.drain(timeout=1)
    assert ref.ending.reason == "stopped"


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan])
async def test_a_deadline_that_is_no_span_of_time_is_refused_and_gives_no_order(seconds):
    async with open_system() as system:
        ref = await system.start(silent)
        with pytest.raises(ValueError) as caught:
            await ref.drain(timeout=seconds)
        assert ref.statistics().state == "running"
    assert str(caught.value) == f"timeout must be a finite number of seconds, zero or more, not {seconds!r}"


# A system -----------------------------------------------------------------------------------------------


@every_schedule
async def test_leaving_the_block_drains_from_right_to_left_under_one_deadline(scheduler):
    """The last one takes two of the five seconds, so the first two have three together."""
    seen = {name: [] for name in "abc"}
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger, drain_timeout=5.5) as system:
        for name in "abc":
            ref = await system.start(each_second, seen[name], name=name)
        await ref.tell("c 0")
        await ref.tell("c 1")

        async def hands_on(inbox, target, name):
            try:
                async for _ in inbox:
                    pass
            finally:
                for number in range(9):
                    await target.tell(f"{name} {number}")

        await system.start(hands_on, ref, "c", name="d")
        began = trio.current_time()
    assert trio.current_time() - began == 5.5
    assert ledger.ends[0] == ("d", "drained")
    assert sorted(ledger.ends[1:]) == [("a", "killed"), ("b", "killed"), ("c", "killed")]
    assert [len(each) for each in seen.values()] == [0, 0, 5]
    assert ledger.dead == [f"c {number}" for number in range(4, 9)]


@every_schedule
async def test_those_that_are_left_at_the_deadline_unwind_from_right_to_left(scheduler):
    log, seen = [], []

    async def leaver(inbox):
        try:
            async for _ in inbox:
                pass
        finally:
            seen.append(inbox.name)

    async with open_system(scheduler=scheduler, drain_timeout=2) as system:
        for name in "abc":
            await system.start(leaver, name=name)
        ref = await system.start(tidy, log, name="d")
        await ref.tell("x")
        await trio.sleep(1)
        deadline = trio.current_time() + 2
    assert log == [(deadline, "d")]
    assert seen == ["c", "b", "a"]


@every_schedule
async def test_a_block_that_is_drained_in_time_does_not_wait_for_the_deadline(scheduler):
    seen = []
    async with open_system(scheduler=scheduler, drain_timeout=30) as system:
        ref = await system.start(each_second, seen)
        await ref.tell("x")
        began = trio.current_time()
    assert (seen, trio.current_time() - began) == (["x"], 1)


@every_schedule
async def test_leaving_by_an_exception_waits_for_no_deadline(scheduler):
    log = []
    with pytest.raises(Boom):
        async with open_system(scheduler=scheduler, drain_timeout=30) as system:
            ref = await system.start(tidy, log)
            await ref.tell("x")
            await trio.sleep(1)
            now = trio.current_time()
            raise Boom
    assert log[0][0] == now


def test_the_log_names_those_that_the_deadline_kills(caplog):
    @every_schedule
    async def scenario(scheduler):
        caplog.clear()
        async with open_system("desk", scheduler=scheduler, drain_timeout=2) as system:
            for name in "ab":
                await (await system.start(tidy, [], name=name)).tell("x")
            await system.start(silent, name="c")
        assert [record.getMessage() for record in caplog.records] == [
            "'desk' was not drained within 2 s: killing 'a', 'b'"
        ]

    scenario()


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan])
def test_a_deadline_of_a_system_that_is_no_span_of_time_is_refused(seconds):
    with pytest.raises(ValueError) as caught:
        open_system(drain_timeout=seconds)
    assert str(caught.value) == f"drain_timeout must be a finite number of seconds, zero or more, not {seconds!r}"


@every_schedule
async def test_a_deadline_reaches_who_is_cancelled_around_it(scheduler):
    """The host's own cancellation comes first: the block is killed then, and not later."""
    log = []
    with trio.move_on_after(1) as host:
        async with open_system(scheduler=scheduler, drain_timeout=30) as system:
            ref = await system.start(tidy, log)
            await ref.tell("x")
            began = trio.current_time()
    assert host.cancelled_caught
    assert log[0][0] - began == 1


@every_schedule
async def test_an_actor_that_never_takes_a_message_is_killed_at_the_deadline(scheduler):
    ledger = Ledger()

    async def stuck(inbox):
        async for message in inbox:
            await hang(message)

    async with open_system(scheduler=scheduler, drain_timeout=3, observer=ledger) as system:
        await (await system.start(stuck, name="stuck")).tell("x")
        began = trio.current_time()
    assert trio.current_time() - began == 3
    assert ledger.ends == [("stuck", "killed")]
