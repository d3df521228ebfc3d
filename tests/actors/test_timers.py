"""A10: timers belong to the incarnation that set them, in trio's time, also a virtual one."""

import math
from contextlib import suppress
from itertools import count

import attrs
import pytest
import trio

from actors import ActorCrashed, ActorStopped, Backoff, Conflate, Restart, Timer, open_system
from actors.testing import run
from tests.actors.parts import Boom, Ledger, keeper, silent
from tests.actors.schedules import Schedule, every_schedule
from tests.actors.test_cancellation import CancelAt


class Clock:
    """Writes down what arrives, and when, in seconds since it was made."""

    def __init__(self):
        self.began = trio.current_time()
        self.seen = []

    @property
    def now(self):
        return trio.current_time() - self.began

    def note(self, message):
        self.seen.append((self.now, message))


async def sets(inbox, clock, set_up):
    """Sets its timers before the loop, writes down its messages, crashes of what is an exception, sleeps on numbers."""
    set_up(inbox)
    async for message in inbox:
        clock.note(message)
        if isinstance(message, Exception):
            raise message
        if isinstance(message, int | float):
            await trio.sleep(message)


def tick_each_second(inbox):
    return inbox.every(1, "tick")


# When ---------------------------------------------------------------------------------------------------


@every_schedule
async def test_once_ticks_once_when_its_time_has_come(scheduler):
    clock = Clock()
    async with open_system(scheduler=scheduler) as system:
        await system.start(sets, clock, lambda inbox: inbox.once(2.5, "tick"))
        await trio.sleep(10)
    assert clock.seen == [(2.5, "tick")]


@every_schedule
async def test_every_ticks_after_each_period_from_the_first_on(scheduler):
    clock = Clock()
    async with open_system(scheduler=scheduler) as system:
        await system.start(sets, clock, tick_each_second)
        await trio.sleep(3.5)
    assert clock.seen == [(1, "tick"), (2, "tick"), (3, "tick")]


@every_schedule
async def test_a_delay_of_zero_stands_behind_what_is_queued(scheduler):
    clock = Clock()

    async def again(inbox):
        async for message in inbox:
            clock.note(message)
            if message == "first":
                inbox.once(0, "later")

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(again)
        ref.tell_nowait("first")
        ref.tell_nowait("second")
        await trio.sleep(1)
    assert clock.seen == [(0, "first"), (0, "second"), (0, "later")]


async def test_ticks_stay_on_the_grid_for_a_day(autojump_clock):
    clock = Clock()
    async with open_system() as system:
        await system.start(sets, clock, lambda inbox: inbox.every(7.3, "tick"))
        began = trio.current_time()
        await trio.sleep(24 * 3600)
    assert [when + clock.began for when, _ in clock.seen[:-1]] == pytest.approx(
        [began + number * 7.3 for number in range(1, len(clock.seen))], abs=1e-9
    )
    assert len(clock.seen) == 11_835


@every_schedule
async def test_a_slow_handler_finds_one_tick_and_the_grid_stands(scheduler):
    clock, refs = Clock(), []

    async def slow(inbox):
        inbox.every(1, "tick")
        async for message in inbox:
            clock.note(message)
            if len(clock.seen) == 1:
                await trio.sleep(3.5)

    async with open_system(scheduler=scheduler) as system:
        refs.append(await system.start(slow))
        await trio.sleep(6.5)
        assert refs[0].statistics().skipped == 2
    assert clock.seen == [(1, "tick"), (4.5, "tick"), (5, "tick"), (6, "tick")]


async def test_what_was_missed_while_the_program_was_blocked_is_skipped_and_not_bunched(mock_clock):
    clock = Clock()
    async with open_system() as system:
        ref = await system.start(sets, clock, tick_each_second)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(3.5)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(0.5)
        await trio.testing.wait_all_tasks_blocked()
        assert ref.statistics().skipped == 2
    assert clock.seen == [(3.5, "tick"), (4, "tick")]


