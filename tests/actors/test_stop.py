"""A8 Stop: drain, stop, kill, and the end of the block."""

import pytest
import trio

from actors import open_system
from tests.actors.parts import Boom, Do, Ledger, echo, gated, keeper, silent, worker
from tests.actors.schedules import every_schedule


def stops():
    return pytest.mark.parametrize("how", ["drain", "stop", "kill"])


async def leaver(inbox, log):
    """Notes its name when it unwinds."""
    try:
        async for _ in inbox:
            pass
    finally:
        log.append(inbox.name)


@every_schedule
async def test_drain_finishes_what_is_queued_and_refuses_the_rest(scheduler):
    seen, ledger = [], Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(keeper, seen)
        for number in range(5):
            await ref.tell(number)
        await ref.drain()
        await ref.tell("late")
    assert seen == [0, 1, 2, 3, 4]
    assert ledger.dead == ["late"]


@every_schedule
async def test_stop_finishes_the_message_in_hand_and_no_other(scheduler):
    ledger, gate = Ledger(), trio.Event()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, [])
        for number in range(3):
            await ref.tell(number)
        await trio.sleep(1)
        nursery.start_soon(ref.stop)
        await trio.sleep(1)
        gate.set()
    assert ledger.done == [0]
    assert ledger.dead == [1, 2]


@every_schedule
async def test_kill_cuts_the_message_in_hand_at_its_next_checkpoint(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(gated, trio.Event(), [])
        for number in range(3):
            await ref.tell(number)
        await trio.sleep(1)
        await ref.kill()
    assert (ledger.taken, ledger.done, ledger.dead) == ([0], [], [1, 2])
    assert ref.statistics().handled == 0


@every_schedule
async def test_drain_wakes_the_senders_that_wait_for_a_place_as_dead_letters(scheduler):
    seen, gate, ledger = [], trio.Event(), Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, seen, capacity=1)
        await ref.tell("in hand")
        await trio.sleep(1)
        await ref.tell("queued")
        for name in "ab":
            nursery.start_soon(ref.tell, name)
            await trio.sleep(1)
        nursery.start_soon(ref.drain)
        await trio.sleep(1)
        assert ledger.dead == ["a", "b"]
        gate.set()
    assert seen == ["in hand", "queued"]


@stops()
def test_every_stop_may_be_given_again_and_after_the_end(how):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
            ref = await system.start(silent)
            for _ in range(3):
                nursery.start_soon(getattr(ref, how))
            await getattr(ref, how)()
            assert ref.statistics().state == "ended"
            await getattr(ref, how)()

    scenario()


@pytest.mark.parametrize(
    ("weaker", "stronger", "reason"),
    [("drain", "stop", "stopped"), ("drain", "kill", "killed"), ("stop", "kill", "killed"), ("kill", "stop", "killed")],
)
def test_the_stronger_stop_wins(weaker, stronger, reason):
    @every_schedule
    async def scenario(scheduler):
        ledger, gate = Ledger(), trio.Event()
        async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
            ref = await system.start(gated, gate, [], name="a")
            await ref.tell("in hand")
            await ref.tell("queued")
            await trio.sleep(1)
            nursery.start_soon(getattr(ref, weaker))
            nursery.start_soon(getattr(ref, stronger))
            await trio.sleep(1)
            gate.set()
        assert ledger.ends == [("a", reason)]

    scenario()


@pytest.mark.parametrize(("how", "handled"), [("drain", [0, 1, 2]), ("stop", [0])])
def test_from_its_own_task_an_actor_only_marks_its_end(how, handled):
    @every_schedule
    async def scenario(scheduler):
        seen, refs = [], []

        async def own(inbox):
            async for message in inbox:
                seen.append(message)
                if message == 0:
                    await getattr(refs[0], how)()

        async with open_system(scheduler=scheduler) as system:
            refs.append(await system.start(own))
            for number in range(3):
                refs[0].tell_nowait(number)
        assert seen == handled

    scenario()


@every_schedule
async def test_an_actor_that_kills_itself_is_cut_there(scheduler):
    reached, refs = [], []

    async def own(inbox):
        async for _ in inbox:
            await refs[0].kill()
            reached.append("behind the kill")

    async with open_system(scheduler=scheduler) as system:
        refs.append(await system.start(own))
        await refs[0].tell("go")
    assert reached == []


@every_schedule
async def test_kill_waits_for_the_cleaning_up(scheduler):
    cleaned = []

    async def tidy(inbox):
        try:
            async for _ in inbox:
                pass
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(5)
            cleaned.append(True)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(tidy)
        await ref.kill()
        assert cleaned == [True]


