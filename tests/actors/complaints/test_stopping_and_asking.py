"""Complaints 8, 9 and 12 of users of other actor libraries, as tests of this one: stops, asks, and other tasks."""

import gc

import pytest
import trio

from actors import ActorStopped, AskTimeout, Scheduler, ask_all, open_system
from tests.actors.parts import Ledger, echo, gated, hang, keeper
from tests.actors.schedules import every_schedule, run

# 8 Stop semantics are vague -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order", "handled", "seconds"),
    [("drain", ["in hand", "queued"], 20.5), ("stop", ["in hand"], 10.5), ("kill", [], 1.0)],
)
def test_08_each_of_the_three_ways_to_stop_does_one_thing(order, handled, seconds):
    """pykka#46"""

    @every_schedule
    async def scenario(scheduler):
        ledger = Ledger()
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(slow, [])
            ref.tell_nowait("in hand")
            await trio.sleep(0.5)
            ref.tell_nowait("queued")
            began = trio.current_time()
            await getattr(ref, order)()
            assert trio.current_time() - began == seconds
        assert ledger.done == handled
        assert ledger.dead == ([] if order == "drain" else ["queued"])

    scenario()


async def slow(inbox, saved):
    """Works ten seconds at each message; saves what it did at its end, which takes a second."""
    done = []
    try:
        async for message in inbox:
            await trio.sleep(10)
            done.append(message)
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(1)
        saved.append(done)


@pytest.mark.parametrize("order", ["drain", "stop", "kill"])
def test_08_whoever_stops_an_actor_comes_back_after_its_last_save(order):
    """pykka#231, thespianpy#51"""

    @every_schedule
    async def scenario(scheduler):
        saved = []
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(slow, saved)
            ref.tell_nowait("order")
            await trio.sleep(0.5)
            await getattr(ref, order)()
            assert saved == [[] if order == "kill" else ["order"]]

    scenario()


@every_schedule
async def test_08_an_end_can_be_awaited_by_many_and_again(scheduler):
    """ractor#466: wait() worked once"""
    ends = []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(echo, name="a")

        async def wait():
            ends.append((await ref.ended()).reason)
            ends.append((await ref.ended()).reason)

        for _ in range(3):
            nursery.start_soon(wait)
        await trio.sleep(1)
        await ref.stop()
        await ref.stop()
    assert ends == ["stopped"] * 6


@every_schedule
async def test_08_a_drain_drops_nothing_that_was_accepted_and_accepts_nothing_that_it_drops(scheduler):
    """ractor#466: drain acknowledged messages that it dropped"""
    ledger, accepted = Ledger(), []
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        gate = trio.Event()
        ref = await system.start(gated, gate, [], capacity=2)

        async def send(number):
            await ref.tell(number)
            if ref.statistics().state == "running":
                accepted.append(number)

        for number in range(6):
            nursery.start_soon(send, number)
        await trio.sleep(1)
        nursery.start_soon(ref.drain)
        await trio.sleep(1)
        gate.set()
    assert sorted(ledger.done) == sorted(accepted)
    assert sorted(ledger.done + ledger.dead) == list(range(6))


@every_schedule
async def test_08_leaving_the_block_drains_a_pipeline_from_its_end_and_every_stage_can_still_use_those_before(
    scheduler,
):
    """broadway#362"""
    seen = []

    async def forward(inbox, target):
        async for message in inbox:
            await trio.sleep(0.1)
            await target.tell(message)

    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        sink = await system.start(keeper, seen, name="sink")
        ref = await system.start(forward, sink, name="stage")
        for number in range(10):
            ref.tell_nowait(number)
        await ref.drain()  # upstream first where work flows down; the block then ends the rest
    assert seen == list(range(10))
    assert ledger.letters == []


@every_schedule
async def test_08_a_producer_that_stops_its_own_pipeline_and_itself_waits_for_nobody(scheduler):
    """broadway#242"""

    async def produce(inbox, down):
        async for _ in inbox:
            await down[0].drain()
            await down[1].drain()  # itself: it only marks

    async with open_system(scheduler=scheduler) as system:
        down = [await system.start(echo)]
        producer = await system.start(produce, down)
        down.append(producer)
        await producer.tell("finish")
        assert [(await ref.ended()).reason for ref in down] == ["drained", "drained"]


@every_schedule
async def test_08_a_message_of_a_type_that_nobody_expects_kills_nobody(scheduler):
    """ractor#466: a ref of the wrong type could kill its target"""
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(echo)
        for stranger in (None, ..., StopIteration, object(), trio.Cancelled):
            assert await ref.ask(stranger) is stranger


# 9 Ask timeouts leak or confuse ---------------------------------------------------------------------------------------


