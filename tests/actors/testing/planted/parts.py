"""Small programs with one fault each, which some schedules show; without the fault they keep their word."""

from contextlib import suppress

import attrs
import trio

from actors import ActorCrashed, AskTimeout, Request, Restart

# A lost message: the inbox is too small, and drops -----------------------------------------------------------


async def sender(inbox, target):
    async for message in inbox:
        await target.tell(message)


async def keeper(inbox, kept):
    async for message in inbox:
        kept.append(message)


async def lost_message(lab, *, fault=True):
    kept = []
    async with lab.open_system() as system:
        target = await system.start(
            keeper, kept, name="keeper", capacity=2, overflow="drop_newest" if fault else "block"
        )
        source = await system.start(sender, target, name="sender")
        for number in range(3):
            await source.tell(number)
    assert kept == [0, 1, 2], f"kept {kept}"


# A double message: who hears nothing in time asks again, though the first may have arrived --------------------


@attrs.frozen
class Order(Request[str]):
    number: int


async def broker(inbox, placed, *, fault):
    seen = set()
    async for order in inbox:
        if fault or order.number not in seen:
            placed.append(order)
        seen.add(order.number)
        inbox.reply("placed")


async def trader(inbox, counterparty):
    async for order in inbox:
        for _ in range(3):
            try:
                await counterparty.ask(order, timeout=1.0)
            except AskTimeout:
                continue
            break


async def double_message(lab, *, fault=True):
    placed = []

    async def dealing(inbox):
        await broker(inbox, placed, fault=fault)

    async with lab.open_system() as system:
        counterparty = await system.start(dealing, name="broker")
        source = await system.start(trader, counterparty, name="trader")
        await source.tell(Order(1))
        await source.drain()
    lab.sometimes(bool(placed), "an order was placed")
    assert len(placed) <= 1, f"placed {placed}"


# A barrier removed: the next round begins before all have done this one ---------------------------------------


@attrs.frozen
class Round:
    number: int


@attrs.frozen
class Done:
    worker: str
    number: int


async def worker(inbox, leader, at):
    async for message in inbox:
        at[inbox.name] = message.number
        assert max(at.values()) - min(at.values()) <= 1, f"rounds {at}"
        await leader["ref"].tell(Done(inbox.name, message.number))


async def lead(inbox, workers, rounds, *, fault):
    asked, done = None, dict.fromkeys(range(rounds + 1), 0)
    async for message in inbox:
        number = 0
        if message == "all rounds":
            asked = inbox.defer()
        else:
            number = message.number
            done[number] += 1
            if done[number] != (1 if fault else len(workers)) and number < rounds:
                continue
        if number < rounds:
            for each in workers:
                await each.tell(Round(number + 1))
        elif done[rounds] == len(workers):
            asked.send(None)


async def barrier_removed(lab, *, fault=True):
    at, leader = {}, {}

    async def leading(inbox):
        await lead(inbox, workers, 3, fault=fault)

    async with lab.open_system() as system:
        workers = [await system.start(worker, leader, at, name=name) for name in "XYZ"]
        at.update(dict.fromkeys("XYZ", 0))
        leader["ref"] = ref = await system.start(leading, name="leader")
        await ref.ask("all rounds")
        lab.sometimes(set(at.values()) == {3}, "all did the last round")


# A crash that loses a report: the leader waits for one that does not come -------------------------------------


async def reporting(inbox, leader):
    async for message in inbox:
        if inbox.asked is not None:
            inbox.reply(message)
        else:
            await leader["ref"].tell(Done(inbox.name, message))


async def collect(inbox, workers, *, fault):
    reports, asked = 0, None
    async for message in inbox:
        if message == "collect":
            asked = inbox.defer()
            for each in workers:
                if fault:
                    await each.tell(1)
                else:
                    with suppress(ActorCrashed):  # a failure is a report, too
                        await each.ask(1)
                    reports += 1
        else:
            reports += 1
        if reports == len(workers):
            asked.send(reports)


async def lost_report(lab, *, fault=True):
    leader = {}

    async def collecting(inbox):
        await collect(inbox, workers, fault=fault)

    async with lab.open_system() as system:
        workers = [await system.start(reporting, leader, name=f"worker {n}", restart=Restart(limit=3)) for n in (1, 2)]
        leader["ref"] = ref = await system.start(collecting, name="leader")
        assert await ref.ask("collect") == 2


# A timer that fires after a restart: it was set for a session that is gone ------------------------------------


@attrs.frozen
class Open:
    pass


@attrs.frozen
class Expired:
    token: object


SECONDS = 5.0


async def session(inbox, ring, closed, *, fault):
    opened, token = None, None
    async for message in inbox:
        match message:
            case Open() if opened is None:
                opened, token = trio.current_time(), object()
                ring(token)
            case Expired(rung) if opened is not None and (fault or rung is token):
                closed.append(trio.current_time() - opened)
                opened = None


async def late_timer(lab, *, fault=True):
    closed = []

    async def opening(inbox):
        await session(inbox, ring, closed, fault=fault)

    async with trio.open_nursery() as nursery, lab.open_system() as system:

        async def wait(token):
            await trio.sleep(SECONDS)
            ref.tell_nowait(Expired(token))

        def ring(token):
            nursery.start_soon(wait, token, name="timer")

        ref = await system.start(opening, name="session", restart=Restart(limit=1))
        for seconds, message in ((3, Open()), (1, "a message"), (20, Open())):
            await ref.tell(message)
            await trio.sleep(seconds)
    assert all(seconds == SECONDS for seconds in closed), f"sessions ended after {closed} s"
