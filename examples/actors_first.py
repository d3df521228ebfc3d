"""Your first actor: a till that adds up what is sold.

Run it with: python actors_first.py
"""

import attrs
import trio

from actors import Inbox, Request, open_system


@attrs.frozen
class Sold:
    """Something was sold, at a price in cents."""

    item: str
    price: int


@attrs.frozen
class Total(Request[int]):
    """Ask for the sum; the answer is an int."""


async def till(inbox: Inbox[Sold | Total]) -> None:
    total = 0
    async for message in inbox:
        match message:
            case Sold(item, price):
                total += price
                print(f"{item}: {price}")
            case Total():
                inbox.reply(total)


async def main() -> None:
    async with open_system("shop") as system:
        ref = await system.start(till, name="till")
        await ref.tell(Sold("tea", 250))
        await ref.tell(Sold("cake", 320))
        print("total:", await ref.ask(Total()))
    print("the shop is closed")


if __name__ == "__main__":
    trio.run(main)
