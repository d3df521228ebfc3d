"""A3 Bounded: what each overflow rule keeps, drops and tells."""

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st
from pytest import RaisesGroup

from actors import (
    ActorStopped,
    AskTimeout,
    Conflate,
    DeadLetter,
    InboxFull,
    MessageDropped,
    Observer,
    Restart,
    Scheduler,
    ask_all,
    open_system,
)
from tests.actors.parts import Boom, Ledger, gated, silent
from tests.actors.schedules import controlled, every_schedule, run


@attrs.frozen
class Tick:
    symbol: object
    price: int


BY_SYMBOL = Conflate(lambda tick: tick.symbol)


async def busy(inbox, gate, seen):
    """Answers what it takes when ``gate`` opens."""
    async for message in inbox:
        seen.append(message)
        await gate.wait()
        inbox.reply(message)


@attrs.define
class Stage:
    """A busy actor that has one message in hand and an empty inbox."""

    ref: object
    gate: trio.Event
    seen: list
    ledger: Ledger
    outcomes: list = attrs.field(factory=list)

    async def ask(self, message, **options):
        try:
            self.outcomes.append(await self.ref.ask(message, **options))
        except Exception as error:
            self.outcomes.append(error)

    def told(self):
        return [(letter.message, letter.reason) for letter in self.ledger.letters]


async def on_stage(scheduler, overflow, play, *, capacity=2, first="in hand"):
    stage = Stage(None, trio.Event(), [], Ledger())
    async with (
        open_system(scheduler=scheduler, observer=stage.ledger) as system,
        trio.open_nursery() as nursery,
    ):
        stage.ref = await system.start(busy, stage.gate, stage.seen, name="a", capacity=capacity, overflow=overflow)
        await stage.ref.tell(first)
        await trio.sleep(1)
        await play(stage, nursery)
        stage.gate.set()
    return stage


@every_schedule
async def test_drop_oldest_keeps_the_newest_messages_in_order(scheduler):
    async def play(stage, _):
        for number in range(5):
            await stage.ref.tell(number)
        assert stage.ref.statistics().dropped == 3

    stage = await on_stage(scheduler, "drop_oldest", play)
    assert stage.seen == ["in hand", 3, 4]
    assert stage.ledger.letters == [DeadLetter("a", number, "dropped: drop_oldest") for number in range(3)]
    assert stage.ref.statistics().dead_letters == 3
    assert stage.ref.statistics().peak == 2


@every_schedule
async def test_drop_newest_keeps_what_is_queued(scheduler):
    async def play(stage, _):
        for number in range(5):
            await stage.ref.tell(number)
        assert stage.ref.statistics().dropped == 3

    stage = await on_stage(scheduler, "drop_newest", play)
    assert stage.seen == ["in hand", 0, 1]
    assert stage.told() == [(number, "dropped: drop_newest") for number in (2, 3, 4)]
    assert [message for message in stage.ledger.entered if message != "in hand"] == [0, 1]


@pytest.mark.parametrize("overflow", ["drop_oldest", "drop_newest"])
def test_tell_nowait_drops_by_the_same_rule(overflow):
    @every_schedule
    async def scenario(scheduler):
        async def play(stage, _):
            for number in range(3):
                stage.ref.tell_nowait(number)

        stage = await on_stage(scheduler, overflow, play, capacity=1)
        assert stage.seen[1:] == ([2] if overflow == "drop_oldest" else [0])

    scenario()


@every_schedule
async def test_who_asked_for_the_oldest_learns_that_it_was_dropped(scheduler):
    async def play(stage, nursery):
        nursery.start_soon(stage.ask, "old")
        await trio.sleep(1)
        await stage.ref.tell("new")
        await trio.sleep(1)
        (error,) = stage.outcomes
        assert type(error) is MessageDropped
        assert (error.actor, str(error)) == (
            "a",
            "the inbox of 'a' dropped 'old': its overflow rule is drop_oldest.",
        )

    stage = await on_stage(scheduler, "drop_oldest", play, capacity=1)
    assert stage.seen == ["in hand", "new"]
    assert len(stage.outcomes) == 1


