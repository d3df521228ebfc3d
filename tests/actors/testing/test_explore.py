"""Exploration of schedules: what is planted is found, made small, and replayed; what is sound passes."""

import json
import math
import os
import subprocess
import sys
from inspect import iscoroutinefunction, signature
from itertools import count
from pathlib import Path

import pytest
import trio
from trio._core import _run

from actors import Restart
from actors.testing import (
    DelayBounded,
    Exhaustive,
    Fifo,
    NeverHeld,
    NotDeterministic,
    NotExhausted,
    PlantedCrash,
    RandomWalk,
    Recorder,
    Schedule,
    ScheduleDoesNotFit,
    TooManySteps,
    explore,
    explored,
    replay,
)
from actors.testing._searches import counted
from tests.actors.parts import Boom, echo, keeper, silent
from tests.actors.testing.planted.faults import PLANTED

ROOT = Path(__file__).parents[3]


# Planted faults -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found():
    return {name: explore(each.faulty, **each.options) for name, each in PLANTED.items()}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_fault_is_found_within_so_many_schedules(found, name):
    failure, planted = found[name].failure, PLANTED[name]
    assert str(failure.error).startswith(planted.says)
    assert failure.number == found[name].tried <= planted.within


@pytest.mark.parametrize("name", PLANTED)
def test_its_schedule_is_shrunk_to_few_choices_out_of_turn(found, name):
    failure = found[name].failure
    assert failure.shrunk_to <= min(PLANTED[name].shrunk_to, failure.deviations)


@pytest.mark.parametrize("name", PLANTED)
def test_without_the_fault_no_schedule_fails(name):
    report = explore(PLANTED[name].correct, schedules=150, **PLANTED[name].options)
    report.check()
    assert report.exhausted or report.tried == 150


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_their_schedules_fail_in_the_same_way_in_another_process_with_other_hashes(found, hash_seed):
    schedules = {name: report.failure.schedule for name, report in found.items()}
    script = "import sys, json; from tests.actors.testing.test_explore import replayed; replayed(json.load(sys.stdin))"
    output = subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(schedules),
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(output.stdout) == {name: repr(report.failure.error) for name, report in found.items()}


def replayed(schedules):
    """Print what each of them fails with."""
    errors = {}
    for name, schedule in schedules.items():
        with pytest.raises(Exception) as caught:
            replay(PLANTED[name].faulty, schedule)
        errors[name] = repr(caught.value)
    sys.stdout.write(json.dumps(errors))


@pytest.mark.parametrize("name", ["two channels", "unacknowledged decrease", "lost message"])
def test_the_seam_of_trio_finds_them_too(name):
    assert explore(PLANTED[name].faulty, seam="trio").failure is not None


# The report -----------------------------------------------------------------------------------------------------------


async def first_comes_a(lab):
    """Fails when B's message is the first."""
    kept = []
    async with lab.open_system() as system:
        ref = await system.start(keeper, kept, name="keeper")
        for name in "AB":
            await (await system.start(passing_on, ref, name=name)).tell(name)
    assert kept == ["A", "B"], f"kept {kept}"


async def passing_on(inbox, target):
    async for message in inbox:
        await target.tell(message)


def test_a_report_says_what_was_tried_what_failed_and_when():
    report = explore(first_comes_a)
    failure = report.failure
    tried = f"explored {report.tried} schedules (fifo 1, starve-one {report.tried - 1})"
    out_of_turn, runs = counted(failure.deviations, "choice"), counted(failure.shrink_runs, "run")
    shrunk = f"{out_of_turn} out of turn, shrunk to {failure.shrunk_to} in {runs}"
    assert str(report) == "\n".join(
        [
            f"{tried}, {report.distinct} of them different: stopped at the first failure",
            f"failed in schedule {report.tried} (starve-one); {shrunk}",
            "fails when 'A' is slow: when it goes on only while nobody else can",
            *failure.explanation[1:],
            "steps:",
            *(f"  {step}" for step in failure.steps),
            f"schedule: {failure.schedule}",
        ]
    )
    assert failure.explain() == "\n".join(failure.explanation)


