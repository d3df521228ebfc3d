"""A4 Every ask resolves exactly once."""

import gc
import weakref

import pytest
import trio

from actors import (
    ActorCrashed,
    ActorError,
    ActorStopped,
    AlreadyReplied,
    AskTimeout,
    InboxFull,
    NoReply,
    Restart,
    ask_all,
    open_system,
)
from tests.actors.parts import Boom, Do, Ledger, echo, fragile, gated, hang, silent, worker
from tests.actors.schedules import every_schedule


class Unprintable:
    def __repr__(self) -> str:
        raise Boom("no repr")


def collector(replies):
    """An actor that defers every answer and keeps the handles."""

    async def behaviour(inbox):
        async for _ in inbox:
            replies.append(inbox.defer())

    return behaviour


async def refusal(action) -> str:
    """The text of the error that ``action`` raises inside an actor."""
    texts = []

    def act(inbox):
        try:
            action(inbox)
        except ActorError as error:
            texts.append(f"{type(error).__name__}: {error}")

    async with open_system() as system:
        ref = await system.start(worker, name="clerk")
        await ref.tell(Do(act))
    return texts[0].replace(repr(Do(act)), "MESSAGE")


@every_schedule
async def test_an_ask_returns_the_reply(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(echo)
        assert [await ref.ask(number) for number in range(3)] == [0, 1, 2]


@every_schedule
async def test_ask_all_returns_the_replies_in_the_order_of_the_pairs(scheduler):
    async with open_system(scheduler=scheduler) as system:
        refs = [await system.start(echo) for _ in range(3)]
        assert await ask_all([(ref, number) for number, ref in enumerate(reversed(refs))]) == [0, 1, 2]


@every_schedule
async def test_one_actor_may_be_asked_twice_in_one_scatter_with_a_full_inbox(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(echo, capacity=1)
        assert await ask_all([(ref, number) for number in range(5)], timeout=1) == [0, 1, 2, 3, 4]


async def test_asking_nobody_returns_at_once_with_nothing():
    assert await ask_all([]) == []


async def test_ask_all_raises_the_one_error_as_it_is(autojump_clock):
    async with open_system() as system:
        good, bad = await system.start(echo), await system.start(silent, name="mute")
        with pytest.raises(NoReply, match="'mute' finished 'y' without a reply"):
            await ask_all([(good, "x"), (bad, "y")])


async def test_ask_all_raises_several_errors_as_a_group_once_all_are_settled(autojump_clock):
    async with open_system() as system:
        mute, stuck = await system.start(silent), await system.start(gated, trio.Event(), [])
        with pytest.raises(ExceptionGroup, match="2 of 2 asks failed") as caught:
            await ask_all([(stuck, "x"), (mute, "y")], timeout=3)
        assert [type(error) for error in caught.value.exceptions] == [AskTimeout, NoReply]
        await stuck.kill()


@every_schedule
async def test_an_asker_learns_that_the_handler_finished_without_a_reply(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(silent, name="mute")
        with pytest.raises(NoReply) as caught:
            await ref.ask("x")
    assert str(caught.value) == "'mute' finished 'x' without a reply: call inbox.reply(value), or inbox.defer()."


@every_schedule
async def test_an_actor_that_returns_in_mid_message_has_finished_it_without_a_reply(scheduler):
    async def once(inbox):
        async for _ in inbox:
            return

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(once)
        with pytest.raises(NoReply):
            await ref.ask("x")


@every_schedule
async def test_an_asker_learns_of_the_crash_with_the_original_error_as_its_cause(scheduler):
    error, caught = Boom("bad tick"), []

    async def asker(inbox, ref):
        async for _ in inbox:
            try:
                await ref.ask(error)
            except ActorCrashed as crash:
                caught.append(crash)

    with pytest.raises(ExceptionGroup):
        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(fragile, name="thin")
            await (await system.start(asker, ref)).tell("go")
            await trio.sleep_forever()
    assert caught[0].__cause__ is error
    assert str(caught[0]) == (
        "'thin' crashed while it handled Boom('bad tick'): the cause above tells why. Part of the work may be done."
    )


@every_schedule
async def test_those_who_wait_behind_a_crash_learn_that_nothing_was_done_for_them(scheduler):
    outcomes = {}

    async def ask(ref, message):
        with trio.CancelScope(shield=True):
            try:
                await ref.ask(message)
            except (ActorStopped, ActorCrashed) as error:
                outcomes[message] = error

    async def crash_later(inbox):
        async for _ in inbox:
            await trio.sleep(1)
            raise Boom

    with pytest.raises(ExceptionGroup):
        async with trio.open_nursery() as outside, open_system(scheduler=scheduler) as system:
            ref = await system.start(crash_later, name="thin", capacity=1)
            for message in ("in hand", "queued", "blocked"):
                outside.start_soon(ask, ref, message)
                await trio.testing.wait_all_tasks_blocked()
            await trio.sleep_forever()
    assert [type(outcomes[message]) for message in ("in hand", "queued", "blocked")] == [
        ActorCrashed,
        ActorStopped,
        ActorStopped,
    ]
    assert {type(error.__cause__) for error in outcomes.values()} == {Boom}


@every_schedule
async def test_an_ask_to_an_actor_that_has_ended_says_that_it_may_be_asked_elsewhere(scheduler):
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(echo, name="gone")
        await ref.stop()
        with pytest.raises(ActorStopped) as caught:
            await ref.ask("x")
    assert str(caught.value) == "'gone' has stopped; it never handled 'x', so it is safe to ask another."
    assert not caught.value.begun


async def asked_until(end, behaviour):
    """The error of an ask that is in hand when ``end`` ends its actor."""
    errors = []

    async def asker(ref):
        with pytest.raises(ActorStopped) as caught:
            await ref.ask("x")
        errors.append(caught.value)

    async with trio.open_nursery() as nursery, open_system() as system:
        ref = await system.start(behaviour, name="cut")
        nursery.start_soon(asker, ref)
        await trio.testing.wait_all_tasks_blocked()
        await end(ref)
    return errors[0]


async def test_an_ask_that_a_kill_cut_does_not_claim_that_nothing_was_done(autojump_clock):
    async def stuck(inbox):
        async for _ in inbox:
            await trio.sleep_forever()

    error = await asked_until(lambda ref: ref.kill(), stuck)
    assert str(error) == "'cut' ended before it answered 'x': part of the work may be done."
    assert error.begun


async def test_an_actor_that_ends_owes_its_deferred_answers(autojump_clock):
    error = await asked_until(lambda ref: ref.stop(), collector([]))
    assert str(error) == "'cut' ended before it answered 'x': part of the work may be done."
    assert error.begun


@every_schedule
async def test_a_deferred_answer_can_come_from_anybody_later(scheduler):
    replies = []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(collector(replies))

        async def answer():
            await trio.sleep(5)
            replies[0].send("later")

        nursery.start_soon(answer)
        assert await ref.ask("x") == "later"


@every_schedule
async def test_deferred_answers_may_be_given_in_any_order(scheduler):
    async def reverse(inbox):
        held = []
        async for _ in inbox:
            held.append(inbox.defer())
            if len(held) == 3:
                for reply in reversed(held):
                    reply.send(reply.message * 10)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(reverse)
        assert await ask_all([(ref, 1), (ref, 2), (ref, 3)]) == [10, 20, 30]


async def test_an_actor_that_ends_settles_its_deferred_answers_in_the_order_of_the_messages(autojump_clock):
    """A set of handles would have an order of its own in each process, and with it every schedule."""
    replies = []
    async with open_system() as system:
        ref = await system.start(collector(replies))
        with trio.move_on_after(1):
            await ask_all([(ref, number) for number in range(10)])
        assert list(ref._inbox.deferred) == replies


async def test_a_deferred_answer_is_given_once(autojump_clock):
    replies = []
    async with open_system() as system, trio.open_nursery() as nursery:
        ref = await system.start(collector(replies), name="clerk")
        nursery.start_soon(ref.ask, "x")
        await trio.testing.wait_all_tasks_blocked()
        replies[0].send(1)
        with pytest.raises(AlreadyReplied) as caught:
            replies[0].send(2)
    assert str(caught.value) == "'clerk' has already answered 'x', or handed its answer out with defer()."


async def test_a_deferred_answer_to_a_message_that_was_told_is_dropped_and_not_kept(autojump_clock):
    replies = []
    async with open_system() as system:
        ref = await system.start(collector(replies))
        await ref.tell("x")
        await trio.testing.wait_all_tasks_blocked()
        assert not ref._inbox.deferred
        replies.pop().send("ignored")
    assert ref.statistics().late_replies == 0


@every_schedule
async def test_who_asked_gets_the_first_answer_and_the_second_is_refused(scheduler):
    caught = []

    def answer_twice(inbox):
        inbox.reply("first")
        with pytest.raises(AlreadyReplied) as raised:
            inbox.reply("second")
        caught.append(raised.value)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(worker, name="a")
        assert await ref.ask(Do(answer_twice)) == "first"
    assert [type(error) for error in caught] == [AlreadyReplied]


@every_schedule
async def test_a_deferred_answer_that_was_given_is_not_kept_whoever_gives_it_and_in_whatever_order(scheduler):
    replies = []
    async with open_system(scheduler=scheduler) as system, trio.open_nursery() as nursery:
        ref = await system.start(collector(replies))
        nursery.start_soon(ref.ask, "asked")
        await trio.sleep(1)
        await ref.tell("told")
        await trio.sleep(1)
        asked, told = replies
        told.send("to nobody")
        assert list(ref._inbox.deferred) == [asked]
        asked.send("to the asker")
        assert not ref._inbox.deferred


async def test_who_waits_for_a_deferred_answer_learns_of_the_crash_that_ended_the_life_which_owed_it(autojump_clock):
    errors, boom = [], Boom()

    async def defers_and_crashes(inbox):
        async for message in inbox:
            if message is boom:
                raise boom
            inbox.defer()

    async def asker(ref):
        try:
            await ref.ask("x")
        except ActorStopped as error:
            errors.append(error)

    async with open_system() as system, trio.open_nursery() as nursery:
        ref = await system.start(defers_and_crashes, restart=Restart())
        nursery.start_soon(asker, ref)
        await trio.sleep(1)
        await ref.tell(boom)
        await trio.sleep(1)
    assert [error.__cause__ for error in errors] == [boom]


async def test_every_answer_that_comes_too_late_counts(autojump_clock):
    replies = []
    async with open_system() as system:
        ref = await system.start(collector(replies))
        for message in "xyz":
            with pytest.raises(AskTimeout):
                await ref.ask(message, timeout=1)
        for reply in replies:
            reply.send("too late")
    assert (ref.statistics().late_replies, system.statistics().late_replies) == (3, 3)


@every_schedule
async def test_an_ask_to_one_who_is_to_end_leaves_a_dead_letter_that_says_so(scheduler):
    ledger, gate = Ledger(), trio.Event()
    async with open_system(scheduler=scheduler, observer=ledger) as system, trio.open_nursery() as nursery:
        ref = await system.start(gated, gate, [], name="a")
        await ref.tell("in hand")
        await trio.sleep(1)
        nursery.start_soon(ref.drain)
        await trio.sleep(1)
        with pytest.raises(ActorStopped):
            await ref.ask("late")
        gate.set()
    assert [(letter.message, letter.reason) for letter in ledger.letters] == [("late", "draining")]


async def test_a_deferred_answer_after_the_end_is_late(autojump_clock):
    replies = []
    async with open_system() as system, trio.open_nursery() as nursery:
        ref = await system.start(collector(replies))

        async def asker():
            with pytest.raises(ActorStopped):
                await ref.ask("x")

        nursery.start_soon(asker)
        await trio.testing.wait_all_tasks_blocked()
        await ref.stop()
        replies[0].send("too late")
    assert system.statistics().late_replies == 1


def twice(inbox):
    inbox.reply(1)
    inbox.reply(2)


def reply_after_defer(inbox):
    inbox.defer()
    inbox.reply(2)


def defer_after_reply(inbox):
    inbox.reply(1)
    inbox.defer()


@pytest.mark.parametrize("action", [twice, reply_after_defer, defer_after_reply])
async def test_a_message_is_answered_once(action):
    assert await refusal(action) == (
        "AlreadyReplied: 'clerk' has already answered MESSAGE, or handed its answer out with defer()."
    )


@pytest.mark.parametrize(("action", "verb"), [(lambda i: i.reply(1), "reply to"), (lambda i: i.defer(), "defer")])
async def test_without_a_message_in_hand_there_is_nothing_to_answer(action, verb):
    async def eager(inbox):
        action(inbox)

    async with open_system() as system:
        with pytest.raises(ActorError, match=f"^'eager-1' has no message in hand to {verb}$"):
            await system.start(eager)


@every_schedule
async def test_an_asker_that_is_cancelled_cuts_no_handler(scheduler):
    done = []

    async def slow(inbox):
        async for message in inbox:
            await trio.sleep(10)
            done.append(message)
            inbox.reply(None)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(slow)
        with trio.move_on_after(1):
            await ref.ask("in hand")
        with trio.move_on_after(1):
            await ref.ask("queued")
    assert done == ["in hand", "queued"]
    assert system.statistics().late_replies == 2


@every_schedule
async def test_a_reply_after_the_timeout_is_counted_and_goes_nowhere(scheduler):
    async def slow(inbox):
        async for message in inbox:
            await trio.sleep(3)
            inbox.reply(message)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(slow)
        with pytest.raises(AskTimeout):
            await ref.ask("first", timeout=1)
        assert await ref.ask("second", timeout=30) == "second"
        assert ref.statistics().late_replies == 1


@every_schedule
async def test_an_ask_to_an_actor_that_stops_meanwhile_resolves(scheduler):
    """The race that leaves askers of other libraries waiting for ever."""
    outcomes = []

    async def asker(inbox, ref):
        async for number in inbox:
            try:
                outcomes.append(await ref.ask(number) == number)
            except ActorStopped:
                outcomes.append(True)

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(echo)
        askers = [await system.start(asker, ref) for _ in range(4)]
        for number, each in enumerate(askers):
            await each.tell(number)
        await ref.stop()
    assert outcomes == [True] * 4


@every_schedule
async def test_an_ask_between_two_systems_resolves(scheduler):
    async def through(inbox, other):
        async for message in inbox:
            inbox.reply(await other.ask(message))

    async with open_system("far") as far, open_system("near", scheduler=scheduler) as near:
        ref = await near.start(through, await far.start(echo))
        assert await ref.ask("x") == "x"


async def test_asking_the_dead_again_and_again_lets_others_run(autojump_clock):
    async with open_system() as system:
        ref = await system.start(echo)
        await ref.stop()
        with trio.move_on_after(0):
            for _ in range(10):
                with pytest.raises(ActorStopped):
                    await ref.ask("anybody?")
            pytest.fail("ten asks without a checkpoint")


async def test_an_ask_works_after_its_system_has_ended():
    async with open_system() as system:
        ref = await system.start(echo, name="gone")
    with pytest.raises(ActorStopped, match=r"^'gone' has stopped"):
        await ref.ask("x", timeout=1)


async def test_a_message_that_cannot_be_printed_still_gets_its_error(autojump_clock):
    async with open_system() as system:
        ref = await system.start(gated, trio.Event(), [], name="slow")
        with pytest.raises(AskTimeout, match=r"^'slow' did not reply to <Unprintable instance at 0x.* within 1 s"):
            await ref.ask(Unprintable(), timeout=1)
        await ref.kill()


async def test_a_long_message_is_cut_short_in_an_error(autojump_clock):
    async with open_system() as system:
        ref = await system.start(silent)
        with pytest.raises(NoReply) as caught:
            await ref.ask("x" * 1_000_000)
    assert len(str(caught.value)) < 400


async def test_an_asker_that_left_is_not_kept_alive_by_the_one_it_asked(autojump_clock):
    gate = trio.Event()
    async with open_system() as system:
        ref = await system.start(gated, gate, [])
        with trio.move_on_after(1):
            await ref.ask("x")
        gate.set()
        await trio.testing.wait_all_tasks_blocked()
        gc.collect()
        assert ref._inbox.asked is None
        assert not ref._mourners


async def test_waiting_for_an_end_in_vain_leaves_nothing_behind(autojump_clock):
    async with open_system() as system:
        ref = await system.start(hang_after_start)
        for _ in range(10):
            with trio.move_on_after(1):
                await ref.stop()
        assert not ref._mourners
        await ref.kill()


async def hang_after_start(inbox):
    async for _ in inbox:
        pass
    await hang(inbox)


@every_schedule
async def test_an_ask_that_left_a_full_inbox_is_neither_handled_nor_dead(scheduler):
    ledger, gate = Ledger(), trio.Event()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(gated, gate, [], capacity=1)
        await ref.tell("in hand")
        await trio.sleep(1)
        await ref.tell("queued")
        with pytest.raises(AskTimeout):
            await ref.ask("timed out", timeout=1)
        with trio.move_on_after(1):
            await ref.ask("cancelled")
        await ref.kill()
    assert ledger.taken + ledger.dead == ["in hand", "queued"]


@pytest.mark.parametrize("timeout", [-1, float("inf"), float("nan")])
async def test_a_timeout_that_is_no_span_of_time_is_refused_before_anything_is_sent(timeout):
    ledger = Ledger()
    async with open_system(observer=ledger) as system:
        ref = await system.start(echo)
        with pytest.raises(ValueError, match="timeout must be a finite number of seconds, zero or more, not"):
            await ref.ask("x", timeout=timeout)
        with pytest.raises(ValueError, match=f"not {timeout!r}"):
            await ask_all([(ref, "x")], timeout=timeout)
    assert ledger.entered == []


@every_schedule
async def test_an_ask_that_finds_a_full_inbox_that_fails_leaves_the_others_of_its_scatter_settled(scheduler):
    async with open_system(scheduler=scheduler) as system:
        full = await system.start(gated, trio.Event(), [], capacity=1, overflow="fail")
        free = await system.start(echo)
        await full.tell("in hand")
        await trio.sleep(1)
        await full.tell("queued")
        with pytest.raises(InboxFull):
            await ask_all([(free, "a"), (full, "b"), (free, "c")])
        assert free.statistics().handled == 2
        await full.kill()


@pytest.mark.parametrize(
    "question",
    [
        lambda mute, _: mute.ask(1),
        lambda mute, _: ask_all([(mute, 1)]),
        lambda mute, _: ask_all([(mute, 1), (mute, 2)]),
        lambda _, fragile: fragile.ask(Boom("x")),
    ],
    ids=["ask", "ask_all, one fails", "ask_all, two fail", "a crash"],
)
async def test_the_error_of_an_ask_is_freed_at_once_when_its_asker_is_done_with_it(question, autojump_clock):
    async with open_system() as system:
        mute = await system.start(silent)
        brittle = await system.start(fragile, restart=Restart(limit=1, within=0.1))
        errors = []
        gc.collect()
        gc.disable()  # what waits for a collection is a leak, while nobody collects
        try:
            try:
                await question(mute, brittle)
            except (ActorError, ExceptionGroup) as error:
                errors.append(weakref.ref(error))
            await trio.sleep(1)
            assert [error() for error in errors] == [None]
        finally:
            gc.enable()


async def test_an_actor_that_has_ended_is_freed_at_once_when_nobody_holds_its_ref(autojump_clock):
    async with open_system() as system:
        ref = await system.start(worker)
        inboxes = []
        await ref.tell(Do(lambda inbox: inboxes.append(weakref.ref(inbox.ref))))
        gc.collect()
        gc.disable()
        try:
            await ref.drain()
            del ref
            await trio.sleep(1)
            assert [inbox() for inbox in inboxes] == [None]
        finally:
            gc.enable()