@every_schedule
async def test_who_asks_last_learns_at_once_that_the_newest_is_dropped(scheduler):
    async def play(stage, _):
        await stage.ref.tell("old")
        with pytest.raises(MessageDropped, match="its overflow rule is drop_newest"):
            await stage.ref.ask("new")

    stage = await on_stage(scheduler, "drop_newest", play, capacity=1)
    assert stage.told() == [("new", "dropped: drop_newest")]


@every_schedule
async def test_a_scatter_that_overflows_names_each_ask_that_was_dropped(scheduler):
    async def play(stage, nursery):
        async def scatter():
            with RaisesGroup(MessageDropped, MessageDropped):
                await ask_all([(stage.ref, number) for number in range(4)])

        nursery.start_soon(scatter)
        await trio.sleep(1)

    stage = await on_stage(scheduler, "drop_oldest", play)
    assert stage.seen == ["in hand", 2, 3]


@every_schedule
async def test_an_asker_that_has_left_changes_nothing_about_what_is_dropped(scheduler):
    async def play(stage, _):
        with pytest.raises(AskTimeout):
            await stage.ref.ask("old", timeout=1)
        await stage.ref.tell("new")
        assert stage.told() == [("old", "dropped: drop_oldest")]

    stage = await on_stage(scheduler, "drop_oldest", play, capacity=1)
    assert stage.seen == ["in hand", "new"]


@pytest.mark.parametrize("overflow", ["block", "fail"])
def test_an_inbox_that_blocks_or_fails_drops_nothing(overflow):
    @every_schedule
    async def scenario(scheduler):
        async def play(stage, _):
            await stage.ref.tell("queued")
            with pytest.raises(InboxFull):
                stage.ref.tell_nowait("x")
            if overflow == "fail":
                with pytest.raises(InboxFull):
                    await stage.ref.tell("x")
                with pytest.raises(InboxFull):
                    await stage.ref.ask("x")
            assert stage.ref.statistics().dropped == 0

        stage = await on_stage(scheduler, overflow, play, capacity=1)
        assert stage.seen == ["in hand", "queued"]
        assert stage.ledger.letters == []

    scenario()


@pytest.mark.parametrize("overflow", ["fail", "drop_oldest", "drop_newest", BY_SYMBOL])
def test_an_actor_may_tell_itself_where_no_wait_would_come_of_it(overflow):
    @every_schedule
    async def scenario(scheduler):
        seen = []

        async def talkative(inbox):
            async for tick in inbox:
                seen.append(tick)
                if tick.price == 0:
                    for price in (1, 2):
                        try:
                            await ref.tell(Tick(price, price))
                        except InboxFull:
                            seen.append("full")

        async with open_system(scheduler=scheduler) as system:
            ref = await system.start(talkative, capacity=1, overflow=overflow)
            await ref.tell(Tick("x", 0))
            await trio.sleep(1)
        assert len(seen) == (2 if overflow in ("drop_oldest", "drop_newest") else 3)

    scenario()


@every_schedule
async def test_an_actor_that_drains_and_tells_itself_makes_a_dead_letter_of_it(scheduler):
    ledger = Ledger()

    async def persistent(inbox):
        async for _ in inbox:
            await trio.sleep(2)
            await ref.tell("again")

    async with open_system(scheduler=scheduler, observer=ledger) as system:
        ref = await system.start(persistent)
        await ref.tell("once")
        await trio.sleep(1)
    assert ledger.dead == ["again"]


@pytest.mark.parametrize("overflow", ["drop_oldest", BY_SYMBOL])
async def test_an_observer_that_raises_at_a_send_costs_the_dropped_asker_no_answer(overflow, autojump_clock):
    class Faulty(Observer):
        def sent(self, actor, message):
            if message.price == 2:
                raise Boom

    outcomes = []
    async with trio.open_nursery() as nursery, open_system(observer=Faulty()) as system:
        ref = await system.start(gated, trio.Event(), [], capacity=1, overflow=overflow)

        async def ask():
            try:
                await ref.ask(Tick("x", 1))
            except MessageDropped as error:
                outcomes.append(error)

        await ref.tell(Tick("x", 0))
        await trio.sleep(1)
        nursery.start_soon(ask)
        await trio.sleep(1)
        with pytest.raises(Boom):
            await ref.tell(Tick("x", 2))
        await trio.sleep(1)
        assert len(outcomes) == 1
        await ref.kill()


# Conflate -------------------------------------------------------------------------------------------------------------


