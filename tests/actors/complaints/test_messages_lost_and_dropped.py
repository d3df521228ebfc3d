"""Complaints 1, 3, 4 and 11 of users of other actor libraries, as tests of this one: what becomes of a message."""

import pytest
import trio
from pytest import RaisesGroup

from actors import ActorStopped, Backoff, Conflate, Ended, InboxFull, MessageDropped, Restart, open_system
from tests.actors.parts import Boom, Do, Ledger, echo, gated, hang, keeper, silent, worker
from tests.actors.schedules import every_schedule

RULE = Restart(limit=3, within=60.0, backoff=Backoff(10.0, up_to=10.0))
DROPPING = ["drop_oldest", "drop_newest", Conflate(lambda message: "one key for all")]
POLICIES = ["block", "fail", *DROPPING]


def named(overflow):
    """A test id without an address in it."""
    return overflow if isinstance(overflow, str) else "conflate"


async def recording(inbox, seen):
    async for message in inbox:
        if isinstance(message, BaseException):
            raise message
        seen.append(message)
        inbox.reply(message)


async def ask_each(ref, messages, outcomes):
    """Ask all of ``messages`` at once, and write each outcome down."""

    async def ask(message):
        try:
            outcomes[message] = await ref.ask(message)
        except ActorStopped as error:
            outcomes[message] = error

    async with trio.open_nursery() as nursery:
        for message in messages:
            nursery.start_soon(ask, message)


# 1 Queued messages lost on stop or restart ----------------------------------------------------------------------------


@every_schedule
async def test_01_queued_messages_and_asks_survive_a_restart_in_order_each_handled_once(scheduler):
    """kameo#335, #345, #351"""
    seen, outcomes, ledger = [], {}, Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(recording, seen, restart=RULE)
        for message in ("a", Boom(), "b", Boom(), "c"):
            ref.tell_nowait(message)
        nursery.start_soon(ask_each, ref, ["x", "y"], outcomes)
        await trio.sleep(1)
        ref.tell_nowait("sent while it rests")
    assert [message for message in seen if message not in outcomes] == ["a", "b", "c", "sent while it rests"]
    assert outcomes == {"x": "x", "y": "y"}
    assert ledger.letters == []


@pytest.mark.parametrize("order", ["stop", "kill"])
def test_01_asks_in_the_queue_of_one_that_is_stopped_bounce_with_their_message_and_say_that_nothing_was_done(order):
    """kameo#359"""

    @every_schedule
    async def scenario(scheduler):
        outcomes, ledger = {}, Ledger()
        async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
            ref = await system.start(recording, [], name="a", restart=RULE)
            await ref.tell(Boom())
            await trio.sleep(1)  # it rests
            nursery.start_soon(ask_each, ref, ["x", "y"], outcomes)
            await trio.sleep(1)
            await getattr(ref, order)()
        assert {message: str(error) for message, error in outcomes.items()} == {
            message: f"'a' has stopped; it never handled {message!r}, so it is safe to ask another." for message in "xy"
        }
        assert [error.begun for error in outcomes.values()] == [False, False]
        assert sorted(ledger.dead) == ["x", "y"]

    scenario()


@every_schedule
async def test_01_a_graceful_stop_accepts_nothing_more_while_it_still_works(scheduler):
    """kameo#362"""
    seen, ledger, gate = [], Ledger(), trio.Event()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, seen)
        await ref.tell("in hand")
        await ref.tell("queued")
        nursery.start_soon(ref.drain)
        await trio.sleep(1)
        await ref.tell("late")
        ref.tell_nowait("late, too")
        with pytest.raises(ActorStopped):
            await ref.ask("late question")
        gate.set()
    assert seen == ["in hand", "queued"]
    assert [(letter.message, letter.reason) for letter in ledger.letters] == [
        ("late", "draining"),
        ("late, too", "draining"),
        ("late question", "draining"),
    ]