def test_the_steps_of_a_failure_say_who_was_passed_over_and_which_message_was_taken():
    steps = explore(first_comes_a).failure.steps
    assert "B <- 'B'   (before A)" in steps
    assert "keeper <- 'B'" in steps


def test_an_explanation_names_the_order_of_two_messages():
    (sentence,) = (each for each in explore(PLANTED["lost message"].faulty).failure.explanation if "only if" in each)
    assert sentence.startswith("only if 'sender' takes its 3rd message before 'keeper' takes its 1st: so in ")
    assert sentence.endswith("schedules that failed, and in 0 of 43 that did not")


def test_an_explanation_names_a_crash():
    planted = PLANTED["crash that loses a report"]
    assert explore(planted.faulty, **planted.options).failure.explanation == (
        "fails when everybody is served in turn, with crash of worker 2",
    )


def test_a_scenario_that_always_fails_is_said_to():
    async def broken(_):
        raise Boom("always")

    failure = explore(broken).failure
    assert failure.explanation == (
        "fails when everybody is served in turn",
        "failed in all of 61 schedules: hardly a matter of order",
    )
    assert (failure.number, failure.shrunk_to, failure.schedule) == (1, 0, "a1::")


def test_a_small_scenario_is_exhausted_and_the_report_says_so():
    report = explore(PLANTED["lost message"].correct, search=Exhaustive())
    assert report.exhausted
    assert report.distinct == report.tried == 28
    assert str(report) == "explored 28 schedules (exhaustive 28), 28 of them different: exhausted, every schedule"


def test_a_bound_on_delays_is_part_of_what_was_exhausted():
    report = explore(PLANTED["lost message"].correct, search=DelayBounded(1))
    assert (report.exhausted, report.stopped) == (True, "exhausted, every schedule with at most 1 delay")


@pytest.mark.parametrize(
    ("limits", "tried", "stopped"),
    [
        ({"schedules": 7}, 7, "stopped after 7 schedules"),
        ({"seconds": 0.0}, 1, "stopped after 0 s of CPU time"),
        ({"search": Fifo()}, 1, "the search has no more"),
    ],
)
def test_a_report_says_where_it_stopped(limits, tried, stopped):
    report = explore(PLANTED["barrier removed"].correct, **limits)
    assert (report.tried, report.stopped, report.exhausted) == (tried, stopped, False)


def test_check_raises_the_failure_itself_with_the_report_as_a_note():
    report = explore(first_comes_a)
    with pytest.raises(AssertionError) as caught:
        report.check()
    assert caught.value is report.failure.error
    assert caught.value.__notes__ == [str(report)]


def test_the_same_exploration_comes_to_the_same():
    one, other = (explore(first_comes_a) for _ in range(2))
    assert str(one) == str(other)


# Not vacuous ----------------------------------------------------------------------------------------------------------


async def hopeful(lab):
    kept = []
    async with lab.open_system() as system:
        ref = await system.start(keeper, kept)
        await ref.tell(1)
        await (await system.start(silent)).drain()
        lab.sometimes(bool(kept), "it was quicker")
        lab.sometimes(len(kept) > 1, "it kept two")
        lab.sometimes(condition=False, name="pigs fly")


def test_what_never_held_fails_the_exploration_and_what_held_once_does_not():
    report = explore(hopeful)
    assert report.held == {"it was quicker": True, "it kept two": False, "pigs fly": False}
    with pytest.raises(NeverHeld) as caught:
        report.check()
    assert str(caught.value) == f"in {report.tried} schedules it never held that 'it kept two', nor that 'pigs fly'"


# Bounds, hangs, leaks -------------------------------------------------------------------------------------------------


async def for_ever(lab):
    async with lab.open_system() as system:
        ref = await system.start(again_and_again, name="ringing")
        await ref.tell(ref)


async def again_and_again(inbox):
    async for ref in inbox:
        await ref.tell(ref)


