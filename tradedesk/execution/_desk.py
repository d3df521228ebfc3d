"""Where a strategy gives its orders: its own desk, and nobody else's.

A call here takes effect when the slice closes: until then an order lies in the desk's outbox. So a handler never waits
for a broker, and what it asks for does not depend on who else runs at the time.
"""

from collections import deque
from collections.abc import Collection
from typing import Final, Generic, TypedDict, TypeVar, Unpack, cast

import attrs

from tradedesk.execution._errors import BrokerStateError
from tradedesk.execution._ticket import Ticket
from tradedesk.execution.types import (
    GTC,
    Fill,
    Holding,
    Order,
    OrderSide,
    OrderState,
    SleeveStatement,
    TimeInForce,
)
from tradedesk.marketdata import Instrument

CAPACITY: Final = 1_000
"""How many orders a sleeve may have at work, calls may wait for the slice to close, and fills for the strategy."""

_FULL: Final = f"the sleeve has {CAPACITY} calls waiting for the slice to close, the most it may have"


class Details(TypedDict, total=False):
    """What `Order` takes besides side and size."""

    limit: float | None
    stop: float | None
    stop_loss: float | None
    take_profit: float | None
    lasts: TimeInForce
    reduce_only: bool
    tag: str


BookT = TypeVar("BookT", bound=Holding)


@attrs.define(eq=False)
class Action:
    """One call on a desk.

    Attributes:
        ticket: the order it is about.
        order: the ticket's own to submit it, another to replace it, None to cancel.
    """

    ticket: Ticket
    order: Order | None


class Blotter(Generic[BookT]):
    """What a broker keeps of a desk: calls on their way in, orders at work, fills on their way out.

    Attributes:
        book: what the broker knows of the sleeve.
        outbox: calls since the last slice closed, oldest first.
        working: accepted orders, oldest first.
        news: fills that the strategy has not taken; the oldest give way when there are too many.
        missed: how many did.
    """

    __slots__ = ("_waiting_room", "book", "last_number", "missed", "news", "outbox", "working")

    def __init__(self, book: BookT, waiting_room: "list[Blotter[BookT]] | None" = None) -> None:
        """Open it.

        Args:
            book: what the broker knows of the sleeve.
            waiting_room: gets this blotter with the first call after a slice; so a broker need not look at all of them.
        """
        self.book = book
        self.outbox: list[Action] = []
        self.working: list[Ticket] = []
        self.last_number = 0
        self.news: deque[Fill] = deque(maxlen=CAPACITY)
        self.missed = 0
        self._waiting_room = waiting_room

    def put(self, action: Action) -> None:
        """Keep a call for the broker."""
        if not self.outbox and self._waiting_room is not None:
            self._waiting_room.append(self)
        self.outbox.append(action)

    def take(self) -> list[Action]:
        """Hand over the calls since the last time, oldest first."""
        actions = self.outbox[:]
        self.outbox.clear()
        return actions

    def tell(self, fill: Fill) -> None:
        """Keep a fill for the strategy."""
        self.missed += len(self.news) == CAPACITY
        self.news.append(fill)

    def new_ticket(self, order: Order) -> Ticket:
        """Number an order, and the halves of its bracket behind it."""
        ticket = self._numbered(order)
        other: OrderSide = "sell" if order.side == "buy" else "buy"
        if order.stop_loss is not None:
            half = Order(other, order.size, stop=order.stop_loss, reduce_only=True, tag=order.tag)
            ticket.stop_loss = self._numbered(half, OrderState.WAITING)
            ticket.stop_loss.entry = ticket
        if order.take_profit is not None:
            half = Order(other, order.size, limit=order.take_profit, reduce_only=True, tag=order.tag)
            ticket.take_profit = self._numbered(half, OrderState.WAITING)
            ticket.take_profit.entry = ticket
        if ticket.stop_loss is not None and ticket.take_profit is not None:
            ticket.stop_loss.sibling, ticket.take_profit.sibling = ticket.take_profit, ticket.stop_loss
        return ticket

    def _numbered(self, order: Order, state: OrderState = OrderState.SUBMITTED) -> Ticket:
        self.last_number += 1
        sleeve = self.book.sleeve
        return Ticket(f"{sleeve}-{self.last_number}", sleeve, self.book.instrument, order, state)

    def accept(self, ticket: Ticket) -> None:
        """Let an order work from now on."""
        ticket.move(OrderState.ACCEPTED)
        self.working.append(ticket)

    def drop(self, ticket: Ticket) -> bool:
        """Take an order out of work; say if it was at work."""
        if ticket not in self.working:
            return False
        self.working.remove(ticket)
        return True