@every_schedule
async def test_the_newer_message_takes_its_predecessors_place(scheduler):
    async def play(stage, _):
        for tick in (Tick("a", 1), Tick("b", 1), Tick("a", 2), Tick("b", 2), Tick("a", 3)):
            await stage.ref.tell(tick)
        assert stage.ref.statistics().queued == 2
        assert stage.ref.statistics().dropped == 3

    stage = await on_stage(scheduler, BY_SYMBOL, play, first=Tick("a", 0))
    assert stage.seen == [Tick("a", 0), Tick("a", 3), Tick("b", 2)]
    assert stage.told() == [(tick, "dropped: conflate") for tick in (Tick("a", 1), Tick("b", 1), Tick("a", 2))]
    assert {record.actor for record in stage.ledger.records} == {stage.ref.name}


@every_schedule
async def test_a_message_that_was_taken_up_is_no_predecessor(scheduler):
    async def play(stage, _):
        await stage.ref.tell(Tick("a", 1))
        assert stage.ref.statistics().dropped == 0

    stage = await on_stage(scheduler, BY_SYMBOL, play, first=Tick("a", 0))
    assert stage.seen == [Tick("a", 0), Tick("a", 1)]


@every_schedule
async def test_a_new_key_in_a_full_inbox_fails_and_an_old_one_does_not(scheduler):
    async def play(stage, _):
        await stage.ref.tell(Tick("a", 1))
        await stage.ref.tell(Tick("b", 1))
        with pytest.raises(InboxFull):
            await stage.ref.tell(Tick("c", 1))
        with pytest.raises(InboxFull):
            stage.ref.tell_nowait(Tick("c", 1))
        with pytest.raises(InboxFull):
            await stage.ref.ask(Tick("c", 1))
        await stage.ref.tell(Tick("b", 2))

    stage = await on_stage(scheduler, BY_SYMBOL, play, first=Tick("a", 0))
    assert stage.seen == [Tick("a", 0), Tick("a", 1), Tick("b", 2)]
    assert stage.told() == [(Tick("b", 1), "dropped: conflate")]


@every_schedule
async def test_who_asked_with_the_older_message_learns_that_it_was_dropped_and_the_newer_is_answered(scheduler):
    async def play(stage, nursery):
        nursery.start_soon(stage.ask, Tick("a", 1))
        await trio.sleep(1)
        nursery.start_soon(stage.ask, Tick("a", 2))
        await trio.sleep(1)
        assert [type(outcome) for outcome in stage.outcomes] == [MessageDropped]

    stage = await on_stage(scheduler, BY_SYMBOL, play, first=Tick("a", 0))
    assert stage.outcomes[1:] == [Tick("a", 2)]


class Awkward:
    def __hash__(self):
        raise Boom("no hash")


@pytest.mark.parametrize(
    ("symbol", "error"),
    [([], TypeError), (Awkward(), Boom), (None, ZeroDivisionError)],
    ids=["unhashable", "hash raises", "key raises"],
)
def test_a_key_that_cannot_be_made_comes_out_at_the_sender_and_changes_nothing(symbol, error):
    rule = Conflate(lambda tick: tick.symbol if tick.symbol is not None else 1 / 0)

    @every_schedule
    async def scenario(scheduler):
        async def play(stage, _):
            await stage.ref.tell(Tick("a", 1))
            before = stage.ref.statistics()
            with pytest.raises(error):
                await stage.ref.tell(Tick(symbol, 2))
            with pytest.raises(error):
                stage.ref.tell_nowait(Tick(symbol, 2))
            with pytest.raises(error):
                await stage.ref.ask(Tick(symbol, 2), timeout=1)
            with pytest.raises(error):
                await ask_all([(stage.ref, Tick(symbol, 2))])
            assert attrs.evolve(stage.ref.statistics(), age=None) == attrs.evolve(before, age=None)
            assert stage.ref._inbox.runtime.deadlines == 0

        stage = await on_stage(scheduler, rule, play, first=Tick("a", 0))
        assert stage.seen == [Tick("a", 0), Tick("a", 1)]

    scenario()


