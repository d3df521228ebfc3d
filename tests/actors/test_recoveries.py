"""A7, A12: what a recovery waits for. Nobody waits for ever, and a controlled scheduler decides every step."""

import pytest
import trio
from pytest import RaisesGroup

from actors import ActorStopped, AskCycle, Backoff, Restart, SystemClosed, open_system
from actors.testing import ControlledScheduler
from tests.actors.parts import Boom, echo, fragile, hang
from tests.actors.schedules import Schedule, every_schedule, run
from tests.actors.test_groups import RESTING, RULE, restarts, start


async def needy(inbox, log, whom):
    """Asks in its set-up those who are in ``whom``, without a timeout; raises errors, answers the rest."""
    for ref in list(whom):
        try:
            await ref.ask("set-up")
        except AskCycle as error:
            log.append(error.path)
            raise
    log.append(f"+{inbox.name}")
    async for message in inbox:
        if isinstance(message, BaseException):
            raise message
        inbox.reply(message)


async def caring(inbox, log, whom):
    """As `member`, but asks in its clean-up those who are in ``whom``, without a timeout."""
    try:
        async for message in inbox:
            if isinstance(message, BaseException):
                raise message
            inbox.reply(message)
    finally:
        with trio.CancelScope(shield=True):
            for ref in whom:
                try:
                    await ref.ask("clean-up")
                except AskCycle as error:
                    log.append(error.path)
        log.append(f"-{inbox.name}")


# Who waits for one who is down ----------------------------------------------------------------------------------------


@every_schedule
async def test_a_set_up_that_asks_one_who_is_called_after_it_is_told_so_at_once_and_that_is_its_crash(scheduler):
    log, whom, ended = [], [], []
    with pytest.raises(ExceptionGroup) as caught:
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            a = await group.start(needy, log, whom, name="a", restart=Restart(limit=2))
            (b,) = await start(group, "b", [])
            whom.append(b)
            began = trio.current_time()
            await a.tell(Boom("first"))
            try:
                await trio.sleep(100)
            finally:
                ended.append(trio.current_time() - began)
    (limit,) = caught.value.exceptions
    assert [type(each) for each in limit.exceptions] == [Boom, AskCycle, AskCycle]
    assert log == ["+a", ("a", "b", "a"), ("a", "b", "a")]
    assert ended == [0]


@every_schedule
async def test_a_set_up_that_asks_over_an_actor_outside_is_seen_to_wait_for_itself_too(scheduler):
    log, whom, told = [], [], []

    async def between(inbox, target):
        async for message in inbox:
            try:
                inbox.reply(await target[0].ask(message))
            except AskCycle as error:
                told.append(error.path)
                inbox.reply("not now")

    async with open_system(scheduler=scheduler) as system:
        target = []
        outside = await system.start(between, target, name="between")
        group = system.group("g", scope="one_for_all")
        a = await group.start(needy, log, whom, name="a", restart=RULE)
        (b,) = await start(group, "b", [])
        target.append(b)
        whom.append(outside)
        await a.tell(Boom())
        await trio.sleep(1)
        assert restarts([a, b]) == [1, 1]
    assert told == [("between", "b", "a", "between")]


@every_schedule
async def test_a_set_up_may_ask_one_who_is_called_before_it(scheduler):
    log, whom = [], []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        whom += await start(group, "a", [])
        b = await group.start(needy, log, whom, name="b", restart=RULE)
        await b.tell(Boom())
        await trio.sleep(1)
        assert log == ["+b", "+b"]
        assert restarts([*whom, b]) == [1, 1]


@every_schedule
async def test_a_clean_up_that_asks_one_who_is_down_is_told_so_at_once(scheduler):
    log, whom = [], []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        a = await group.start(caring, log, whom, name="a", restart=RULE)
        whom += await start(group, "b", log)
        (c,) = await start(group, "c", log)
        await c.tell(Boom())
        await trio.sleep(1)
        assert restarts([a, *whom, c]) == [1, 1, 1]
        whom.clear()
    assert log[2:7] == ["-c", "-b", ("a", "b", "a"), "-a", "+b"]


