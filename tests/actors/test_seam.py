"""A12 One scheduling seam, and the scheduler of the tests that takes it in hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import trio
from pytest import RaisesGroup

from actors import Scheduler, ask_all, open_system
from actors.testing import ControlledScheduler
from tests.actors.parts import Boom, echo, gated, keeper, silent
from tests.actors.schedules import SEEDS, Schedule, controlled, run, trio_order


class CountSteps(trio.abc.Instrument):
    """How often trio ran each task."""

    def __init__(self):
        self.names = []

    def before_task_step(self, task):
        self.names.append(task.name)


async def relay(inbox, target):
    async for message in inbox:
        inbox.reply(await target.ask(message))


async def note_both(scheduler):
    """Two actors with two messages each; returns the order in which they were handled."""
    log = []

    async def noting(inbox):
        async for message in inbox:
            log.append(f"{inbox.name}{message}")  # noqa: PERF401

    async with open_system(scheduler=scheduler) as system:
        refs = [await system.start(noting, name=name) for name in "ab"]
        for number in (1, 2):
            for ref in refs:
                ref.tell_nowait(number)
    return " ".join(log)


async def busy(scheduler):
    """A scenario with a bit of everything; returns the steps."""
    with trio.move_on_after(20):
        async with open_system(scheduler=scheduler) as system:
            stuck = await system.start(gated, trio.Event(), [], name="stuck", capacity=1)
            inner = await system.start(echo, name="inner", capacity=2)
            relays = [await system.start(relay, inner, name=f"relay {number}", capacity=1) for number in range(3)]
            senders = [await system.start(sender, relays, stuck, name=f"sender {number}") for number in range(3)]
            for each in senders:
                each.tell_nowait("go")
            await trio.sleep(5)
            await senders[0].kill()
            await ask_all([(each, "x") for each in relays], timeout=3)
            await trio.sleep_forever()
    return scheduler.steps


async def sender(inbox, relays, stuck):
    async for _ in inbox:
        for number in range(3):
            for each in relays:
                await each.tell(number)
        await stuck.tell("blocked in the end")


def test_every_wake_up_of_an_actor_is_a_recorded_step():
    counter = CountSteps()

    async def scenario(scheduler):
        trio.lowlevel.add_instrument(counter)
        async with open_system(scheduler=scheduler) as system:
            inner = await system.start(echo, name="inner", capacity=1)
            outer = await system.start(relay, inner, name="outer", capacity=1)
            await ask_all([(outer, number) for number in range(5)], timeout=10)
        return scheduler.steps

    for seed in range(SEEDS):
        counter.names.clear()
        steps = run(scenario, controlled(seed))
        for name in ("inner", "outer"):
            assert counter.names.count(name) == steps.count(name) + 1  # trio itself makes the first step of a task


def test_the_same_seed_gives_the_same_steps_in_another_process_with_other_hashes():
    root = Path(__file__).parents[2]
    script = (
        "import json; from tests.actors.test_seam import busy; from tests.actors.schedules import controlled, run\n"
        "print(json.dumps([run(busy, controlled(seed)) for seed in range(5)]))"
    )
    here = [run(busy, controlled(seed)) for seed in range(5)]
    for hash_seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        output = subprocess.run(
            [sys.executable, "-c", script], env=environment, cwd=root, capture_output=True, check=True, text=True
        )
        assert json.loads(output.stdout) == here


def test_the_same_seed_gives_the_same_steps_whatever_trio_does():
    for seed in range(SEEDS):
        with trio_order(seed):
            first = run(busy, controlled(seed))
        with trio_order(seed + 1_000):
            assert run(busy, controlled(seed)) == first


async def waking_together(scheduler):
    """Three actors wake at one moment, in trio's order, and each makes another one ready."""

    async def napping(inbox, partner):
        async for message in inbox:
            await trio.sleep(1)
            await partner.tell(message)

    async with open_system(scheduler=scheduler) as system:
        for number in range(3):
            partner = await system.start(silent, name=f"partner {number}")
            (await system.start(napping, partner, name=f"napping {number}")).tell_nowait("go")
        await trio.sleep(2)
    return scheduler.steps


def test_the_order_in_which_trio_wakes_sleepers_decides_nothing():
    for seed in range(SEEDS):
        with trio_order(seed):
            first = run(waking_together, controlled(0))
        with trio_order(seed + 1_000):
            assert run(waking_together, controlled(0)) == first


def test_other_seeds_give_other_interleavings():
    assert len({tuple(run(busy, controlled(seed))) for seed in range(SEEDS)}) > SEEDS / 2


class Script:
    """Makes the choices that it was given, then the first; notes how many options there were."""

    def __init__(self, choices):
        self.choices = choices
        self.options = []

    def __call__(self, names):
        step = len(self.options)
        self.options.append(len(names))
        return names[self.choices[step] if step < len(self.choices) else 0]

    def following(self):
        """The choices of the next branch, depth first; None after the last."""
        made = [*self.choices, *([0] * (len(self.options) - len(self.choices)))]
        while made:
            if made[-1] + 1 < self.options[len(made) - 1]:
                return [*made[:-1], made[-1] + 1]
            made.pop()
        return None


def test_two_actors_with_two_messages_reach_every_one_of_their_interleavings():
    outcomes, choices = set(), []
    while choices is not None:
        script = Script(choices)
        outcomes.add(run(note_both, ControlledScheduler(script)))
        choices = script.following()
    assert outcomes == {
        "a1 a2 b1 b2",
        "a1 b1 a2 b2",
        "a1 b1 b2 a2",
        "b1 a1 a2 b2",
        "b1 a1 b2 a2",
        "b1 b2 a1 a2",
    }