@pytest.mark.parametrize("order", ["drain", "stop", "kill"])
def test_conflation_ends_with_its_actor(order):
    @every_schedule
    async def scenario(scheduler):
        async def play(stage, nursery):
            await stage.ref.tell(Tick("a", 1))
            await stage.ref.tell(Tick("a", 2))
            nursery.start_soon(getattr(stage.ref, order))
            await trio.sleep(1)
            await stage.ref.tell(Tick("a", 3))
            with pytest.raises(ActorStopped):
                await stage.ref.ask(Tick("a", 4))
            assert stage.ref.statistics().dropped == 1

        stage = await on_stage(scheduler, BY_SYMBOL, play, first=Tick("a", 0))
        assert stage.seen[1:] == ([Tick("a", 2)] if order == "drain" else [])
        assert not stage.ref._inbox.keyed
        assert stage.ledger.faults([*(Tick("a", price) for price in range(5))], []) == []

    scenario()


@every_schedule
async def test_a_restart_keeps_conflation_right(scheduler):
    lives = []

    async def mortal(inbox):
        lives.append([])
        async for tick in inbox:
            lives[-1].append(tick)
            await trio.sleep(1)
            if tick.price < 0:
                raise Boom

    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(mortal, capacity=2, overflow=BY_SYMBOL, restart=Restart())
        await ref.tell(Tick("a", -1))
        await trio.sleep(0.5)
        await ref.tell(Tick("a", 1))
        await ref.tell(Tick("b", 1))
        await trio.sleep(1)
        await ref.tell(Tick("b", 2))
        await ref.tell(Tick("a", 2))
        assert ref.statistics().dropped == 1
    assert lives == [[Tick("a", -1)], [Tick("a", 1), Tick("b", 2), Tick("a", 2)]]


@every_schedule
async def test_news_of_an_end_do_not_upset_conflation(scheduler):
    async with open_system(scheduler=scheduler) as outside:
        other = await outside.start(silent)

        async def play(stage, _):
            await stage.ref.tell(Tick("a", 1))
            stage.ref._inbox.watch(other)
            await other.stop()
            await stage.ref.tell(Tick("b", 1)) if stage.ref.statistics().queued < 2 else None
            await stage.ref.tell(Tick("a", 2))

        stage = await on_stage(Scheduler(), BY_SYMBOL, play, first=Tick("a", 0))
    assert [getattr(message, "price", "news") for message in stage.seen] == [0, 2, "news"]
    assert stage.ref.statistics().dropped == 1


def oracle(acts, capacity):
    """What is taken, dropped and refused, with a dict in the order of its keys."""
    waiting, taken, dropped, refused = {}, [], [], []
    for act in acts:
        if act is None:
            if waiting:
                taken.append(waiting.pop(next(iter(waiting))))
        elif act.symbol in waiting:
            dropped.append(waiting[act.symbol])
            waiting[act.symbol] = act
        elif len(waiting) < capacity:
            waiting[act.symbol] = act
        else:
            refused.append(act)
    return taken, dropped, refused, list(waiting.values())


@given(
    symbols=st.lists(st.none() | st.sampled_from("abcd"), max_size=40),
    capacity=st.integers(1, 3),
    seed=st.integers(0, 2**16),
)
def test_conflation_does_what_a_dict_does(symbols, capacity, seed):
    acts = [None if symbol is None else Tick(symbol, number) for number, symbol in enumerate(symbols)]
    seen, refused, ledger = [], [], Ledger()

    async def stepwise(inbox):
        async for message in inbox:
            seen.append(message)
            await trio.sleep(1)

    async def scenario(scheduler):
        async with open_system(scheduler=scheduler, observer=ledger) as system:
            ref = await system.start(stepwise, capacity=capacity, overflow=BY_SYMBOL)
            ref.tell_nowait(Tick("first", -1))  # in hand, so that the rest waits
            await trio.sleep(0.5)
            for act in acts:
                if act is None:  # an idle actor takes a filler, which keeps it busy for the next step
                    if not ref.statistics().queued:
                        continue
                    await trio.sleep(1)
                    continue
                try:
                    ref.tell_nowait(act)
                except InboxFull:
                    refused.append(act)
            waiting.extend(entry[0] for entry in ref._inbox.queue)

    waiting = []
    run(scenario, controlled(seed))
    taken, dropped, expected_refused, rest = oracle(acts, capacity)
    assert ([tick for tick in seen if tick.price >= 0], ledger.dead) == (taken + rest, dropped)
    assert (refused, waiting) == (expected_refused, rest)
