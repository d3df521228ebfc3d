"""A11 Seen: what an observer sees, what statistics say, what the tree shows."""

import attrs
import pytest
import trio
from pytest import RaisesGroup
from trio.testing import wait_all_tasks_blocked

from actors import ActorStatistics, DeadLetter, Observer, Restart, ask_all, open_system
from actors.testing import Record, Recorder
from tests.actors.parts import Boom, Ledger, echo, fragile, gated, silent
from tests.actors.schedules import every_schedule


@every_schedule
async def test_an_observer_sees_the_life_of_a_message_in_order(scheduler):
    recorder = Recorder()
    async with open_system(observer=recorder, scheduler=scheduler) as system:
        ref = await system.start(silent, name="a")
        await ref.tell(None)
    assert str(recorder).splitlines() == [
        "a: sent None",
        "a: delivered None",
        "a: handled None",
        "a: stopped 'drained'",
    ]


@every_schedule
async def test_an_observer_sees_a_crash_and_what_it_leaves_behind(scheduler):
    recorder, error = Recorder(), Boom("x")
    with RaisesGroup(Boom):
        async with open_system(observer=recorder, scheduler=scheduler) as system:
            ref = await system.start(fragile, name="a")
            ref.tell_nowait(error)
            ref.tell_nowait("left")
            await trio.sleep_forever()
    assert recorder.records[2:] == [
        Record("delivered", "a", error),
        Record("dead letter", "a", DeadLetter("a", "left", "crashed")),
        Record("crashed", "a", error),
        Record("stopped", "a", "crashed"),
    ]


@pytest.mark.parametrize(("how", "reason"), [("drain", "drained"), ("stop", "stopped"), ("kill", "killed")])
async def test_an_observer_learns_how_an_actor_ended(how, reason):
    ledger = Ledger()
    async with open_system(observer=ledger) as system:
        await getattr(await system.start(silent, name="a"), how)()
    assert ledger.ends == [("a", reason)]


async def test_a_behaviour_that_returns_has_finished():
    ledger = Ledger()

    async def once(inbox):
        async for _ in inbox:
            break

    async with open_system(observer=ledger) as system:
        ref = await system.start(once, name="a")
        ref.tell_nowait("x")
        ref.tell_nowait("y")
    assert (ledger.done, ledger.letters) == (["x"], [DeadLetter("a", "y", "drained")])
    assert {record.actor for record in ledger.records} == {"a"}


async def test_a_message_to_an_actor_that_has_ended_is_a_dead_letter_that_says_so():
    ledger = Ledger()
    async with open_system(observer=ledger) as system:
        ref = await system.start(silent, name="a")
        await ref.stop()
        ref.tell_nowait("x")
    assert ledger.letters == [DeadLetter("a", "x", "ended")]


def test_an_observer_may_leave_out_what_it_does_not_want_to_see():
    observer = Observer()
    observer.sent("a", 1)
    observer.delivered("a", 1)
    observer.handled("a", 1)
    observer.crashed("a", Boom())
    observer.restarted("a")
    observer.stopped("a", "stopped")
    observer.dead_letter(DeadLetter("a", 1, "stopped"))


async def test_statistics_of_an_actor_show_all_of_its_state(autojump_clock):
    gate = trio.Event()
    async with open_system() as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, [], name="a", capacity=2)
        ref.tell_nowait("in hand")
        await wait_all_tasks_blocked()
        ref.tell_nowait("queued")
        ref.tell_nowait("queued")
        nursery.start_soon(ref.tell, "waiting")
        await trio.sleep(3)
        assert ref.statistics() == ActorStatistics(
            name="a",
            state="running",
            queued=2,
            capacity=2,
            peak=2,
            waiting=1,
            handled=0,
            dropped=0,
            dead_letters=0,
            late_replies=0,
            restarts=0,
            skipped=0,
            age=3.0,
            waits_for=(),
        )
        gate.set()
    assert (ref.statistics().handled, ref.statistics().age) == (4, None)


async def test_the_age_is_that_of_the_message_in_hand_and_none_without_one(autojump_clock):
    async with open_system() as system:
        ref = await system.start(echo)
        await ref.ask("x")
        await trio.sleep(5)
        assert ref.statistics().age is None


async def test_statistics_of_a_system_count_what_ended_actors_left(autojump_clock):
    async with open_system("desk") as system:
        ref = await system.start(silent)
        await ref.stop()
        ref.tell_nowait("x")
        await system.start(silent, name="b")
        statistics = system.statistics()
    assert (statistics.name, statistics.started, statistics.dead_letters, statistics.late_replies) == ("desk", 2, 1, 0)
    assert [actor.name for actor in statistics.actors] == ["b"]