class Desk:
    """A sleeve's way to the market. Hand it to the strategy when you build it.

    What is called here takes effect when the slice closes: the broker then accepts or rejects, sleeve by sleeve in the
    order in which their desks were opened. What is accepted first works in the next candle of the instrument.
    """

    __slots__ = ("_blotter", "instrument", "sleeve")

    def __init__(self, blotter: Blotter[BookT]) -> None:
        """Open it in front of a blotter; a broker does that."""
        self.sleeve: Instrument = blotter.book.sleeve
        self.instrument: Instrument = blotter.book.instrument
        self._blotter: Blotter[Holding] = cast("Blotter[Holding]", blotter)  # it only reads the book

    def buy(self, size: float, **details: Unpack[Details]) -> Ticket:
        """Give an order to buy; see `Order` for the details.

        Raises:
            OrderError: The order cannot mean anything.
        """
        return self.submit(Order("buy", size, **details))

    def sell(self, size: float, **details: Unpack[Details]) -> Ticket:
        """Give an order to sell; see `Order` for the details.

        Raises:
            OrderError: The order cannot mean anything.
        """
        return self.submit(Order("sell", size, **details))

    def submit(self, order: Order) -> Ticket:
        """Give an order."""
        ticket = self._blotter.new_ticket(order)
        if len(self._blotter.outbox) >= CAPACITY:
            ticket.move(OrderState.REJECTED, _FULL)
            for half in (ticket.stop_loss, ticket.take_profit):
                if half is not None:
                    half.move(OrderState.CANCELLED, "its entry was rejected")
        else:
            self._blotter.put(Action(ticket, order))
        return ticket

    def close(self, tag: str = "") -> Ticket | None:
        """Give a market order that closes all that is held; None when nothing is."""
        held = self.size
        if not held:
            return None
        return self.submit(Order("sell" if held > 0 else "buy", abs(held), lasts=GTC, reduce_only=True, tag=tag))

    def cancel(self, ticket: Ticket) -> None:
        """Take an order back. One that is no longer open stays what it is.

        Raises:
            BrokerStateError: The ticket is another sleeve's, or too many calls wait for the slice to close.
        """
        self._ask(ticket, None)

    def cancel_all(self) -> None:
        """Take all open orders back."""
        for ticket in self.orders:
            self.cancel(ticket)

    def replace(
        self,
        ticket: Ticket,
        *,
        size: float | None = None,
        limit: float | None = None,
        stop: float | None = None,
    ) -> None:
        """Change the size or the prices that an order has. If the broker refuses, the order works on as it was.

        Raises:
            BrokerStateError: The ticket is another sleeve's, or too many calls wait for the slice to close.
            OrderError: The changed order cannot mean anything.
        """
        calls = (action.order for action in reversed(self._blotter.outbox) if action.ticket is ticket)
        before = next((order for order in calls if order is not None), ticket.order)
        self._ask(
            ticket,
            attrs.evolve(
                before,
                size=before.size if size is None else size,
                limit=before.limit if limit is None else limit,
                stop=before.stop if stop is None else stop,
            ),
        )

    def _ask(self, ticket: Ticket, order: Order | None) -> None:
        if ticket.sleeve != self.sleeve:
            raise BrokerStateError(
                f"order {ticket.id} is sleeve {ticket.sleeve!r}'s, and this is {self.sleeve!r}'s desk"
            )
        if len(self._blotter.outbox) >= CAPACITY:
            raise BrokerStateError(_FULL)
        if ticket.is_open:
            self._blotter.put(Action(ticket, order))

    @property
    def news(self) -> Collection[Fill]:
        """The fills that were not taken yet, oldest first: always as it stands now. Take them with `next_fill`."""
        return self._blotter.news

    def next_fill(self) -> Fill | None:
        """Take the oldest fill that was not taken yet; None when there is none.

        The last 1,000 are kept for whoever takes them; `missed` counts those that gave way to later ones.
        """
        news = self._blotter.news
        return news.popleft() if news else None

    @property
    def missed(self) -> int:
        """How many fills gave way before they were taken."""
        return self._blotter.missed

    @property
    def size(self) -> float:
        """What the sleeve holds, in units of the instrument; below 0 when short."""
        return self._blotter.book.held

    @property
    def average_price(self) -> float | None:
        """The average entry price of what it holds, in points; None when flat."""
        return self._blotter.book.average_price

    @property
    def orders(self) -> tuple[Ticket, ...]:
        """All open orders, oldest first; those that were given since the last slice closed stand at the end."""
        entries = [*self._blotter.working, *(action.ticket for action in self._blotter.outbox if action.order)]
        found = (each for entry in entries for each in (entry, entry.stop_loss, entry.take_profit))
        return tuple(dict.fromkeys(each for each in found if each is not None and each.is_open))

    def statement(self) -> SleeveStatement:
        """Return the sleeve's book as it stands."""
        return self._blotter.book.statement()
