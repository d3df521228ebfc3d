"""Complaints 13, 14 and 15 of users of other actor libraries, as tests of this one: traces, repeatable tests, news."""

from contextlib import suppress
from contextvars import ContextVar

import attrs
import pytest
import trio

from actors import ActorStopped, AskTimeout, Conflate, Restart, open_system
from tests.actors.parts import Boom, Ledger, echo, fragile, gated
from tests.actors.schedules import SEEDS, Schedule, controlled, every_schedule

REQUEST = ContextVar("REQUEST", default="none")

# 13 Tracing and metadata without polluting messages -------------------------------------------------------------------


@every_schedule
async def test_13_a_requests_id_travels_over_tells_and_asks_and_stands_in_no_message(scheduler):
    """kquick#88, protoactor-go#1115"""
    seen = []

    async def first(inbox, following):
        async for message in inbox:
            seen.append((inbox.name, message, REQUEST.get()))
            inbox.reply(await following.ask(message))

    async def second(inbox):
        async for message in inbox:
            seen.append((inbox.name, message, REQUEST.get()))
            inbox.reply(message)

    async def request(number):
        REQUEST.set(f"request {number}")
        await ref.ask(number)

    async with open_system(scheduler=scheduler) as system:
        end = await system.start(second, name="second", context=(REQUEST,))
        ref = await system.start(first, end, name="first", context=(REQUEST,))
        async with trio.open_nursery() as nursery:
            for number in range(3):
                nursery.start_soon(request, number)
    assert sorted(seen) == [(name, number, f"request {number}") for name in ("first", "second") for number in range(3)]


async def test_13_what_travels_does_not_pile_up_hop_by_hop(autojump_clock):
    """kameo#346, #382: spans nested without bound"""
    hops = []

    async def player(inbox, others):
        async for message in inbox:
            hops.append(REQUEST.get())
            if message:
                await others[0].tell(message - 1)

    async with open_system() as system:
        a, b = [], []
        a.append(await system.start(player, b, context=(REQUEST,)))
        b.append(await system.start(player, a, context=(REQUEST,)))
        REQUEST.set("one")
        await b[0].tell(1_000)
        await trio.sleep(1)
        REQUEST.set("none")
        await b[0].tell(0)
    assert hops == ["one"] * 1_001 + ["none"]


@pytest.mark.parametrize(
    "overflow",
    ["drop_oldest", "drop_newest", Conflate(lambda number: number % 2)],
    ids=["oldest", "newest", "conflate"],
)
async def test_13_the_size_of_an_inbox_is_right_after_drops(overflow, autojump_clock):
    """kamon#673"""
    gate, ledger = trio.Event(), Ledger()
    async with open_system(observer=ledger) as system:
        ref = await system.start(gated, gate, [], capacity=2, overflow=overflow)
        ref.tell_nowait(0)
        await trio.sleep(1)
        for number in range(10):
            ref.tell_nowait(number)
        statistics = ref.statistics()
        assert (statistics.queued, statistics.peak, statistics.dropped) == (2, 2, 8)
        gate.set()
        await trio.sleep(1)
        assert (ref.statistics().queued, ref.statistics().handled) == (0, 3)


# 14 Deterministic tests -----------------------------------------------------------------------------------------------


async def crowd(scheduler):
    """A bit of everything among actors: asks, timeouts, restarts, a group."""
    ledger = Ledger()
    async with open_system(scheduler=scheduler, observer=ledger) as system:
        group = system.group("g", scope="one_for_all")
        refs = [await group.start(fragile, name=name, restart=Restart(limit=9)) for name in "abc"]
        slow = await system.start(tardy, name="slow")

        async def client(inbox):
            async for number in inbox:
                await refs[number].tell(Boom(number))
                with suppress(ActorStopped):  # its group may be brought down meanwhile
                    await refs[(number + 1) % 3].ask(number)
                with pytest.raises(AskTimeout):
                    await slow.ask(number, timeout=number + 1.0)

        for number in range(3):
            await (await system.start(client, name=f"client {number}")).tell(number)
        await trio.sleep(100)
    return [str(each) for each in ledger.taken + ledger.done + ledger.crashes], trio.current_time()