@every_schedule
async def test_a_kill_reaches_an_actor_whose_wake_up_is_still_to_come(scheduler):
    """Woken by a message, killed before it runs, and waiting once more while it cleans up."""

    async def tidy(inbox, other):
        try:
            async for _ in inbox:
                await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                replies.append(await other.ask("still there?"))

    replies = []
    async with open_system(scheduler=scheduler) as system:
        other = await system.start(echo)
        ref = await system.start(tidy, other)
        await trio.sleep(1)
        ref.tell_nowait("x")
        await ref.kill()
    assert replies == ["still there?"]


@every_schedule
async def test_an_actor_that_is_stopped_while_it_asks_one_that_stops_ends(scheduler):
    async def client(inbox, server):
        async for message in inbox:
            await server.ask(message)

    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
            server = await system.start(gated, trio.Event(), [], name="server")
            ref = await system.start(client, server)
            await ref.tell("x")
            await trio.sleep(1)
            nursery.start_soon(ref.stop)
            await trio.sleep(1)
            await server.kill()
    assert caught.group_contains(Exception, match="'server' ended before it answered 'x'")


@every_schedule
async def test_a_loop_around_the_inbox_can_be_killed_after_a_stop(scheduler):
    async def stubborn(inbox):
        while True:
            async for _ in inbox:
                pass

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(stubborn)
        system._nursery.start_soon(ref.stop)
        for _ in range(5):
            await trio.lowlevel.checkpoint()
        await ref.kill()
    assert ref.statistics().state == "ended"


@every_schedule
async def test_a_kill_that_is_swallowed_once_still_ends_the_actor(scheduler):
    async def deaf(inbox):
        for _ in range(3):
            try:
                async for _ in inbox:
                    pass
            except trio.Cancelled:
                pass

    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(deaf, name="deaf")
        await ref.kill()
    assert ledger.ends == [("deaf", "killed")]


@every_schedule
async def test_a_block_in_which_nothing_happens_ends(scheduler):
    async with open_system(scheduler=scheduler) as system:
        pass
    assert system.tree().actors == ()


@every_schedule
async def test_leaving_the_block_drains(scheduler):
    seen = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(keeper, seen)
        for number in range(5):
            ref.tell_nowait(number)
    assert seen == [0, 1, 2, 3, 4]


@every_schedule
async def test_leaving_the_block_drains_the_last_one_first(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        for name in "abcde":
            await system.start(leaver, log, name=name)
    assert log == ["e", "d", "c", "b", "a"]


@every_schedule
async def test_leaving_the_block_lets_an_actor_use_those_that_were_started_before_it(scheduler):
    seen = []

    async def reporter(inbox, journal):
        async for _ in inbox:
            pass
        await journal.tell("closed")

    async with open_system(scheduler=scheduler) as system:
        journal = await system.start(keeper, seen)
        await system.start(reporter, journal)
    assert seen == ["closed"]


@every_schedule
async def test_leaving_by_an_exception_kills_in_declared_order_from_right_to_left(scheduler):
    """Trio alone would wake them in either order, as a coin falls."""
    log = []
    with pytest.raises(Boom):
        async with open_system(scheduler=scheduler) as system:
            for name in "abcde":
                await system.start(leaver, log, name=name)
            raise Boom
    assert log == ["e", "d", "c", "b", "a"]


@every_schedule
async def test_leaving_by_an_exception_delivers_nothing_more(scheduler):
    ledger = Ledger()
    with pytest.raises(Boom):
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            refs = [await system.start(silent, name=name) for name in "abc"]
            await trio.sleep(1)
            for ref in refs:
                ref.tell_nowait(ref.name)
            raise Boom
    assert ledger.taken == []
    assert sorted(ledger.dead) == ["a", "b", "c"]


@every_schedule
async def test_killed_actors_that_clean_up_by_asking_each_other_end(scheduler):
    async def tidy(inbox, peers):
        try:
            async for _ in inbox:
                await trio.sleep_forever()
        finally:
            with trio.CancelScope(shield=True):
                for peer in peers:
                    try:
                        await peer.ask("help", timeout=1)
                    except Exception as error:
                        assert "has stopped" in str(error)

    with pytest.raises(Boom):
        async with open_system(scheduler=scheduler) as system:
            peers = []
            for _ in range(3):
                peers.append(await system.start(tidy, peers))
            raise Boom


async def test_a_ref_is_usable_after_its_system_has_ended():
    async with open_system() as system:
        ref = await system.start(silent, name="late")
    await ref.tell("x")
    ref.tell_nowait("y")
    await ref.stop()
    assert ref.statistics().dead_letters == 2
    assert repr(ref) == "<Ref 'late' ended>"


async def test_a_worker_can_end_its_own_system_from_within_by_stopping_all(autojump_clock):
    async with open_system() as system:
        refs = [await system.start(worker) for _ in range(3)]

        async def stop_all():
            for ref in refs:
                await ref.stop()

        await refs[0].ask(Do(lambda inbox: inbox.reply(None)))
        await refs[1].tell(Do(lambda _: stop_all()))
        await trio.sleep(1)
        assert system.tree().actors == ()