async def test_a_machine_that_slept_for_years_costs_one_tick(mock_clock):
    clock = Clock()
    async with open_system() as system:
        ref = await system.start(sets, clock, lambda inbox: inbox.every(2**-10, "tick"))
        mock_clock.jump(2**27)
        await trio.testing.wait_all_tasks_blocked()
        assert ref.statistics().skipped == 2**37 - 1
    assert clock.seen == [(2**27, "tick")]


@pytest.mark.parametrize("period", [0.1, 1 / 3, 1e-3, 7.7])
async def test_no_tick_of_the_grid_is_lost_or_doubled_to_rounding(period, autojump_clock):
    ticks = []

    async def count(inbox):
        inbox.every(period, "tick")
        async for message in inbox:
            assert message == "tick"
            ticks.append(trio.current_time())

    async with open_system() as system:
        began = trio.current_time()
        ref = await system.start(count)
        await trio.sleep(period * 5_000.5)
        assert ref.statistics().skipped == 0
    assert ticks == [began + number * period for number in range(1, 5_001)]


@every_schedule
async def test_timers_of_one_moment_tick_in_the_order_in_which_they_were_set(scheduler):
    clock = Clock()
    async with open_system(scheduler=scheduler) as system:
        await system.start(sets, clock, lambda inbox: [inbox.once(1, name) for name in "abc"])
        await trio.sleep(2)
    assert clock.seen == [(1, "a"), (1, "b"), (1, "c")]


# Cancel -------------------------------------------------------------------------------------------------


@every_schedule
async def test_a_cancelled_timer_ticks_no_more_and_may_be_cancelled_again(scheduler):
    clock, timers = Clock(), []
    async with open_system(scheduler=scheduler) as system:
        await system.start(sets, clock, lambda inbox: timers.extend([inbox.every(1, "tick"), inbox.once(2, "once")]))
        await trio.sleep(1.5)
        for timer in timers * 2:
            assert isinstance(timer, Timer)
            timer.cancel()
        await trio.sleep(5)
        assert system.statistics().deadlines == 0
    assert clock.seen == [(1, "tick")]
    timers[0].cancel()


@every_schedule
async def test_a_tick_that_is_queued_when_its_timer_is_cancelled_never_arrives(scheduler):
    clock, ledger = Clock(), Ledger()

    async def stops_waiting(inbox):
        timeout = inbox.once(1, "timeout")
        other = inbox.once(1, "other")
        async for message in inbox:
            clock.note(message)
            if message == "answer":
                await trio.sleep(2)
                assert inbox.queued == 3
                timeout.cancel()
                timeout.cancel()
                assert inbox.queued == 2
        other.cancel()

    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(stops_waiting)
        await ref.tell("answer")
        await trio.sleep(1.5)
        await ref.tell("next")
        await trio.sleep(1)
    assert [message for _, message in clock.seen] == ["answer", "other", "next"]
    assert ledger.letters == []


@every_schedule
async def test_an_idle_actor_that_a_tick_has_woken_waits_on_when_the_tick_is_taken_back(scheduler):
    clock, timers = Clock(), []

    class Cancels:
        waiting = True

        def expire(self):
            timers[0].cancel()

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(sets, clock, lambda inbox: timers.append(inbox.once(1, "tick")))
        system._runtime.at(clock.began + 1, Cancels())  # at the same moment, before the actor has run
        await trio.sleep(2)
        await ref.tell("next")
        await trio.sleep(1)
    assert clock.seen == [(2, "next")]


@every_schedule
async def test_whoever_waits_for_a_place_gets_the_one_of_a_tick_that_is_taken_back(scheduler):
    clock = Clock()

    async def cancels(inbox):
        timer = inbox.once(1, "tick")
        async for message in inbox:
            clock.note(message)
            if message == "first":
                await trio.sleep(2)
                timer.cancel()

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(cancels, capacity=1)
        await ref.tell("first")
        await trio.sleep(1.5)
        await ref.tell("second")
        assert clock.now == 2
    assert clock.seen == [(0, "first"), (2, "second")]


# The incarnation ----------------------------------------------------------------------------------------