async def test_statistics_are_values():
    async with open_system() as system:
        ref = await system.start(silent, name="a")
        assert ref.statistics() == ref.statistics()
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            ref.statistics().queued = 1


async def test_the_tree_prints_a_line_for_each_living_actor_in_start_order(autojump_clock):
    async with open_system("desk") as system:
        await system.start(silent, name="idle")
        busy = await system.start(gated, trio.Event(), [], name="busy", capacity=5)
        busy.tell_nowait("in hand")
        await wait_all_tasks_blocked()
        busy.tell_nowait("queued")
        await trio.sleep(1.5)
        text = str(system.tree())
        await busy.kill()
    assert text.splitlines() == [
        "desk",
        "  idle: running, idle, queued 0/1000, handled 0",
        "  busy: running, busy 1.500 s, queued 1/5, handled 0",
    ]


async def test_the_tree_shows_groups_within_each_other_in_start_order(autojump_clock):
    rule = Restart(limit=5, within=60.0)
    async with open_system("desk") as system:
        await system.start(silent, name="first")
        outer = system.group("outer", scope="one_for_all", restart=rule)
        inner = outer.group("inner", scope="rest_for_one", restart=rule)
        shaky = await inner.start(fragile, name="shaky", restart=rule)
        await outer.start(silent, name="beside")
        gone = await outer.start(silent, name="gone")
        await gone.stop()
        await system.start(silent, name="last")
        shaky.tell_nowait(Boom("x"))
        await trio.sleep(1)
        tree = system.tree()
    assert str(tree).splitlines() == [
        "desk",
        "  first: running, idle, queued 0/1000, handled 0",
        "  outer (one_for_all)",
        "    inner (rest_for_one)",
        "      shaky: running, idle, queued 0/1000, handled 0, restarts 1",
        "    beside: running, idle, queued 0/1000, handled 0",
        "  last: running, idle, queued 0/1000, handled 0",
    ]
    outer_tree = tree.children[1]
    assert (outer_tree.name, [child.name for child in outer_tree.children]) == ("outer", ["inner", "beside"])
    assert [actor.name for actor in tree.actors] == ["first", "shaky", "beside", "last"]


async def test_the_tree_says_who_waits_for_whom(autojump_clock):
    gate = trio.Event()

    async def slow_echo(inbox):
        async for message in inbox:
            await gate.wait()
            inbox.reply(message)

    async def asks_all(inbox, refs):
        async for _ in inbox:
            await ask_all([(ref, "x") for ref in refs])

    async def tells(inbox, ref):
        async for _ in inbox:
            await ref.tell("y")
            await ref.tell("y")

    async def ends(inbox, ref):
        async for _ in inbox:
            await ref.drain()

    async with open_system("desk") as system:
        slow = await system.start(slow_echo, name="slow", capacity=1)
        quick = await system.start(echo, name="quick")
        stopped = await system.start(slow_echo, name="stopped")
        stopped.tell_nowait("x")
        for ref in [
            await system.start(asks_all, [slow, quick, slow], name="asks"),
            await system.start(tells, slow, name="tells"),
            await system.start(ends, stopped, name="ends"),
        ]:
            await ref.tell("go")
            await wait_all_tasks_blocked()
        waits = {actor.name: actor.waits_for for actor in system.statistics().actors}
        text = str(system.tree())
        gate.set()
    assert {name: targets for name, targets in waits.items() if targets} == {
        "asks": ("slow",),
        "tells": ("slow",),
        "ends": ("stopped",),
    }
    assert "  ends: running, busy 0.000 s, queued 0/1000, handled 0, waits for stopped" in text.splitlines()


async def test_who_waits_for_a_deferred_answer_waits_for_nobody_in_particular(autojump_clock):
    async def defers(inbox, replies):
        async for _ in inbox:
            replies.append(inbox.defer())

    async def asks(inbox, ref):
        async for _ in inbox:
            await ref.ask("x")

    replies = []
    async with open_system() as system:
        late = await system.start(defers, replies, name="late")
        asking = await system.start(asks, late, name="asking")
        asking.tell_nowait("go")
        await wait_all_tasks_blocked()
        assert asking.statistics().waits_for == ()
        replies[0].send(None)


async def test_a_ref_prints_its_name_and_state():
    async with open_system() as system:
        ref = await system.start(silent, name="a")
        assert (repr(ref), ref.name) == ("<Ref 'a' running>", "a")


async def test_the_age_of_a_message_is_the_time_since_it_was_taken_up(autojump_clock):
    gate = trio.Event()
    async with open_system() as system:
        ref = await system.start(gated, gate, [])
        await trio.sleep(100)
        await ref.tell("slow")
        await trio.sleep(7)
        assert ref.statistics().age == 7
        gate.set()
