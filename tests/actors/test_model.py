"""A2, A4, A8, A10 as laws: random programs, random schedules, and an end at a random moment."""

import attrs
import trio
from hypothesis import given, settings
from hypothesis import strategies as st

from actors import (
    ActorCrashed,
    ActorStopped,
    AskTimeout,
    Backoff,
    HandlerTimeout,
    InboxFull,
    MessageDropped,
    NoReply,
    Restart,
    RestartLimitExceeded,
    open_system,
)
from tests.actors.parts import Boom, Ledger
from tests.actors.schedules import controlled, run

ACTORS = 3


@attrs.frozen
class Message:
    """What one sender sends as its Nth message, and what the actor shall do with it."""

    sender: int
    number: int
    work: str = attrs.field(eq=False)


@attrs.frozen
class Tick:
    """What a timer says, and in which life of its actor it was set."""

    life: int


@attrs.frozen
class Step:
    act: str
    target: int
    work: str
    pause: int


steps = st.builds(
    Step,
    act=st.sampled_from(
        ["tell"] * 4 + ["tell_nowait", "ask", "ask", "ask in time", "drain", "stop", "kill", "drain in time"]
    ),
    target=st.integers(0, ACTORS - 1),
    work=st.sampled_from(["reply", "reply", "nothing", "wait", "wait", "wait long", "forward", "crash", "set timers"]),
    pause=st.sampled_from([0, 0, 0, 1, 3]),
)
rules = st.sampled_from(
    [
        None,
        Restart(kind="temporary"),
        Restart(limit=2, within=10),
        Restart(limit=9, kind="permanent"),
        Restart(limit=3, backoff=Backoff(1, up_to=2)),
    ],
)
programs = st.lists(st.lists(steps, min_size=1, max_size=8), min_size=1, max_size=3)


@attrs.define
class World:
    """One run, with everything that senders and actors saw."""

    ledger: Ledger = attrs.field(factory=Ledger)
    refs: list = attrs.field(factory=list)
    taken: list = attrs.field(factory=list)
    sent: list = attrs.field(factory=list)
    maybe: list = attrs.field(factory=list)  # the sender was cut, or timed out: in the inbox or taken back
    open_asks: set = attrs.field(factory=set)
    outcomes: list = attrs.field(factory=list)
    lives: int = 0
    timers: int = 0
    stale: list = attrs.field(factory=list)


async def actor(inbox, index, world):
    world.lives += 1
    life = world.lives
    async for message in inbox:
        if isinstance(message, Tick):
            world.stale += [message] if message.life != life else []
            continue
        world.taken.append((index, message))
        match message.work:
            case "reply":
                inbox.reply(message)
            case "wait":
                await trio.sleep(1)
                inbox.reply(message)
            case "wait long":
                await trio.sleep(4)
                inbox.reply(message)
            case "set timers":
                inbox.once(1.5, Tick(life))
                inbox.every(0.4, Tick(life))
                world.timers += 2
            case "forward" if index:  # to an actor that was started before, so that no circle closes
                forwarded = Message(100 + index, len(world.taken), "nothing")
                await sending(world, forwarded, world.refs[index - 1].tell(forwarded))
            case "crash":
                raise Boom


async def sending(world, message, send):
    try:
        await send
    except InboxFull:
        return
    except trio.Cancelled:
        world.maybe.append(message)
        raise
    world.sent.append(message)


async def nowait(ref, message):
    ref.tell_nowait(message)


async def asking(world, ref, message, timeout):
    world.open_asks.add(message)
    try:
        reply = await ref.ask(message, timeout=timeout)
    except InboxFull:
        return
    except (ActorCrashed, ActorStopped, MessageDropped, NoReply) as error:
        world.outcomes.append((message, type(error)))
        world.sent.append(message)
    except AskTimeout:
        world.maybe.append(message)
    except trio.Cancelled:
        world.maybe.append(message)
        raise
    else:
        world.outcomes.append((message, "reply"))
        assert reply == message
        world.sent.append(message)
    finally:
        world.open_asks.remove(message)


async def perform(inbox, sender, program, world):
    async for _ in inbox:
        for number, step in enumerate(program):
            message, ref = Message(sender, number, step.work), world.refs[step.target]
            match step.act:
                case "tell":
                    await sending(world, message, ref.tell(message))
                case "tell_nowait":
                    await sending(world, message, nowait(ref, message))
                case "ask":
                    await asking(world, ref, message, None)
                case "ask in time":
                    await asking(world, ref, message, 1.5)
                case "drain" | "stop" | "kill":
                    await getattr(ref, step.act)()
                case "drain in time":
                    await ref.drain(timeout=1.5)
            if step.pause:
                await trio.sleep(step.pause)


async def play(scheduler, world, program, end, drain_timeout, **options):
    """The senders are actors too, so that the schedule decides about them as well."""
    try:
        with trio.move_on_after(end or float("inf")):
            async with open_system(observer=world.ledger, scheduler=scheduler, drain_timeout=drain_timeout) as system:
                for index in range(ACTORS):
                    world.refs.append(await system.start(actor, index, world, name=f"actor {index}", **options))
                for sender, steps in enumerate(program):
                    ref = await system.start(perform, sender, steps, world, name=f"sender {sender}")
                    ref.tell_nowait("go")
    except ExceptionGroup as group:
        assert {type(error) for error in group.exceptions} <= {Boom, HandlerTimeout, RestartLimitExceeded}
    return system


@settings(max_examples=300)
@given(
    program=programs,
    capacity=st.integers(1, 3),
    overflow=st.sampled_from(["block", "block", "fail", "drop_oldest", "drop_newest"]),
    restart=rules,
    seed=st.integers(0, 2**16),
    end=st.sampled_from([None, None, 0.5, 1, 2, 3]),
    handler_timeout=st.sampled_from([None, None, 0.5, 1.25]),
    drain_timeout=st.sampled_from([None, None, 2.25]),
)
def test_every_message_and_ask_has_one_fate_and_every_sender_its_order(*, program, seed, end, drain_timeout, **options):
    world = World()
    system = run(lambda scheduler: play(scheduler, world, program, end, drain_timeout, **options), controlled(seed))
    check_fates(world)
    assert world.stale == []
    check_order(world)
    check_counters(world, system)


def check_fates(world):
    ledger = world.ledger
    fates = [message for message in ledger.taken + ledger.dead if message != "go" and not isinstance(message, Tick)]
    sent = [*world.sent, *(message for message in world.maybe if message in ledger.entered + ledger.dead)]
    assert [message for message in sent if fates.count(message) != 1] == []
    assert set(fates) <= set(sent)
    assert world.open_asks == set()
    assert not any(isinstance(message, Tick) for message in ledger.dead)


def check_order(world):
    for index in range(ACTORS):
        mine = [message for target, message in world.taken if target == index]
        for sender in {message.sender for message in mine}:
            numbers = [message.number for message in mine if message.sender == sender]
            assert numbers == sorted(numbers)


def check_counters(world, system):
    dead = len(world.ledger.dead)
    assert (system.statistics().dead_letters, system.statistics().deadlines) == (dead, 0)
    for ref in world.refs:
        statistics = ref.statistics()
        assert (statistics.state, statistics.queued, statistics.waiting) == ("ended", 0, 0)
        assert statistics.peak <= statistics.capacity + world.timers
    assert sum(ref.statistics().handled for ref in world.refs) == sum(m != "go" for m in world.ledger.done)