class Numbered:
    """Counts incarnations; each sets its own timers, which say whose they are."""

    def __init__(self):
        self.lives = 0
        self.clock = Clock()

    async def run(self, inbox):
        self.lives += 1
        life = self.lives
        inbox.every(1, ("tick", life))
        inbox.once(1.25, ("once", life))
        async for message in inbox:
            self.clock.note((life, message))
            if message == "crash slowly":
                await trio.sleep(2.5)
                raise Boom

    @property
    def stale(self):
        return [seen for seen in self.clock.seen if isinstance(seen[1][1], tuple) and seen[1][1][1] != seen[1][0]]


@pytest.mark.parametrize("rest", [0, 0.5, 5])
@pytest.mark.parametrize(
    "overflow", ["block", "fail", "drop_oldest", "drop_newest", Conflate(str)], ids=lambda rule: str(rule)[:11]
)
def test_no_tick_outlives_its_incarnation_not_even_one_that_was_queued_at_the_crash(rest, overflow):
    @every_schedule
    async def scenario(scheduler):
        numbered, ledger = Numbered(), Ledger()
        rule = Restart(backoff=Backoff(rest, up_to=rest))
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(numbered.run, restart=rule, overflow=overflow)
            for crash in range(2):
                await ref.tell("crash slowly")
                await trio.sleep(0.5)
                await ref.tell(f"mail {crash}")
                await trio.sleep(2.5 + rest)
            await trio.sleep(1.25)
            await ref.drain()
            assert system.statistics().deadlines == 0
        assert numbered.lives == 3
        assert numbered.stale == []
        assert [seen[1][1] for seen in numbered.clock.seen if seen[1][0] == 3][-2:] == [("tick", 3), ("once", 3)]
        assert ledger.letters == []
        ticks = [message for message in ledger.taken if message[0] == "tick"]
        assert len(ticks) == len(set(ticks)), "a tick was doubled"

    scenario()


@every_schedule
async def test_a_timer_that_was_set_in_the_cleaning_up_is_over_with_its_incarnation(scheduler):
    clock, lives = Clock(), []

    async def late(inbox):
        lives.append(1)
        try:
            async for message in inbox:
                clock.note(message)
                if message == "crash":
                    raise Boom
        finally:
            if len(lives) == 1:
                inbox.once(0, "stale")
                inbox.every(0.5, "stale")
                with trio.CancelScope(shield=True):
                    await trio.sleep(1.2)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(late, restart=Restart())
        await ref.tell("crash")
        await ref.tell("mail")
        await trio.sleep(5)
    assert [message for _, message in clock.seen] == ["crash", "mail"]


@every_schedule
async def test_a_timer_that_somebody_sets_while_the_actor_rests_never_ticks(scheduler):
    clock, boxes = Clock(), []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(sets, clock, boxes.append, restart=Restart(backoff=Backoff(5, up_to=5)))
        await ref.tell(Boom())
        await trio.sleep(1)
        boxes[0].every(1, "tick").cancel()
        boxes[0].once(1, "tick")
        await trio.sleep(9)
        assert len(boxes) == 2
    boxes[0].once(1, "tick")
    assert [type(message) for _, message in clock.seen] == [Boom]


@pytest.mark.parametrize("scope", ["one_for_all", "rest_for_one"])
def test_a_sibling_that_is_brought_down_loses_its_timers_too(scope):
    @every_schedule
    async def scenario(scheduler):
        numbered, clock = Numbered(), Clock()
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope=scope)
            first = await group.start(sets, clock, lambda _: None, restart=Restart())
            ref = await group.start(numbered.run)
            await ref.tell("crash slowly")
            await trio.sleep(1.75)
            assert ref.statistics().queued == 2
            await first.tell(Boom())
            await trio.sleep(3)
        assert numbered.lives == 2
        assert numbered.stale == []

    scenario()


