"""A5 Ask cycles: whoever would close a circle of waiting actors is told so, and nobody hangs."""

import attrs
import pytest
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import ActorError, ActorStopped, AskCycle, NoReply, Restart, ask_all, open_system
from actors._circle import refuse_circle
from tests.actors.parts import Boom, Do, Ledger, echo, worker
from tests.actors.schedules import controlled, every_schedule, run


@attrs.define
class Ring:
    """Workers with the names given, and what they caught."""

    system: object
    refs: dict
    caught: list = attrs.field(factory=list)

    async def attempt(self, inbox, action):
        try:
            inbox.reply(await action())
        except AskCycle as error:
            self.caught.append(error)
            inbox.reply("refused")

    def asking(self, *names, how=None):
        """A message that makes its actor ask the first of ``names``, which asks the second, and so on."""
        first, *rest = names
        how = how or (lambda ref, message: ref.ask(message))
        message = self.asking(*rest, how=how) if rest else Do(lambda inbox: inbox.reply("end of the line"))
        return Do(lambda inbox: self.attempt(inbox, lambda: how(self.refs[first], message)))

    def at_rest(self):
        return [name for name, ref in self.refs.items() if ref._inbox.waits_for is not None] == []

    @property
    def paths(self):
        return [error.path for error in self.caught]


async def nap(_):
    await trio.sleep(5)


async def ring(system, names="abc", **options):
    return Ring(system, {name: await system.start(worker, name=name, **options) for name in names})


CIRCLES = [("a", "a"), ("a", "b", "a"), ("a", "b", "c", "a")]


@pytest.mark.parametrize("path", CIRCLES, ids="-".join)
@pytest.mark.parametrize(
    "how",
    [
        lambda ref, message: ref.ask(message),
        lambda ref, message: ref.ask(message, timeout=5),
        lambda ref, message: ask_all([(ref, message)]),
        lambda ref, message: ask_all([(ref, message)], timeout=5),
    ],
    ids=["ask", "ask in time", "ask_all", "ask_all in time"],
)
def test_who_would_close_a_circle_of_asks_is_told_the_path_at_once(path, how):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            world = await ring(system)
            start = trio.current_time()
            with trio.fail_after(100):
                await world.refs["a"].ask(world.asking(*path[1:], how=how))
            assert trio.current_time() == start
            closer = (path[-2], *path[:-1])
            assert world.paths == [closer]
            assert world.at_rest()

    scenario()


@every_schedule
async def test_the_text_of_the_error_names_the_path_and_the_way_out(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system)
        await world.refs["a"].ask(world.asking("b", "a"))
    assert str(world.caught[0]) == (
        "this would wait for ever: b -> a -> b. Tell instead of asking, or defer the reply on the way."
    )
    assert isinstance(world.caught[0], ActorError)


@every_schedule
async def test_of_a_refused_ask_nothing_was_sent_and_all_go_on(scheduler):
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        world = await ring(system)
        assert await world.refs["a"].ask(world.asking("b", "a")) == "refused"
        assert len(ledger.entered) == 2
        assert ledger.letters == []
        for ref in world.refs.values():
            assert await ref.ask(Do(lambda inbox: inbox.reply("fine"))) == "fine"
        assert await world.refs["b"].ask(world.asking("a", "c")) == "end of the line"
        assert system.statistics().deadlines == 0


@pytest.mark.parametrize("act", ["stop", "drain", "ended"])
def test_waiting_for_the_end_of_one_who_waits_closes_a_circle_too_and_gives_no_order(act):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            world = await ring(system)
            end = Do(lambda inbox: world.attempt(inbox, getattr(world.refs["a"], act)))
            assert await world.refs["a"].ask(Do(lambda inbox: world.attempt(inbox, lambda: world.refs["b"].ask(end))))
            assert world.paths == [("b", "a", "b")]
            assert world.refs["a"].statistics().state == "running"
            assert world.at_rest()

    scenario()


@pytest.mark.parametrize("act", ["stop", "drain", "ended"])
def test_asking_one_who_waits_for_your_end_closes_a_circle(act):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
            world = await ring(system)
            ask_back = Do(lambda inbox: late(world, inbox))

            async def late(world, inbox):
                await trio.sleep(1)
                await world.attempt(inbox, lambda: world.refs["a"].ask("x"))

            nursery.start_soon(world.refs["b"].tell, ask_back)
            await trio.sleep(0.5)
            await world.refs["a"].tell(Do(lambda inbox: world.attempt(inbox, getattr(world.refs["b"], act))))
            await trio.sleep(2)
            assert world.paths == [("b", "a", "b")]
            await world.refs["b"].stop()

    scenario()