@every_schedule
async def test_09_a_late_reply_is_counted_and_reaches_neither_the_inbox_of_its_asker_nor_the_dead_letters(scheduler):
    """pekko#668, amqp#213"""
    seen, ledger = [], Ledger()

    async def asking(inbox, target):
        async for message in inbox:
            seen.append(message)
            if message == "go":
                with pytest.raises(AskTimeout):
                    await target.ask("question", timeout=1.0)

    async def tardy(inbox):
        async for message in inbox:
            await trio.sleep(5)
            inbox.reply(f"late answer to {message}")

    async with open_system(scheduler=scheduler, observer=ledger) as system:
        target = await system.start(tardy)
        ref = await system.start(asking, target)
        await ref.tell("go")
        await trio.sleep(2)
        await ref.tell("after")
        await trio.sleep(20)
        assert target.statistics().late_replies == system.statistics().late_replies == 1
    assert seen == ["go", "after"]
    assert ledger.letters == []


def test_09_ten_thousand_timeouts_leave_nothing_behind():
    """akkadotnet#2380: an actor leaked for each"""

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(tardy)

            async def expire(times):
                for _ in range(times):
                    with pytest.raises(AskTimeout):
                        await ref.ask("x", timeout=1.0)
                    await trio.sleep(1)
                gc.collect()
                return trio.lowlevel.current_statistics().tasks_living, len(gc.get_objects())

            tasks, objects = await expire(100)
            later_tasks, later_objects = await expire(10_000)
            assert later_tasks == tasks
            assert later_objects < objects + 200
            assert system.statistics().deadlines == 0

    async def tardy(inbox):
        async for message in inbox:
            await trio.sleep(1.5)
            inbox.reply(message)

    run(scenario, Scheduler())


@every_schedule
async def test_09_an_ask_whose_asker_left_the_line_costs_no_work(scheduler):
    """akka-core#32721; what is in the inbox already is handled, as any told message is"""
    seen, gate = [], trio.Event()
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(gated, gate, seen, capacity=1)
        await ref.tell("in hand")
        await trio.sleep(1)
        for question in ("queued", "in the line", "in the line, too"):
            with pytest.raises(AskTimeout):
                await ref.ask(question, timeout=1.0)
        gate.set()
    assert seen == ["in hand", "queued"]


@pytest.mark.parametrize("order", ["stop", "kill"])
def test_09_an_ask_ends_with_the_actor_that_was_asked(order):
    """ray#47204, #26772, #6612: get() hung after an actor's death"""

    @every_schedule
    async def scenario(scheduler):
        outcomes = []

        async def ask(ref):
            try:
                await ref.ask("x")
            except ActorStopped as error:
                outcomes.append(error.begun)

        async def deaf(inbox):
            async for _ in inbox:
                inbox.defer()

        async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
            ref = await system.start(deaf)
            for _ in range(3):
                nursery.start_soon(ask, ref)
            await trio.sleep(1)
            await getattr(ref, order)()
            await ask(ref)  # and one that comes later
            await trio.sleep(1)
        assert sorted(outcomes) == [False, True, True, True]

    scenario()


# 12 Play with async ---------------------------------------------------------------------------------------------------


@every_schedule
async def test_12_a_handler_awaits_whatever_it_likes_and_asks_other_actors(scheduler):
    """thespianpy#60, kquick#31, #68, #77: why no ask inside an actor?"""

    async def middle(inbox, targets):
        async for message in inbox:
            send, receive = trio.open_memory_channel(1)
            await send.send(await targets[0].ask(message))
            replies = await ask_all([(target, await receive.receive()) for target in targets[:1]])
            inbox.reply([*replies, *await ask_all([(target, message) for target in targets])])

    async with open_system(scheduler=scheduler) as system:
        targets = [await system.start(echo) for _ in range(3)]
        ref = await system.start(middle, targets)
        assert await ref.ask("x") == ["x"] * 4


@every_schedule
async def test_12_an_actor_takes_messages_while_its_own_child_tasks_work_and_they_send_to_it(scheduler):
    """kameo#360 (pipe to self), #218 (detached reply), pykka#94, #99, #218"""
    order = []

    async def manager(inbox, own):
        async with trio.open_nursery() as nursery:
            async for message in inbox:
                order.append(message)
                if message == "slow job":
                    nursery.start_soon(work, own, inbox.defer())
                elif message == "finished":
                    nursery.cancel_scope.cancel()

    async def work(own, reply):
        await trio.sleep(5)
        reply.send("result")
        await own[0].tell("finished")
        await trio.sleep_forever()

    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        own, results = [], []
        own.append(await system.start(manager, own))

        async def ask():
            results.append(await own[0].ask("slow job"))

        nursery.start_soon(ask)
        await trio.sleep(1)
        await own[0].tell("quick")
        assert (await own[0].ended()).reason in ("finished", "stopped")
    assert results == ["result"]
    assert order == ["slow job", "quick", "finished"]


@every_schedule
async def test_12_the_child_tasks_of_a_behaviour_end_with_it(scheduler):
    ended = []

    async def parent(inbox):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            async for _ in inbox:
                pass
            nursery.cancel_scope.cancel()

    async def child():
        try:
            await hang(None)
        finally:
            ended.append(True)

    async with open_system(scheduler=scheduler) as system:
        refs = [await system.start(parent) for _ in range(3)]
        await trio.sleep(1)
        await refs[0].stop()
        await refs[1].kill()
        assert ended == [True, True]