def test_a_schedule_that_does_not_end_fails_at_the_bound():
    async def scenario(lab):
        async with lab.open_system() as system:
            ref = await system.start(again_and_again, name="ringing")
            await ref.tell(ref)
            await trio.sleep_forever()

    failure = explore(scenario, steps=50).failure
    assert isinstance(failure.error, TooManySteps)
    assert str(failure.error) == (
        "after 50 steps the scenario has not ended; the last were 'ringing', 'ringing', 'ringing', 'ringing', "
        "'ringing': does somebody go on for ever?"
    )


def test_so_does_one_that_sleeps_on_and_on():
    async def scenario(_):
        while True:  # noqa: ASYNC110 - what is tested
            await trio.sleep(1)

    assert str(explore(scenario, steps=9).failure.error).startswith("after 9 steps the scenario has not ended")


def test_a_scenario_in_which_nobody_can_go_on_hangs_and_the_waiting_are_named():
    async def scenario(lab):
        async with lab.open_system() as system:
            await system.start(silent, name="idle")
            await trio.sleep_forever()

    assert str(explore(scenario).failure.error) == (
        "hangs: nobody can go on, and no time that may pass changes that; there still waited 'scenario', 'idle'"
    )


def test_a_task_that_a_scenario_leaves_behind_fails_it():
    async def scenario(_):
        trio.lowlevel.spawn_system_task(trio.sleep, 10)

    assert str(explore(scenario).failure.error) == "left behind: 1 task that the scenario started"


def test_a_verdict_of_pytest_is_a_failure_like_any_other():
    async def scenario(_):
        with pytest.raises(Boom):
            await trio.lowlevel.checkpoint()

    failure = explore(scenario).failure
    assert (type(failure.error), failure.schedule) == (AssertionError, "a1::")
    assert "DID NOT RAISE" in str(failure.error)


def test_who_shields_itself_from_the_end_of_a_hang_may_take_its_time():
    cleaned = []

    async def stubborn(inbox):
        try:
            async for _ in inbox:
                pass
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(60)
            cleaned.append(inbox.name)

    async def scenario(lab):
        async with lab.open_system() as system:
            await system.start(stubborn, name="stubborn")
            await trio.sleep_forever()

    report = explore(scenario, schedules=1)
    assert str(report.failure.error).startswith("hangs: ")
    assert set(cleaned) == {"stubborn"}


def test_what_is_no_failure_comes_out_of_the_exploration():
    async def scenario(_):
        raise KeyboardInterrupt

    with pytest.raises((KeyboardInterrupt, BaseExceptionGroup)):
        explore(scenario)


# Time -----------------------------------------------------------------------------------------------------------------


async def at_what_time(lab, seen):
    async with lab.open_system() as system:
        ref = await system.start(echo)
        await trio.sleep(2.5)
        await ref.ask("x", timeout=1.0)
    seen.append(trio.current_time())


def test_time_is_virtual_and_begins_at_zero_in_each_schedule():
    seen = []

    async def scenario(lab):
        await at_what_time(lab, seen)

    explore(scenario, schedules=20)
    assert set(seen) == {2.5}


def test_who_waits_until_all_are_blocked_comes_before_time_passes():
    async def scenario(lab):
        async with lab.open_system() as system, trio.open_nursery() as nursery:
            nursery.start_soon(trio.sleep, 5)
            ref = await system.start(silent)
            await ref.tell(1)
            for _ in range(3):
                await trio.testing.wait_all_tasks_blocked()
            assert ref.statistics().handled == 1
            assert trio.current_time() == 0

    explore(scenario, schedules=20).check()


def test_a_timer_races_with_those_who_are_ready_only_when_told_to():
    planted = PLANTED["double message"]
    assert explore(planted.faulty, timers="idle").failure is None
    assert explore(planted.faulty, timers="racing").failure.steps.count("passing of time   (before broker)") == 1


# Crashes --------------------------------------------------------------------------------------------------------------


async def crashing(lab, crashes):
    recorder = Recorder()
    async with lab.open_system(observer=recorder) as system:
        inner = await system.start(echo, name="inner")
        outer = await system.start(asking, inner, name="outer", restart=Restart(limit=5))
        for number in (1, 2):
            await outer.tell(number)
        await trio.sleep(1)
    crashes.extend(map(str, recorder.subjects("crashed")))


