"""Policies that need no market: a fixed amount, and shares by volatility."""

from collections.abc import Mapping

import attrs

from tradedesk.portfolio._errors import AllocationError
from tradedesk.portfolio._facts import NO_FACTS, Facts, Volatility
from tradedesk.portfolio.policies._checks import by_sleeve, by_sleeve_or_none, choice, each, not_negative, one, positive
from tradedesk.portfolio.policies._data import Desk, Unknown
from tradedesk.portfolio.policies._split import Amounts, split, total
from tradedesk.portfolio.types import Instrument


@attrs.frozen
class FixedRiskPolicy:
    """Every active sleeve gets the amount that is written down for it, whoever else is active.

    Attributes:
        portfolio_risk_budget: what all amounts together may not exceed; finite, not negative.
        amounts: sleeve -> amount, in the unit of the budget.
    """

    portfolio_risk_budget: float = attrs.field(validator=one(not_negative))
    amounts: Mapping[Instrument, float] = attrs.field(converter=by_sleeve, validator=each(not_negative))

    def __attrs_post_init__(self) -> None:
        whole = total(self.amounts.values())
        if whole > self.portfolio_risk_budget:
            raise ValueError(
                f"amounts are {whole!r} in all, more than the portfolio_risk_budget of {self.portfolio_risk_budget!r}"
            )

    def allocate(self, active_instruments: list[Instrument]) -> Amounts:
        """Return ``{sleeve: its amount}``.

        Raises:
            AllocationError: There is no amount for an active sleeve.
        """
        for sleeve in active_instruments:
            if sleeve not in self.amounts:
                raise AllocationError(type(self).__name__, f"there is no amount for {sleeve!r}")
        return {sleeve: float(self.amounts[sleeve]) for sleeve in active_instruments}


@attrs.frozen
class InverseVolatilityPolicy:
    """A calm sleeve gets more than a wild one: shares in proportion to 1 / volatility.

    ``amount_i = budget * (1 / s_i) / sum_k (1 / s_k)`` over the active sleeves, s being the volatility. All have
    then the same share in the risk if all correlations are equal (Maillard, Roncalli and Teiletche, "The Properties
    of Equally Weighted Risk Contribution Portfolios", 2010, section 2.2).

    Attributes:
        portfolio_risk_budget: what is split; finite, not negative.
        volatility: sleeve -> volatility, all in one unit; None takes it from the facts.
        unknown: an active sleeve without a volatility is an error ("raise"), or gets 0 ("zero").
    """

    portfolio_risk_budget: float = attrs.field(validator=one(not_negative))
    volatility: Volatility | None = attrs.field(
        default=None, converter=by_sleeve_or_none, validator=attrs.validators.optional(each(positive))
    )
    unknown: Unknown = attrs.field(default="raise", validator=choice("raise", "zero"))

    @property
    def needs(self) -> frozenset[str]:
        """The facts that it cannot do without."""
        return frozenset({"volatility"} if self.volatility is None else ())

    def allocate(self, active_instruments: list[Instrument]) -> Amounts:
        """Split by the volatility that was given."""
        return self.allocate_with(active_instruments, NO_FACTS)

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Amounts:
        """Split by the volatility that was given or, without one, by that of the facts.

        Raises:
            AllocationError: A volatility is missing, or not finite and above 0.
        """
        known = Desk(type(self).__name__, facts).volatility(active_instruments, self.volatility, self.unknown)
        amounts = dict.fromkeys(active_instruments, 0.0)
        if known:
            calmest = min(known.values())  # relative to it no weight is above 1, however small a volatility is
            amounts |= split(self.portfolio_risk_budget, {sleeve: calmest / s for sleeve, s in known.items()})
        return amounts
