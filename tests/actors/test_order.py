"""A1 One at a time; A2 Order; A3 Bounded."""

from contextlib import asynccontextmanager

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import AskTimeout, InboxFull, Scheduler, ask_all, open_system
from tests.actors.parts import Ledger, echo, gated, keeper, silent
from tests.actors.schedules import every_schedule


class Unequal:
    """A message whose ``==`` has no truth, as that of an array."""

    def __eq__(self, other: object) -> bool:
        raise ValueError("the truth value of this comparison is ambiguous")

    __hash__ = object.__hash__


async def flood(inbox, target, count):
    """On its first message, sends ``count`` numbered messages to ``target``."""
    async for name in inbox:
        for number in range(count):
            await target.tell((name, number))


@every_schedule
async def test_an_actor_handles_one_message_at_a_time(scheduler):
    running = []
    most = []

    async def slow(inbox):
        async for message in inbox:
            running.append(message)
            await trio.sleep(1)
            most.append(len(running))
            running.remove(message)
            inbox.reply(None)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(slow)
        await ask_all([(ref, number) for number in range(5)])
    assert most == [1] * 5


@every_schedule
async def test_messages_of_one_sender_arrive_in_the_order_sent(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        target = await system.start(keeper, seen, capacity=2)
        senders = [await system.start(flood, target, 10, name=name) for name in "abc"]
        for sender in senders:
            await sender.tell(sender.name)
    assert {name: [number for sender, number in seen if sender == name] for name in "abc"} == {
        name: list(range(10)) for name in "abc"
    }


@every_schedule
async def test_a_message_arrives_before_those_that_it_caused(scheduler):
    seen = []

    async def relay(inbox, target):
        async for _ in inbox:
            await target.tell("effect")

    async def source(inbox, target, via):
        async for _ in inbox:
            await target.tell("cause")
            await via.tell("go")

    async with open_system(scheduler=scheduler) as system:
        target = await system.start(keeper, seen)
        via = await system.start(relay, target)
        first = await system.start(source, target, via)
        await first.tell("go")
    assert seen == ["cause", "effect"]


@every_schedule
async def test_a_stop_does_not_queue_behind_messages(scheduler):
    seen, gate = [], trio.Event()
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, seen)
        for number in range(5):
            await ref.tell(number)
        await trio.sleep(1)
        nursery.start_soon(ref.stop)
        await trio.sleep(1)
        gate.set()
    assert seen == [0]


