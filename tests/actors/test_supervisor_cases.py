"""The cases of OTP's supervisor_SUITE that apply here, by their names, in virtual time; the bodies are our own.

`docs/reference/supervision.rst` has the whole list, with the cases that other tests hold and those that do not apply.
"""

import gc
import weakref

import attrs
import pytest
import trio
from pytest import RaisesGroup

from actors import (
    ActorStopped,
    Backoff,
    NameTaken,
    Restart,
    RestartLimitExceeded,
    Scheduler,
    StartFailed,
    open_system,
)
from tests.actors.parts import Boom, echo, fragile
from tests.actors.schedules import Schedule, every_schedule, run
from tests.actors.test_groups import RESTING, RULE, SCOPES, member, restarts, start


class FailsToBegin:
    """A behaviour whose set-up raises in the lives that ``fails`` names, counted from 1; then as `member`."""

    def __init__(self, *fails):
        self.fails = fails
        self.lives = 0

    async def __call__(self, inbox, log):
        self.lives += 1
        if self.lives in self.fails:
            log.append(f"!{inbox.name}")
            raise Boom(f"life {self.lives}")
        await member(inbox, log)


def states(system):
    return {actor.name: actor.state for actor in system.tree().actors}


# Start ----------------------------------------------------------------------------------------------------------------


@every_schedule
async def test_sup_start_normal_a_group_without_children_starts_and_ends(scheduler):
    async with open_system(scheduler=scheduler) as system:
        for scope in SCOPES:
            assert system.group(scope, scope=scope, restart=RULE).name == scope
        assert system.tree().actors == ()


@pytest.mark.parametrize("kind", ["permanent", "transient", "temporary"])
def test_sup_start_ignore_child_one_that_ends_before_it_begins_is_no_child(kind):
    @every_schedule
    async def scenario(scheduler):
        async def ignored(_):
            pass

        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            with pytest.raises(StartFailed):
                await group.start(ignored, name="child1", restart=Restart(kind=kind))
            child1 = await group.start(fragile, name="child1", restart=RULE)  # the name is free
            (child2,) = await start(group, ["child2"], [])
            await child1.tell(Boom())
            await trio.sleep(1)
            assert restarts([child1, child2]) == [1, 1]
            assert states(system) == {"child1": "running", "child2": "running"}

    scenario()


@every_schedule
async def test_sup_start_fail_the_error_is_the_starters_and_leaving_by_it_ends_those_before_from_right_to_left(
    scheduler,
):
    log = []
    with pytest.raises(Boom, match="life 1"):
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all", restart=RULE)
            await start(group, "ab", log)
            await group.start(FailsToBegin(1), log, name="c", restart=RULE)
    assert log == ["+a", "+b", "!c", "-b", "-a"]


