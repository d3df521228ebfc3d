"""What becomes of an order: it is accepted, it ends without a fill, or it fills and the books say so."""

from collections.abc import Callable
from decimal import Decimal
from typing import Final

from tradedesk.execution._books import Book
from tradedesk.execution._checks import too_dear
from tradedesk.execution._desk import Blotter as AnyBlotter
from tradedesk.execution._ledger import Account
from tradedesk.execution._protocols import Listener, TicketGate
from tradedesk.execution._ticket import Ticket
from tradedesk.execution.types import Fill, Gate, Moment, Order, OrderState
from tradedesk.marketdata import Instrument
from tradedesk.risk import RoundTrip

Blotter = AnyBlotter[Book]
Told = Callable[[Ticket], object]
TripTold = Callable[[Instrument, RoundTrip], object]

_CANCELLED: Final = OrderState.CANCELLED
_FILLED: Final = OrderState.FILLED
_REJECTED: Final = OrderState.REJECTED


class Booking:
    """Moves tickets on, asks the gates, and enters fills into the books.

    Attributes:
        gate: the portfolio's word; asked first.
        order_gate: the user's.
        listener: told of refused orders and ended trips.
        fills: what sleeves have not heard of.
        count: how many fills there were.
    """

    def __init__(self, account: Account, told: Told, on_trip: TripTold | None) -> None:
        self.gate: Gate | None = None
        self.order_gate: TicketGate | None = None
        self.listener: Listener | None = None
        self.fills: dict[Instrument, list[Fill]] = {}
        self.count = 0
        self._account = account
        self._told = told
        self._on_trip = on_trip

    def accept(self, blotter: Blotter, ticket: Ticket) -> None:
        """An order works from the next candle on."""
        blotter.accept(ticket)
        blotter.book.line.working += 1
        self._told(ticket)

    def settle(self, blotter: Blotter, ticket: Ticket, state: OrderState, reason: str = "") -> None:
        """An order comes to its end without a fill, or without the rest of it, and what waited for it too."""
        ticket.move(state, reason)
        self._drop(blotter, ticket)
        self.tell(ticket)
        for half in (ticket.stop_loss, ticket.take_profit):
            if half is not None and half.is_open and not ticket.opened:
                self.settle(blotter, half, _CANCELLED, f"its entry was {state.value}")

    def tell(self, ticket: Ticket) -> None:
        """Something is new about an order."""
        self._told(ticket)
        if ticket.state is _REJECTED and self.listener is not None:
            self.listener.order_refused(ticket)

    def blocked(self, ticket: Ticket, *, reduces: bool) -> str | None:
        """Why a gate does not let an order pass now; None if they do. The portfolio is asked first."""
        blocked = self.gate(ticket.sleeve, reduces=reduces) if self.gate is not None else None
        if blocked is None and self.order_gate is not None:
            return self.order_gate.refuse(ticket)
        return blocked

    def refusal(self, book: Book, ticket: Ticket, size: float, price: float) -> str | None:
        """Why what would open or add to the sleeve's position must not; what reduces it may always fill."""
        order = ticket.order
        if size <= reducible(book, order):
            return None
        blocked = self.blocked(ticket, reduces=False)
        return too_dear(size * order.sign, price, book, self._account) if blocked is None else blocked

    def book(
        self, blotter: Blotter, ticket: Ticket, *, size: float, price: float, quote: float, moment: Moment, whole: bool
    ) -> None:
        """Enter a fill: of all that is left of an order, or of a part."""
        book, order = blotter.book, ticket.order
        time = book.line.close_time
        done, realised, commission, ended = self._account.fill(book, size * order.sign, price, time)
        self.count += 1
        fill = Fill(
            number=self.count,
            order_id=ticket.id,
            sleeve=book.sleeve,
            instrument=book.line.instrument,
            side=order.side,
            size=size,
            price=price,
            quote=quote,
            value=book.line.value(size, price),
            commission=commission,
            realised=realised,
            closed=done.closed,
            opened=done.opened,
            close_time=time,
            moment=moment,
            tag=order.tag,
        )
        ticket.fill = fill
        ticket.filled = plus(ticket.filled, size)
        ticket.opened = plus(ticket.opened, done.opened)
        if whole:
            ticket.move(_FILLED)
            self._drop(blotter, ticket)
        self._told(ticket)
        blotter.tell(fill)
        self.fills.setdefault(book.sleeve, []).append(fill)
        if ticket.entry is not None:
            self._unwind(blotter, ticket, ticket.entry, size, whole=whole)
        if ended is not None and self.listener is not None:
            self.listener.trip_ended(ended)
        if done.trip is not None and self._on_trip is not None:
            self._on_trip(book.sleeve, done.trip)

    def _unwind(self, blotter: Blotter, half: Ticket, entry: Ticket, size: float, *, whole: bool) -> None:
        """Half of a bracket filled: the other may close as much less, and in the end it goes, with the entry's rest."""
        entry.unwound = plus(entry.unwound, size)
        if not whole:
            return
        if half.sibling is not None and half.sibling.is_open:
            self.settle(blotter, half.sibling, _CANCELLED, "the other half of its bracket filled")
        if entry.is_open:
            self.settle(blotter, entry, _CANCELLED, "its bracket has closed what was filled of it")

    def _drop(self, blotter: Blotter, ticket: Ticket) -> None:
        if blotter.drop(ticket):
            blotter.book.line.working -= 1


def left_of(ticket: Ticket) -> float:
    """How much of an order is still to fill."""
    size, entry = ticket.order.size, ticket.entry
    if ticket.filled:
        size = plus(size, -ticket.filled)
    if entry is not None and entry.unwound:
        size = min(size, plus(entry.opened, -entry.unwound))
    return size


def plus(one: float, other: float) -> float:
    """Add two sizes as the decimals that they print as, so that parts add up to the whole."""
    return float(Decimal(repr(one)) + Decimal(repr(other))) if one and other else one + other


def reducible(book: Book, order: Order) -> float:
    """How much of what the sleeve holds an order of this side could close."""
    return abs(book.held) if book.held * order.sign < 0 else 0.0