@every_schedule
async def test_a_kill_waits_for_nobody_and_closes_no_circle(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "ab")
        kill = Do(lambda inbox: world.attempt(inbox, world.refs["a"].kill))

        async def asking(inbox):
            await world.refs["b"].ask(kill)

        await world.refs["a"].tell(Do(asking))
        assert (await world.refs["a"].ended()).reason == "killed"
        assert world.caught == []


@every_schedule
async def test_a_tell_that_would_wait_closes_a_circle(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "ab", capacity=1)
        a = world.refs["a"]

        async def fill(inbox):
            a.tell_nowait(Do(lambda inbox: None))
            await world.attempt(inbox, lambda: a.tell("one too many"))

        await a.ask(Do(lambda inbox: world.attempt(inbox, lambda: world.refs["b"].ask(Do(fill)))))
        assert world.paths == [("b", "a", "b")]


@every_schedule
async def test_a_tell_that_waits_for_a_place_is_an_edge(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "ab", capacity=1)
        a, b = world.refs.values()

        async def ask_later(inbox):
            await trio.sleep(1)
            await world.attempt(inbox, lambda: a.ask("x"))

        await b.tell(Do(ask_later))
        await trio.sleep(0.5)
        await b.tell(Do(lambda inbox: None))
        await a.tell(Do(lambda inbox: b.tell(Do(lambda inbox: None))))
        await trio.sleep(2)
        assert world.paths == [("b", "a", "b")]
        assert world.at_rest()


@every_schedule
async def test_an_actor_that_fills_its_own_inbox_is_told_so(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "a", capacity=1)
        a = world.refs["a"]

        async def fill(inbox):
            await a.tell(Do(lambda inbox: None))
            await world.attempt(inbox, lambda: a.tell("x"))

        await a.tell(Do(fill))
        await trio.sleep(1)
        assert world.paths == [("a", "a")]


# What is no circle ----------------------------------------------------------------------------------------------------


@every_schedule
async def test_a_deferred_reply_takes_its_edge_away_and_the_exchange_completes(scheduler):
    """A asks B; B defers, and asks A's helper on the way; a third gives the answer."""
    async with open_system(scheduler=scheduler) as system:
        world, replies = await ring(system), []
        a, b, c = world.refs.values()

        async def consult(inbox):
            await trio.sleep(1)
            replies[0].send(await c.ask(Do(lambda inbox: inbox.reply("advice"))))

        async def defer(inbox):
            replies.append(inbox.defer())
            b.tell_nowait(Do(consult))

        async def ask_b(inbox):
            inbox.reply(await b.ask(Do(defer)))

        assert await a.ask(Do(ask_b)) == "advice"
        assert world.at_rest()


@every_schedule
async def test_what_was_deferred_for_somebody_else_takes_no_edge_away(scheduler):
    """B owes a deferred answer to another asker; A, whom it asks in turn, waits for B all the same."""
    replies = []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        world = await ring(system, "ab")
        nursery.start_soon(world.refs["b"].ask, Do(lambda inbox: replies.append(inbox.defer())))
        await trio.sleep(1)
        with trio.fail_after(100):
            await world.refs["a"].ask(world.asking("b", "a"))
        assert world.paths == [("b", "a", "b")]
        replies[0].send("at last")


@every_schedule
async def test_who_deferred_may_ask_the_one_who_waits_if_the_answer_comes_from_elsewhere(scheduler):
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        world = await ring(system, "ab")
        a, b = world.refs.values()

        async def answer(reply):
            await trio.sleep(1)
            reply.send("from elsewhere")

        async def defer_and_ask_back(inbox):
            nursery.start_soon(answer, inbox.defer())
            world.caught.append(await a.ask(Do(lambda inbox: inbox.reply("no circle"))))

        async def ask_b(inbox):
            inbox.reply(await b.ask(Do(defer_and_ask_back)))

        assert await a.ask(Do(ask_b)) == "from elsewhere"
        await trio.sleep(1)
        assert world.caught == ["no circle"]


@every_schedule
async def test_of_a_scatter_only_what_is_not_answered_is_an_edge(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "abc")
        a, b, c = world.refs.values()

        async def ask_back_once_free(inbox):
            inbox.reply("first")
            await trio.sleep(1)
            world.caught.append(await a.ask(Do(lambda inbox: inbox.reply("no circle"))))

        async def slow(inbox):
            await trio.sleep(2)
            inbox.reply("second")

        async def scatter(inbox):
            inbox.reply(await ask_all([(b, Do(ask_back_once_free)), (c, Do(slow))]))

        assert await a.ask(Do(scatter)) == ["first", "second"]
        await trio.sleep(1)
        assert world.caught == ["no circle"]


