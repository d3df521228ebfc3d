"""Risk by the edge of each sleeve."""

from collections.abc import Mapping
from typing import Any

import attrs

from tradedesk.portfolio._errors import AllocationError, shown
from tradedesk.portfolio._facts import NO_FACTS, Facts
from tradedesk.portfolio.policies import _checks as checks
from tradedesk.portfolio.policies._data import Desk
from tradedesk.portfolio.policies._split import Amounts, held_to
from tradedesk.portfolio.types import Instrument


@attrs.frozen
class Edge:
    """What is known of a sleeve's trades.

    Attributes:
        win_rate: the part of the trades that win, 0 to 1.
        payoff: the average win over the average loss, both positive.
    """

    win_rate: float = attrs.field(validator=checks.one(checks.fraction))
    payoff: float = attrs.field(validator=checks.one(checks.positive))

    @property
    def kelly(self) -> float:
        """The part of equity to risk for the fastest growth: ``p - (1 - p) / b``; 0 where there is no edge."""
        return max(0.0, self.win_rate - (1.0 - self.win_rate) / self.payoff)


def _edges(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    if not isinstance(value, Mapping) or not all(isinstance(edge, Edge) for edge in value.values()):
        raise TypeError(f"{attribute.name} must map each sleeve to its Edge, not be {shown(value)}")


def _by_sleeve(value: Mapping[Instrument, Edge]) -> Mapping[Instrument, Edge]:
    return checks.copied(value)


@attrs.frozen
class FractionalKellyPolicy:
    """Every active sleeve risks a fraction of what Kelly's criterion allows it on its own.

    ``amount_i = fraction * (p_i - (1 - p_i) / b_i) * equity``, p being the win rate and b the payoff (Kelly, "A New
    Interpretation of Information Rate", 1956; Thorp, "The Kelly Criterion in Blackjack, Sports Betting and the Stock
    Market", 2006). Amounts that exceed the budget together are scaled down in proportion. The criterion takes one
    bet at a time and an edge that is known; for estimates, and for bets that run side by side, a fraction well below 1
    is in use.

    Attributes:
        portfolio_risk_budget: what all may get together; finite, not negative; in the money of equity.
        edges: sleeve -> `Edge`.
        fraction: of Kelly's bet, 0 to 1.
        equity: the account's worth; None takes it from the facts.
    """

    portfolio_risk_budget: float = attrs.field(validator=checks.one(checks.not_negative))
    edges: Mapping[Instrument, Edge] = attrs.field(converter=_by_sleeve, validator=_edges)
    fraction: float = attrs.field(default=0.5, validator=checks.one(checks.fraction))
    equity: float | None = attrs.field(
        default=None, validator=attrs.validators.optional(checks.one(checks.not_negative))
    )

    @property
    def needs(self) -> frozenset[str]:
        """The facts that it cannot do without."""
        return frozenset({"equity"} if self.equity is None else ())

    def allocate(self, active_instruments: list[Instrument]) -> Amounts:
        """Allocate on the equity that was given."""
        return self.allocate_with(active_instruments, NO_FACTS)

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Amounts:
        """Allocate on the equity that was given or, without one, on that of the facts.

        Raises:
            AllocationError: Equity is missing, or the edge of an active sleeve.
        """
        name = type(self).__name__
        for sleeve in active_instruments:
            if sleeve not in self.edges:
                raise AllocationError(name, f"there is no edge of {sleeve!r}")
        stake = self.fraction * Desk(name, facts).equity(self.equity)
        amounts = {sleeve: stake * self.edges[sleeve].kelly for sleeve in active_instruments}
        return held_to(amounts, self.portfolio_risk_budget)
