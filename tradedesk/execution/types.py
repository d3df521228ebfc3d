"""The values of execution: orders, fills, statements, and what a broker knows of a sleeve."""

from collections.abc import Mapping
from enum import Enum
from itertools import pairwise
from typing import Final, Literal, Protocol

import attrs

from tradedesk._value import value
from tradedesk.execution._errors import OrderError, check
from tradedesk.execution._terms import Commission, Conversion, Conversions, Financing, Slippage, Terms
from tradedesk.marketdata import Instrument

__all__ = [
    "DAY",
    "GTC",
    "IOC",
    "AccountStatement",
    "Commission",
    "Conversion",
    "Conversions",
    "Fill",
    "Financing",
    "Gate",
    "Holding",
    "Moment",
    "Order",
    "OrderSide",
    "OrderState",
    "SleeveStatement",
    "Slippage",
    "Terms",
    "TimeInForce",
    "TripStatement",
    "good_for",
    "good_till",
]

OrderSide = Literal["buy", "sell"]

Moment = Literal["open", "inside", "close"]
"""When, in its candle, an order filled: at the open, at the close, or somewhere in between."""


@attrs.frozen
class TimeInForce:
    """How long an order works. Use `GTC`, `IOC`, `DAY`, `good_for` and `good_till`.

    Attributes:
        open_only: it may fill at the open of its first candle, or not at all.
        day: it works in candles that close on the UTC day of its first candle's open, or at the end of that day.
        candles: in how many candles of its instrument it works; None for any number.
        until: it works in candles that close at this time or before, in nanoseconds since 1970; None for ever.
    """

    open_only: bool = False
    day: bool = False
    candles: int | None = None
    until: int | None = None


GTC: Final = TimeInForce()
"""Good till cancelled."""

IOC: Final = TimeInForce(open_only=True)
"""Immediate or cancel: at the open of the next candle, or never."""

DAY: Final = TimeInForce(day=True)
"""Good for the UTC day on which the next candle opens."""


def good_for(candles: int) -> TimeInForce:
    """Good for so many candles of the instrument, at least 1.

    Raises:
        OrderError: it is no whole number of at least 1.
    """
    if not _is_whole(candles) or candles < 1:
        raise OrderError(f"good_for: candles is {candles!r}; it must be a whole number of at least 1")
    return TimeInForce(candles=candles)


def good_till(time: int) -> TimeInForce:
    """Good for all candles that close at this time or before, in nanoseconds since 1970.

    Raises:
        OrderError: it is no whole number.
    """
    if not _is_whole(time):
        raise OrderError(f"good_till: time is {time!r}; it must be a whole number of nanoseconds since 1970")
    return TimeInForce(until=time)


def _is_whole(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool)


@value
class Order:
    """What a strategy wants traded. Neither limit nor stop: a market order. Both: a limit that a stop sets off.

    Attributes:
        side: "buy" or "sell".
        size: units of the instrument, above 0.
        limit: the worst price to fill at.
        stop: the price at which the order comes alive: when the market is there or beyond, on the order's own side.
        stop_loss: once filled, close what was filled with a stop here.
        take_profit: once filled, close what was filled with a limit here. One of the two cancels the other.
        lasts: how long it works.
        reduce_only: it closes what the sleeve holds and never opens; what is too much of it is cut.
        tag: the strategy's own word for it; comes back with the fill.

    Raises:
        OrderError: it cannot mean anything.
    """

    side: OrderSide
    size: float
    limit: float | None = None
    stop: float | None = None
    stop_loss: float | None = None
    take_profit: float | None = None
    lasts: TimeInForce = GTC
    reduce_only: bool = False
    tag: str = ""

    def __attrs_post_init__(self) -> None:
        if self.side not in ("buy", "sell"):
            raise OrderError(f"side is {self.side!r}; it must be 'buy' or 'sell'")
        check(OrderError, "size", self.size, above=0)
        for name in ("limit", "stop", "stop_loss", "take_profit"):
            price = getattr(self, name)
            if price is not None:
                check(OrderError, name, price)
        if self.stop_loss is not None or self.take_profit is not None:
            _check_bracket(self)

    @property
    def sign(self) -> int:
        """1 to buy, -1 to sell."""
        return 1 if self.side == "buy" else -1


def _check_bracket(order: Order) -> None:
    if order.reduce_only:
        raise OrderError("a reduce_only order opens nothing for a stop_loss or take_profit to close; leave them out")
    entry = order.limit if order.limit is not None else order.stop
    steps = [("stop_loss", order.stop_loss), ("limit or stop", entry), ("take_profit", order.take_profit)]
    steps = steps if order.side == "buy" else steps[::-1]
    given = [(name, price) for name, price in steps if price is not None]
    for (lower, low), (upper, high) in pairwise(given):
        if not low < high:
            raise OrderError(
                f"{lower} is {low!r} and {upper} {high!r}; to {order.side}, {lower} must be below {upper}",
            )


