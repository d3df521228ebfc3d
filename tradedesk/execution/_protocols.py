"""What a broker is to strategies, and to whoever drives it; what it may be asked before it acts, and whom it tells."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from tradedesk.execution._desk import Desk
from tradedesk.execution._ticket import Ticket
from tradedesk.execution.types import AccountStatement, Fill, Gate, SleeveStatement, TripStatement
from tradedesk.marketdata import Instrument, Slice


class TicketGate(Protocol):
    """Whoever may refuse an order by what it is; `tradedesk.portfolio.OrderGates` puts several in a row."""

    def refuse(self, order: Ticket, /) -> str | None:
        """Say why the order is to be refused now; None when it may go. Called between handlers, so it may not wait."""
        ...


class Listener(Protocol):
    """Whom a broker tells what no fill says."""

    def order_refused(self, ticket: Ticket) -> None:
        """An order was rejected; the ticket has the reason."""
        ...

    def trip_ended(self, trip: TripStatement) -> None:
        """A sleeve's position is closed."""
        ...


class Broker(Protocol):
    """Takes orders at desks and drives them to fills. `PaperBroker` is one; a live adapter implements the same.

    A broker hands out desks before the run and is then called between handlers, never during them, so nothing here is
    async: an adapter that talks to a network queues, lets a task of its own send, and answers from what it knows.
    `Desk` and `Blotter` do a strategy's side of it: an adapter takes the calls that wait in a blotter's outbox when a
    slice closes, moves their tickets on as the market answers, and tells the blotter of fills.
    """

    @property
    def sleeves(self) -> Sequence[Instrument]:
        """Who has a desk, in declared order."""
        ...

    @property
    def exposed(self) -> Sequence[Instrument]:
        """The sleeves that hold something, in any order."""
        ...

    @property
    def equity(self) -> float:
        """What the account is worth at the newest prices, in its currency."""
        ...

    @property
    def exposure(self) -> float:
        """The value of all positions at the newest prices, longs and shorts added, in the account's currency."""
        ...

    def profits(self) -> Sequence[float]:
        """What each sleeve has gained so far, costs deducted and what is open included; in the order of `sleeves`."""
        ...

    def desk(self, sleeve: Instrument, instrument: Instrument | None = None) -> Desk:
        """Return a sleeve's desk; the first call opens it, behind all others. None: the key names the instrument."""
        ...

    def open_slice(self, slice_: Slice) -> Mapping[Instrument, Sequence[Fill]]:
        """Work the accepted orders in the slice's candles; return the fills that each sleeve has not heard of."""
        ...

    def close_slice(self) -> None:
        """Take the orders that were given since the last time, sleeve by sleeve in declared order."""
        ...

    def unheard(self) -> Mapping[Instrument, Sequence[Fill]]:
        """Return the fills that no slice has told of, for who opens no slice after this one."""
        ...

    def ask_first(self, gate: Gate | None) -> None:
        """Ask this before an order is accepted, and before one that opens a position fills."""
        ...

    def tell(self, listener: Listener | None) -> None:
        """Tell this one of refused orders and closed positions, and nobody who was told before."""
        ...

    def close_out(self, sleeve: Instrument) -> Ticket | None:
        """Take a sleeve's orders back and close what it holds; None when it holds nothing."""
        ...

    def is_leaving(self, sleeve: Instrument) -> bool:
        """Whether an order that closes a sleeve out is at work."""
        ...

    def account(self) -> AccountStatement:
        """Return the account as it stands."""
        ...

    def sleeve(self, sleeve: Instrument) -> SleeveStatement:
        """Return a sleeve's book as it stands."""
        ...
