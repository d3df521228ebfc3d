"""A position that is open: what it holds, what it cost, how far it was ahead and behind.

Everything here is in points times size; the tracker turns it into money. Decimals meet only through the functions of
`_exact`, for the operators round to whatever the current context says.
"""

from decimal import Decimal
from math import inf

from attrs import define, field

from tradedesk.risk._exact import ZERO, add, decimal, divide, multiply, subtract
from tradedesk.risk._trade import RoundTrip, Side


@define(eq=False)
class Legs:
    """All fills in one direction: how much, with its sign, and what for.

    Attributes:
        only: the price, while there is but one fill; most positions have one entry and one exit, and need no division.
    """

    size: Decimal = ZERO
    value: Decimal = ZERO
    only: Decimal | None = None

    def add(self, size: Decimal, price: Decimal, value: Decimal) -> None:
        if self.size:
            self.size, self.value, self.only = add(self.size, size), add(self.value, value), None
        else:
            self.size, self.value, self.only = size, value, price

    def price(self) -> float:
        return float(divide(self.value, self.size) if self.only is None else self.only) + 0.0


@define(eq=False)
class OpenTrip:
    """From flat to flat."""

    side: Side
    opened_at: int | None
    held: Decimal = ZERO
    """Below 0 for a short position."""
    cost: Decimal = ZERO
    """What is held, times its average entry price."""
    cash: Decimal = ZERO
    """What was received, less what was paid."""
    entries: Legs = field(factory=Legs)
    exits: Legs = field(factory=Legs)
    largest: Decimal = ZERO
    best: Decimal = ZERO
    worst: Decimal = ZERO
    best_points: Decimal = ZERO
    worst_points: Decimal = ZERO
    candles: int = 0
    high: float = -inf
    """Highest and lowest price since the last fill: between two fills the profit is furthest where the price is."""
    low: float = inf

    def add(self, size: Decimal, price: Decimal) -> None:
        value = multiply(size, price)
        if self.held:
            self._see(price)
            self.held, self.cost, self.cash = add(self.held, size), add(self.cost, value), subtract(self.cash, value)
            self.largest = max(self.largest, self.held.copy_abs())
        else:  # what is opened now was never ahead or behind
            self.held, self.cost, self.cash, self.largest = size, value, value.copy_negate(), size.copy_abs()
        self.entries.add(size, price, value)

    def take(self, size: Decimal, price: Decimal) -> Decimal:
        """Close a part of it or all, and return what that realised; `size` has the other sign than what is held."""
        self._see(price)
        value = multiply(size, price)
        before = add(self.cash, self.cost)
        self.cash = subtract(self.cash, value)
        rest = add(self.held, size)
        self.cost = divide(multiply(self.cost, rest), self.held) if rest else ZERO
        self.held = rest
        self.exits.add(size, price, value)
        return subtract(add(self.cash, self.cost), before)

    def profit(self, price: Decimal) -> Decimal:
        """What it would have gained if all of it were closed at this price."""
        return add(self.cash, multiply(self.held, price))

    def excursions(self) -> tuple[Decimal, Decimal]:
        """Return the worst and the best profit so far."""
        self._see()
        return self.worst, self.best

    def _see(self, price: Decimal | None = None) -> None:
        """Bring the excursions up to date with the candles since the last fill, and with a price.

        While nothing is traded profit is furthest where the price is, so of all prices two are looked at.
        """
        if self.high >= self.low:
            high, low = decimal(self.high), decimal(self.low)
            self.high, self.low = -inf, inf
            if price is not None:
                high, low = max(high, price), min(low, price)
        elif price is not None:
            high = low = price
        else:
            return
        if not self.held:
            return
        only = self.entries.only  # the same number, for what is taken leaves the average as it is
        entry = divide(self.cost, self.held) if only is None else only
        up, down = subtract(high, entry), subtract(low, entry)
        if self.side == "short":
            high, low, up, down = low, high, down.copy_negate(), up.copy_negate()
        self.best, self.worst = max(self.best, self.profit(high)), min(self.worst, self.profit(low))
        self.best_points, self.worst_points = max(self.best_points, up), min(self.worst_points, down)

    def ended(self, worth: Decimal, closed_at: int | None) -> RoundTrip:
        return RoundTrip(
            side=self.side,
            size=float(self.largest),
            entry_price=self.entries.price(),
            exit_price=self.exits.price(),
            profit=money(self.cash, worth),
            mfe=money(self.best, worth),
            mae=money(self.worst, worth),
            mfe_points=float(self.best_points),
            mae_points=float(self.worst_points),
            candles=self.candles,
            opened_at=self.opened_at,
            closed_at=closed_at,
        )


def money(points: Decimal, worth: Decimal) -> float:
    """Points times size, in money; never -0.0."""
    return float(multiply(points, worth)) + 0.0
