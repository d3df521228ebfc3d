"""The table "what becomes of what" of docs/reference/actors.rst, row by row: six ways in which a life ends, one scene for all.

In the scene an actor with two places owes a deferred answer and has a message in hand whose asker waits. Behind it two messages are
queued, one told and one asked, and two senders wait for a place, one telling and one asking. Then its life ends.
"""

from collections.abc import Mapping
from functools import cache, partial

import attrs
import pytest
import trio
from pytest import RaisesGroup

from actors import (
    ActorError,
    ActorStatistics,
    ActorStopped,
    Ended,
    Reply,
    Restart,
    open_system,
)
from tests.actors.parts import Boom, Ledger, fragile, silent
from tests.actors.schedules import SCHEDULES, every_schedule

RULES: Mapping[str, Restart | None] = {
    "stop": Restart(),
    "drain": Restart(),
    "kill": Restart(),
    "crash": None,
    "restart": Restart(),
    "limit": Restart(limit=0),
}


@attrs.define
class Scene:
    """What was seen, under one schedule."""

    crash: Boom | None
    gate: trio.Event = attrs.field(factory=trio.Event)
    handled: list[str] = attrs.field(factory=list)
    lives: list[str] = attrs.field(factory=list)
    news: list[str] = attrs.field(factory=list)
    ends: list[str] = attrs.field(factory=list)
    answers: dict[str, str] = attrs.field(factory=dict)
    told: list[str] = attrs.field(factory=list)
    dead: dict[str, str] = attrs.field(factory=dict)
    left: str = "nothing"
    statistics: ActorStatistics | None = None
    living: list[str] = attrs.field(factory=list)
    owed: list[Reply] = attrs.field(factory=list)


async def subject(inbox, friend, scene):
    inbox.watch(friend)
    held = 0
    try:
        async for message in inbox:
            match message:
                case Ended(reason=reason):
                    scene.news.append(reason)
                    continue
                case "owe":
                    scene.owed.append(inbox.defer())
                    continue
                case "hold":
                    held += 1
                    await scene.gate.wait()
                    if scene.crash is not None:
                        raise scene.crash
            inbox.reply(f"{message} is done")
            scene.handled.append(message)
    finally:
        scene.lives.append(f"a life ends with held = {held}")


async def ask(ref, message, scene):
    try:
        answer = str(await ref.ask(message))
    except ActorError as error:
        begun = ", begun" if isinstance(error, ActorStopped) and error.begun else ""
        cause = "" if error.__cause__ is None else f", from {type(error.__cause__).__name__}"
        answer = f"{type(error).__name__}{begun}{cause}"
    scene.answers[message] = answer


async def tell(ref, message, scene):
    await ref.tell(message)
    scene.told.append(message)


async def mourn(ref, scene):
    scene.ends.append((await ref.ended()).reason)


async def play(how, scheduler) -> Scene:
    crash = Boom() if how in ("crash", "restart", "limit") else None
    scene, ledger = Scene(crash), Ledger()
    async with trio.open_nursery() as outside:
        try:
            async with open_system(scheduler=scheduler, observer=ledger) as system:
                friend = await system.start(silent, name="friend")
                ref = await system.start(subject, friend, scene, name="a", capacity=2, restart=RULES[how])
                await system.start(silent, name="z")
                await set_up(ref, outside, scene)
                if crash is None:
                    outside.start_soon(getattr(ref, how))
                    await trio.sleep(1)
                scene.gate.set()
                await trio.sleep(1)
                await friend.stop()
                await trio.sleep(1)
                look(ref, scene)
                scene.living = [each.name for each in system.tree().actors]
                if how != "restart":
                    await system.start(silent, name="a")  # or NameTaken
        except* Boom as group:
            scene.left = " of ".join(type(error).__name__ for error in chain_of(group))
            look(ref, scene)
    scene.dead = {str(letter.message): letter.reason for letter in ledger.letters}
    assert len(scene.dead) == len(ledger.letters)
    return scene


