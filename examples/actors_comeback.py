"""The till again: it crashes and comes back, and a ledger keeps what it must not forget.

Run it with: python actors_comeback.py
"""

import logging

import attrs
import trio

from actors import ActorCrashed, Backoff, Inbox, Ref, Request, Restart, open_system


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
    print("the till opens with", total)
    async for message in inbox:
        match message:
            case Sold(item, price) if price < 0:
                raise ValueError(f"{item} costs {price}")
            case Sold(_, price):
                total += price
            case Total():
                inbox.reply(total)


async def without_a_rule() -> None:
    async with open_system("shop") as system:
        ref = await system.start(till, name="till")
        await ref.tell(Sold("tea", 250))
        await ref.tell(Sold("cake", -1))
        await trio.sleep(60)  # cut at once: the crash ends the block
        print("nobody reads this")


async def with_a_rule() -> None:
    rule = Restart(limit=3, within=60.0, backoff=Backoff(0.01, up_to=1.0))
    async with open_system("shop") as system:
        ref = await system.start(till, name="till", restart=rule)
        await ref.tell(Sold("tea", 250))
        try:
            await ref.ask(Sold("cake", -1))
        except ActorCrashed as error:
            print("the asker is told:", error.__cause__)
        await ref.tell(Sold("scone", 180))
        print("total:", await ref.ask(Total()))
        print("restarts:", ref.statistics().restarts)


class Book:
    """What outlives a life of the till: it belongs to whoever starts the till, and is handed in."""

    def __init__(self) -> None:
        self.total = 0


async def careful_till(inbox: Inbox[Sold | Total], book: Book) -> None:
    print("the till opens with", book.total)
    async for message in inbox:
        match message:
            case Sold(item, price) if price < 0:
                raise ValueError(f"{item} costs {price}")
            case Sold(_, price):
                book.total += price
            case Total():
                inbox.reply(book.total)


async def with_a_book() -> None:
    async with open_system("shop") as system:
        ref: Ref[Sold | Total] = await system.start(careful_till, Book(), name="till", restart=Restart())
        for sold in (Sold("tea", 250), Sold("cake", -1), Sold("scone", 180)):
            await ref.tell(sold)
        print("total:", await ref.ask(Total()))


if __name__ == "__main__":
    logging.getLogger("actors").setLevel(logging.ERROR)  # a restart is a warning in the log
    try:
        trio.run(without_a_rule)
    except* ValueError as group:
        print("the block ends with:", *map(repr, group.exceptions))
    print("-- with a rule")
    trio.run(with_a_rule)
    print("-- with a book")
    trio.run(with_a_book)
