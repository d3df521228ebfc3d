"""Who feeds a simulated portfolio, and keeps what comes of each item."""

from collections.abc import Iterable, Sequence

import attrs

from actors import DeadLetter, Inbox, Observer
from actors.testing import Lab
from tradedesk.marketdata import CandleCloseEvent, DuplicateCandleError, Slice, SourceOrderError
from tradedesk.portfolio import PortfolioRunner, SliceReport, UnknownInstrumentError
from tradedesk.testing._kept import Kept
from tradedesk.testing._log import Item
from tradedesk.testing._watched import Book

Fed = CandleCloseEvent | Slice | Sequence[CandleCloseEvent]


@attrs.define(eq=False)
class Feeding:
    """Gives items to a runner.

    Attributes:
        reports: what the runner said, by the place of the item.
        errors: what it raised, likewise.
        given: each candle of an item that the runner took, once for each sleeve that trades it.
    """

    book: Book
    keep_errors: bool
    reports: dict[int, SliceReport] = attrs.field(factory=dict)
    errors: dict[int, Exception] = attrs.field(factory=dict)
    given: list[tuple[str, CandleCloseEvent]] = attrs.field(factory=list)

    async def feed(self, lab: Lab, runner: PortfolioRunner, stream: Iterable[Fed], callers: int) -> None:
        """Give it all items; each of several callers is an actor, and gives every so manyth."""
        if callers < 1:
            raise ValueError(f"callers must be at least 1, not {callers!r}")
        if callers == 1:
            for place, item in enumerate(stream):
                await self.give(runner, place, item)
            return
        items = list(enumerate(stream))

        async def caller(inbox: Inbox[int]) -> None:
            async for number in inbox:
                for place, item in items[number::callers]:
                    await self.give(runner, place, item)

        async with lab.open_system("callers") as system:
            refs = [await system.start(caller, name=f"caller {number + 1}") for number in range(callers)]
            for number, ref in enumerate(refs):
                await ref.tell(number)

    async def give(self, runner: PortfolioRunner, place: int, item: Fed) -> None:
        """Give it one item, and keep what comes of it."""
        events = _events(item)
        takers = [(sleeve, event) for event in events for sleeve in self.book.takers(event)]
        with Kept() as kept:
            if isinstance(item, CandleCloseEvent):
                self.reports[place] = await runner.on_candle_close(item)
            else:
                self.reports[place] = await runner.on_slice(item)
        if not isinstance(kept.error, _NOT_TAKEN):
            self.given += takers
        if kept.error is not None:
            self.errors[place] = kept.error
            if not self.keep_errors:
                raise kept.error


_NOT_TAKEN = UnknownInstrumentError | DuplicateCandleError | SourceOrderError
"""Raised before anything is sent."""


class Undertaker(Observer):
    """Writes dead letters down."""

    def __init__(self, log: list[Item]) -> None:
        self._log = log

    def dead_letter(self, letter: DeadLetter) -> None:
        self._log.append(letter)


def _events(item: Fed) -> Sequence[CandleCloseEvent]:
    if isinstance(item, CandleCloseEvent):
        return (item,)
    return item.events if isinstance(item, Slice) else item
