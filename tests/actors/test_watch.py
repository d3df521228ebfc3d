"""A9 Watch: an actor or a task learns of another's end exactly once, with the reason."""

import gc

import pytest
import trio
from pytest import RaisesGroup
from trio.testing import wait_all_tasks_blocked

from actors import ActorError, AskCycle, Backoff, Conflate, Ended, Observer, Restart, Scheduler, open_system
from tests.actors.parts import Boom, Do, Ledger, fragile, gated, silent, worker
from tests.actors.schedules import every_schedule, run

BRIEF = Restart(kind="temporary")


async def once(inbox):
    async for message in inbox:
        if isinstance(message, Exception):
            raise message
        return


async def watcher(inbox, refs, seen):
    for ref in refs:
        inbox.watch(ref)
    async for message in inbox:
        if isinstance(message, Boom):
            raise message
        seen.append(message)


async def learn(ref, seen):
    with trio.CancelScope(shield=True):
        seen.append(await ref.ended())


ERROR = Boom("bad tick")
ENDS = {
    "finished": (lambda ref: ref.tell("return"), None),
    "drained": (lambda ref: ref.drain(), None),
    "stopped": (lambda ref: ref.stop(), None),
    "killed": (lambda ref: ref.kill(), None),
    "crashed": (lambda ref: ref.tell(ERROR), ERROR),
}


@pytest.mark.parametrize("reason", ENDS)
def test_actors_and_tasks_that_watch_learn_of_every_end_once_with_its_reason(reason):
    end, error = ENDS[reason]

    @every_schedule
    async def scenario(scheduler):
        seen, learned, other = [], [], []
        async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
            ref = await system.start(once, name="a", restart=BRIEF)
            await system.start(watcher, [ref], seen)
            await system.start(watcher, [ref], other)
            nursery.start_soon(learn, ref, learned)
            nursery.start_soon(learn, ref, learned)
            await trio.sleep(1)
            assert seen == learned == []
            await end(ref)
            await trio.sleep(1)
            await ref.stop()
            await trio.sleep(1)
        assert seen == other == [Ended("a", reason, error)]
        assert learned == [Ended("a", reason, error)] * 2
        assert ref.ending == Ended("a", reason, error)

    scenario()


async def test_an_interrupted_actor_ended_too(autojump_clock):
    learned = []
    with RaisesGroup(RaisesGroup(KeyboardInterrupt)):
        async with trio.open_nursery() as outside, open_system() as system:
            ref = await system.start(fragile, name="a")
            outside.start_soon(learn, ref, learned)
            await ref.tell(KeyboardInterrupt())
            await trio.sleep_forever()
    assert learned == [Ended("a", "interrupted", None)]


async def test_who_crashes_without_a_rule_is_seen_by_those_outside(autojump_clock):
    learned = []
    with RaisesGroup(RaisesGroup(Boom)):
        async with trio.open_nursery() as outside, open_system() as system:
            ref = await system.start(fragile, name="a")
            outside.start_soon(learn, ref, learned)
            await ref.tell(ERROR)
            await trio.sleep_forever()
    assert learned == [Ended("a", "crashed", ERROR)]


