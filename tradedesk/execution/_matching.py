"""One slice's candles against the orders at work: phase after phase, and in each sleeve after sleeve.

The phases are those of the page "what the fills assume": the open, the stops inside the candle, the limits inside it,
then the close. So a stop fills before a limit of the same candle, whichever came first in the market.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import attrs

from tradedesk.execution import _fills
from tradedesk.execution._books import Book
from tradedesk.execution._checks import too_dear
from tradedesk.execution._desk import Blotter as AnyBlotter
from tradedesk.execution._ledger import Account
from tradedesk.execution._protocols import Listener, TicketGate
from tradedesk.execution._terms import DAY
from tradedesk.execution._ticket import Ticket
from tradedesk.execution.types import Fill, Gate, Moment, Order, OrderState
from tradedesk.marketdata import Instrument, period_seconds
from tradedesk.risk import RoundTrip

MarketFill = Literal["next_open", "same_close", "next_close"]

Blotter = AnyBlotter[Book]
Told = Callable[[Ticket], object]
TripTold = Callable[[Instrument, RoundTrip], object]

_ACCEPTED = OrderState.ACCEPTED
_CANCELLED = OrderState.CANCELLED
_REJECTED = OrderState.REJECTED


class Matching:
    """Turns orders into fills, and fills into entries of the books."""

    def __init__(self, account: Account, market_fill: MarketFill, told: Told, on_trip: TripTold | None) -> None:
        self._account = account
        self._market_at_open = market_fill != "next_close"
        self._told = told
        self._on_trip = on_trip
        self.gate: Gate | None = None
        self.order_gate: TicketGate | None = None
        self.listener: Listener | None = None
        self.fills: dict[Instrument, list[Fill]] = {}
        """What sleeves have not heard of."""
        self._numbers = 0
        self._late: set[Ticket] = set()
        """Orders whose stop was reached inside this candle, and whose limit waits for the next."""

    # What becomes of an order ---------------------------------------------------------------------------

    def settle(self, blotter: Blotter, ticket: Ticket, state: OrderState, reason: str = "") -> None:
        """An order comes to its end without a fill, and what waited for it too."""
        ticket.move(state, reason)
        self._drop(blotter, ticket)
        self.tell(ticket)
        for half in (ticket.stop_loss, ticket.take_profit):
            if half is not None and half.is_open:
                self.settle(blotter, half, _CANCELLED, f"its entry was {state.value}")

    def accept(self, blotter: Blotter, ticket: Ticket) -> None:
        """An order works from the next candle on."""
        blotter.accept(ticket)
        blotter.book.line.working += 1
        self.tell(ticket)

    def _drop(self, blotter: Blotter, ticket: Ticket) -> None:
        if blotter.drop(ticket):
            blotter.book.line.working -= 1

    def tell(self, ticket: Ticket) -> None:
        """An order came into another state."""
        self._told(ticket)
        if ticket.state is _REJECTED and self.listener is not None:
            self.listener.order_refused(ticket)

    # Phases ---------------------------------------------------------------------------------------------

    def before_close(self, blotters: Sequence[Blotter]) -> None:
        """Work the opens, the stops, then the limits."""
        for blotter in blotters:
            for ticket in tuple(blotter.working):
                if self._may_work(blotter, ticket):
                    self._at_open(blotter, ticket)
        for phase in (self._at_stop, self._at_limit):
            for blotter in blotters:
                for ticket in tuple(blotter.working):
                    if ticket.state is _ACCEPTED and ticket.candles:
                        phase(blotter, ticket)
        self._late.clear()

    def at_close(self, blotters: Sequence[Blotter]) -> None:
        """Fill market orders at the close, if that is the rule; then let go what has worked long enough."""
        for blotter in blotters:
            for ticket in () if self._market_at_open else tuple(blotter.working):
                if ticket.state is _ACCEPTED and _is_market(ticket.order) and ticket.candles:
                    self.fill_at_close(blotter, ticket)
            for ticket in tuple(blotter.working):
                most = ticket.order.lasts.candles
                if most is not None and ticket.candles >= most:
                    self.settle(blotter, ticket, OrderState.EXPIRED, f"it worked in {most} candles, as it was to")

    def fill_at_close(self, blotter: Blotter, ticket: Ticket) -> None:
        """Fill an order at the close of the instrument's last candle."""
        self._fill(blotter, ticket, blotter.book.line.candle.close + _offset(blotter.book, ticket.order), "close")

    def _may_work(self, blotter: Blotter, ticket: Ticket) -> bool:
        if ticket.state is not _ACCEPTED:
            return False  # the other half of its bracket, or a position that is gone, took it along
        line, lasts = blotter.book.line, ticket.order.lasts
        if not ticket.candles:
            ticket.until = lasts.until
            if lasts.day:
                opened = line.close_time - period_seconds(line.period or "") * 1_000_000_000
                ticket.until = (opened // DAY + 1) * DAY
        if ticket.until is not None and line.close_time > ticket.until:
            self.settle(blotter, ticket, OrderState.EXPIRED, "its time was over")
            return False
        ticket.candles += 1
        return True

    def _at_open(self, blotter: Blotter, ticket: Ticket) -> None:
        order, book = ticket.order, blotter.book
        if _is_market(order) and not self._market_at_open:
            return
        opens = book.line.candle.open + _offset(book, order)
        if self._fill_if_there(blotter, ticket, opens, "open"):
            return
        if order.lasts.open_only:
            self.settle(blotter, ticket, OrderState.EXPIRED, "it did not fill at the open")
        elif _fills.is_set_off_at_open(order, opens):
            ticket.set_off = True

    def _fill_if_there(self, blotter: Blotter, ticket: Ticket, market: float, moment: Moment) -> bool:
        """Fill an order if the market stands where it fills; say if it is done with."""
        quote = _fills.at_open(ticket.order, market, set_off=ticket.set_off)
        if quote is None:
            return False
        self._fill(blotter, ticket, quote, moment)
        return True

    def _at_stop(self, blotter: Blotter, ticket: Ticket) -> None:
        order = ticket.order
        if order.stop is None or ticket.set_off:
            return
        low, high = _range(blotter.book, order)
        quote = _fills.at_stop(order, low, high)
        if quote is not None:
            self._fill(blotter, ticket, quote, "inside")
        elif _fills.stop_is_inside(order, low, high):
            ticket.set_off = True
            self._late.add(ticket)

    def _at_limit(self, blotter: Blotter, ticket: Ticket) -> None:
        order = ticket.order
        if (order.stop is not None and not ticket.set_off) or ticket in self._late:
            return
        quote = _fills.at_limit(order, *_range(blotter.book, order))
        if quote is not None:
            self._fill(blotter, ticket, quote, "inside")

    # Fills ----------------------------------------------------------------------------------------------

    def _fill(self, blotter: Blotter, ticket: Ticket, quote: float, moment: Moment) -> None:
        book, order = blotter.book, ticket.order
        size = min(order.size, _reducible(book, order)) if order.reduce_only else order.size
        if not size:
            self.settle(blotter, ticket, _CANCELLED, "there was nothing left to reduce")
            return
        price = quote if order.limit is not None and order.stop is None else self._slipped(book, order, quote)
        refusal = self._refusal(book, ticket, size, price)
        if refusal is not None:
            self.settle(blotter, ticket, OrderState.REJECTED, refusal)
            return
        side_before = _side(book)
        shown = quote - _offset(book, order)
        self._book(blotter, ticket, size=size, price=price, quote=shown, moment=moment)
        if _side(book) != side_before:
            self._cancel_reducing(blotter)
        self._arm(blotter, ticket, shown, moment)

    def _slipped(self, book: Book, order: Order, quote: float) -> float:
        return _fills.slipped(order, quote, book.line.terms.slippage)

    def _refusal(self, book: Book, ticket: Ticket, size: float, price: float) -> str | None:
        """Why what would open or add to the sleeve's position must not; what reduces it may always fill."""
        order = ticket.order
        if size <= _reducible(book, order):
            return None
        blocked = self.blocked(ticket, reduces=False)
        return too_dear(size * order.sign, price, book, self._account) if blocked is None else blocked

    def blocked(self, ticket: Ticket, *, reduces: bool) -> str | None:
        """Why a gate does not let an order pass now; None if they do. The portfolio is asked first."""
        blocked = self.gate(ticket.sleeve, reduces=reduces) if self.gate is not None else None
        if blocked is None and self.order_gate is not None:
            return self.order_gate.refuse(ticket)
        return blocked

    def _book(
        self, blotter: Blotter, ticket: Ticket, *, size: float, price: float, quote: float, moment: Moment
    ) -> None:
        book, order = blotter.book, ticket.order
        time = book.line.close_time
        done, realised, commission, ended = self._account.fill(book, size * order.sign, price, time)
        self._numbers += 1
        fill = Fill(
            number=self._numbers,
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
        ticket.move(OrderState.FILLED)
        self._drop(blotter, ticket)
        self.tell(ticket)
        blotter.tell(fill)
        self.fills.setdefault(book.sleeve, []).append(fill)
        if ticket.sibling is not None and ticket.sibling.is_open:
            self.settle(blotter, ticket.sibling, _CANCELLED, "the other half of its bracket filled")
        if ended is not None and self.listener is not None:
            self.listener.trip_ended(ended)
        if done.trip is not None and self._on_trip is not None:
            self._on_trip(book.sleeve, done.trip)

    def _cancel_reducing(self, blotter: Blotter) -> None:
        """What would reduce a position must not outlive it: it would take from the next one."""
        for ticket in tuple(blotter.working):
            if ticket.order.reduce_only and ticket.state is _ACCEPTED and not _reducible(blotter.book, ticket.order):
                self.settle(blotter, ticket, _CANCELLED, "the position was closed")

    def _arm(self, blotter: Blotter, entry: Ticket, quote: float, moment: Moment) -> None:
        """Set a filled entry's bracket to work, and see what the rest of the candle does to it."""
        halves = [half for half in (entry.stop_loss, entry.take_profit) if half is not None and half.is_open]
        for half in halves:
            size = entry.order.size if entry.fill is None else entry.fill.opened
            if not size:
                self.settle(blotter, half, _CANCELLED, "its entry opened nothing")
                continue
            half.order = attrs.evolve(half.order, size=size)
            self.accept(blotter, half)
        if moment == "close":
            return
        for half in halves:
            market = quote + _offset(blotter.book, half.order)
            if half.state is not _ACCEPTED:
                continue
            if moment == "open":
                half.candles = 1
                self._fill_if_there(blotter, half, market, "open")
            elif half is entry.stop_loss and not self._fill_if_there(blotter, half, market, "inside"):
                self._at_stop(blotter, half)


def _is_market(order: Order) -> bool:
    return order.limit is None and order.stop is None


def _reducible(book: Book, order: Order) -> float:
    """How much of what the sleeve holds an order of this side could close."""
    return abs(book.held) if book.held * order.sign < 0 else 0.0


def _side(book: Book) -> int:
    return (book.held > 0) - (book.held < 0)


def _offset(book: Book, order: Order) -> float:
    terms = book.line.terms
    return terms.ask_offset if order.sign > 0 else terms.bid_offset


def _range(book: Book, order: Order) -> tuple[float, float]:
    """Lowest and highest quote of the candle, as the order's side sees it."""
    candle, offset = book.line.candle, _offset(book, order)
    return candle.low + offset, candle.high + offset


def in_declared_order(blotters: Iterable[Blotter]) -> list[Blotter]:
    """Sleeves in the order in which their desks were opened."""
    return sorted(blotters, key=lambda blotter: blotter.book.place)