@every_schedule
async def test_a_kill_does_not_queue_behind_messages(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(gated, trio.Event(), seen)
        for number in range(5):
            await ref.tell(number)
        await trio.sleep(1)
        await ref.kill()
    assert seen == [0]


@pytest.mark.parametrize("message", [None, False, ValueError("x"), ("a", 1), StopAsyncIteration(), NotImplemented])
async def test_any_object_is_a_message_and_a_reply(message, autojump_clock):
    async with open_system() as system:
        assert await (await system.start(echo)).ask(message, timeout=1) is message


@every_schedule
async def test_an_inbox_never_holds_more_than_its_capacity(scheduler):
    async with open_system(scheduler=scheduler) as system:
        target = await system.start(silent, capacity=3)
        senders = [await system.start(flood, target, 20, name=name) for name in "ab"]
        for sender in senders:
            await sender.tell(sender.name)
        for sender in senders:
            await sender.drain()
        assert target.statistics().peak <= 3


async def full(system, seen, gate, *, capacity=1, overflow="block"):
    """An actor with one message in hand and a full inbox."""
    ref = await system.start(gated, gate, seen, name="full", capacity=capacity, overflow=overflow)
    ref.tell_nowait("in hand")
    await trio.sleep(1)
    for number in range(capacity):
        ref.tell_nowait(number)
    return ref


async def test_a_tell_to_a_full_inbox_waits_for_a_place(autojump_clock):
    seen, gate = [], trio.Event()
    async with open_system() as system:
        ref = await full(system, seen, gate)
        with trio.move_on_after(1) as scope:
            await ref.tell("too much")
        gate.set()
    assert scope.cancelled_caught
    assert seen == ["in hand", 0]


@every_schedule
async def test_senders_that_wait_for_a_place_get_it_in_turn_and_nobody_overtakes(scheduler):
    seen, gate = [], trio.Event()
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await full(system, seen, gate)
        for name in "abc":
            nursery.start_soon(ref.tell, name)
            await trio.sleep(1)
        gate.set()
        await ref.tell("late")
    assert seen == ["in hand", 0, "a", "b", "c", "late"]


async def test_a_cancelled_sender_leaves_the_line_without_comparing_messages(autojump_clock):
    seen, gate = [], trio.Event()
    async with open_system() as system, trio.open_nursery() as nursery:
        ref = await full(system, seen, gate)
        patient, hasty = Unequal(), Unequal()
        nursery.start_soon(ref.tell, patient)
        await wait_all_tasks_blocked()
        with trio.move_on_after(1):
            await ref.tell(hasty)
        gate.set()
    assert [message is patient for message in seen] == [False, False, True]


async def test_the_line_for_a_place_holds_who_waits_and_not_who_left(autojump_clock):
    gate = trio.Event()
    async with open_system() as system:
        ref = await full(system, [], gate)
        for number in range(1_000):
            with trio.move_on_after(1):
                await ref.ask(number)
        assert len(ref._inbox.blocked) < 128
        assert ref.statistics().waiting == 0
        gate.set()


@every_schedule
async def test_a_sender_cancelled_between_two_quanta_has_not_sent(scheduler):
    seen, sent = [], []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(keeper, seen)
        with trio.CancelScope() as scope:
            scope.cancel()
            for number in range(1_000):
                await ref.tell(number)
                sent.append(number)
    assert seen == sent
    assert len(sent) == scheduler.send_quantum


FULL = (
    "the inbox of 'full' is full (1 messages): use 'await ref.tell(...)' with overflow='block' to wait, "
    "or start the actor with a larger capacity."
)


@pytest.mark.parametrize(
    "send",
    [
        lambda ref: ref.tell("x"),
        lambda ref: ref.ask("x"),
        lambda ref: ref.ask("x", timeout=1),
        lambda ref: ask_all([(ref, "x")]),
    ],
    ids=["tell", "ask", "ask with timeout", "ask_all"],
)
async def test_a_full_inbox_that_fails_says_so_to_the_sender(send, autojump_clock):
    gate = trio.Event()
    async with open_system() as system:
        ref = await full(system, [], gate, overflow="fail")
        with pytest.raises(InboxFull) as caught:
            await send(ref)
        gate.set()
    assert str(caught.value) == FULL


@pytest.mark.parametrize("overflow", ["block", "fail"])
async def test_tell_nowait_never_waits(overflow, autojump_clock):
    gate = trio.Event()
    async with open_system() as system:
        ref = await full(system, [], gate, overflow=overflow)
        with pytest.raises(InboxFull) as caught:
            ref.tell_nowait("x")
        gate.set()
    assert str(caught.value) == FULL


async def test_a_message_that_did_not_get_in_is_no_dead_letter(autojump_clock):
    gate, ledger = trio.Event(), Ledger()
    async with open_system(observer=ledger) as system:
        ref = await full(system, [], gate, overflow="fail")
        with pytest.raises(InboxFull):
            ref.tell_nowait("x")
        gate.set()
    assert ledger.letters == []


@every_schedule
async def test_what_remains_at_the_end_becomes_dead_letters_each_once(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await full(system, [], trio.Event(), capacity=3)
        nursery.start_soon(ref.tell, "blocked")
        await trio.sleep(1)
        await ref.kill()
    assert sorted(map(str, ledger.dead)) == ["0", "1", "2", "blocked"]
    assert ref.statistics().dead_letters == system.statistics().dead_letters == 4


# The line for a place ---------------------------------------------------------------------------------------------------


@asynccontextmanager
async def full_inbox(scheduler=None):
    """An actor with one message in hand and one queued, which is all that it has room for."""
    gate, seen = trio.Event(), []
    async with open_system(scheduler=scheduler or Scheduler()) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, seen, capacity=1)
        await ref.tell("in hand")
        await trio.sleep(1)
        await ref.tell("queued")
        yield ref, seen, nursery
        gate.set()


async def test_a_line_that_askers_come_to_and_leave_stays_short_and_forgets_nobody(autojump_clock):
    lengths = []
    async with full_inbox() as (ref, seen, nursery):
        for number in range(300):
            if number % 100 == 50:
                nursery.start_soon(ref.tell, number)
                await trio.sleep(1)
            with pytest.raises(AskTimeout):
                await ref.ask("hasty", timeout=1)
            lengths.append(len(ref._inbox.blocked))
        assert ref.statistics().waiting == 3
    assert max(lengths) < 64
    assert seen == ["in hand", "queued", 50, 150, 250]


async def test_a_sender_that_leaves_the_line_leaves_nothing_in_it(autojump_clock):
    async with full_inbox() as (ref, seen, _nursery):
        with trio.move_on_after(1):
            await ref.tell("hasty")
        assert not ref._inbox.blocked
    assert seen == ["in hand", "queued"]


async def test_a_sender_that_was_swept_out_of_the_line_before_it_ran_again_leaves_in_peace(autojump_clock):
    async with full_inbox() as (ref, seen, nursery):
        hasty = trio.CancelScope()

        async def leave():
            with hasty:
                await ref.tell("hasty")

        async def scatter():
            with trio.move_on_after(1):
                await ask_all([(ref, number) for number in range(63)])

        nursery.start_soon(leave)
        await trio.sleep(1)
        hasty.cancel()
        await scatter()  # the sixty-fourth in line sweeps it
        assert hasty.cancelled_caught
    assert seen == ["in hand", "queued"]


@every_schedule
async def test_an_actor_that_waited_in_vain_for_a_message_takes_those_that_come_later(scheduler):
    seen = []

    async def impatient(inbox):
        while True:
            with trio.move_on_after(1) as limit:
                seen.append(await anext(inbox))
            if limit.cancelled_caught:
                seen.append("nothing")
                await trio.sleep(1)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(impatient)
        await trio.sleep(1.5)
        await ref.tell("while it looked away")
        await trio.sleep(2)
        await ref.tell("while it looked away again")
        await trio.sleep(1)
        await ref.stop()
    assert seen[:4] == ["nothing", "while it looked away", "nothing", "while it looked away again"]


async def test_an_actor_with_a_full_inbox_lets_others_run_after_each_quantum():
    seen, lengths = [], []
    async with open_system() as system:
        ref = await system.start(keeper, seen)
        for number in range(200):
            ref.tell_nowait(number)
        while len(seen) < 200:
            await trio.lowlevel.checkpoint()
            lengths.append(len(seen))
    assert set(lengths) <= {0, 64, 128, 192, 200}
    assert len(set(lengths)) > 2  # somebody else ran in between


@pytest.mark.parametrize("before", [0, 1, 2])
async def test_a_stop_beside_a_message_to_an_actor_that_waits_comes_first(before, autojump_clock):
    seen = []
    async with open_system() as system, trio.open_nursery() as nursery:
        ref = await system.start(keeper, seen)
        for _ in range(before):
            await ref.tell("before")
            await wait_all_tasks_blocked()
        ref.tell_nowait("too late")
        nursery.start_soon(ref.stop)
        with trio.CancelScope() as now:
            now.cancel()
            await ref.stop()
    assert seen == ["before"] * before


async def test_an_actor_may_tell_itself_before_it_first_waits(autojump_clock):
    seen = []

    async def eager(inbox):
        inbox.ref.tell_nowait("to myself")
        await keeper(inbox, seen)

    async with open_system() as system:
        await system.start(eager)
    assert seen == ["to myself"]


async def test_what_waits_for_a_place_when_its_actor_is_told_to_stop_is_a_dead_letter_that_says_so(autojump_clock):
    ledger, gate = Ledger(), trio.Event()
    async with open_system(observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, [], name="a", capacity=1)
        for message in ("in hand", "queued", "in line"):
            nursery.start_soon(ref.tell, message)
            await trio.sleep(1)
        nursery.start_soon(ref.stop)
        await trio.sleep(1)
        assert [(letter.message, letter.reason) for letter in ledger.letters] == [("in line", "stopping")]
        gate.set()