@every_schedule
async def test_who_watches_the_dead_is_told_at_once(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(silent, name="a")
        await ref.stop()
        await system.start(watcher, [ref], seen)
        assert await ref.ended() == Ended("a", "stopped", None)
        await trio.sleep(1)
        assert seen == [Ended("a", "stopped", None)]


async def test_waiting_for_the_dead_is_a_checkpoint():
    async with open_system() as system:
        ref = await system.start(silent)
        await ref.stop()
        with trio.testing.assert_checkpoints():
            await ref.ended()


async def test_the_end_of_who_lives_is_not_known():
    async with open_system() as system:
        ref = await system.start(silent, name="a")
        with pytest.raises(ActorError, match=r"^'a' has not ended yet: await ref.ended\(\)\.$"):
            _ = ref.ending


@pytest.mark.parametrize("overflow", ["block", "fail", "drop_oldest", "drop_newest", Conflate(lambda message: "k")])
def test_a_full_inbox_takes_the_news_and_never_drops_it(overflow):
    @every_schedule
    async def scenario(scheduler):
        seen, gate, ledger = [], trio.Event(), Ledger()

        async def busy(inbox, refs):
            for ref in refs:
                inbox.watch(ref)
            async for message in inbox:
                seen.append(message)
                await gate.wait()

        async with open_system(scheduler=scheduler, observer=ledger) as system:
            refs = [await system.start(silent, name=name) for name in "ab"]
            ref = await system.start(busy, refs, capacity=1, overflow=overflow)
            await ref.tell("in hand")
            await trio.sleep(1)
            ref.tell_nowait("queued")
            for each in refs:
                await each.stop()
            assert ref.statistics().queued == 3
            if overflow not in ("block", "fail"):
                ref.tell_nowait("newer")
            gate.set()
        kept = "newer" if overflow == "drop_oldest" or isinstance(overflow, Conflate) else "queued"
        news = [Ended("a", "stopped", None), Ended("b", "stopped", None)]
        assert [message for message in seen if isinstance(message, Ended)] == news
        assert [message for message in seen if isinstance(message, str)] == ["in hand", kept]

    scenario()


@every_schedule
async def test_news_alone_take_no_messages_place_from_it(scheduler):
    seen, gate = [], trio.Event()
    async with open_system(scheduler=scheduler) as system:
        dead = await system.start(silent, name="a")
        await dead.stop()
        ref = await system.start(worker, capacity=1, overflow="drop_oldest")
        await ref.tell(Do(lambda inbox: gate.wait()))
        await trio.sleep(1)
        ref._inbox.watch(dead)
        ref.tell_nowait(Do(lambda inbox: seen.append("lost")))
        ref.tell_nowait(Do(lambda inbox: seen.append("kept")))
        assert [type(entry[0]) for entry in ref._inbox.queue] == [Ended, Do]
        await ref.kill()


@every_schedule
async def test_a_watch_survives_the_restarts_of_both_and_tells_once_although_set_up_watches_again(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        watched = await system.start(fragile, name="a", restart=Restart())
        ref = await system.start(watcher, [watched], seen, restart=Restart())
        await watched.tell(Boom())
        await ref.tell(Boom())
        await ref.tell(Boom())
        await trio.sleep(1)
        assert seen == []
        assert watched.statistics().restarts == 1
        await watched.stop()
        await trio.sleep(1)
        assert seen == [Ended("a", "stopped", None)]


@every_schedule
async def test_news_that_come_while_the_watcher_rests_wait_for_it(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        watched = await system.start(silent, name="a")
        ref = await system.start(watcher, [], seen, restart=Restart(backoff=Backoff(5, up_to=5)))
        ref._inbox.watch(watched)
        await ref.tell(Boom())
        await trio.sleep(1)
        await watched.stop()
        await trio.sleep(5)
        assert seen == [Ended("a", "stopped", None)]


@every_schedule
async def test_who_waits_may_leave(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(silent)
        with trio.move_on_after(1) as scope:
            await ref.ended()
        assert scope.cancelled_caught
        assert not ref._mourners
        await ref.stop()


@every_schedule
async def test_a_watcher_that_has_ended_is_forgotten_and_costs_no_dead_letter(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        watched = await system.start(silent)
        for _ in range(3):
            await (await system.start(watcher, [watched], [])).stop()
        assert not watched._mourners
        await watched.stop()
    assert ledger.letters == []


def test_an_actor_that_many_short_lived_ones_watched_stays_small():
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            watched = await system.start(silent)

            async def come_and_go(times):
                for _ in range(times):
                    await (await system.start(watcher, [watched], [])).stop()
                gc.collect()
                return len(gc.get_objects())

            before = await come_and_go(10)
            assert await come_and_go(500) < before + 300

    run(scenario, Scheduler())


@every_schedule
async def test_an_actor_that_watches_itself_leaves_a_dead_letter(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(worker, name="a")
        await ref.tell(Do(lambda inbox: inbox.watch(ref)))
    assert [(letter.actor, letter.message.reason) for letter in ledger.letters] == [("a", "drained")]


@every_schedule
async def test_an_actor_that_waits_for_its_own_end_is_told_that_it_would_wait_for_ever(scheduler):
    caught = []

    async def wait(inbox):
        try:
            await ref.ended()
        except AskCycle as error:
            caught.append(error.path)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(worker, name="a")
        await ref.tell(Do(wait))
    assert caught == [("a", "a")]


@pytest.mark.parametrize("method", ["sent", "stopped"])
async def test_an_observer_that_raises_at_the_news_leaves_nobody_waiting(method, autojump_clock):
    class Faulty(Observer):
        pass

    def fail(_, actor, news):
        if isinstance(news, Ended) or news == "stopped":
            raise Boom("from the observer")

    setattr(Faulty, method, fail)
    learned, seen = [], []
    with pytest.raises(ExceptionGroup):
        async with trio.open_nursery() as outside, open_system(observer=Faulty()) as system:
            ref = await system.start(silent, name="a")
            await system.start(watcher, [ref], seen)
            for _ in range(2):
                outside.start_soon(learn, ref, learned)
            await wait_all_tasks_blocked()
            await ref.stop()
            await trio.sleep_forever()
    assert learned == [Ended("a", "stopped", None)] * 2


@every_schedule
async def test_a_watcher_may_wait_for_a_place_while_news_come(scheduler):
    gate, seen, learned = trio.Event(), [], []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, seen, capacity=1)
        ended = await system.start(silent, name="a")
        await ref.tell(1)
        await trio.sleep(1)
        await ref.tell(2)
        nursery.start_soon(ref.tell, 3)
        await trio.sleep(1)
        ref._inbox.watch(ended)
        nursery.start_soon(learn, ended, learned)
        await ended.stop()
        gate.set()
        await trio.sleep(1)
        assert seen == [1, 2, Ended("a", "stopped", None), 3]


@every_schedule
async def test_who_asks_again_after_an_end_is_told_of_it_again(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(silent, name="a")
        other = await system.start(watcher_on_demand, ref, seen)
        await other.tell("watch")
        await ref.stop()
        await trio.sleep(1)
        assert seen == [Ended("a", "stopped", None)]
        assert not other._inbox._watched
        await other.tell("watch")
        await trio.sleep(1)
        assert seen == [Ended("a", "stopped", None)] * 2


async def watcher_on_demand(inbox, ref, seen):
    async for message in inbox:
        if message == "watch":
            inbox.watch(ref)
        else:
            seen.append(message)


@every_schedule
async def test_news_that_come_to_an_actor_that_is_to_end_are_dead_letters_that_say_so(scheduler):
    ledger, gate = Ledger(), trio.Event()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(silent, name="a")

        async def watch_and_wait(inbox):
            inbox.watch(ref)
            await gate.wait()

        other = await system.start(worker, name="b")
        await other.tell(Do(watch_and_wait))
        await trio.sleep(1)
        nursery.start_soon(other.stop)
        await trio.sleep(1)
        await ref.stop()
        gate.set()
    assert [(letter.actor, letter.message, letter.reason) for letter in ledger.letters] == [
        ("b", Ended("a", "stopped", None), "stopping")
    ]