async def set_up(ref, outside, scene):
    outside.start_soon(mourn, ref, scene)
    for message in ("owe", "hold"):
        outside.start_soon(ask, ref, message, scene)
        await trio.sleep(1)
    await ref.tell("told")
    for send, message in ((ask, "asked"), (tell, "waiting tell"), (ask, "waiting ask")):
        outside.start_soon(send, ref, message, scene)
        await trio.sleep(1)
    assert (ref.statistics().queued, ref.statistics().waiting) == (2, 2)


def look(ref, scene):
    scene.statistics = ref.statistics()
    scene.ends.append("looked")
    ref.tell_nowait("late")


def chain_of(error):
    while isinstance(error, BaseExceptionGroup):
        yield error
        (error,) = error.exceptions
    yield error


@cache
def scenes(how) -> list[Scene]:
    return [schedule.run(partial(play, how)) for schedule in SCHEDULES]


def fates(how, show):
    """What is seen of it, under whichever schedule: one entry, unless schedules differ."""
    different = []
    for scene in scenes(how):
        fate = show(scene)
        if fate not in different:
            different.append(fate)
    return different


@pytest.mark.parametrize(
    ("how", "fate"),
    [
        ("stop", (True, None)),
        ("drain", (True, None)),
        ("kill", (False, None)),
        ("crash", (False, None)),
        ("restart", (False, None)),
        ("limit", (False, None)),
    ],
)
def test_the_message_in_hand(how, fate):
    assert fates(how, lambda scene: ("hold" in scene.handled, scene.dead.get("hold"))) == [fate]


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("stop", "hold is done"),
        ("drain", "hold is done"),
        ("kill", "ActorStopped, begun"),
        ("crash", "ActorCrashed, from Boom"),
        ("restart", "ActorCrashed, from Boom"),
        ("limit", "ActorCrashed, from Boom"),
    ],
)
def test_who_asked_for_the_message_in_hand(how, answer):
    assert fates(how, lambda scene: scene.answers["hold"]) == [answer]


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("stop", "ActorStopped, begun"),
        ("drain", "ActorStopped, begun"),
        ("kill", "ActorStopped, begun"),
        ("crash", "ActorStopped, begun, from Boom"),
        ("restart", "ActorStopped, begun, from Boom"),
        ("limit", "ActorStopped, begun, from Boom"),
    ],
)
def test_deferred_answers(how, answer):
    assert fates(how, lambda scene: scene.answers["owe"]) == [answer]


@pytest.mark.parametrize(
    ("how", "handled", "reason"),
    [
        ("stop", [], "stopped"),
        ("drain", ["told", "asked"], None),
        ("kill", [], "killed"),
        ("crash", [], "crashed"),
        ("restart", ["told", "asked"], None),
        ("limit", [], "crashed"),
    ],
)
def test_queued_messages(how, handled, reason):
    queued = ("told", "asked")
    assert fates(how, lambda scene: [each for each in scene.handled if each in queued]) == [handled]
    assert fates(how, lambda scene: {scene.dead.get(each) for each in queued}) == [{reason}]


@pytest.mark.parametrize(
    ("how", "answer"),
    [
        ("stop", "ActorStopped"),
        ("drain", "asked is done"),
        ("kill", "ActorStopped"),
        ("crash", "ActorStopped, from Boom"),
        ("restart", "asked is done"),
        ("limit", "ActorStopped, from RestartLimitExceeded"),
    ],
)
def test_who_asked_and_is_queued(how, answer):
    assert fates(how, lambda scene: scene.answers["asked"]) == [answer]


@pytest.mark.parametrize(
    ("how", "handled", "reason", "answer"),
    [
        ("stop", [], "stopping", "ActorStopped"),
        ("drain", [], "draining", "ActorStopped"),
        ("kill", [], "killed", "ActorStopped"),
        ("crash", [], "crashed", "ActorStopped, from Boom"),
        ("restart", ["waiting tell", "waiting ask"], None, "waiting ask is done"),
        ("limit", [], "crashed", "ActorStopped, from RestartLimitExceeded"),
    ],
)
def test_senders_that_wait_for_a_place(how, handled, reason, answer):
    waiting = ("waiting tell", "waiting ask")
    assert fates(how, lambda scene: [each for each in scene.handled if each in waiting]) == [handled]
    assert fates(how, lambda scene: {scene.dead.get(each) for each in waiting}) == [{reason}]
    assert fates(how, lambda scene: scene.answers["waiting ask"]) == [answer]
    assert fates(how, lambda scene: scene.told) == [["waiting tell"]]  # woken, each time


