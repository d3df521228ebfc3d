"""tapio-py: actors for asyncio, with pydantic messages; its check of each message is off, which is its faster setting."""

import asyncio
from datetime import timedelta

from common import Gaps, Stopwatch, main, resident
from tapio import ActorSystem, Behavior, Behaviors, Message, TapioSettings
from tapio.actor import ActorRef

PATIENCE = timedelta(seconds=30)
SETTLE = 0.2  # seconds: spawn() returns before the actor runs


class Number(Message):
    number: int


class Get(Message):
    number: int
    reply_to: ActorRef[Number]


async def answer(message: Get) -> Behavior[Get]:
    message.reply_to.tell(Number(number=message.number))
    return Behaviors.same()


def sink(last, done):
    async def take(message: Number) -> Behavior[Number]:
        if message.number == last:
            done.set()
        return Behaviors.same()

    return Behaviors.receive_message(take)


def echo():
    return Behaviors.receive_message(answer)


def open_tapio():
    return ActorSystem("benchmark", settings=TapioSettings(validate_on_tell=False))


async def request(ref):
    await ref.ask(lambda reply_to: Get(number=1, reply_to=reply_to), expect=Number, timeout=PATIENCE)


async def tell(size):
    done = asyncio.Event()
    async with open_tapio() as system:
        ref = system.spawn(sink(size, done), name="sink")
        await asyncio.sleep(SETTLE)
        with Stopwatch() as watch:
            for number in range(1, size + 1):
                ref.tell(Number(number=number))
            await done.wait()
    return watch.micros(size)


async def ask(size):
    async with open_tapio() as system:
        ref = system.spawn(echo(), name="echo")
        await asyncio.sleep(SETTLE)
        with Stopwatch() as watch:
            for _ in range(size):
                await request(ref)
    return watch.micros(size)


async def fan_out(size):
    async with open_tapio() as system:
        refs = [system.spawn(echo(), name=f"echo{number}") for number in range(size)]
        await asyncio.sleep(SETTLE)
        for _ in range(2):
            with Stopwatch() as watch:
                await asyncio.gather(*[request(ref) for ref in refs])
    return watch.micros(size)


async def spawn(size):
    async with open_tapio() as system:
        with Stopwatch() as watch:
            for number in range(size):
                system.spawn(echo(), name=f"echo{number}")
            await asyncio.sleep(0)
    return watch.micros(size)


async def memory(size):
    async with open_tapio() as system:
        system.spawn(echo(), name="first")
        await asyncio.sleep(SETTLE)
        before = resident()
        for number in range(size):
            system.spawn(echo(), name=f"echo{number}")
        await asyncio.sleep(SETTLE)
        return (resident() - before) / size


async def fairness(size):
    gaps, done = Gaps(), asyncio.Event()

    async def tick():
        while True:
            await asyncio.sleep(0.001)
            gaps.tick()

    async with open_tapio() as system:
        ref = system.spawn(sink(size, done), name="sink")
        ticker = asyncio.create_task(tick())
        await asyncio.sleep(SETTLE)
        for number in range(1, size + 1):
            ref.tell(Number(number=number))
        gaps.start()
        await done.wait()
        worst = gaps.millis
        ticker.cancel()
    return worst


if __name__ == "__main__":
    measures = (tell, ask, fan_out, spawn, memory, fairness)
    main({measure.__name__: lambda size, measure=measure: asyncio.run(measure(size)) for measure in measures})