@every_schedule
async def test_whoever_waits_for_a_place_gets_the_one_of_a_tick_that_left_with_its_incarnation(scheduler):
    numbered = Numbered()
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(numbered.run, capacity=1, restart=Restart(backoff=Backoff(9, up_to=9)))
        await ref.tell("crash slowly")
        await trio.sleep(2)
        assert ref.statistics().queued == 2  # the ticks of both timers
        nursery.start_soon(ref.tell, "in line")
        await trio.sleep(1)
        assert (ref.statistics().state, ref.statistics().queued, ref.statistics().waiting) == ("running", 1, 0)
        await ref.kill()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_nothing_ticks_after_a_stop_or_a_kill_and_no_tick_is_a_dead_letter(how):
    @every_schedule
    async def scenario(scheduler):
        clock, ledger = Clock(), Ledger()
        async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
            ref = await system.start(sets, clock, tick_each_second)
            await ref.tell(5)
            await trio.sleep(1.5)
            await ref.tell("mail")
            nursery.start_soon(getattr(ref, how))
            await trio.sleep(9)
            assert system.statistics().deadlines == 0
        assert [message for _, message in clock.seen] == [5]
        assert ledger.dead == ["mail"]
        assert ref.statistics().dead_letters == 1

    scenario()


@every_schedule
async def test_a_drain_ends_the_timers_and_finishes_the_ticks_that_are_queued(scheduler):
    clock, ledger, timers = Clock(), Ledger(), []

    async def drained(inbox):
        inbox.every(1, "tick")
        inbox.once(3, "after the order")
        async for message in inbox:
            clock.note(message)
            if message == "long":
                await trio.sleep(3.5)
                timers.append(inbox.every(1, "set too late"))
            if message == "mail":
                await trio.sleep(2.5)

    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(drained)
        await ref.tell("long")
        await trio.sleep(0.5)
        await ref.tell("mail")
        await trio.sleep(1)
        await ref.drain()
        assert system.statistics().deadlines == 0
    assert clock.seen == [(0, "long"), (3.5, "mail"), (6, "tick")]
    assert ledger.letters == []
    assert not timers[0].waiting


@every_schedule
async def test_a_crash_while_draining_with_nothing_but_a_stale_tick_is_a_crash_with_nothing_queued(scheduler):
    numbered = Numbered()
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(numbered.run, restart=Restart())
            await ref.tell("crash slowly")
            await trio.sleep(1.1)
    assert caught.group_contains(Boom, depth=1)
    assert numbered.lives == 1


@every_schedule
async def test_a_ticker_does_not_keep_its_system_open(scheduler):
    clock = Clock()
    async with open_system(scheduler=scheduler) as system:
        for _ in range(3):
            await system.start(sets, clock, tick_each_second)
        await trio.sleep(1.5)
    assert clock.now == 1.5


@every_schedule
async def test_an_actor_that_returned_and_comes_back_has_new_timers(scheduler):
    clock = Clock()

    async def one(inbox):
        inbox.every(1, "tick")
        async for message in inbox:
            clock.note(message)
            await trio.sleep(2.5)
            return

    async with open_system(scheduler=scheduler) as system:
        await system.start(one, restart=Restart(kind="permanent", limit=9))
        await trio.sleep(5)
        await trio.sleep(0.25)
    assert clock.seen == [(1, "tick"), (4.5, "tick")]


# The inbox ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overflow", "dead", "seen"),
    [
        ("block", [], ["a", "b", "tick", "once"]),
        ("fail", [], ["a", "b", "tick", "once"]),
        ("drop_oldest", ["a"], ["b", "tick", "once", "c"]),
        ("drop_newest", ["c"], ["a", "b", "tick", "once"]),
        (Conflate(lambda message: message), [], ["a", "b", "tick", "once"]),
    ],
    ids=["block", "fail", "drop_oldest", "drop_newest", "conflate"],
)
def test_a_full_inbox_takes_one_tick_of_each_timer_and_no_rule_drops_it(overflow, dead, seen):
    @every_schedule
    async def scenario(scheduler):
        clock, ledger = Clock(), Ledger()

        def two(inbox):
            inbox.every(1, "tick")
            inbox.once(2, "once")

        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(sets, clock, two, capacity=2, overflow=overflow)
            ref.tell_nowait(4.75)
            await trio.sleep(0.5)
            ref.tell_nowait("a")
            ref.tell_nowait("b")
            await trio.sleep(3)
            assert (ref.statistics().queued, ref.statistics().skipped) == (4, 2)
            if dead:
                ref.tell_nowait("c")
            await trio.sleep(1.375)
        assert [message for _, message in clock.seen] == [4.75, *seen]
        assert ledger.dead == dead

    scenario()