async def asking(inbox, inner):
    async for message in inbox:
        await inner.ask(message)


def test_an_actor_crashes_with_each_message_and_at_each_wait():
    crashes = []

    async def scenario(lab):
        await crashing(lab, crashes)

    report = explore(scenario, search=Exhaustive(), crash_points=["out*"])
    assert report.exhausted
    assert set(crashes) == {
        "planted: 'outer' crashes with 1 in hand",
        "planted: 'outer' crashes with 2 in hand",
        "planted: 'outer' crashes while it waits, with 1 in hand",
        "planted: 'outer' crashes while it waits, with 2 in hand",
    }


def test_so_many_crashes_and_no_more_in_a_schedule():
    numbers = []

    async def scenario(lab):
        crashes = []
        await crashing(lab, crashes)
        numbers.append(len(crashes))

    explore(scenario, search=RandomWalk(), schedules=100, crash_points=["outer"], crashes=2)
    assert set(numbers) == {0, 1, 2}


def test_a_planted_crash_without_a_restart_rule_is_a_failure():
    async def scenario(lab):
        async with lab.open_system() as system:
            await (await system.start(silent, name="fragile")).tell(1)
            await trio.sleep(1)

    failure = explore(scenario, crash_points=["fragile"]).failure
    assert isinstance(failure.error, PlantedCrash)


def test_crashes_that_are_never_planted_fail_the_exploration():
    report = explore(first_comes_a, search=Fifo(), crash_points=["Z*", "Y"])
    with pytest.raises(NeverHeld, match=r"it never held that 'a crash of Z\* or Y'"):
        report.check()


def test_crash_points_are_a_sequence_and_not_one_name():
    with pytest.raises(TypeError, match=r'write crash_points=\["worker"\]'):
        explore(first_comes_a, crash_points="worker")


# What cannot be explored ----------------------------------------------------------------------------------------------


async def with_a_channel(lab):
    async with lab.open_system() as system, trio.open_nursery() as nursery:
        send, receive = trio.open_memory_channel(5)
        ref = await system.start(silent)

        async def beside():
            async for each in receive:
                await ref.tell(each)

        nursery.start_soon(beside, name="beside")
        async with send:
            for number in range(3):
                await trio.sleep(1)
                await send.send(number)


def test_tasks_that_wait_for_something_else_are_named():
    report = explore(with_a_channel, schedules=10)
    assert report.uncontrolled == ("beside",)
    assert str(report).splitlines()[1] == (
        "not explored: when 'beside' moved, for trio woke them and not the seam of the actors"
    )


def test_the_seam_of_trio_controls_them():
    assert explore(with_a_channel, schedules=10, seam="trio").uncontrolled == ()


def test_other_steps_after_the_same_choices_are_an_error_that_names_the_first():
    numbers = count()

    async def scenario(lab):
        async with lab.open_system() as system:
            for number in range(2 + next(numbers) % 2):
                await (await system.start(silent, name=f"actor {number}")).tell(1)

    with pytest.raises(NotDeterministic) as caught:
        explore(scenario)
    assert str(caught.value) == (
        "the same choices led to other steps: step 4 was 'actor 1', and is 'scenario'; does it use the clock, chance, "
        "ids, the order of a set, or something from the schedule before?"
    )


def test_a_failure_that_does_not_come_again_is_not_deterministic():
    numbers = count()

    async def scenario(lab):
        async with lab.open_system() as system:
            await (await system.start(silent)).tell(1)
        assert next(numbers)

    with pytest.raises(
        NotDeterministic, match=r"the first time it came to AssertionError\('assert 0.*'\), and then to None"
    ):
        explore(scenario)


# Replay ---------------------------------------------------------------------------------------------------------------


