"""One slice's candles against the orders at work: phase after phase, and in each sleeve after sleeve.

The phases are those of the page "what the fills assume": the open, the stops inside the candle, the limits inside it,
then the close. So a stop fills before a limit of the same candle, whichever came first in the market.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import attrs

from tradedesk.execution import _fills
from tradedesk.execution._booking import Blotter, Booking, left_of, reducible
from tradedesk.execution._books import Book
from tradedesk.execution._terms import DAY
from tradedesk.execution._ticket import Ticket
from tradedesk.execution.types import Moment, Order, OrderState
from tradedesk.marketdata import period_seconds

MarketFill = Literal["next_open", "same_close", "next_close"]

_ACCEPTED = OrderState.ACCEPTED
_CANCELLED = OrderState.CANCELLED
_EXPIRED = OrderState.EXPIRED
_WAITING = OrderState.WAITING


class Matching:
    """Finds out which orders fill in a candle, and at what price."""

    def __init__(self, booking: Booking, market_fill: MarketFill) -> None:
        self._booking = booking
        self._market_at_open = market_fill != "next_close"
        self._late: set[Ticket] = set()
        """Orders whose stop was reached inside this candle, and whose limit waits for the next."""

    # Phases ---------------------------------------------------------------------------------------------

    def before_close(self, blotters: Sequence[Blotter]) -> None:
        """Work the opens, the stops, then the limits."""
        for blotter in blotters:
            for ticket in tuple(blotter.working):
                if self._may_work(blotter, ticket):
                    self._at_open(blotter, ticket)
        waiting = [blotter for blotter in blotters if blotter.working]
        for phase in (self._at_stop, self._at_limit) if waiting else ():
            for blotter in waiting:
                for ticket in tuple(blotter.working):
                    if ticket.state is _ACCEPTED and ticket.candles:
                        phase(blotter, ticket)
        if self._late:
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
                    self._booking.settle(blotter, ticket, _EXPIRED, f"it worked in {most} candles, as it was to")

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
            self._booking.settle(blotter, ticket, _EXPIRED, "its time was over")
            return False
        ticket.candles += 1
        return True

    def _at_open(self, blotter: Blotter, ticket: Ticket) -> None:
        order, book = ticket.order, blotter.book
        opens = book.line.candle.open + _offset(book, order)
        if order.limit is None and order.stop is None:
            if not self._market_at_open:
                return
            self._fill(blotter, ticket, opens, "open")
            there = True
        else:
            there = self._fill_if_there(blotter, ticket, opens, "open")
        if ticket.state is not _ACCEPTED:
            return
        if order.lasts.open_only:
            what = "the rest of it" if ticket.filled else "it"
            self._booking.settle(blotter, ticket, _EXPIRED, f"{what} did not fill at the open")
        elif there:
            ticket.set_off = order.stop is not None
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
            ticket.set_off = True  # if there was no room for all of it, the rest takes what it gets
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
        """Fill what is left of an order, or as much of it as the candle's volume has room for."""
        book, order, line = blotter.book, ticket.order, blotter.book.line
        left = left_of(ticket)
        size = min(left, reducible(book, order)) if order.reduce_only else left
        if not size:
            self._booking.settle(blotter, ticket, _CANCELLED, "there was nothing left to reduce")
            return
        wanted = size
        if line.room is not None and size > line.room:
            size = line.whole_lots(line.room)
            if not size:
                return
        exact = order.limit is not None and order.stop is None
        price = quote if exact else _fills.slipped(order, quote, line.terms.slippage)
        refusal = self._booking.refusal(book, ticket, size, price)
        if refusal is not None:
            self._booking.settle(blotter, ticket, OrderState.REJECTED, refusal)
            return
        if line.room is not None:
            line.room -= size
        before = book.held
        shown = quote - _offset(book, order)
        self._booking.book(blotter, ticket, size=size, price=price, quote=shown, moment=moment, whole=size == wanted)
        if blotter.working and _side(book.held) != _side(before):
            self._cancel_reducing(blotter)
        if ticket.stop_loss is not None or ticket.take_profit is not None:
            self._arm(blotter, ticket, shown, moment)

    def _cancel_reducing(self, blotter: Blotter) -> None:
        """What would reduce a position must not outlive it: it would take from the next one."""
        for ticket in tuple(blotter.working):
            if ticket.order.reduce_only and ticket.state is _ACCEPTED and not reducible(blotter.book, ticket.order):
                self._booking.settle(blotter, ticket, _CANCELLED, "the position was closed")

    def _arm(self, blotter: Blotter, entry: Ticket, quote: float, moment: Moment) -> None:
        """Set a filled entry's bracket to work, and see what the rest of the candle does to it."""
        halves = [half for half in (entry.stop_loss, entry.take_profit) if half is not None and half.is_open]
        fresh = [half for half in halves if half.state is _WAITING]
        for half in halves:
            if entry.opened:
                half.order = attrs.evolve(half.order, size=entry.opened)
                if half in fresh:
                    self._booking.accept(blotter, half)
            elif not entry.is_open:
                self._booking.settle(blotter, half, _CANCELLED, "its entry opened nothing")
        if moment == "close":
            return
        for half in fresh:
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


def _side(held: float) -> int:
    return (held > 0) - (held < 0)


def _offset(book: Book, order: Order) -> float:
    return book.line.ask if order.side == "buy" else book.line.bid


def _range(book: Book, order: Order) -> tuple[float, float]:
    """Lowest and highest quote of the candle, as the order's side sees it."""
    candle, offset = book.line.candle, _offset(book, order)
    return candle.low + offset, candle.high + offset


def in_declared_order(blotters: Iterable[Blotter]) -> list[Blotter]:
    """Sleeves in the order in which their desks were opened."""
    found = list(blotters)
    if len(found) > 1:
        found.sort(key=lambda blotter: blotter.book.place)
    return found