@every_schedule
async def test_sup_start_error_return_who_catches_it_keeps_those_that_began(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        a, b = await start(group, "ab", log)
        with pytest.raises(Boom):
            await group.start(FailsToBegin(1), log, name="c", restart=Restart(kind="permanent"))
        assert [await ref.ask("x") for ref in (a, b)] == ["x", "x"]
        await a.tell(Boom())
        await trio.sleep(1)
        assert restarts([a, b]) == [1, 1]
        assert log.count("!c") == 1


# Stop -----------------------------------------------------------------------------------------------------------------


async def stubborn(inbox, seconds):
    """Works for seconds at each message, and as long when it is cut."""
    async for _ in inbox:
        try:
            await trio.sleep(seconds)
        finally:
            with trio.CancelScope(shield=True):
                await trio.sleep(1)


@every_schedule
async def test_sup_stop_infinity_leaving_the_block_waits_for_as_long_as_a_child_works(scheduler):
    began = trio.current_time()
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g")
        child1 = await group.start(fragile, name="child1", restart=RULE)
        child2 = await group.start(stubborn, 200_000.0, name="child2", restart=RULE)
        await child2.tell("work")
    assert trio.current_time() == began + 200_001
    assert [ref.ending.reason for ref in (child1, child2)] == ["drained", "drained"]


@every_schedule
async def test_sup_stop_timeout_whoever_has_no_more_patience_kills(scheduler):
    began = trio.current_time()
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        child1 = await group.start(fragile, name="child1", restart=RULE)
        child2 = await group.start(stubborn, 200_000.0, name="child2", restart=RULE)
        await child2.tell("work")
        await trio.sleep(1)
        for ref in (child2, child1):
            with trio.move_on_after(10):
                await ref.stop()
            await ref.kill()
    assert trio.current_time() == began + 12
    assert [ref.ending.reason for ref in (child1, child2)] == ["stopped", "killed"]


@every_schedule
async def test_sup_stop_brutal_kill_a_child_is_cut_and_its_clean_up_is_waited_for(scheduler):
    began = trio.current_time()
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        child1 = await group.start(fragile, name="child1", restart=RULE)
        child2 = await group.start(stubborn, 200_000.0, name="child2", restart=RULE)
        await child2.tell("work")
        await trio.sleep(1)
        await child2.kill()
    assert trio.current_time() == began + 2
    assert [ref.ending.reason for ref in (child1, child2)] == ["drained", "killed"]


@every_schedule
async def test_sup_stop_manual_a_child_that_is_stopped_by_hand_is_gone_for_good(scheduler):
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        a, b = await start(group, "ab", [], restart=Restart(kind="permanent"))
        await b.stop()
        await a.tell(Boom())
        await trio.sleep(1)
        assert states(system) == {"a": "running"}
        assert restarts([a, b]) == [1, 0]


# Children in and out --------------------------------------------------------------------------------------------------


@every_schedule
async def test_child_adm_children_come_and_go_while_the_group_lives(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        (a,) = await start(group, "a", log)
        with pytest.raises(NameTaken):
            await start(group, "a", log)
        await a.stop()
        (again,) = await start(group, "a", log)
        (b,) = await start(group, "b", log)
        with pytest.raises(ActorStopped):
            await a.ask("x")
        log.clear()
        await b.tell(Boom())
        await trio.sleep(1)
        assert log == ["-b", "-a", "+a", "+b"]
        assert restarts([a, again, b]) == [0, 1, 1]


@every_schedule
async def test_child_adm_simple_children_of_one_behaviour_come_and_go_as_they_are_needed(scheduler):
    async with open_system(scheduler=scheduler) as system:
        group = system.group("sessions")
        refs = [await group.start(fragile, restart=RULE) for _ in range(5)]
        assert len({ref.name for ref in refs}) == 5
        await refs[2].stop()
        await refs[3].tell(Boom())
        await trio.sleep(1)
        refs.append(await group.start(fragile, restart=RULE))
        assert restarts(refs) == [0, 0, 0, 1, 0, 0]
        assert len(system.tree().actors) == 5


def test_scale_start_stop_many_children_and_simple_one_for_one_scale_many_temporary_children():
    @attrs.define(eq=False, slots=False)
    class Parameters:
        """Stands for what a child was started with."""

    async def brief(inbox, _):
        async for _ in inbox:
            return

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            keeper = await group.start(fragile, name="keeper", restart=RULE)
            tasks = trio.lowlevel.current_statistics().tasks_living
            for _ in range(2_000):
                ref = await group.start(brief, None, restart=Restart(kind="temporary"))
                ref.tell_nowait("go")
                await ref.ended()
            parameters = Parameters()
            ref = await group.start(brief, parameters, restart=Restart(kind="temporary"))
            trace = weakref.ref(parameters)
            del parameters
            assert trace() is not None
            await ref.stop()
            gc.collect()
            assert trace() is None, "do_not_save_start_parameters_for_temporary_children"
            await keeper.tell(Boom())
            await trio.sleep(1)
            assert states(system) == {"keeper": "running"}
            assert trio.lowlevel.current_statistics().tasks_living == tasks

    run(scenario, Scheduler())


@every_schedule
async def test_count_children_and_count_restarting_children_a_child_that_rests_is_counted_as_running(scheduler):
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g")
        refs = await start(group, "abc", [], restart=RESTING)
        await start(group.group("h"), "d", [])
        await refs[1].tell(Boom())
        await trio.sleep(1)
        assert states(system) == dict.fromkeys("abcd", "running")
        assert [actor.restarts for actor in system.statistics().actors] == [0, 0, 0, 0]
        await trio.sleep(20)
        assert [actor.restarts for actor in system.statistics().actors] == [0, 1, 0, 0]
        await refs[2].stop()
        assert (len(system.tree().actors), system.statistics().started) == (3, 4)


# Restarts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", SCOPES)
def test_multiple_restarts_as_many_as_the_limit_allows_are_no_escalation(scope):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            a, b = await start(system.group("g", scope=scope), "ab", [], restart=Restart(limit=3, within=3600.0))
            for number in range(3):
                await a.tell(Boom(number))
                await trio.sleep(1)
                assert await a.ask("x") == "x"
            assert restarts([a, b]) == [3, 0 if scope == "one_for_one" else 3]

    scenario()


@pytest.mark.parametrize("scope", SCOPES)
def test_escalation_a_group_whose_child_gives_up_goes_down_as_a_whole_and_its_parent_decides(scope):
    @every_schedule
    async def scenario(scheduler):
        log, error = [], Boom("last")
        with RaisesGroup(RaisesGroup(RaisesGroup(Boom))) as caught:
            async with open_system(scheduler=scheduler) as system:
                outer = system.group("outer")
                await start(outer, ["bystander"], log)
                inner = outer.group("inner", scope=scope, restart=Restart(limit=0))
                refs = await start(inner, "abc", log, restart=Restart(limit=0))
                await refs[1].tell(error)
                await trio.sleep_forever()
        (inner_gave_up,) = caught.value.exceptions
        assert str(inner_gave_up).startswith("'inner' ended 1 times within 60 s; its limit is 0 restarts")
        (child_gave_up,) = inner_gave_up.exceptions
        assert isinstance(child_gave_up, RestartLimitExceeded)
        assert child_gave_up.exceptions == (error,)
        assert log == ["+bystander", "+a", "+b", "+c", "-b", "-c", "-a", "-bystander"]
        assert [ref.ending.reason for ref in refs] == ["killed", "crashed", "killed"]

    scenario()


@pytest.mark.parametrize(
    ("scope", "news"),
    [
        ("one_for_one", ["-a", "+a"]),
        ("one_for_all", ["-a", "-c", "-b", "+a", "!b", "+c", "-c", "-a", "+a", "+b", "+c"]),
        ("rest_for_one", ["-a", "-c", "-b", "+a", "!b", "+c", "-c", "+b", "+c"]),
    ],
)
def test_other_child_fails_restart_it_is_tried_again_with_whom_that_concerns(scope, news):
    @every_schedule
    async def scenario(scheduler):
        log = []
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope=scope)
            (a,) = await start(group, "a", log)
            b = await group.start(FailsToBegin(2), log, name="b", restart=RULE)
            (c,) = await start(group, "c", log)
            log.clear()
            await a.tell(Boom())
            await trio.sleep(1)
            assert log == news
            assert [await ref.ask("x") for ref in (a, b, c)] == ["x"] * 3

    scenario()


@pytest.mark.parametrize("scope", SCOPES)
def test_other_child_fails_restart_for_good_and_that_escalates(scope):
    @every_schedule
    async def scenario(scheduler):
        log = []
        with pytest.raises(ExceptionGroup) as caught:
            async with open_system(scheduler=scheduler) as system:
                group = system.group("g", scope=scope)
                (a,) = await start(group, "a", log, restart=Restart(limit=100))
                b = await group.start(FailsToBegin(*range(2, 99)), log, name="b", restart=Restart(limit=2))
                await (b if scope == "one_for_one" else a).tell(Boom("first"))
                await trio.sleep(100)
        (limit,) = caught.value.exceptions
        assert limit.message == "'b' ended 3 times within 60 s; its limit is 2 restarts"
        assert trio.current_time() == 0

    scenario()


@pytest.mark.parametrize("schedule", [Schedule("production"), Schedule("controlled", 1), Schedule("trio", 2)], ids=str)
@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize(
    ("way_out", "reason"), [("stop", "stopped"), ("kill", "killed"), ("leave", "drained"), ("cancel", "killed")]
)
def test_hanging_restart_loop_a_set_up_that_fails_for_ever_holds_up_nobody(scope, way_out, reason, schedule):
    async def scenario(scheduler):
        with trio.CancelScope() as host:
            async with open_system(scheduler=scheduler) as system:
                group = system.group("g", scope=scope)
                rule = Restart(limit=1, within=1e-3, backoff=Backoff(0.01, up_to=0.01))
                loop = await group.start(FailsToBegin(*range(2, 99_999)), [], name="loop", restart=rule)
                other = await system.start(echo, name="other")
                await loop.tell(Boom())
                await trio.sleep(0.5)
                assert await other.ask("x") == "x"
                assert loop.statistics().restarts > 40
                if way_out == "cancel":
                    host.cancel()
                elif way_out != "leave":
                    await getattr(loop, way_out)()
        assert loop.ending.reason == reason
        assert trio.current_time() < 1

    schedule.run(scenario)


@every_schedule
async def test_tree_a_tree_of_groups_goes_down_and_comes_back_as_one(scheduler):
    log = []
    async with open_system(scheduler=scheduler) as system:
        top = system.group("top", scope="one_for_all")
        one = top.group("one", restart=Restart(limit=5))
        two = top.group("two", scope="rest_for_one", restart=Restart(limit=5))
        refs = [*await start(one, "ab", log), *await start(two, "cd", log), *await start(two.group("in"), "e", log)]
        log.clear()
        await refs[2].tell(Boom())  # c, and those behind it
        await trio.sleep(1)
        assert log == ["-c", "-e", "-d", "+c", "+d", "+e"]
        log.clear()
        for _ in range(3):
            await refs[0].tell(Boom())  # a, until it gives up: all
            await trio.sleep(1)
        assert log == ["-a", "+a"] * 3
        log.clear()
        await refs[0].tell(Boom())
        await trio.sleep(1)
        assert log == ["-a", "-e", "-d", "-c", "-b", "+a", "+b", "+c", "+d", "+e"]


@every_schedule
async def test_simple_one_for_one_escalation_of_one_of_many_ends_them_all(scheduler):
    with RaisesGroup(RaisesGroup(Boom, Boom)):
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g")
            refs = [await group.start(fragile, restart=Restart(limit=1)) for _ in range(3)]
            for _ in range(2):
                refs[1].tell_nowait(Boom())
            await trio.sleep_forever()
    assert [ref.ending.reason for ref in refs] == ["killed", "crashed", "killed"]
