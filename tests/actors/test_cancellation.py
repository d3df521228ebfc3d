"""A4, A8: a scenario is cancelled at each of its checkpoints in turn, and every message and ask still has one fate."""

from contextlib import suppress
from itertools import count

import pytest
import trio
from trio.lowlevel import current_task

from actors import ActorCrashed, ActorStopped, AskTimeout, Backoff, NoReply, Restart, open_system
from tests.actors.parts import Boom, Ledger
from tests.actors.schedules import Schedule, every_schedule

ASK_ERRORS = (ActorCrashed, ActorStopped, AskTimeout, NoReply)


class CancelAt(trio.abc.Instrument):
    """Cancels a scope just before a task's Nth step: at each of its checkpoints, one run after the other."""

    def __init__(self, step):
        self.left = step
        self.task = None
        self.scope = trio.CancelScope()

    def watch(self):
        self.task = current_task()
        return self.scope

    def before_task_step(self, task):
        pass

    def after_task_step(self, task):
        if task is self.task:
            self.left -= 1
            if self.left == 0:
                self.scope.cancel()


class Book:
    """What the senders know of their messages."""

    def __init__(self):
        self.ledger = Ledger()
        self.sent = []
        self.withdrawn = []
        self.asked = 0
        self.settled = 0
        self.unknown = []  # asks: in the inbox, or taken back while they waited for a place

    async def tell(self, ref, message):
        try:
            await ref.tell(message)
        except trio.Cancelled:
            self.withdrawn.append(message)
            raise
        self.sent.append(message)

    async def ask(self, ref, message, timeout=None):
        self.asked += 1
        try:
            await ref.ask(message, timeout=timeout)
        except ASK_ERRORS:
            pass
        finally:
            self.unknown.append(message)
            self.settled += 1

    def close(self):
        entered = self.ledger.entered + self.ledger.dead  # what a closed inbox refuses is dead at once
        for message in self.unknown:
            (self.sent if message in entered else self.withdrawn).append(message)
        assert self.ledger.faults(self.sent, self.withdrawn) == []
        assert self.asked == self.settled


async def slow(inbox):
    async for message in inbox:
        await trio.sleep(1)
        inbox.reply(message)


async def caller(inbox, target, book):
    async for name in inbox:
        for number in range(3):
            await book.tell(target, f"{name} tells {number}")
            await book.ask(target, f"{name} asks {number}", timeout=2.5)


async def as_host(scheduler, book, canceller):
    """The whole block is cancelled."""
    with canceller.watch():
        async with open_system(observer=book.ledger, scheduler=scheduler) as system:
            target = await system.start(slow, name="target", capacity=1)
            for name in "ab":
                caller_ref = await system.start(caller, target, book, name=name)
                await book.tell(caller_ref, f"start {name}")
            await trio.sleep(4)
            await book.ask(target, "host asks")


async def as_asker(scheduler, book, canceller):
    """One asker among others is cancelled."""
    async with open_system(observer=book.ledger, scheduler=scheduler) as system:
        target = await system.start(slow, name="target", capacity=1)
        await book.tell(await system.start(caller, target, book, name="a"), "start a")
        with canceller.watch():
            for number in range(3):
                await book.ask(target, f"host asks {number}")


async def as_teller(scheduler, book, canceller):
    """One sender among others is cancelled, most often while it waits for a place."""
    async with open_system(observer=book.ledger, scheduler=scheduler) as system:
        target = await system.start(slow, name="target", capacity=1)
        await book.tell(await system.start(caller, target, book, name="a"), "start a")
        with canceller.watch():
            for number in range(5):
                await book.tell(target, f"host tells {number}")


async def as_stopper(scheduler, book, canceller):
    """Whoever waits for an end is cancelled; the order to end stands."""
    async with open_system(observer=book.ledger, scheduler=scheduler) as system:
        target = await system.start(slow, name="target", capacity=1)
        await book.tell(await system.start(caller, target, book, name="a"), "start a")
        await trio.sleep(1.5)
        with canceller.watch():
            await target.drain()
            await target.stop()
            await target.kill()
        await target.kill()


class Desk:
    """Actors that crash at each third message, and a client that asks them through their recoveries."""

    def __init__(self, system, book):
        self.system = system
        self.book = book
        self.refs = []

    async def start(self):
        outer = self.system.group("outer", scope="rest_for_one")
        inner = outer.group("inner", scope="one_for_all", restart=Restart(limit=9))
        for name, home, limit in (("a", outer, 9), ("b", inner, 0), ("c", inner, 9), ("d", outer, 9)):
            rule = Restart(limit=limit, backoff=Backoff(0.5, up_to=0.5))
            self.refs.append(await home.start(brittle, self.refs[:1], name=name, restart=rule))

    async def use(self, who):
        for number in range(3):
            for ref in self.refs:
                await self.book.tell(ref, f"{who} tells {ref.name} {number}")
            await self.book.ask(self.refs[number], f"{who} asks {number}", timeout=2.5)


