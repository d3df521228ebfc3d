"""One position by average cost: its size, its profit, its excursions."""

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from attrs import define, field
from attrs.setters import NO_OP

from tradedesk.marketdata import Candle
from tradedesk.risk._exact import ZERO, add, decimal, divide, finite, multiply, positive, subtract
from tradedesk.risk._trade import Filled, RoundTrip, Side
from tradedesk.risk._trip import OpenTrip, money

if TYPE_CHECKING:
    from attrs import Attribute

_SMALLEST: Final = 1e-18
_LARGEST: Final = 1e15
_DUST: Final = Decimal("1e-12")
"""A remainder below this share of what was held or filled is the rounding of somebody's floats, and counts as 0."""


def _worth_something(_: object, attribute: "Attribute[float]", value: float) -> None:
    positive(attribute.name, value)


@define(on_setattr=NO_OP, eq=False, repr=False)
class PositionTracker:
    """A position in one instrument, kept by average cost.

    What is added moves the average entry price; what is closed is realised against that average and leaves it. Fills
    have a sign: above 0 buys, below 0 sells. Sizes and prices are taken as the decimal numbers they print as and kept
    exactly, so nothing drifts: a position is flat, with a size of exactly 0, when what was opened is closed, however
    many fills that takes, and the profit realised by then is the sum of the cash flows. A remainder of less than a
    trillionth (1e-12) of what is held or filled counts as nothing: sizes that were added up in floats close too.

    Costs are not its business: give them to the account beside it.

    Excursions use every price it is shown: `mark` shows the high and the low of a candle to what is held at that
    moment, and a fill shows its own price. So mark a candle after the fills at its open and before those at its close.

    An account that nets several sleeves holds one tracker for each and one for itself, and shows every fill to two.

    Raises:
        ValueError: `value_per_point` (money per point for a size of 1) is not a finite number above 0.
    """

    value_per_point: float = field(default=1.0, validator=_worth_something)
    _worth: Decimal = field(init=False)
    _trip: OpenTrip | None = field(default=None, init=False)
    _banked: Decimal = field(default=ZERO, init=False)
    """The cash flows of the round trips that have ended, in points times size."""

    def __attrs_post_init__(self) -> None:
        self._worth = decimal(self.value_per_point)

    @property
    def size(self) -> float:
        """What is held, in units of the instrument: above 0 long, below 0 short, exactly 0 flat."""
        return float(self._trip.held) if self._trip else 0.0

    @property
    def side(self) -> Side | None:
        """None when flat."""
        return self._trip.side if self._trip else None

    @property
    def average_price(self) -> float | None:
        """The average entry price of what is held, in points; None when flat."""
        return float(divide(self._trip.cost, self._trip.held)) if self._trip else None

    @property
    def cost(self) -> float:
        """What is held, with its sign, times its average entry price, in points; 0 when flat."""
        return float(self._trip.cost) if self._trip else 0.0

    @property
    def realised(self) -> float:
        """Money gained by all that was closed so far, in this position and those before it."""
        trip = self._trip
        return money(add(self._banked, add(trip.cash, trip.cost)) if trip else self._banked, self._worth)

    def unrealised(self, price: float) -> float:
        """Return the money that closing at `price` would gain, against the average entry price; 0 when flat."""
        point, trip = _a_price(price), self._trip
        return money(subtract(multiply(trip.held, point), trip.cost), self._worth) if trip else 0.0

    def profit(self, price: float) -> float:
        """Return all the money gained if what is held were closed at `price`: realised and unrealised."""
        point, trip = _a_price(price), self._trip
        return money(add(self._banked, trip.profit(point)) if trip else self._banked, self._worth)

    @property
    def mfe(self) -> float:
        """Maximum favourable excursion of the open position, in money, at least 0; see `RoundTrip`. 0 when flat."""
        return money(self._trip.excursions()[1], self._worth) if self._trip else 0.0

    @property
    def mae(self) -> float:
        """Maximum adverse excursion of the open position, in money, at most 0; see `RoundTrip`. 0 when flat."""
        return money(self._trip.excursions()[0], self._worth) if self._trip else 0.0

    @property
    def candles(self) -> int:
        """How many candles were marked since the position was opened; 0 when flat."""
        return self._trip.candles if self._trip else 0

    def mark(self, candle: Candle) -> None:
        """Show a candle's high and low to what is held now. Flat, nothing happens."""
        trip = self._trip
        if trip is not None:
            trip.candles += 1
            if candle.high > trip.high:
                trip.high = candle.high
            if candle.low < trip.low:
                trip.low = candle.low

    def fill(self, size: float, price: float, time: int | None = None) -> Filled:
        """Buy (a size above 0) or sell (below 0) at a price in points, and return what that did.

        Args:
            size: in units of the instrument; from 1e-18 to 1e15, with a sign.
            price: in points; may be 0 or negative, up to 1e15 in size.
            time: nanoseconds since 1970, kept for the round trip; nothing is decided by it.

        Raises:
            ValueError: size or price is out of its range. The position is as it was.
        """
        amount, point, trip = _an_amount(size), _a_price(price), self._trip
        if trip is None or (trip.held > 0) == (amount > 0):
            return self._opened(amount, point, time)
        if amount == trip.held.copy_negate():
            return self._closed(trip, amount, point, time)
        amount = _whole(trip.held, amount)
        rest = add(trip.held, amount)
        if not rest or (rest > 0) == (trip.held > 0):
            return self._closed(trip, amount, point, time)
        closed = self._closed(trip, trip.held.copy_negate(), point, time)
        opened = self._opened(rest, point, time)
        return Filled(closed.closed, opened.opened, closed.realised, closed.trip)

    def close(self, price: float, time: int | None = None) -> Filled:
        """Close all that is held at a price in points, and return what that did.

        Raises:
            ValueError: the price is out of its range, or nothing is held.
        """
        point = _a_price(price)
        if self._trip is None:
            raise ValueError("the position is flat; there is nothing to close")
        return self._closed(self._trip, self._trip.held.copy_negate(), point, time)

    def _opened(self, amount: Decimal, point: Decimal, time: int | None) -> Filled:
        trip = self._trip
        if trip is None:
            trip = self._trip = OpenTrip("long" if amount > 0 else "short", time)
        trip.add(amount, point)
        return Filled(closed=0.0, opened=float(amount.copy_abs()), realised=0.0, trip=None)

    def _closed(self, trip: OpenTrip, amount: Decimal, point: Decimal, time: int | None) -> Filled:
        realised = money(trip.take(amount, point), self._worth)
        ended: RoundTrip | None = None
        if not trip.held:
            ended = trip.ended(self._worth, time)
            self._banked = add(self._banked, trip.cash)
            self._trip = None
        return Filled(closed=float(amount.copy_abs()), opened=0.0, realised=realised, trip=ended)

    def __repr__(self) -> str:
        held = f"{self.size!r} at {self.average_price!r}" if self._trip else "flat"
        return f"<PositionTracker: {held}, realised {self.realised!r}>"


def _an_amount(size: float) -> Decimal:
    if not _SMALLEST <= abs(finite("size", size)) <= _LARGEST:
        raise ValueError(f"size is {size!r}; a fill is from {_SMALLEST:g} to {_LARGEST:g} in size, below 0 to sell")
    return decimal(size)


def _a_price(price: float) -> Decimal:
    if abs(finite("price", price)) > _LARGEST:
        raise ValueError(f"price is {price!r}; it must be at most {_LARGEST:g} in size")
    return decimal(price)


def _whole(held: Decimal, amount: Decimal) -> Decimal:
    """Return what closes all of it, where the amount does so but for dust."""
    rest = add(held, amount).copy_abs()
    dust = multiply(_DUST, max(held.copy_abs(), amount.copy_abs()))
    return held.copy_negate() if rest < dust else amount