@every_schedule
async def test_who_rested_by_its_own_rule_when_its_group_was_brought_down_is_down_as_well(scheduler):
    log, whom = [], []
    async with open_system(scheduler=scheduler) as system:
        outer = system.group("outer", scope="one_for_all")
        a = await outer.start(needy, log, whom, name="a", restart=Restart(backoff=Backoff(1.0, up_to=1.0)))
        (b,) = await start(outer.group("inner"), "b", [], restart=Restart(backoff=Backoff(100.0, up_to=100.0)))
        whom.append(b)
        await b.tell(Boom())
        await trio.sleep(1)
        a.tell_nowait(Boom())
        await trio.sleep(1.5)
        assert log == ["+a", ("a", "b", "a")]
        whom.clear()
        await trio.sleep(2)
        assert await b.ask("x") == "x"


@every_schedule
async def test_an_outsider_that_asks_one_who_is_down_waits_and_is_answered(scheduler):
    async with open_system(scheduler=scheduler) as system:
        a, b = await start(system.group("g", scope="one_for_all"), "ab", [], restart=RESTING)
        asking = await system.start(forwarder, b)
        await a.tell(Boom())
        await trio.sleep(1)
        assert await asking.ask("x") == "x"


async def forwarder(inbox, target):
    async for message in inbox:
        inbox.reply(await target.ask(message))


# Who goes down while another's set-up waits for it --------------------------------------------------------------------


@pytest.mark.parametrize("over", ["itself", "another"])
@pytest.mark.parametrize("place", ["left, same group", "in a group of its own"])
def test_who_begins_and_waits_for_one_that_crashes_meanwhile_begins_after_it(over, place):
    @every_schedule
    async def scenario(scheduler):
        log, whom = [], []
        async with open_system(scheduler=scheduler) as system:
            outer = system.group("outer", scope="rest_for_one")
            inner = outer if place == "left, same group" else outer.group("inner", scope="one_for_all")
            (a,) = await start(inner, "a", log)
            b = await outer.start(needy, log, whom, name="b", restart=Restart(limit=1))
            (c,) = await start(outer, "c", log)
            whom.append(a if over == "itself" else await system.start(forwarder, a))
            log.clear()
            a.tell_nowait(5.0)  # a works for five seconds,
            a.tell_nowait(Boom("poison"))  # then crashes, before it comes to the question of b
            await trio.sleep(1)
            await b.tell(Boom())
            with trio.fail_after(50):
                assert await b.ask("x") == "x"
            await trio.sleep(1)
            assert [await each.ask("alive") for each in (a, b, c)] == ["alive"] * 3
            assert restarts([a]) == [1]
            begun = [line for line in log if str(line).startswith("+")]
            assert begun == ["+a", "+b", "+c"]

    scenario()


@every_schedule
async def test_a_set_up_that_is_put_off_is_no_crash_of_its_own(scheduler):
    log, whom = [], []
    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="rest_for_one")
        (a,) = await start(group, "a", [], restart=Restart(limit=9))
        b = await group.start(needy, log, whom, name="b", restart=Restart(limit=1))
        whom.append(a)
        a.tell_nowait(1.0)
        for number in range(4):
            a.tell_nowait(Boom(number))
        await b.tell(Boom())
        assert await b.ask("x") == "x"
        assert restarts([a]) == [4]
        assert log == ["+b", "+b"]


@every_schedule
async def test_two_set_ups_that_need_each_other_are_not_put_off_in_turns_for_ever(scheduler):
    log, needs_of_a, needs_of_b = [], [], []
    rule = Restart(limit=20, backoff=Backoff(1.0, up_to=1.0))
    async with open_system(scheduler=scheduler) as system:
        outer = system.group("outer")
        a = await outer.group("g", scope="one_for_all").start(needy, log, needs_of_a, name="a", restart=rule)
        b = await outer.group("h", scope="one_for_all").start(needy, log, needs_of_b, name="b", restart=rule)
        needs_of_a.append(b)
        needs_of_b.append(a)
        a.tell_nowait(Boom())
        b.tell_nowait(Boom())
        await trio.sleep(5)
        refusals = [line for line in log if isinstance(line, tuple)]
        assert set(refusals) <= {("a", "b", "a"), ("b", "a", "b")}
        assert 1 <= len(refusals) < 20
        needs_of_a.clear()
        assert [await ref.ask("x") for ref in (a, b)] == ["x", "x"]


