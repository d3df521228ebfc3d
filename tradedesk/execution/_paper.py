"""`PaperBroker`: fills orders from candles, without a market.

It is driven from outside: `open_slice` before the strategies see a slice, `close_slice` after. Nothing here waits.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

import attrs

from tradedesk.execution._booking import Blotter, Booking
from tradedesk.execution._checks import misfit, too_dear
from tradedesk.execution._desk import CAPACITY, Action, Desk
from tradedesk.execution._errors import BrokerStateError, TermsError
from tradedesk.execution._ledger import Account
from tradedesk.execution._lines import Line
from tradedesk.execution._matching import MarketFill, Matching, in_declared_order
from tradedesk.execution._protocols import Listener, TicketGate
from tradedesk.execution._terms import DAY as A_DAY
from tradedesk.execution._terms import Conversions, Terms, TradingRules
from tradedesk.execution._ticket import Ticket
from tradedesk.execution.types import AccountStatement, Fill, Gate, Order, OrderState, SleeveStatement
from tradedesk.marketdata import Instrument, Slice, period_seconds
from tradedesk.risk import RoundTrip

_NOTHING: Final[Mapping[Instrument, Sequence[Fill]]] = MappingProxyType({})
CLOSE_OUT: Final = "close_out"
"""The tag of orders that close a sleeve out."""
_MARKET_FILLS: Final = ("next_open", "same_close", "next_close")


@attrs.frozen
class BrokerStatistics:
    """A broker at one moment.

    Attributes:
        slices: slices opened.
        orders: taken from desks, the halves of brackets not counted.
        rejected: how many of those were refused, at the close of their slice or when they were to fill.
        working: accepted, and open.
        fills: how many.
    """

    slices: int
    orders: int
    rejected: int
    working: int
    fills: int


class PaperBroker:
    """Fills orders by the rules of the page "what the fills assume", on books per sleeve over one account.

    An order that is given while candle t is handled first works in candle t + 1. Sleeves are served in the order in
    which their desks were opened, so no result depends on which strategy ran first.
    """

    def __init__(
        self,
        instruments: Mapping[Instrument, Terms] | Iterable[Instrument],
        *,
        cash: float,
        currency: str = "USD",
        conversions: Conversions | None = None,
        market_fill: MarketFill = "next_open",
        gate: Gate | None = None,
        order_gate: TicketGate | None = None,
        on_order: Callable[[Ticket], object] | None = None,
        on_trip: Callable[[Instrument, RoundTrip], object] | None = None,
    ) -> None:
        """Open an account.

        Args:
            instruments: what can be traded, with its terms; names alone have no costs, and positions bind all of their
                value.
            cash: money at the start, in the account's currency.
            currency: the account's.
            conversions: for each other currency that instruments are quoted in, where its worth is read.
            market_fill: where market orders fill: at the open of the next candle, at the close of the candle that they
                were given in, or at the close of the next.
            gate: see `ask_first`; a backtest puts its runner's word in this place.
            order_gate: asked with an order's ticket behind that, at the same two moments; several make one as
                `tradedesk.portfolio.OrderGates`. It stays when `ask_first` puts another gate before it.
            on_order: called with an order's ticket whenever its state changed, or it filled in part.
            on_trip: called with the sleeve and the round trip whenever a sleeve's position ends. Its amounts are in the
                instrument's currency, before costs.

        Raises:
            TermsError: An amount is out of its range, or a currency cannot be converted.
            UnknownInstrumentError: A conversion reads an instrument that has no terms.
        """
        if market_fill not in _MARKET_FILLS:
            known = ", ".join(map(repr, _MARKET_FILLS))
            raise TermsError(f"market_fill is {market_fill!r}; it must be one of {known}")
        terms = dict(instruments) if isinstance(instruments, Mapping) else dict.fromkeys(instruments, Terms())
        self._account = Account(cash, currency, terms, conversions or {})
        self._booking = Booking(self._account, self._count, on_trip)
        self._booking.gate, self._booking.order_gate = gate, order_gate
        self._matching = Matching(self._booking, market_fill)
        self._market_fill: MarketFill = market_fill
        self._same_close = market_fill == "same_close"
        self._on_order = on_order
        self._desks: dict[Instrument, tuple[Desk, Blotter]] = {}
        self._waiting_room: list[Blotter] = []
        """Who has something in the outbox, in no order."""
        self._is_open = False
        self._time: int | None = None
        self._slices = self._orders = self._rejected = 0

    # What strategies and their owner call ---------------------------------------------------------------

    def desk(self, sleeve: Instrument, instrument: Instrument | None = None) -> Desk:
        """Return a sleeve's desk; the first call opens it, behind all others.

        Args:
            sleeve: its key in the portfolio.
            instrument: what it trades; None: the key says it.

        Raises:
            UnknownInstrumentError: The instrument has no terms.
            BrokerStateError: The sleeve has a desk for another instrument.
        """
        wanted = sleeve if instrument is None else instrument
        if sleeve not in self._desks:
            blotter = Blotter(self._account.open_book(sleeve, wanted), self._waiting_room)
            self._desks[sleeve] = (Desk(blotter), blotter)
        desk = self._desks[sleeve][0]
        if instrument is not None and desk.instrument != instrument:
            raise BrokerStateError(f"sleeve {sleeve!r} has a desk for {desk.instrument!r}, and none for {instrument!r}")
        return desk

    def ask_first(self, gate: Gate | None) -> None:
        """Ask this before an order is accepted, and again before one fills that opens a position or adds to it.

        `PortfolioRunner.order_refusal` is one. What it says is the reason of the rejection.
        """
        self._booking.gate = gate

    def tell(self, listener: Listener | None) -> None:
        """Tell this one of refused orders and closed positions, besides ``on_order`` and ``on_trip``."""
        self._booking.listener = listener

    def close_out(self, sleeve: Instrument) -> Ticket | None:
        """Take a sleeve's orders back at once and close what it holds with a market order, whatever the gate says.

        Returns the closing order's ticket, None when the sleeve holds nothing.
        """
        blotter = self._blotter(sleeve)
        for ticket in (*blotter.working, *(action.ticket for action in blotter.outbox)):
            if ticket.is_open:
                self._booking.settle(blotter, ticket, OrderState.CANCELLED, "the sleeve is closed out")
        blotter.outbox.clear()
        if blotter in self._waiting_room:
            self._waiting_room.remove(blotter)
        held = blotter.book.held
        if not held:
            return None
        ticket = blotter.new_ticket(Order("sell" if held > 0 else "buy", abs(held), reduce_only=True, tag=CLOSE_OUT))
        self._orders += 1
        self._booking.accept(blotter, ticket)
        return ticket

    # What drives it -------------------------------------------------------------------------------------

    def open_slice(self, slice_: Slice) -> Mapping[Instrument, Sequence[Fill]]:
        """Work the accepted orders in the slice's candles, and mark what is held at their closes.

        Returns for each sleeve the fills that it has not heard of, oldest first; sleeves in no order.

        Raises:
            BrokerStateError: The slice before is not closed, or does not close before this one.
            TermsError: A candle's period is shorter than those that were seen first, and the terms name none; or a
                close that says what a currency is worth is not above 0.
        """
        since = self._turn(slice_.close_time)
        touched, busy = self._take_in(slice_)
        if self._account.financed and since is not None:
            self._finance_before(since, slice_.close_time, touched)
        blotters = self._at_work(busy) if busy else []
        if blotters:
            self._matching.before_close(blotters)
        for line in touched:
            line.close = line.candle.close
            if line.exposed:
                line.mark()
        self._account.marked()
        if self._account.financed and since is not None:
            self._finance_inside(since, slice_.close_time, touched)
        if blotters:
            self._matching.at_close(blotters)
        return self._heard()

    def close_slice(self) -> None:
        """Take the orders that were given since the last time, sleeve by sleeve in declared order.

        Raises:
            BrokerStateError: No slice is open.
        """
        if not self._is_open:
            raise BrokerStateError("no slice is open: open_slice comes first")
        self._is_open = False
        if self._waiting_room:
            calling = in_declared_order(self._waiting_room)
            self._waiting_room.clear()
            for blotter in calling:
                for action in blotter.take():
                    self._perform(blotter, action)

    def unheard(self) -> Mapping[Instrument, Sequence[Fill]]:
        """Return the fills that no slice has told of: those at the last close, for who opens no slice after it."""
        return self._heard()

    # What anybody may look at ---------------------------------------------------------------------------

    @property
    def equity(self) -> float:
        """What the account would be worth if all that is held were closed at the last closes, without further costs."""
        return self._account.equity

    @property
    def exposure(self) -> float:
        """The value of all net positions at the last closes, longs and shorts added."""
        return self._account.exposure

    def profits(self) -> list[float]:
        """What each sleeve has gained so far, costs deducted and what is open included; in the order of `sleeves`."""
        return self._account.profits()

    @property
    def sleeves(self) -> tuple[Instrument, ...]:
        """Who has a desk, in declared order."""
        return tuple(self._desks)

    @property
    def exposed(self) -> list[Instrument]:
        """The sleeves that hold something, instrument by instrument."""
        return [book.sleeve for line in self._account.lines.values() for book in line.exposed]

    @property
    def rules(self) -> TradingRules:
        """By what rules it fills, for who writes them down."""
        terms = {instrument: line.terms for instrument, line in self._account.lines.items()}
        return TradingRules(self._market_fill, self._account.currency, terms, self._account.worth)

    def is_leaving(self, sleeve: Instrument) -> bool:
        """Whether an order that closes a sleeve out is at work."""
        return any(ticket.order.tag == CLOSE_OUT for ticket in self._blotter(sleeve).working)

    def account(self) -> AccountStatement:
        """Return the account as it stands."""
        return self._account.statement()

    def sleeve(self, sleeve: Instrument) -> SleeveStatement:
        """Return a sleeve's book as it stands."""
        return self._blotter(sleeve).book.statement()

    def statistics(self) -> BrokerStatistics:
        """This broker now."""
        return BrokerStatistics(
            slices=self._slices,
            orders=self._orders,
            rejected=self._rejected,
            working=sum(line.working for line in self._account.lines.values()),
            fills=self._booking.count,
        )

    # Slices ---------------------------------------------------------------------------------------------

    def _turn(self, time: int) -> int | None:
        since = self._time
        if self._is_open:
            raise BrokerStateError(f"the slice that closes at {since} is open: close_slice comes first")
        if since is not None and time <= since:
            raise BrokerStateError(f"a slice that closes at {time} comes after one that closes at {since}")
        self._is_open = True
        self._time = time
        self._slices += 1
        return since

    def _take_in(self, slice_: Slice) -> tuple[list[Line], list[Line]]:
        """Show each line its candle; return the lines that got one, and those of them with orders at work."""
        lines, account, time = self._account.lines, self._account, slice_.close_time
        touched: list[Line] = []
        busy: list[Line] = []
        for event in slice_.events:
            line = lines.get(event.instrument)
            if line is None or (event.period != line.period and not line.takes(event.period, slice_.events)):
                continue
            line.candle = candle = event.candle
            if line.share is not None:
                line.room = line.share * candle.volume
            line.close_time = time
            touched.append(line)
            if line.working:
                busy.append(line)
            if line.pays:
                account.convert(line, candle.close)
        return touched, busy

    def _at_work(self, busy: Sequence[Line]) -> list[Blotter]:
        desks, found = self._desks, []
        for line in busy:
            for book in line.books:
                blotter = desks[book.sleeve][1]
                if blotter.working:
                    found.append(blotter)
        return in_declared_order(found)

    def _heard(self) -> Mapping[Instrument, Sequence[Fill]]:
        fills = self._booking.fills
        if not fills:
            return _NOTHING
        self._booking.fills = {}
        return fills

    def _finance_before(self, since: int, until: int, touched: Sequence[Line]) -> None:
        """Let what was held pay for the days that ended before the candles of this slice opened."""
        if not self._crosses(since, until):
            return
        opened = {line: _opened(line, since) for line in touched}
        for line in self._account.financed:
            self._account.finance(line, since, opened.get(line, until))

    def _finance_inside(self, since: int, until: int, touched: Sequence[Line]) -> None:
        """Let what is held at the close pay for the days that ended inside the candles."""
        if self._crosses(since, until):
            for line in touched:
                if line.is_financed:
                    self._account.finance(line, _opened(line, since), until)

    def _crosses(self, since: int, until: int) -> bool:
        """Whether any instrument's day ended."""
        return any(
            (since - line.terms.financing.rollover) // A_DAY != (until - line.terms.financing.rollover) // A_DAY
            for line in self._account.financed
        )

    # Orders ---------------------------------------------------------------------------------------------

    def _perform(self, blotter: Blotter, action: Action) -> None:
        ticket, order = action.ticket, action.order
        if not ticket.is_open:
            return
        if order is None:
            self._booking.settle(blotter, ticket, OrderState.CANCELLED, "the strategy took it back")
        elif ticket.state is OrderState.SUBMITTED:
            self._submit(blotter, ticket)
        else:
            self._replace(blotter, ticket, order)

    def _submit(self, blotter: Blotter, ticket: Ticket) -> None:
        self._orders += 1
        refusal = self._refusal(blotter, ticket)
        if refusal is not None:
            self._booking.settle(blotter, ticket, OrderState.REJECTED, refusal)
            return
        self._booking.accept(blotter, ticket)
        order, line = ticket.order, blotter.book.line
        if self._same_close and order.limit is None and order.stop is None and line.close_time == self._time:
            self._matching.fill_at_close(blotter, ticket)

    def _replace(self, blotter: Blotter, ticket: Ticket, order: Order) -> None:
        waiting = ticket.state is OrderState.WAITING  # half of a bracket: there is nothing to reduce yet
        refusal = None if waiting else self._refusal(blotter, attrs.evolve(ticket, order=order), replaces=True)
        if refusal is not None:
            ticket.reason = f"it stays as it was, for the change was refused: {refusal}"
        elif order.size <= ticket.filled:
            self._booking.settle(blotter, ticket, OrderState.CANCELLED, "all of its new size has filled")
            return
        else:
            if order.stop != ticket.order.stop:
                ticket.set_off = False
            ticket.order = order
            ticket.reason = ""
        self._booking.tell(ticket)

    def _refusal(self, blotter: Blotter, ticket: Ticket, *, replaces: bool = False) -> str | None:
        """Why an order is not accepted; None if it is."""
        book, order = blotter.book, ticket.order
        blocked = self._booking.blocked(ticket, reduces=order.reduce_only)
        if blocked is not None:
            return blocked
        if not replaces and len(blotter.working) >= CAPACITY:
            return f"the sleeve has {CAPACITY} orders at work, the most it may have"
        unfit = misfit(order, book)
        if unfit is not None or order.reduce_only:
            return unfit
        price = order.limit if order.limit is not None else order.stop if order.stop is not None else book.line.close
        return too_dear(order.size * order.sign, price or 0.0, book, self._account)

    def _count(self, ticket: Ticket) -> None:
        if ticket.state is OrderState.REJECTED:
            self._rejected += 1
        if self._on_order is not None:
            self._on_order(ticket)

    def _blotter(self, sleeve: Instrument) -> Blotter:
        if sleeve not in self._desks:
            known = ", ".join(map(repr, self._desks)) or "none"
            raise BrokerStateError(f"sleeve {sleeve!r} has no desk; those with one are {known}")
        return self._desks[sleeve][1]


def _opened(line: Line, since: int) -> int:
    """When a line's candle opened, or when the slice before closed if that was later."""
    return max(since, line.close_time - period_seconds(line.period or "") * 1_000_000_000)
