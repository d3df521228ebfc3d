"""A topic: an actor that passes each message on to all who subscribed.

Each subscriber says itself, by the overflow rule of its inbox, what its slowness means: "block" holds the topic up;
"drop_oldest" and `Conflate` cost the subscriber messages and nobody else anything. Who ends is dropped from the list,
because the topic watches it.

Run it with: python actors_topics.py
"""

import attrs
import trio
import trio.testing

from actors import Conflate, Ended, Inbox, Ref, open_system


@attrs.frozen
class Reading:
    """What a sensor measured."""

    sensor: str
    value: int


@attrs.frozen
class Subscribe:
    """Send what is published to ``to`` from now on."""

    to: Ref[Reading]


async def topic(inbox: Inbox[Reading | Subscribe | Ended]) -> None:
    subscribers: dict[Ref[Reading], None] = {}  # in the order in which they came
    async for message in inbox:
        match message:
            case Subscribe(to):
                subscribers[to] = None
                inbox.watch(to)
            case Ended(name):
                print(f"{name} has ended and is dropped")
                subscribers = {each: None for each in subscribers if each.statistics().state != "ended"}
            case reading:
                for each in subscribers:
                    await each.tell(reading)


async def subscriber(inbox: Inbox[Reading], seconds: float, seen: list[str]) -> None:
    async for reading in inbox:
        await trio.sleep(seconds)
        seen.append(f"{reading.sensor}{reading.value}")


async def main() -> None:
    every: list[str] = []
    latest: list[str] = []
    newest: list[str] = []
    short: list[str] = []
    async with open_system("weather") as system:
        fast = await system.start(subscriber, 0.0, every, name="fast")
        slow = await system.start(subscriber, 1.0, latest, name="slow", capacity=2, overflow="drop_oldest")
        keyed = await system.start(subscriber, 1.0, newest, name="keyed", overflow=Conflate(lambda each: each.sensor))
        brief = await system.start(subscriber, 0.0, short, name="brief")
        weather = await system.start(topic, name="weather")
        for ref in (fast, slow, keyed, brief):
            await weather.tell(Subscribe(ref))
        for value in range(1, 6):
            for sensor in ("a", "b"):
                await weather.tell(Reading(sensor, value))
            await trio.sleep(0.1)
            if value == 2:
                await brief.stop()
        print(f"published from 0.0 to {trio.current_time():.1f} s: nobody held the topic up")
    print("fast: ", *every)
    print("slow: ", *latest, f"(dropped {slow.statistics().dropped})")
    print("keyed:", *newest, f"(dropped {keyed.statistics().dropped})")
    print("brief:", *short)


if __name__ == "__main__":
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