@pytest.mark.parametrize(
    ("how", "handled", "reason"),
    [
        ("stop", False, "ended"),
        ("drain", False, "ended"),
        ("kill", False, "ended"),
        ("crash", False, "ended"),
        ("restart", True, None),
        ("limit", False, "ended"),
    ],
)
def test_what_is_sent_afterwards(how, handled, reason):
    assert fates(how, lambda scene: ("late" in scene.handled, scene.dead.get("late"))) == [(handled, reason)]


@pytest.mark.parametrize(
    ("how", "lives"),
    [
        ("stop", ["a life ends with held = 1"]),
        ("drain", ["a life ends with held = 1"]),
        ("kill", ["a life ends with held = 1"]),
        ("crash", ["a life ends with held = 1"]),
        ("restart", ["a life ends with held = 1", "a life ends with held = 0"]),
        ("limit", ["a life ends with held = 1"]),
    ],
)
def test_local_variables_and_finally(how, lives):
    assert fates(how, lambda scene: scene.lives) == [lives]


@pytest.mark.parametrize(
    ("how", "ends"),
    [
        ("stop", ["stopped", "looked"]),
        ("drain", ["drained", "looked"]),
        ("kill", ["killed", "looked"]),
        ("crash", ["crashed", "looked"]),
        ("restart", ["looked", "drained"]),
        ("limit", ["crashed", "looked"]),
    ],
)
def test_who_watches_it(how, ends):
    # where the block ends by the crash, who waits outside runs before it or after it
    assert sorted(fates(how, lambda scene: sorted(scene.ends) if scene.left != "nothing" else scene.ends)) == [ends]


@pytest.mark.parametrize(
    ("how", "living"),
    [
        ("stop", ["z"]),
        ("drain", ["z"]),
        ("kill", ["z"]),
        ("crash", []),
        ("restart", ["a", "z"]),
        ("limit", []),
    ],
)
def test_the_name_and_the_place_in_start_order(how, living):
    """Where the actor ended and the system did not, the scene starts another one of its name."""
    assert fates(how, lambda scene: scene.living) == [living]


@pytest.mark.parametrize("how", RULES)
def test_whom_it_watches(how):
    assert fates(how, lambda scene: scene.news) == [["stopped"] if how == "restart" else []]
    assert fates(how, lambda scene: [each for each in scene.dead if "friend" in each]) == [[]]


@pytest.mark.parametrize(
    ("how", "handled", "dead_letters", "restarts"),
    [
        ("stop", 2, 4, 0),
        ("drain", 4, 2, 0),
        ("kill", 1, 4, 0),
        ("crash", 1, 4, 0),
        ("restart", 6, 0, 1),
        ("limit", 1, 4, 0),
    ],
)
def test_statistics(how, handled, dead_letters, restarts):
    expected = (handled, dead_letters, restarts, 2)
    assert fates(how, lambda scene: counters(scene.statistics)) == [expected]


def counters(now):
    return (now.handled, now.dead_letters, now.restarts, now.peak)


@pytest.mark.parametrize(
    ("how", "left"),
    [
        ("stop", "nothing"),
        ("drain", "nothing"),
        ("kill", "nothing"),
        ("crash", "ExceptionGroup of Boom"),
        ("restart", "nothing"),
        ("limit", "ExceptionGroup of RestartLimitExceeded of Boom"),
    ],
)
def test_what_leaves_the_block(how, left):
    assert fates(how, lambda scene: scene.left) == [left]


@every_schedule
async def test_a_crash_with_the_last_message_of_a_drain_is_not_restarted_and_not_lost(scheduler):
    with RaisesGroup(Boom):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(fragile, restart=Restart())
            await ref.tell(Boom())
            await ref.drain()
            await trio.sleep_forever()
    assert (ref.ending.reason, ref.statistics().restarts) == ("crashed", 0)