@every_schedule
async def test_of_a_scatter_what_is_open_is_an_edge(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "abc")

        async def late(inbox):
            await trio.sleep(1)
            await world.attempt(inbox, lambda: world.refs["a"].ask("x"))

        async def scatter(inbox):
            inbox.reply(await ask_all([(world.refs["b"], world.asking("b")), (world.refs["c"], Do(late))]))

        assert await world.refs["a"].ask(Do(scatter)) == ["refused", "refused"]
        assert sorted(world.paths) == [("b", "b"), ("c", "a", "c")]


@every_schedule
async def test_a_wait_in_a_child_task_of_the_handler_is_no_edge(scheduler):
    async with open_system(scheduler=scheduler) as system:

        async def loose(inbox):
            async with trio.open_nursery() as nursery:
                async for message in inbox:
                    if message == "go":
                        nursery.start_soon(b.ask, Do(back))
                    else:
                        inbox.reply(message)
                nursery.cancel_scope.cancel()

        answers = []

        async def back(inbox):
            answers.append(await a.ask("no circle"))
            inbox.reply(None)

        a = await system.start(loose, name="a")
        b = await system.start(worker, name="b")
        await a.tell("go")
        await trio.sleep(1)
        assert answers == ["no circle"]


@every_schedule
async def test_an_ask_to_one_who_has_ended_or_refuses_messages_is_never_a_circle(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "ab")
        a, b = world.refs.values()
        outcomes = []

        async def ask_itself(inbox):
            await a.drain()
            for wait in (lambda: a.ask("x"), lambda: ask_all([(a, "x")]), lambda: a.tell("x")):
                try:
                    outcomes.append(await wait())
                except ActorError as error:
                    outcomes.append(type(error))

        async def ask_the_dead(inbox):
            await b.stop()
            with pytest.raises(ActorStopped):
                await b.ask("x")
            await b.tell("x")
            await b.stop()
            await b.ended()
            await ask_itself(inbox)

        await a.tell(Do(ask_the_dead))
        await a.ended()
        assert outcomes == [ActorStopped, ActorStopped, None]


@pytest.mark.parametrize("leave", ["timeout", "cancelled", "no reply", "crash", "stopped"])
def test_no_edge_is_left_when_a_wait_ends_in_any_other_way(leave):
    @every_schedule
    async def scenario(scheduler):
        async with open_system(scheduler=scheduler) as system:
            world = await ring(system, "ab", restart=Restart(limit=9))
            a, b = world.refs.values()

            async def fail(inbox):
                await trio.sleep(1)
                if leave == "crash":
                    raise Boom
                if leave == "stopped":
                    await b.stop()
                    raise Boom
                await trio.sleep(1 if leave == "no reply" else 10)

            async def wait(inbox):
                with trio.move_on_after(2 if leave == "cancelled" else 50):
                    try:
                        await b.ask(Do(fail), timeout=3 if leave == "timeout" else None)
                    except ActorError:
                        assert world.at_rest()

            if leave == "stopped":
                b = world.refs["b"] = await system.start(worker, name="c", restart=Restart(kind="temporary"))
            await a.tell(Do(wait))
            await trio.sleep(20)
            assert world.at_rest()
            assert a.statistics().restarts == 0

    scenario()