@every_schedule
async def test_01_when_the_budget_is_exhausted_whatever_is_queued_is_seen_and_every_asker_told(scheduler):
    """kameo#363, #364"""
    outcomes, ledger = {}, Ledger()

    async def failing(inbox):
        async for _ in inbox:
            await trio.sleep(5)
            raise Boom

    async def desk(outside):
        with RaisesGroup(RaisesGroup(Boom)):
            async with open_system(scheduler=scheduler, observer=ledger) as system:
                ref = await system.start(failing, restart=Restart(limit=0))
                ref.tell_nowait("in hand")
                ref.tell_nowait("told")
                outside.start_soon(ask_each, ref, ["asked"], outcomes)
                await trio.sleep_forever()

    async with trio.open_nursery() as outside:
        await desk(outside)
    assert ledger.dead == ["told", "asked"]
    assert [(type(error), error.begun) for error in outcomes.values()] == [(ActorStopped, False)]


@every_schedule
async def test_01_what_a_crash_takes_from_a_private_queue_its_askers_hear_of(scheduler):
    """actor-ts#518: what was put aside was dropped without a word"""

    async def putting_aside(inbox):
        aside = []
        async for message in inbox:
            if isinstance(message, BaseException):
                raise message
            aside.append(inbox.defer())

    outcomes = {}
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(putting_aside, restart=RULE)
        nursery.start_soon(ask_each, ref, ["x", "y"], outcomes)
        await trio.sleep(1)
        error = Boom("crash")
        await ref.tell(error)
        await trio.sleep(1)
        assert [(type(each), each.begun, each.__cause__) for each in outcomes.values()] == [
            (ActorStopped, True, error)
        ] * 2


# 3 Let me bound the mailbox and choose the policy ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overflow", "kept", "third"),
    [
        ("block", ["1", "2", "3"], "waited"),
        ("fail", ["1", "2"], "InboxFull"),
        ("drop_oldest", ["2", "3"], "sent"),
        ("drop_newest", ["1", "2"], "sent"),
        (Conflate(lambda message: message), ["1", "2"], "InboxFull"),
        (Conflate(lambda _: "same"), ["3"], "sent"),
    ],
)
def test_03_each_policy_does_at_the_bound_what_it_says_and_an_error_is_raised_and_not_returned(overflow, kept, third):
    """ractor#84, akkadotnet#1919, akka-core#15317, protoactor-dotnet#215, spawned#170, echo-process#23, ray#18703"""

    @every_schedule
    async def scenario(scheduler):
        gate, seen = trio.Event(), []
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(gated, gate, seen, capacity=2, overflow=overflow)
            await ref.tell("in hand")
            await trio.sleep(1)
            await ref.tell("1")
            await ref.tell("2")
            outcome = "waited"
            with trio.move_on_after(1):
                try:
                    assert await ref.tell("3") is None
                    outcome = "sent"
                except InboxFull as error:
                    outcome = type(error).__name__
            assert outcome == third
            gate.set()
            if outcome == "waited":
                await ref.tell("3")
        assert seen == ["in hand", *kept]

    scenario()


@pytest.mark.parametrize("capacity", [0, -1, None, float("inf"), True])
async def test_03_every_inbox_is_bounded_and_there_is_no_way_round_it(capacity):
    """actor-ts#310"""
    async with open_system() as system:
        assert (await system.start(silent)).statistics().capacity == 1_000
        with pytest.raises(ValueError, match="capacity must be a whole number of messages, at least 1"):
            await system.start(silent, capacity=capacity)


# 4 Overflow must never eat system signals, and every drop must be visible ---------------------------------------------


@pytest.mark.parametrize("overflow", POLICIES, ids=named)
def test_04_no_policy_evicts_the_news_of_an_end(overflow):
    """actor-ts#729"""

    @every_schedule
    async def scenario(scheduler):
        seen, gate = [], trio.Event()

        async def watcher(inbox, target):
            inbox.watch(target)
            async for message in inbox:
                seen.append(message)
                await gate.wait()

        async with open_system(scheduler=scheduler) as system:
            target = await system.start(echo, name="target")
            ref = await system.start(watcher, target, capacity=1, overflow=overflow)
            await ref.tell("in hand")
            await trio.sleep(1)
            await ref.tell("before")
            await target.stop()
            for number in range(3):
                try:
                    ref.tell_nowait(number)
                except InboxFull:
                    continue
            gate.set()
        assert seen.count(Ended("target", "stopped", None)) == 1

    scenario()


