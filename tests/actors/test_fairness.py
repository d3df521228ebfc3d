"""A13 Fair, by counting: what a task gets to do while others are flooded, not how long it takes."""

import pytest
import trio
from trio.lowlevel import checkpoint
from trio.testing import wait_all_tasks_blocked

from actors import ActorStopped, Scheduler, ask_all, open_system
from tests.actors.parts import echo, silent


class Ticker:
    """A task beside the actors; ``gaps`` holds how many messages were handled between two of its steps."""

    def __init__(self, handled):
        self.gaps = []
        self.handled = handled

    async def run(self):
        last = self.handled()
        while True:
            await checkpoint()
            now = self.handled()
            self.gaps.append(now - last)
            last = now


async def worst_gap(work, handled):
    ticker = Ticker(handled)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ticker.run)
        await work()
        nursery.cancel_scope.cancel()
    return max(ticker.gaps)


@pytest.mark.parametrize("actors", [1, 100])
async def test_flooded_actors_take_a_quantum_each_and_then_let_others_run(actors):
    async with open_system() as system:
        refs = [await system.start(silent) for _ in range(actors)]
        for ref in refs:
            for number in range(640):
                ref.tell_nowait(number)

        async def drain():
            for ref in reversed(refs):
                await ref.drain()

        gap = await worst_gap(drain, lambda: sum(ref.statistics().handled for ref in refs))
    # trio reverses every other batch, so that a task may run twice between two steps of another
    assert gap <= 2 * Scheduler.quantum * actors
    assert sum(ref.statistics().handled for ref in refs) == 640 * actors


async def test_a_sender_makes_a_quantum_of_sends_and_then_lets_others_run():
    async with open_system() as system:
        ref = await system.start(silent, capacity=100_000)
        sent = []

        async def send():
            for number in range(1_000):
                await ref.tell(number)
                sent.append(number)

        gap = await worst_gap(send, lambda: len(sent))
    assert gap <= 2 * Scheduler.send_quantum


async def test_a_sender_to_the_dead_lets_others_run_too():
    async with open_system() as system:
        ref = await system.start(silent)
        await ref.stop()
        sent = []

        async def send():
            for number in range(1_000):
                await ref.tell(number)
                sent.append(number)

        gap = await worst_gap(send, lambda: len(sent))
    assert gap <= 2 * Scheduler.send_quantum


async def test_who_asks_many_lets_others_run_after_a_quantum():
    async with open_system() as system:
        ref = await system.start(echo, capacity=100_000)
        sent = []

        def pairs():
            for number in range(1_000):
                sent.append(number)
                yield ref, number

        async def scatter():
            assert await ask_all(pairs()) == list(range(1_000))

        gap = await worst_gap(scatter, lambda: len(sent))
    assert gap <= 2 * Scheduler.ask_quantum


async def test_who_is_cancelled_while_it_asks_many_sends_no_more():
    async with open_system() as system:
        ref = await system.start(echo, capacity=100_000)
        with trio.CancelScope() as scope:
            scope.cancel()
            await ask_all([(ref, number) for number in range(1_000)])
        assert scope.cancelled_caught
        await ref.drain()
        assert ref.statistics().handled == Scheduler.ask_quantum


@pytest.mark.parametrize("many", [False, True])
async def test_asking_the_dead_is_a_checkpoint(many):
    async with open_system() as system:
        ref = await system.start(echo)
        await ref.stop()
        with trio.testing.assert_checkpoints(), pytest.raises(ActorStopped):
            await (ask_all([(ref, "x")]) if many else ref.ask("x"))


async def test_two_actors_that_flood_each_other_let_others_run(autojump_clock):
    bounces = []

    async def bouncer(inbox):
        peer = None
        async for message in inbox:
            if peer is None:
                peer = message
            else:
                bounces.append(message)
                await peer.tell(message)

    async with open_system() as system:
        a, b = [await system.start(bouncer, capacity=1_000) for _ in range(2)]
        await a.tell(b)
        await b.tell(a)
        for number in range(200):
            a.tell_nowait(number)
        ticker = Ticker(lambda: len(bounces))
        async with trio.open_nursery() as nursery:
            nursery.start_soon(ticker.run)
            for _ in range(200):
                await checkpoint()
            nursery.cancel_scope.cancel()
        await a.kill()
        await b.kill()
    assert max(ticker.gaps) <= 4 * Scheduler.quantum


async def test_an_actor_that_waits_is_woken_once_for_many_messages():
    steps = []

    class CountSteps(trio.abc.Instrument):
        def before_task_step(self, task):
            if task.name == "sink":
                steps.append(task)

    async with open_system() as system:
        ref = await system.start(silent, name="sink")
        await wait_all_tasks_blocked()
        trio.lowlevel.add_instrument(counter := CountSteps())
        for number in range(Scheduler.quantum):
            ref.tell_nowait(number)
        await wait_all_tasks_blocked()
        trio.lowlevel.remove_instrument(counter)
        assert ref.statistics().handled == Scheduler.quantum
    # one for the messages, and at most one more to see that there are none left
    assert len(steps) <= 2