class OrderState(Enum):
    """Where an order is in its life."""

    __hash__ = object.__hash__  # that of Enum is written in Python, and every move looks into a table twice

    SUBMITTED = "submitted"
    """Given; the broker looks at it when the slice closes."""
    WAITING = "waiting"
    """Half of a bracket whose entry has not filled."""
    ACCEPTED = "accepted"
    """It works from the next candle on."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"


@value
class Fill:
    """One order, filled.

    Attributes:
        number: 1 for the broker's first fill, then one more for each.
        order_id: whose.
        sleeve: who gave the order.
        instrument: what was traded.
        side: "buy" or "sell".
        size: units of the instrument, above 0.
        price: points, costs of the quote included.
        quote: points, as the candle has it: without spread and slippage.
        value: money that was traded, in the account's currency; at least 0.
        commission: money, in the account's currency.
        realised: money gained by what the fill closed, in the account's currency, before costs.
        closed: how much of the position it closed.
        opened: how much it opened or added.
        close_time: when the candle in which it filled closes, in nanoseconds since 1970.
        moment: when in that candle.
        tag: the order's.
    """

    number: int
    order_id: str
    sleeve: Instrument
    instrument: Instrument
    side: OrderSide
    size: float
    price: float
    quote: float
    value: float
    commission: float
    realised: float
    closed: float
    opened: float
    close_time: int
    moment: Moment
    tag: str


@attrs.frozen
class SleeveStatement:
    """One sleeve's book at one moment. Money is in the account's currency.

    Attributes:
        instrument: what it trades.
        size: what it holds, below 0 when short.
        average_price: of what it holds, in points; None when flat.
        realised: gained by what was closed, before costs.
        unrealised: what closing at the last close would gain.
        commission: paid so far.
        financing: paid so far; below 0 when more was received.
        profit: realised + unrealised - commission - financing.
        fills: how many.
    """

    instrument: Instrument
    size: float
    average_price: float | None
    realised: float
    unrealised: float
    commission: float
    financing: float
    profit: float
    fills: int


@value
class TripStatement:
    """One sleeve's position from the fill that opened it to the one that left nothing of it.

    Money is in the account's currency. A fill that turns a position round belongs to both: its commission is shared
    by size.

    Attributes:
        sleeve: whose.
        instrument: what was traded.
        side: "long" or "short".
        size: the most that was held, in units of the instrument.
        entry_time: when the candle of the first fill closed, in nanoseconds since 1970.
        exit_time: when that of the last fill did.
        entry_price: average price, in points, of all fills that added to it.
        exit_price: average price of all fills that took from it.
        realised: gained by its fills, before costs.
        commission: paid for its fills.
        financing: paid for its nights; below 0 when more was received.
        profit: realised - commission - financing.
        mfe: the most that it was ahead, before costs, at the rate of the closing fill; at least 0.
        mae: the most that it was behind, before costs, at the rate of the closing fill; at most 0.
        candles: how many candles were marked while it was open.
        fills: how many there were, the one that opened it included.
    """

    sleeve: Instrument
    instrument: Instrument
    side: Literal["long", "short"]
    size: float
    entry_time: int
    exit_time: int
    entry_price: float
    exit_price: float
    realised: float
    commission: float
    financing: float
    profit: float
    mfe: float
    mae: float
    candles: int
    fills: int


@attrs.frozen
class AccountStatement:
    """The account at one moment, in its currency.

    Attributes:
        cash: what it was opened with.
        balance: cash + realised - commission - financing.
        equity: balance + unrealised.
        margin: what the positions bind.
        free: equity - margin.
        positions: instrument -> size held by all sleeves together, where it is not 0.
        currency: the account's; empty where the broker does not say.
    """

    cash: float
    balance: float
    equity: float
    margin: float
    free: float
    positions: Mapping[Instrument, float]
    currency: str = ""


class Gate(Protocol):
    """Says why an order of a sleeve is to be refused now; None when it may go."""

    def __call__(self, sleeve: Instrument, /, *, reduces: bool) -> str | None:
        """Answer for one order; ``reduces``: it can only make a position smaller."""
        ...


class Holding(Protocol):
    """What a broker knows of one sleeve; its desk reads it."""

    @property
    def sleeve(self) -> Instrument:
        """Its key in the portfolio."""
        ...

    @property
    def instrument(self) -> Instrument:
        """What it trades."""
        ...

    @property
    def held(self) -> float:
        """What it holds, in units of the instrument; below 0 when short."""
        ...

    @property
    def average_price(self) -> float | None:
        """The average entry price of what it holds, in points; None when flat."""
        ...

    def statement(self) -> SleeveStatement:
        """Return its book as it stands."""
        ...
