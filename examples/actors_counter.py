"""The actor runtime alone: tell, ask, a typed request, ask_all, and what a crash does.

An actor is an async function with an inbox. Its state is its local variables, its life is the loop, its clean-up is
`finally`. Nobody else can touch the state; they can only send messages.

Run it with: python actors_counter.py
"""

import attrs
import trio

from actors import ActorCrashed, Inbox, Request, ask_all, open_system


@attrs.frozen
class Add:
    """Add to the count; a number that is negative is a mistake."""

    number: int


@attrs.frozen
class Total(Request[int]):
    """Ask for the count; `Request[int]` tells the type checker what comes back."""


async def counter(inbox: Inbox[Add | Total]) -> None:
    total = 0
    try:
        async for message in inbox:
            match message:
                case Add(number) if number < 0:
                    raise ValueError(f"cannot add {number}")
                case Add(number):
                    total += number
                case Total():
                    inbox.reply(total)
    finally:
        print(f"a counter ends with {total}")


async def count() -> None:
    async with open_system("counters") as system:
        left = await system.start(counter, name="left")
        right = await system.start(counter, name="right", capacity=10)

        await left.tell(Add(2))  # waits while the inbox is full
        left.tell_nowait(Add(3))  # or raises InboxFull
        total: int = await left.ask(Total(), timeout=1.0)
        print("left has", total)

        await right.tell(Add(40))
        totals = await ask_all([(left, Total()), (right, Total())])  # one wake-up, when both replies are in
        print("together they have", totals)
        print(system.tree())
    print("the block has ended, and both actors with it")


async def crash() -> None:
    try:
        async with open_system("counters") as system:
            fragile = await system.start(counter, name="fragile")
            try:
                await fragile.ask(Add(-1))
            except ActorCrashed as error:
                print("the asker is told:", error.__cause__)
    except* ValueError as group:
        print("the block ends with:", *map(repr, group.exceptions))


async def main() -> None:
    await count()
    await crash()


if __name__ == "__main__":
    trio.run(main)