@pytest.mark.parametrize("overflow", DROPPING, ids=named)
def test_04_every_drop_is_a_dead_letter_with_its_reason_and_counted_and_its_asker_told(overflow):
    """actor-ts#773"""

    @every_schedule
    async def scenario(scheduler):
        ledger, outcomes, gate = Ledger(), [], trio.Event()

        async def ask(ref):
            try:
                await ref.ask("question")
            except MessageDropped as error:
                outcomes.append(error.actor)

        async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
            ref = await system.start(gated, gate, [], name="a", capacity=1, overflow=overflow)
            await ref.tell("in hand")
            await trio.sleep(1)
            if overflow == "drop_newest":
                await ref.tell("filler")
            nursery.start_soon(ask, ref)
            await trio.sleep(1)
            for number in range(9):
                ref.tell_nowait(number)
            await trio.sleep(1)
            statistics = ref.statistics()
            assert statistics.dropped == statistics.dead_letters == len(ledger.letters) >= 9
            assert outcomes == ["a"]
            gate.set()
        assert {letter.reason for letter in ledger.letters} == {f"dropped: {named(overflow)}"}

    scenario()


@pytest.mark.parametrize("overflow", DROPPING, ids=named)
async def test_04_a_slow_receiver_that_drops_never_fails_its_sender(overflow, autojump_clock):
    """actor-ts#919"""

    async def sender(inbox, target):
        async for _ in inbox:
            for number in range(100):
                await target.tell(number)
                target.tell_nowait(number)
            inbox.reply("sent")

    async with open_system() as system:
        slow = await system.start(hang_at_each, capacity=1, overflow=overflow)
        ref = await system.start(sender, slow)
        assert await ref.ask("go") == "sent"
        await slow.kill()


async def hang_at_each(inbox):
    async for _ in inbox:
        await hang(inbox)


async def test_04_a_sender_that_is_refused_can_say_what_it_does_then_and_keeps_its_state(autojump_clock):
    """actor-ts#919: the sender crashed, and lost its state, because the receiver was slow"""

    async def careful(inbox, target):
        refused = 0
        async for _ in inbox:
            try:
                await target.tell("work")
            except InboxFull:
                refused += 1
            inbox.reply(refused)

    async with open_system() as system:
        slow = await system.start(hang_at_each, capacity=1, overflow="fail")
        ref = await system.start(careful, slow)
        refused = [await ref.ask("go") for _ in range(5)]
        assert refused == sorted(refused)
        assert refused[-1] in (3, 4)  # one is in hand, or not yet; one waits
        assert ref.statistics().restarts == 0
        await slow.kill()


# 11 Priority and control messages -------------------------------------------------------------------------------------


async def five_seconds(_):
    await trio.sleep(5)


@pytest.mark.parametrize(("order", "handled"), [("stop", 1), ("kill", 0)])
@pytest.mark.parametrize("overflow", POLICIES, ids=named)
def test_11_orders_cut_the_line_and_need_no_place_in_a_full_inbox(order, handled, overflow):
    """pykka#66, ntl/actor#8, xtra#85: does priority respect the bound?"""

    @every_schedule
    async def scenario(scheduler):
        ledger = Ledger()
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(worker, capacity=2, overflow=overflow)
            await ref.tell(Do(five_seconds))
            await trio.sleep(1)
            for _ in range(2):
                try:
                    ref.tell_nowait(Do(hang))
                except InboxFull:
                    break
            began = trio.current_time()
            await getattr(ref, order)()
            assert trio.current_time() - began == (4 if order == "stop" else 0)
        assert len(ledger.done) == handled
        assert len(ledger.dead) == 2

    scenario()


@every_schedule
async def test_11_a_stop_reaches_an_actor_behind_a_thousand_messages(scheduler):
    """ntl/actor#8: supervisor messages must cut the line"""
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(keeper, seen)
        for number in range(1_000):
            ref.tell_nowait(number)
        await ref.stop()
        assert len(seen) < 1_000
        assert ref.statistics().dead_letters == 1_000 - len(seen)