@every_schedule
async def test_an_actor_that_is_killed_or_crashes_while_it_waits_leaves_no_edge(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world = await ring(system, "ab", restart=Restart())
        a, b = world.refs.values()

        async def crash(inbox):
            async with trio.open_nursery() as nursery:
                nursery.start_soon(boom)
                await b.ask(Do(nap))

        async def nap(inbox):
            await trio.sleep(5)

        async def boom():
            await trio.sleep(1)
            raise Boom

        await a.tell(Do(crash))
        await trio.sleep(2)
        assert world.at_rest()
        assert a.statistics().restarts == 1
        await a.tell(Do(lambda inbox: b.ask(Do(nap))))
        await trio.sleep(1)
        await a.kill()
        assert world.at_rest()


async def test_a_crowd_that_waits_for_one_another_is_searched_once_each(autojump_clock):
    class Box:
        life = None

        def __init__(self, name):
            self.name, self.waits_for = name, None

    boxes = [Box(str(number)) for number in range(30)]

    class Open:
        def __init__(self, targets):
            self.targets = targets

        def open(self):
            return iter(self.targets)

    for number, box in enumerate(boxes):
        box.waits_for = Open(boxes[number + 1 :])
    refuse_circle(Box("asker"), boxes[0])  # over every way round it would take 2**28 steps


# Whatever they ask ----------------------------------------------------------------------------------------------------

ACTORS = 4
kinds = st.sampled_from(["ask", "ask", "ask_all", "tell", "stop", "drain"])
plans = st.recursive(
    st.just(()),
    lambda inner: st.lists(st.tuples(kinds, st.integers(0, ACTORS - 1), inner), max_size=2).map(tuple),
    max_leaves=6,
)


async def planned(inbox, refs, log):
    """Does what each message says: (kind, target, what the target does) in turn; then answers."""
    async for plan in inbox:
        for kind, target, then in plan:
            try:
                await perform(inbox, refs[target], kind, then)
            except (AskCycle, ActorStopped, NoReply, ExceptionGroup) as error:
                log.append(error)
        inbox.reply(None)


async def perform(inbox, ref, kind, then):
    match kind:
        case "ask":
            await ref.ask(then)
        case "ask_all":
            await ask_all([(ref, then), (ref, ())])
        case "tell":
            await ref.tell(then)
            await ref.tell(())
        case "stop" | "drain":
            await getattr(ref, kind)()


@settings(max_examples=300)
@given(
    programs=st.lists(st.tuples(st.integers(0, ACTORS - 1), plans), min_size=1, max_size=4),
    capacity=st.integers(1, 2),
    seed=st.integers(0, 2**16),
)
def test_whatever_actors_ask_of_one_another_nobody_hangs(programs, capacity, seed):
    refs, log = [], []

    async def scenario(scheduler):
        with trio.fail_after(1_000):
            async with open_system(scheduler=scheduler) as system:
                for number in range(ACTORS):
                    refs.append(await system.start(planned, refs, log, name=str(number), capacity=capacity))
                async with trio.open_nursery() as nursery:
                    for target, plan in programs:
                        nursery.start_soon(refs[target].tell, plan)

    run(scenario, controlled(seed))
    assert [ref.name for ref in refs if ref._inbox.waits_for is not None] == []


async def test_an_outsider_waits_for_whom_it_likes(autojump_clock):
    async with open_system() as system:
        ref = await system.start(echo)
        assert await ref.ask(1) == 1


async def asks_in_its_clean_up(inbox, killer, caught):
    """Is never done with its message; then asks the one that is handed in with it."""
    try:
        async for _ in inbox:
            await trio.sleep_forever()
    finally:
        with trio.CancelScope(shield=True):
            try:
                await killer["a"].ask(Do(lambda inbox: None))
            except AskCycle as error:
                caught.append(error.path)


@every_schedule
async def test_a_shielded_clean_up_that_asks_the_actor_which_killed_it_and_waits_is_told(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world, paths = await ring(system, "a"), []
        victim = await system.start(asks_in_its_clean_up, world.refs, paths, name="victim")
        await victim.tell("begin")
        await trio.sleep(1)
        with trio.fail_after(5):
            await world.refs["a"].ask(Do(lambda inbox: world.attempt(inbox, victim.kill)))
    assert paths == [("victim", "a", "victim")]
    assert world.caught == []


@every_schedule
async def test_a_wait_that_a_kill_has_cut_is_no_edge_although_its_task_has_not_run_since(scheduler):
    async with open_system(scheduler=scheduler) as system:
        world, gate = await ring(system), trio.Event()
        killer, victim, third = (world.refs[name] for name in "abc")

        async def asks_the_killer_when_the_gate_opens(inbox):
            await gate.wait()
            inbox.reply(await killer.ask(Do(lambda inbox: inbox.reply("here"))))

        async def opens_the_gate_and_kills(inbox):
            gate.set()
            await victim.kill()
            inbox.reply("killed")

        await third.tell(Do(asks_the_killer_when_the_gate_opens))
        await trio.sleep(1)
        await victim.tell(world.asking("c"))
        await trio.sleep(1)
        assert await killer.ask(Do(opens_the_gate_and_kills)) == "killed"
        await third.drain()
    assert world.caught == []


@every_schedule
async def test_who_is_killed_before_it_closes_a_circle_ends_as_killed_and_has_not_crashed(scheduler):
    ledger, gate = Ledger(), trio.Event()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        world = await ring(system)
        killer, victim = world.refs["a"], world.refs["b"]

        async def asks_when_the_gate_opens(_):
            await gate.wait()
            await killer.ask(Do(lambda _: None))

        async def opens_the_gate_and_kills(inbox):
            gate.set()
            await victim.kill()
            inbox.reply("killed")

        await victim.tell(Do(asks_when_the_gate_opens))
        await trio.sleep(1)
        assert await killer.ask(Do(opens_the_gate_and_kills)) == "killed"
        assert (await victim.ended()).reason == "killed"
    assert ledger.crashes == []


@every_schedule
async def test_a_circle_that_leads_through_two_systems_is_seen(scheduler):
    async with open_system("first", scheduler=scheduler) as first, open_system("second") as second:
        world = await ring(first, "a")
        world.refs |= (await ring(second, "b")).refs
        with trio.fail_after(5):
            await world.refs["a"].ask(world.asking("b", "a"))
    assert world.paths == [("b", "a", "b")]
