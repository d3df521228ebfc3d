"""A11 Seen: chosen context variables of the sender travel with a message."""

from contextvars import ContextVar

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from actors import Backoff, Conflate, Ended, Restart, ask_all, open_system
from tests.actors.parts import Boom, Ledger, gated, silent
from tests.actors.schedules import every_schedule

request: ContextVar[str] = ContextVar("request")
tenant: ContextVar[str] = ContextVar("tenant")


def seen():
    return request.get("unset"), tenant.get("unset")


async def teller(inbox, diary):
    """Writes down each message with the context it came in, and answers with that."""
    async for message in inbox:
        diary.append((message, *seen()))
        inbox.reply(seen())
    diary.append(("end", *seen()))


async def tell_as(ref, name, message):
    request.set(name)
    await ref.tell(message)


@every_schedule
async def test_a_tick_brings_along_the_context_in_which_its_timer_was_set(scheduler):
    diary = []

    async def retries(inbox):
        inbox.once(3, "nobody's")
        async for message in inbox:
            diary.append((message, *seen()))
            if message == "try":
                inbox.once(2, "again")

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(retries, context=(request,), handler_timeout=1)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tell_as, ref, "a", "try")
            await trio.sleep(1)
            nursery.start_soon(tell_as, ref, "b", "other")
        await trio.sleep(4)
    assert diary == [
        ("try", "a", "unset"),
        ("other", "b", "unset"),
        ("again", "a", "unset"),
        ("nobody's", "unset", "unset"),
    ]


@every_schedule
async def test_a_limited_handler_sees_the_senders_values_until_it_is_cut(scheduler):
    diary = []

    async def hangs(inbox):
        diary.append(("begin", *seen()))
        async for message in inbox:
            diary.append((message, *seen()))
            if message == "hang":
                await trio.sleep_forever()

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(hangs, context=(request,), handler_timeout=1, restart=Restart())
        async with trio.open_nursery() as nursery:
            nursery.start_soon(tell_as, ref, "a", "hang")
            await trio.sleep(0.5)
            nursery.start_soon(tell_as, ref, "b", "mail")
        await trio.sleep(2)
    assert diary == [
        ("begin", "unset", "unset"),
        ("hang", "a", "unset"),
        ("begin", "unset", "unset"),
        ("mail", "b", "unset"),
    ]


@every_schedule
async def test_the_handler_sees_the_senders_values_and_nothing_of_the_message_before(scheduler):
    diary = []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(teller, diary, context=(request,))
        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(tell_as, ref, name, name)
        await ref.tell("anonymous")
    assert sorted(diary[:3]) == [(name, name, "unset") for name in "abc"]
    assert diary[3:] == [("anonymous", "unset", "unset"), ("end", "unset", "unset")]


async def test_only_what_was_named_travels():
    async with open_system() as system:
        one = await system.start(teller, [], context=[request])
        both = await system.start(teller, [], context=[request, tenant, request])
        none = await system.start(teller, [])
        request.set("r")
        tenant.set("t")
        assert [await ref.ask("x") for ref in (one, both, none)] == [("r", "unset"), ("r", "t"), ("unset", "unset")]
        assert await ask_all([(one, 1), (both, 2)]) == [("r", "unset"), ("r", "t")]


async def test_what_the_starter_had_set_is_not_what_a_sender_without_values_means():
    request.set("of the starter")
    tenant.set("of the starter")
    diary = []
    async with open_system() as system:
        ref = await system.start(teller, diary, context=(request,))

        async def send():
            ref.tell_nowait("x")

        async with trio.open_nursery() as nursery:
            request.set("of the sender")
            nursery.start_soon(send)
    assert diary[0] == ("x", "of the sender", "of the starter")


@every_schedule
async def test_the_value_travels_on_with_what_the_handler_sends(scheduler):
    async def relay(inbox, target):
        async for message in inbox:
            inbox.reply(await target.ask(message))

    async with open_system(scheduler=scheduler) as system:
        last = await system.start(teller, [], context=(request,))
        first = await system.start(relay, last, context=(request,))
        request.set("r")
        assert await first.ask("x") == ("r", "unset")