async def brittle(inbox, before):
    """Asks in the set-up of each later life who stands before it; crashes of every third message."""
    for ref in before if inbox.statistics().restarts else ():
        with suppress(*ASK_ERRORS):
            await ref.ask(f"{inbox.name} begins {life_of(inbox)}", timeout=5.0)
    handled = 0
    try:
        async for message in inbox:
            handled += " begins " not in message
            await trio.sleep(0.1)
            if handled == 3:
                raise Boom(message)
            inbox.reply(message)
    finally:
        with trio.CancelScope(shield=True):
            await trio.sleep(0.1)


def life_of(inbox):
    """Different each time: the law of messages tells them apart by their text."""
    return f"{inbox.statistics().restarts} at {trio.current_time():.6f}"


async def as_host_of_groups(scheduler, book, canceller):
    """The whole block is cancelled, while groups recover."""
    with canceller.watch():
        async with open_system(observer=book.ledger, scheduler=scheduler) as system, trio.open_nursery() as nursery:
            desk = Desk(system, book)
            await desk.start()
            nursery.start_soon(desk.use, "one")
            await trio.sleep(0.2)
            await desk.use("host")


async def as_asker_of_groups(scheduler, book, canceller):
    """Who asks actors that recover is cancelled; the groups go on."""
    async with open_system(observer=book.ledger, scheduler=scheduler) as system:
        desk = Desk(system, book)
        await desk.start()
        with canceller.watch():
            await desk.use("host")


async def as_recovery(scheduler, book, canceller):
    """The task that recovers a group is cancelled with its system: the block fails at each of its steps."""
    async with open_system(observer=book.ledger, scheduler=scheduler) as system, trio.open_nursery() as nursery:
        desk = Desk(system, book)
        await desk.start()
        nursery.start_soon(desk.use, "one")
        while trio.current_time() < 3:
            canceller.left -= 1
            if canceller.left == 0:
                fail()
            await trio.sleep(0.05)


def fail():
    raise Boom("body")


@pytest.mark.parametrize("schedule", [Schedule("production"), Schedule("controlled", 3), Schedule("trio", 4)], ids=str)
@pytest.mark.parametrize("scenario", [as_host_of_groups, as_asker_of_groups, as_recovery])
def test_wherever_it_is_cancelled_while_groups_recover_every_message_and_ask_has_one_fate(scenario, schedule):
    for step in count(1):
        book, canceller = Book(), CancelAt(step)

        async def cancelled(scheduler, book=book, canceller=canceller):
            trio.lowlevel.add_instrument(canceller)
            try:
                await scenario(scheduler, book, canceller)
            except* Boom:  # the body's, or of a crash while the block drains
                pass

        schedule.run(cancelled)
        # what the actors ask one another in their set-up has no sender outside who knows of it
        asked_inside = {message for message in book.ledger.entered + book.ledger.dead if " begins " in message}
        book.unknown += sorted(asked_inside)
        book.close()
        if canceller.left > 0:
            break
    assert step > 5


@pytest.mark.parametrize(
    "schedule", [Schedule("production"), *(Schedule("controlled", seed) for seed in range(8))], ids=str
)
@pytest.mark.parametrize("scenario", [as_host, as_asker, as_teller, as_stopper])
def test_wherever_it_is_cancelled_every_message_and_ask_has_one_fate(scenario, schedule):
    for step in count(1):
        book, canceller = Book(), CancelAt(step)

        async def cancelled(scheduler, book=book, canceller=canceller):
            trio.lowlevel.add_instrument(canceller)
            await scenario(scheduler, book, canceller)

        schedule.run(cancelled)
        book.close()
        if canceller.left > 0:
            break
    assert step > 3


@every_schedule
async def test_a_cancelled_asker_in_the_line_takes_its_message_along(scheduler):
    book = Book()
    async with open_system(observer=book.ledger, scheduler=scheduler) as system:
        target = await system.start(slow, capacity=1)
        await book.tell(target, "in hand")
        await trio.sleep(0.1)
        await book.tell(target, "queued")
        with trio.move_on_after(0.1):
            await book.ask(target, "in line")
    book.close()
    assert book.withdrawn == ["in line"]


def test_the_law_of_messages_is_seen_to_fail():
    ledger = Ledger()
    for message in ("twice", "twice", "taken back"):
        ledger.delivered("a", message)
    assert ledger.faults(["twice", "lost"], ["taken back"]) == [
        "twice met 2 fates",
        "lost met 0 fates",
        "taken back was withdrawn, and yet met a fate",
        "taken back was never sent",
    ]


@every_schedule
async def test_a_sender_that_is_cancelled_just_before_a_place_becomes_free_has_not_sent(scheduler):
    """Its task has not run since, so it still stands in the line when the actor looks there."""
    book = Book()

    async def cancels(inbox):
        async for message in inbox:
            await trio.sleep(1)
            if message == "in hand":
                scope.cancel()

    async with open_system(observer=book.ledger, scheduler=scheduler) as system:
        target = await system.start(cancels, capacity=1)
        await book.tell(target, "in hand")
        await trio.sleep(0.1)
        await book.tell(target, "queued")
        with trio.CancelScope() as scope:
            await book.tell(target, "in line")
    assert book.withdrawn == ["in line"]
    book.close()