@every_schedule
async def test_drop_oldest_passes_over_a_tick(scheduler):
    clock = Clock()
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(sets, clock, tick_each_second, capacity=2, overflow="drop_oldest")
        ref.tell_nowait(2.75)
        await trio.sleep(1.5)
        for message in "abc":
            ref.tell_nowait(message)
        assert ref.statistics().queued == 2
        await trio.sleep(1)
        assert ref.statistics().skipped == 1
    assert [message for _, message in clock.seen] == [2.75, "tick", "c"]


@every_schedule
async def test_a_tick_can_be_answered_and_deferred_like_a_message_that_was_told(scheduler):
    done = []

    async def answers(inbox):
        inbox.once(1, "reply")
        inbox.once(2, "defer")
        async for message in inbox:
            if message == "reply":
                inbox.reply("nobody")
            else:
                inbox.defer().send("nobody")
            done.append(message)

    async with open_system(scheduler=scheduler) as system:
        await system.start(answers)
        await trio.sleep(3)
        assert system.statistics().late_replies == 0
    assert done == ["reply", "defer"]


@every_schedule
async def test_an_observer_sees_a_tick_as_it_sees_a_message(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        await system.start(sets, Clock(), lambda inbox: inbox.once(1, "tick"))
        await trio.sleep(2)
    assert (ledger.entered, ledger.taken, ledger.done) == (["tick"], ["tick"], ["tick"])


# The edge -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "seconds", "text"),
    [
        ("once", -1, "delay must be a finite number of seconds, zero or more, not -1"),
        ("once", math.inf, "delay must be a finite number of seconds, zero or more, not inf"),
        ("once", math.nan, "delay must be a finite number of seconds, zero or more, not nan"),
        ("every", 0, "period must be a finite number of seconds, above zero, not 0"),
        ("every", -1.5, "period must be a finite number of seconds, above zero, not -1.5"),
        ("every", math.inf, "period must be a finite number of seconds, above zero, not inf"),
        ("every", math.nan, "period must be a finite number of seconds, above zero, not nan"),
        ("every", 1e-7, "period must be at least 1e-06 s, a tick of clocks, not 1e-07"),
        ("every", 5e-324, "period must be at least 1e-06 s, a tick of clocks, not 5e-324"),
    ],
)
async def test_what_is_no_span_of_time_is_refused(method, seconds, text):
    boxes = []
    async with open_system() as system:
        await system.start(sets, None, boxes.append)
        with pytest.raises(ValueError, match=f"^{text}$"):
            getattr(boxes[0], method)(seconds, "tick")
        assert system.statistics().deadlines == 0


@pytest.mark.parametrize("age", [0, 1, 100 * 365.25 * 86_400])
def test_the_shortest_period_holds_up_nobody_on_a_clock_of_any_age(age):
    async def scenario():
        await trio.sleep(age)
        async with open_system() as system:
            ref = await system.start(sets, Clock(), lambda inbox: inbox.every(1e-6, "tick"))
            with trio.move_on_after(1e-4):
                await trio.sleep_forever()
            await ref.kill()
            assert ref.statistics().handled > 50

    run(scenario, limit=2 * age + 10)


@every_schedule
async def test_a_child_task_of_the_actor_may_set_a_timer(scheduler):
    clock = Clock()

    async def parent(inbox):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child, inbox)
            async for message in inbox:
                clock.note(message)

    async def child(inbox):
        await trio.sleep(1)
        inbox.once(1, "from the child")

    async with open_system(scheduler=scheduler) as system:
        await system.start(parent)
        await trio.sleep(3)
    assert clock.seen == [(2, "from the child")]


async def test_timers_are_counted_until_they_are_over(autojump_clock):
    timers = []

    def three(inbox):
        timers.extend([inbox.every(1, "tick"), inbox.once(1, "once"), inbox.once(5, "late")])

    async with open_system() as system:
        await system.start(sets, Clock(), three)
        assert system.statistics().deadlines == 3
        await trio.sleep(1.5)
        assert system.statistics().deadlines == 2
        timers[0].cancel()
        assert system.statistics().deadlines == 1
        await trio.sleep(5)
        assert system.statistics().deadlines == 0