async def test_a_handler_that_sets_the_variable_itself_spoils_nothing():
    async def setter(inbox):
        async for _ in inbox:
            inbox.reply(request.get("unset"))
            request.set("of the handler")

    async with open_system() as system:
        ref = await system.start(setter, context=(request,))
        assert await ref.ask("x") == "unset"
        request.set("r")
        assert await ref.ask("x") == "r"
        assert await ref.ask("x") == "r"


@every_schedule
async def test_a_sender_that_waited_for_a_place_is_remembered_as_it_was_when_it_began_to_wait(scheduler):
    diary = []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(teller, diary, context=(request,), capacity=1)
        for name in "abcdef":
            nursery.start_soon(tell_as, ref, name, name)
    assert sorted(diary[:-1]) == [(name, name, "unset") for name in "abcdef"]


@pytest.mark.parametrize(
    ("overflow", "expected"),
    [
        ("drop_oldest", [("3", "3"), ("4", "4")]),
        ("drop_newest", [("1", "1"), ("2", "2")]),
        (Conflate(int), [("1", "1"), ("2", "2")]),
        (Conflate(lambda _: "same"), [("4", "4")]),
    ],
)
async def test_every_overflow_rule_keeps_message_and_context_together(overflow, expected):
    diary, ledger = [], Ledger()
    async with open_system(observer=ledger) as system:
        ref = await system.start(teller, diary, context=(request,), overflow=overflow, capacity=2)
        for name in "1234":
            request.set(name)
            try:
                ref.tell_nowait(name)
            except Exception as error:
                assert (type(error).__name__, isinstance(overflow, Conflate)) == ("InboxFull", True)
    assert [row[:2] for row in diary[:-1]] == expected
    assert {type(message) for message in ledger.dead} <= {str}


async def test_a_notice_comes_with_nobodys_context():
    diary = []
    async with open_system() as system:
        other = await system.start(silent, name="other")

        async def watcher(inbox):
            inbox.watch(other)
            async for message in inbox:
                diary.append((type(message), *seen()))  # noqa: PERF401 - the values are those of each turn

        ref = await system.start(watcher, context=(request,))
        request.set("r")
        ref.tell_nowait("x")
        await wait_all_tasks_blocked()
        await other.stop()
    assert diary == [(str, "r", "unset"), (Ended, "unset", "unset")]


async def test_an_incarnation_begins_with_nobodys_context(autojump_clock):
    diary = []

    async def crasher(inbox):
        diary.append(("set-up", *seen()))
        async for message in inbox:
            diary.append((message, *seen()))
            if message == "crash":
                raise Boom

    async with open_system() as system:
        rule = Restart(limit=3, within=60.0, backoff=Backoff(1.0, up_to=1.0))
        ref = await system.start(crasher, context=(request,), restart=rule)
        request.set("r")
        ref.tell_nowait("crash")
        ref.tell_nowait("x")
    assert diary == [
        ("set-up", "unset", "unset"),
        ("crash", "r", "unset"),
        ("set-up", "unset", "unset"),
        ("x", "r", "unset"),
    ]


async def test_dead_letters_and_observers_see_the_message_as_it_was_sent(autojump_clock):
    ledger = Ledger()
    with pytest.raises(Boom):
        async with open_system(observer=ledger) as system:
            ref = await system.start(gated, trio.Event(), [], context=(request,))
            ref.tell_nowait("in hand")
            ref.tell_nowait("queued")
            await trio.sleep(1)
            raise Boom
    assert (ledger.entered, ledger.taken, ledger.dead) == (["in hand", "queued"], ["in hand"], ["queued"])


async def test_what_is_no_variable_is_refused_at_the_start():
    async with open_system() as system:
        with pytest.raises(TypeError) as caught:
            await system.start(silent, context=("request",))
    assert str(caught.value) == "context takes variables, ContextVar(...), not 'request': context=(request_id,)"