async def tardy(inbox):
    async for _ in inbox:
        await trio.sleep(10)


def test_14_asks_timeouts_restarts_and_groups_are_played_again_by_their_seed_in_virtual_time():
    """akka-core#25709, #30047, #29900, akkadotnet#1137, #4014, actor-ts#1384"""
    plays = {seed: Schedule("controlled", seed).run(crowd) for seed in range(10)}
    assert plays == {seed: Schedule("controlled", seed).run(crowd) for seed in range(10)}
    assert len({str(play) for play in plays.values()}) > 1
    assert {end for _, end in plays.values()} == {100.0}


def test_14_the_choices_of_a_seed_are_data():
    """actor-ts#1384"""
    steps = []
    for _ in range(2):
        scheduler = controlled(7)

        async def scenario(_, scheduler=scheduler):
            return await crowd(scheduler)

        Schedule("trio", 3).run(scenario)
        steps.append(scheduler.steps)
    assert steps[0] == steps[1]
    assert len(steps[0]) > 20
    assert SEEDS >= 50


# 15 Latest value, broadcast, service tasks ----------------------------------------------------------------------------


@attrs.frozen
class Price:
    instrument: str
    value: int


@every_schedule
async def test_15_a_slow_reader_of_a_latest_value_sees_the_newest_of_each_key_and_never_an_old_one_after_it(scheduler):
    """trio#987, #1744, #1745, parsec-cloud#801, wasabi2d#70"""
    gate, seen = trio.Event(), []
    async with open_system(scheduler=scheduler) as system:
        ref = await system.start(gated, gate, seen, capacity=2, overflow=Conflate(lambda price: price.instrument))
        await ref.tell(Price("warm-up", 0))
        await trio.sleep(1)
        for value in range(100):
            for instrument in ("EURUSD", "GBPUSD"):
                await ref.tell(Price(instrument, value))
        gate.set()
    assert seen == [Price("warm-up", 0), Price("EURUSD", 99), Price("GBPUSD", 99)]


@every_schedule
async def test_15_of_a_broadcast_each_reader_keeps_its_own_pace_and_its_own_policy(scheduler):
    """trio#987: dropping on overflow and broadcasting a value are different tools; ractor#466: one lag killed a reader"""
    gate, quick, slow, latest = trio.Event(), [], [], []
    opened = trio.Event()
    opened.set()

    async with open_system(scheduler=scheduler) as system:
        readers = [
            await system.start(gated, opened, quick),
            await system.start(gated, gate, slow, capacity=3, overflow="drop_oldest"),
            await system.start(gated, gate, latest, capacity=1, overflow=Conflate(lambda _: "the value")),
        ]
        for value in range(10):
            for reader in readers:
                reader.tell_nowait(value)
            await trio.sleep(1)
        gate.set()
    assert quick == list(range(10))
    assert slow == [0, 7, 8, 9]
    assert latest == [0, 9]


async def test_15_the_peak_of_a_queue_is_known(autojump_clock):
    """trio#3474"""
    gate = trio.Event()
    async with open_system() as system:
        ref = await system.start(gated, gate, [])
        for number in range(20):
            ref.tell_nowait(number)
        gate.set()
        await trio.sleep(1)
        assert (ref.statistics().queued, ref.statistics().peak) == (0, 20)


@every_schedule
async def test_15_a_service_outlives_the_crash_of_its_sibling_and_ends_after_those_that_use_it(scheduler):
    """trio#1521, #569, tractor#204, #261, aiotools#29, #30"""
    log = []

    async def service(inbox):
        async for message in inbox:
            log.append(message)
            inbox.reply("done")
        log.append("service ended")

    async def user(inbox, used):
        async for message in inbox:
            if isinstance(message, BaseException):
                raise message
        await used.ask("last wish")  # in its clean-up: the service is still there
        log.append("user ended")

    async with open_system(scheduler=scheduler) as system:
        used = await system.start(service, restart=Restart())
        ref = await system.start(user, used, restart=Restart())
        other = await system.start(echo)
        await ref.tell(Boom())
        await trio.sleep(1)
        assert await other.ask("x") == "x"
        assert ref.statistics().restarts == 1
    assert log == ["last wish", "user ended", "service ended"]