def test_a_schedule_that_no_longer_fits_names_the_step():
    async def renamed(lab):
        async with lab.open_system() as system:
            ref = await system.start(silent, name="keeper")
            for name in "AC":
                await (await system.start(passing_on, ref, name=name)).tell(name)

    with pytest.raises(ScheduleDoesNotFit) as caught:
        replay(renamed, "a1:A,B:01")
    assert str(caught.value) == (
        "this schedule no longer fits: at choice 1 it lets 'B' go on, but ready are 'scenario', 'keeper'"
    )


def test_a_schedule_that_is_longer_than_the_scenario_no_longer_fits():
    async def short(_):
        pass

    with pytest.raises(ScheduleDoesNotFit) as caught:
        replay(short, "a1:A,B:01")
    assert str(caught.value) == (
        "this schedule no longer fits: the scenario ended after 0 of its 2 choices; next it lets 'A' go on"
    )


def test_what_is_no_schedule_is_refused():
    with pytest.raises(ValueError, match=r"'s1:3=1' is no schedule: copy the whole word after `schedule:`"):
        replay(first_comes_a, "s1:3=1")


def test_a_replay_shows_its_steps():
    with pytest.raises(AssertionError) as caught:
        replay(first_comes_a, explore(first_comes_a).failure.schedule)
    assert caught.value.__notes__[0].splitlines()[0] == "replayed:"


def test_a_schedule_of_the_trio_seam_replays_on_it():
    schedule = explore(first_comes_a, seam="trio").failure.schedule
    assert schedule.startswith("t1:")
    with pytest.raises(AssertionError, match="kept"):
        replay(first_comes_a, schedule)


def test_a_schedule_by_hand_says_who_was_slow():
    with pytest.raises(AssertionError) as caught:
        Schedule(slow=["A"]).run(first_comes_a)
    assert caught.value.__notes__ == ["under Schedule(slow=('A',), demote=())"]
    Schedule().run(first_comes_a)
    with pytest.raises(TypeError, match=r'slow is a sequence of names or numbers: write slow=\["A"\]'):
        Schedule(slow="A")


# The seam of trio -----------------------------------------------------------------------------------------------------


async def two_by_two(_, orders):
    order = []

    async def twice(name):
        for _ in range(2):
            order.append(name)
            await trio.lowlevel.checkpoint()

    async with trio.open_nursery() as nursery:
        for name in "ab":
            nursery.start_soon(twice, name, name=name)
    orders.add("".join(order))


def test_canary_the_private_hook_of_trio_still_decides_every_order():
    """When this fails, a new trio has come: seam="trio" explores nothing any more, see actors/testing/_trio_seam.py."""
    orders = set()

    async def scenario(lab):
        await two_by_two(lab, orders)

    assert explore(scenario, search=Exhaustive(), seam="trio").exhausted
    assert orders == {"aabb", "abab", "abba", "baab", "baba", "bbaa"}


def test_trio_is_left_as_it_was():
    before = _run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING
    explore(first_comes_a, seam="trio")
    assert (_run._r, _run._ALLOW_DETERMINISTIC_SCHEDULING) == before


def test_a_trio_without_the_hook_is_refused(monkeypatch):
    monkeypatch.delattr(_run, "_r")
    with pytest.raises(
        RuntimeError, match='this version of trio keeps its order to itself: explore with seam="actors"'
    ):
        explore(first_comes_a, seam="trio")


@pytest.mark.parametrize("options", [{"crash_points": ["A"]}, {"timers": "racing"}])
def test_the_seam_of_trio_has_only_tasks(options):
    with pytest.raises(ValueError, match='crash_points and timers="racing" need seam="actors"'):
        explore(first_comes_a, seam="trio", **options)


# The decorator --------------------------------------------------------------------------------------------------------


def test_an_explored_function_is_a_plain_test_that_hands_its_arguments_on():
    seen = set()

    @explored(schedules=10)
    async def test_it(first, lab, *, second):
        """What it does."""
        lab.sometimes(condition=True, name="ran")
        seen.add((first, second))

    test_it(1, second=2)
    assert seen == {(1, 2)}
    assert not iscoroutinefunction(test_it)
    assert (test_it.__name__, test_it.__doc__) == ("test_it", "What it does.")
    assert str(signature(test_it)) == "(first, *, second)"


