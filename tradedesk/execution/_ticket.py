"""The life of an order, as a table, and the ticket that shows it to its strategy."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import attrs

from tradedesk.execution._errors import BrokerStateError
from tradedesk.execution.types import Fill, Order, OrderState
from tradedesk.marketdata import Instrument

_S = OrderState
_SUBMITTED = OrderState.SUBMITTED
_WAITING = OrderState.WAITING
_ACCEPTED = OrderState.ACCEPTED

MOVES: Final[Mapping[OrderState, frozenset[OrderState]]] = MappingProxyType(
    {
        _S.SUBMITTED: frozenset({_S.ACCEPTED, _S.REJECTED, _S.CANCELLED}),
        _S.WAITING: frozenset({_S.ACCEPTED, _S.CANCELLED}),
        _S.ACCEPTED: frozenset({_S.FILLED, _S.REJECTED, _S.CANCELLED, _S.EXPIRED}),
        _S.FILLED: frozenset(),
        _S.REJECTED: frozenset(),
        _S.CANCELLED: frozenset(),
        _S.EXPIRED: frozenset(),
    }
)


@attrs.define(eq=False)
class Ticket:
    """An order that was given, and what became of it. The strategy reads it; the broker alone changes it.

    Attributes:
        id: the sleeve's key and the number of its order: "EURUSD-3".
        sleeve: who gave it.
        instrument: what it trades.
        order: as it was given, or last replaced.
        state: where it is now.
        reason: why it was rejected, cancelled or expired, or why a replacement was refused; else empty.
        fill: its last fill, once there is one.
        filled: how much of it has filled; less than its size while the rest waits for volume.
        opened: how much of that opened a position or added to it.
        stop_loss: the ticket of the bracket's stop, if the order has one.
        take_profit: the ticket of the bracket's limit, if the order has one.
    """

    id: str
    sleeve: Instrument
    instrument: Instrument
    order: Order
    state: OrderState = OrderState.SUBMITTED
    reason: str = ""
    fill: Fill | None = None
    filled: float = 0.0
    opened: float = 0.0
    stop_loss: "Ticket | None" = None
    take_profit: "Ticket | None" = None
    candles: int = 0
    """In how many candles it worked."""
    until: int | None = None
    """No candle that closes later fills it."""
    set_off: bool = False
    """Its stop was reached, and its limit works."""
    sibling: "Ticket | None" = None
    """The other half of its bracket."""
    entry: "Ticket | None" = None
    """The order whose bracket it is half of."""
    unwound: float = 0.0
    """How much of what it opened its bracket has closed."""

    @property
    def is_open(self) -> bool:
        """Whether something may still become of it."""
        state = self.state  # by identity: a look into the table hashes an Enum, which is slow
        return state is _ACCEPTED or state is _SUBMITTED or state is _WAITING

    def move(self, state: OrderState, reason: str = "") -> None:
        """Go to the next state, as the table allows.

        Raises:
            BrokerStateError: The table has no such move.
        """
        if state not in MOVES[self.state]:
            raise BrokerStateError(f"order {self.id} is {self.state.value} and cannot become {state.value}")
        self.state = state
        self.reason = reason