@pytest.mark.parametrize("after", range(12))
def test_a_choice_that_raises_ends_the_system_with_its_error(after):
    left = [after]

    def choose(names):
        left[0] -= 1
        if left[0] < 0:
            raise Boom("no idea")
        return names[0]

    with RaisesGroup(Boom):
        run(busy, ControlledScheduler(choose))


async def pausing(scheduler):
    """Sends on and on in a cancelled scope, which pauses with the cancellation pending."""
    try:
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(silent, capacity=100_000)
            await trio.sleep_forever()
    finally:
        for number in range(1_000):
            await ref.tell(number)


def test_after_a_choice_that_raised_a_pause_is_an_ordinary_checkpoint():
    choices = []

    def choose(names):
        choices.append(names)
        if len(choices) > 1:
            raise Boom
        return names[0]

    async def main(scheduler):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(pausing, scheduler)
            await trio.sleep(1)
            nursery.cancel_scope.cancel()

    run_or_boom(main, ControlledScheduler(choose))


def run_or_boom(main, scheduler):
    try:
        run(main, scheduler)
    except* Boom:
        pass


def test_a_choice_of_somebody_who_is_not_ready_is_an_error_that_names_the_ready():
    with pytest.raises(ExceptionGroup) as caught:
        run(note_both, ControlledScheduler(lambda _: "nobody"))
    (error,) = caught.value.exceptions
    assert isinstance(error, ValueError)
    assert str(error).startswith("the choice was 'nobody', but ready were [")


def test_a_controlled_scheduler_serves_one_system_and_says_which():
    async def scenario(scheduler):
        async with open_system("first", scheduler=scheduler):
            pass
        async with open_system("second", scheduler=scheduler):
            await trio.sleep_forever()

    with RaisesGroup(RuntimeError) as caught:
        run(scenario, controlled(0))
    assert str(caught.value.exceptions[0]) == (
        "system 'second' was given the ControlledScheduler of system 'first', and it serves one: its steps are one "
        "interleaving; make a new one for each open_system(), with the same seed if you like"
    )


def test_a_task_that_is_held_back_may_be_cancelled():
    """Woken by a message and not yet chosen when the cancellation comes: it takes the message, or unwinds; both once."""
    seen = []

    async def impatient(inbox):
        async for message in inbox:
            seen.append(message)
            with trio.move_on_after(1):
                following = await anext(inbox, None)
                if following is not None:
                    seen.append(following)

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            refs = [await system.start(impatient, name=name) for name in "ab"]
            for ref in refs:
                ref.tell_nowait(1)
            await trio.sleep(1)
            for ref in refs:
                ref.tell_nowait(2)
        assert sorted(seen) == [1, 1, 2, 2]
        seen.clear()

    for seed in range(SEEDS):
        run(scenario, controlled(seed))


def test_time_stands_still_while_somebody_is_ready():
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            began = trio.current_time()
            ref = await system.start(echo)
            await ask_all([(ref, number) for number in range(100)], timeout=0.001)
            assert trio.current_time() == began

    run(scenario, controlled(0))


def test_the_first_choice_is_the_one_that_waits_longest():
    order = []

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            refs = [await system.start(keeper, order) for _ in range(5)]
            await trio.sleep(1)
            for number, ref in enumerate(reversed(refs)):
                ref.tell_nowait(number)

    run(scenario, ControlledScheduler(lambda names: names[0]))
    assert sorted(order) == list(range(5))


def test_production_leaves_every_wake_up_to_trio():
    assert Scheduler.ready is trio.lowlevel.reschedule
    assert (Scheduler.quantum, Scheduler.send_quantum) == (64, 64)


async def shuffled(_):
    order = []

    async def note(number):
        await trio.lowlevel.checkpoint()
        order.append(number)

    async with trio.open_nursery() as nursery:
        for number in range(6):
            nursery.start_soon(note, number)
    return tuple(order)


def test_the_seeds_of_trio_still_decide_its_order():
    """The canary of `trio_order`: a private hook may go away."""
    orders = [Schedule("trio", seed).run(shuffled) for seed in range(SEEDS)]
    assert len(set(orders)) > SEEDS / 2
    assert orders == [Schedule("trio", seed).run(shuffled) for seed in range(SEEDS)]


def test_the_order_of_trio_is_its_own_again_afterwards():
    state = trio._core._run._r.getstate()
    with trio_order(1):
        assert trio._core._run._r.getstate() != state
    assert trio._core._run._r.getstate() == state


class Noting(Scheduler):
    """Writes down who waits and who waits no longer."""

    def __init__(self):
        self.calls = []

    def parked(self, task):
        self.calls.append(("parked", task.name))

    def gone(self, task):
        self.calls.append(("gone", task.name))


def test_the_seam_is_told_of_an_actor_whose_wait_is_cancelled():
    async def impatient(inbox):
        for _ in range(2):  # the first wait and a later one
            with trio.move_on_after(1):
                await anext(inbox)
            scheduler.calls.append("goes on")
            await trio.sleep(1)

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            await system.start(impatient, name="a")
            await trio.sleep(5)

    scheduler = Noting()
    run(scenario, scheduler)
    wait = [("parked", "a"), ("gone", "a"), "goes on"]
    assert scheduler.calls[-7:] == [*wait, *wait, ("gone", "a")]