async def test_timers_that_are_set_and_cancelled_with_each_message_leave_nothing_behind(autojump_clock):
    async def patient(inbox):
        timer = None
        async for _ in inbox:
            if timer is not None:
                timer.cancel()
            timer = inbox.once(3600, "quiet")

    async with open_system() as system:
        ref = await system.start(patient)
        for number in range(5_000):
            await ref.tell(number)
        await trio.sleep(1)
        assert system.statistics().deadlines == 1
        assert len(system._runtime._deadlines._heap) <= 65
        assert len(ref._inbox.timers) == 1


async def test_many_timers_that_expire_at_one_moment_while_the_heap_is_swept_all_tick(autojump_clock):
    """Each sets its next deadline from within the heap's own turn."""
    seen = []

    async def many(inbox):
        for number in range(500):
            inbox.every(1, number)
        for number in range(500):
            inbox.once(50, number).cancel()
        await keeper(inbox, seen)

    async with open_system() as system:
        await system.start(many)
        await trio.sleep(3.5)
    assert seen == list(range(500)) * 3


async def test_a_silent_actor_has_no_timers(autojump_clock):
    async with open_system() as system:
        ref = await system.start(silent)
        await ref.tell("x")
        assert ref._inbox.timers is None


# Cancelled anywhere -------------------------------------------------------------------------------------


@attrs.frozen
class Tick:
    life: int
    number: int


class Lives:
    """An actor with every kind of time: timers, a limit that some messages break, a deadline for its drain."""

    def __init__(self):
        self.ledger = Ledger()
        self.count = 0
        self.stale = []
        self.sent = []
        self.unsure = []

    async def run(self, inbox):
        self.count += 1
        life = self.count
        inbox.every(0.7, Tick(life, 0))
        inbox.once(1.1, Tick(life, 1))
        timer = inbox.once(1.6, Tick(life, 2))
        async for message in inbox:
            if isinstance(message, Tick):
                self.stale += [message] if message.life != life else []
            else:
                await trio.sleep(9 if message.startswith("long") else 1)
                timer.cancel()
                inbox.reply(message)

    async def ask(self, ref, message):
        self.unsure.append(message)
        with suppress(ActorCrashed, ActorStopped):
            await ref.ask(message, timeout=5)
        self.unsure.remove(message)
        self.sent.append(message)

    async def live(self, scheduler, canceller):
        with canceller.watch():
            async with open_system(observer=self.ledger, scheduler=scheduler, drain_timeout=1.5) as system:
                rule = Restart(limit=9, backoff=Backoff(0.25, up_to=0.25))
                ref = await system.start(self.run, name="a", handler_timeout=2, restart=rule, capacity=1)
                other = await system.start(self.run, name="b", handler_timeout=2, restart=rule)
                for message in ("x", "long", "y"):
                    await self.ask(ref, message)
                other.tell_nowait("long b")
                self.sent.append("long b")
                await ref.drain(timeout=0.5)
        assert system.tree().actors == ()
        assert system.statistics().deadlines == 0


@pytest.mark.parametrize(
    "schedule", [Schedule("production"), *(Schedule("controlled", seed) for seed in range(8))], ids=str
)
def test_wherever_it_is_cancelled_no_tick_is_stale_doubled_or_dead_and_no_deadline_is_left(schedule):
    for step in count(1):
        lives, canceller = Lives(), CancelAt(step)

        async def cancelled(scheduler, lives=lives, canceller=canceller):
            trio.lowlevel.add_instrument(canceller)
            await lives.live(scheduler, canceller)

        schedule.run(cancelled)
        ledger = lives.ledger
        assert lives.stale == []
        singles = [tick for tick in ledger.taken if isinstance(tick, Tick) and tick.number]
        assert len(singles) == len(set(singles))
        fates = [message for message in ledger.taken + ledger.dead if not isinstance(message, Tick)]
        assert sorted(set(fates) - set(lives.unsure)) == sorted(lives.sent)
        assert len(fates) == len(set(fates))
        assert not any(isinstance(message, Tick) for message in ledger.dead)
        if canceller.left > 0:
            break
    assert step > 3