@every_schedule
async def test_a_set_up_that_is_put_off_obeys_an_order_to_end(scheduler):
    log, whom = [], []
    async with open_system(scheduler=scheduler) as system:
        outer = system.group("outer")
        inner = outer.group("inner", scope="one_for_all")
        (a,) = await start(inner, "a", [], restart=RESTING)
        other = outer.group("other", scope="one_for_all")
        b = await other.start(needy, log, whom, name="b", restart=RULE)
        whom.append(a)
        a.tell_nowait(1.0)
        a.tell_nowait(Boom())
        b.tell_nowait(Boom())
        await trio.sleep(5)  # a rests, and b may not begin before it
        began = trio.current_time()
        await b.stop()
        assert trio.current_time() == began
        assert b.ending.reason == "stopped"
        assert await a.ask("x") == "x"
    assert log == ["+b"]


@every_schedule
async def test_a_set_up_that_hangs_is_ended_by_a_kill_and_the_recovery_goes_on(scheduler):
    lives = []

    async def hangs_later(inbox):
        lives.append(inbox)
        if len(lives) > 1:
            await hang(inbox)
        async for message in inbox:
            raise message

    async with open_system(scheduler=scheduler) as system:
        group = system.group("g", scope="one_for_all")
        a = await group.start(hangs_later, name="a", restart=RULE)
        (b,) = await start(group, "b", [])
        await a.tell(Boom())
        await trio.sleep(10)
        assert restarts([a, b]) == [1, 0]
        await a.kill()
        assert await b.ask("x") == "x"
        assert restarts([a, b]) == [1, 1]


# The seam -------------------------------------------------------------------------------------------------------------


def recovery_steps(seed):
    steps = []

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            group = system.group("g", scope="one_for_all")
            refs = await start(group, "ab", [], restart=RESTING)
            inner = system.group("h", scope="one_for_all")
            refs += await start(inner, "cd", [], restart=RESTING)
            for ref in refs:
                ref.tell_nowait(Boom())
            await trio.sleep(50)
        steps.extend(scheduler.steps)

    Schedule("controlled", seed).run(scenario)
    return steps


def test_the_turn_and_the_rest_of_a_recovery_are_choices_of_the_scheduler():
    steps = recovery_steps(1)
    for group in "gh":  # once for the turn, once after the rest, and for each that it waits for
        assert sum(step.startswith(f"{group}.recover(") for step in steps) >= 4
    assert recovery_steps(1) == steps
    assert len({tuple(recovery_steps(seed)) for seed in range(10)}) == 10


def test_two_groups_that_crash_at_one_moment_recover_in_either_order_as_the_choice_falls():
    orders = set()
    for last in ("g", "h"):
        log = []

        async def scenario(scheduler, log=log):
            async with open_system(scheduler=scheduler) as system:
                refs = [(await start(system.group(name, scope="one_for_all"), name, log))[0] for name in "gh"]
                log.clear()
                for ref in refs:
                    ref.tell_nowait(Boom())
                await trio.sleep(1)

        def choose(names, last=last):
            return next((name for name in names if not name.startswith(last)), names[0])

        run(scenario, ControlledScheduler(choose))
        orders.add(tuple(log[:4]))
    assert orders == {("-g", "+g", "-h", "+h"), ("-h", "+h", "-g", "+g")}


# A first start is a wait as well --------------------------------------------------------------------------------------


@pytest.mark.parametrize("timeout", [None, 5.0])
def test_a_set_up_that_asks_the_actor_that_starts_it_is_told_so_and_fails_to_start(timeout):
    @every_schedule
    async def scenario(scheduler):
        caught = []

        async def child(inbox, parent):
            await parent.ask("who am I?", timeout=timeout)
            await echo(inbox)

        async def parent(inbox):
            async for message in inbox:
                if message == "spawn":
                    try:
                        await system.start(child, refs[0], name="child")
                    except AskCycle as error:
                        caught.append(error.path)
                inbox.reply("done")

        async with open_system(scheduler=scheduler) as system:
            refs = [await system.start(parent, name="parent")]
            assert await refs[0].ask("spawn") == "done"
        assert caught == [("child", "parent", "child")]

    scenario()