def test_an_explored_function_fails_as_its_scenario_does():
    @explored(schedules=100)
    async def test_it(lab):
        await first_comes_a(lab)

    with pytest.raises(AssertionError, match="kept"):
        test_it()


def test_mistakes_in_the_decorator_are_told_at_once():
    with pytest.raises(TypeError, match=r"explored\(\) has no option schedule: it takes those of explore\(\)"):
        explored(schedule=3)
    with pytest.raises(TypeError, match=r"no_lab\(\) needs a parameter named lab: async def no_lab\(lab\): ..."):

        @explored()
        async def no_lab(): ...


def test_a_search_can_be_used_again():
    search = Exhaustive()
    one, other = explore(first_comes_a, search=search), explore(first_comes_a, search=search)
    assert one.tried == other.tried > 1


async def two_orders(lab):
    kept = []
    async with lab.open_system() as system:
        ref = await system.start(keeper, kept, name="keeper")
        for name in "AB":
            await (await system.start(passing_on, ref, name=name)).tell(name)
    assert sorted(kept) == ["A", "B"]


def test_a_test_that_is_to_try_everything_fails_when_something_is_left():
    explored(search=Exhaustive(), exhausted=True)(two_orders)()
    with pytest.raises(NotExhausted) as caught:
        explored(search=Exhaustive(), exhausted=True, schedules=4)(two_orders)()
    assert str(caught.value) == (
        "it was to try everything: explored 4 schedules (exhaustive 4), 4 of them different: stopped after 4 schedules; "
        "give it more schedules and seconds, or less to do"
    )


@pytest.mark.parametrize("schedules", [0, -1, 2.5])
def test_the_number_of_schedules_is_whole(schedules):
    with pytest.raises(ValueError, match="schedules must be a whole number, at least 1, not"):
        explore(first_comes_a, schedules=schedules)


def test_of_several_errors_the_first_crash_is_raised_and_the_others_are_a_note():
    async def scenario(lab):
        async with lab.open_system() as system:
            inner = await system.start(failing, name="inner")
            outer = await system.start(asking, inner, name="outer")
            await outer.tell(1)

    error = explore(scenario).failure.error
    assert repr(error) == "Boom('inner')"
    (note,) = error.__notes__
    assert note.startswith(
        "after it there failed:\n  ActorCrashed: 'inner' crashed while it handled 1: the cause above"
    )


async def failing(inbox):
    async for _ in inbox:
        raise Boom(inbox.name)


async def yields(lab):
    yield lab


def plain(lab):
    pass


async def nothing(lab):
    pass


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (lambda: explore(None), TypeError, "None is no scenario: it takes async def scenario(lab): ..., without yield"),
        (lambda: explore(nothing, search="pct"), TypeError, "'pct' is no search: give one, such as search=PCT(3)"),
        (
            lambda: explore(nothing, search=Exhaustive),
            TypeError,
            f"{Exhaustive!r} is no search: give one, such as search=PCT(3)",
        ),
        (lambda: explore(nothing, seconds=-1), ValueError, "seconds must be at least 0, not -1"),
        (lambda: explore(nothing, seconds=math.nan), ValueError, "seconds must be at least 0, not nan"),
        (lambda: explore(nothing, crashes=-1), ValueError, "crashes must be at least 0, not -1"),
        (lambda: DelayBounded(-1), ValueError, "bound must be a number of delays, at least 0, not -1"),
        (
            lambda: explored()(plain),
            TypeError,
            "plain() must be async def, without yield: async def plain(lab): ...",
        ),
        (
            lambda: explored()(yields),
            TypeError,
            "yields() must be async def, without yield: async def yields(lab): ...",
        ),
        (
            lambda: explored(scenario=nothing),
            TypeError,
            "explored() has no option scenario: it takes those of explore()",
        ),
    ],
)
def test_what_cannot_be_explored_is_refused_and_no_failure(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_a_generator_is_no_scenario():
    with pytest.raises(TypeError, match=r"yields at .* is no scenario: it takes async def scenario"):
        explore(yields)
