"""A stash: an actor keeps for later what it cannot handle yet, and answers the asks among it then.

The gateway can place orders while its line is up. Until then it keeps them, each with the answer that it owes. The
stash is bounded, as every queue is.

Run it with: python actors_stash.py
"""

from collections import deque

import attrs
import trio
import trio.testing

from actors import Inbox, Ref, Reply, Request, open_system


@attrs.frozen
class Line:
    """The line to the other side went up, or down."""

    up: bool


@attrs.frozen
class Place(Request[str]):
    """Place an order; answered with what became of it."""

    order: str


async def gateway(inbox: Inbox[Line | Place], keep: int) -> None:
    up = False
    stash: deque[tuple[Place, Reply]] = deque()
    async for message in inbox:
        match message:
            case Line(up):  # binds the state above
                while up and stash:
                    kept, reply = stash.popleft()
                    reply.send(await place(kept))
            case Place() if up:
                inbox.reply(await place(message))
            case Place() if len(stash) < keep:
                stash.append((message, inbox.defer()))
            case Place(order):
                inbox.reply(f"{order}: refused, the line is down and {keep} orders wait")


async def place(message: Place) -> str:
    await trio.sleep(0.1)
    return f"{message.order}: placed"


async def order(gateway: Ref[Line | Place], number: int) -> None:
    await trio.sleep(number)
    answer = await gateway.ask(Place(f"order {number}"))
    print(f"asked at {number}.0, answered at {trio.current_time():.1f}: {answer}")


async def main() -> None:
    async with open_system("desk") as system, trio.open_nursery() as nursery:
        ref = await system.start(gateway, 2, name="gateway")
        for number in range(1, 6):
            nursery.start_soon(order, ref, number)
        await trio.sleep(4.5)
        await ref.tell(Line(up=True))


if __name__ == "__main__":
    trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