@every_schedule
async def test_a_set_up_may_tell_the_actor_that_starts_it_and_ask_anybody_else(scheduler):
    async def child(inbox, parent, other):
        await parent.tell("hello")
        assert await other.ask("x") == "x"
        await echo(inbox)

    async def parent(inbox, other, seen):
        async for message in inbox:
            seen.append(message)
            if message == "spawn":
                child_ref = await system.start(child, refs[0], other)
                inbox.reply(await child_ref.ask("y"))

    async with open_system(scheduler=scheduler) as system:
        seen = []
        other = await system.start(echo)
        refs = [await system.start(parent, other, seen)]
        assert await refs[0].ask("spawn") == "y"
    assert seen == ["spawn", "hello"]


@every_schedule
async def test_no_edge_is_left_after_a_start_that_failed(scheduler):
    async def stillborn(_):
        raise Boom

    async def parent(inbox):
        async for _ in inbox:
            with pytest.raises(Boom):
                await system.start(stillborn, name="child")
            inbox.reply("failed")

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(parent, name="parent")
        assert await ref.ask("spawn") == "failed"
        asking = await system.start(forwarder, ref)
        assert await asking.ask("spawn") == "failed"


# The end of a loop, and of a system -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["stop", "drain"])
@pytest.mark.parametrize("rule", [None, RULE, Restart(kind="permanent"), Restart(kind="temporary")])
def test_leaving_by_what_anext_raises_at_the_end_is_a_good_end(order, rule):
    @every_schedule
    async def scenario(scheduler):
        async def one_by_one(inbox):
            while True:
                inbox.reply(await anext(inbox))

        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(one_by_one, restart=rule)
            assert await ref.ask("x") == "x"
            await getattr(ref, order)()
        assert (ref.ending.reason, ref.ending.error) == ({"stop": "stopped", "drain": "drained"}[order], None)
        assert ref.statistics().handled == 1

    scenario()


@every_schedule
async def test_the_end_of_another_iterator_is_a_crash_like_any_other(scheduler):
    async def empty():
        return
        yield

    async def confused(inbox):
        async for _ in inbox:
            await anext(empty())

    with RaisesGroup(StopAsyncIteration):
        async with open_system(scheduler=scheduler) as system:
            await (await system.start(confused)).tell("go")


@every_schedule
async def test_a_message_that_starts_an_actor_while_the_block_drains_is_refused_with_a_text_that_says_why(scheduler):
    texts = []

    async def starting(inbox):
        async for _ in inbox:
            try:
                await system.start(echo)
            except SystemClosed as error:
                assert error.ending
                texts.append(str(error))

    async with open_system("desk", scheduler=scheduler) as system:
        group = system.group("g")
        await (await group.start(starting)).tell("go")
    (text,) = texts
    assert text == (
        "system 'desk' is ending and starts nobody new: its block was left, and its actors only finish what is queued. "
        "An actor that starts others on the way has to catch SystemClosed."
    )


@every_schedule
async def test_who_does_not_expect_that_crashes_of_it(scheduler):
    async def starting(inbox):
        async for _ in inbox:
            await system.start(echo)

    with RaisesGroup(pytest.RaisesExc(SystemClosed, match="is ending and starts nobody new")):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(starting)
            await ref.tell("go")
    assert ref.ending.reason == "crashed"
    with pytest.raises(ActorStopped):
        await ref.ask("late")


@every_schedule
async def test_a_recovery_that_rests_for_long_holds_up_those_of_its_tree_and_no_others(scheduler):
    async with open_system(scheduler=scheduler) as system:
        outer, other = system.group("outer"), system.group("other", scope="one_for_all")
        rests = Restart(backoff=Backoff(60, up_to=60))
        slow = await outer.group("x", scope="one_for_all").start(fragile, name="slow", restart=rests)
        behind = await outer.group("y", scope="one_for_all").start(fragile, name="behind", restart=Restart())
        alone = await outer.start(fragile, name="alone", restart=Restart())
        free = await other.start(fragile, name="free", restart=Restart())
        began, back = trio.current_time(), {}

        async def crash_and_ask(ref):
            await ref.tell(Boom())
            await ref.ask("back?")
            back[ref.name] = trio.current_time() - began

        async with trio.open_nursery() as nursery:
            nursery.start_soon(crash_and_ask, slow)
            await trio.sleep(1)
            for ref in (behind, alone, free):
                nursery.start_soon(crash_and_ask, ref)
    assert back == {"slow": 60, "behind": 60, "alone": 1, "free": 1}
