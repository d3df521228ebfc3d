"""Wrappers that scale what another policy gives: a drawdown throttle, a target of volatility, a minimum."""

from math import fsum, hypot, sqrt

import attrs

from tradedesk.portfolio._facts import NO_FACTS, Correlation, Facts, Policy, Volatility
from tradedesk.portfolio.policies import _checks as checks
from tradedesk.portfolio.policies._capped import refuse_caps_inside
from tradedesk.portfolio.policies._data import Desk, by_pair, pairs
from tradedesk.portfolio.policies._split import Amounts, scaled, total
from tradedesk.portfolio.policies._wrapped import amounts_of, budget_of, needs_with
from tradedesk.portfolio.types import Instrument


@attrs.frozen
class Throttled:
    """Gives less the deeper the account is below its peak, and all of it again at the peak.

    With the drawdown ``d = 1 - equity / peak`` every amount is multiplied by 1 up to ``start``, by ``floor`` from
    ``end`` on, and by ``1 - (1 - floor) (d - start) / (end - start)`` between. A linear rule of the kind that Grossman
    and Zhou ("Optimal Investment Strategies for Controlling Drawdowns", 1993) derive: risk in proportion to what is
    left above a limit. What is held back stays unused.

    Attributes:
        policy: whose amounts are throttled.
        start, end: drawdowns as fractions, ``0 <= start < end <= 1``.
        floor: the factor from ``end`` on, 0 to 1. With 0, and nothing else that earns, equity stays where it is.
    """

    policy: Policy = attrs.field(validator=checks.policy)
    start: float = attrs.field(kw_only=True, validator=checks.one(checks.fraction))
    end: float = attrs.field(kw_only=True, validator=checks.one(checks.fraction))
    floor: float = attrs.field(default=0.0, kw_only=True, validator=checks.one(checks.fraction))

    def __attrs_post_init__(self) -> None:
        if not self.start < self.end:
            raise ValueError(f"start must be below end, not {self.start!r} and {self.end!r}")

    @property
    def portfolio_risk_budget(self) -> float | None:
        """The budget of the policy inside, which is the limit at the peak."""
        return budget_of(self.policy)

    @property
    def needs(self) -> frozenset[str]:
        """The drawdown, and the facts that the policy inside cannot do without."""
        return needs_with(self.policy, "drawdown")

    def factor(self, drawdown: float) -> float:
        """Return what the amounts are multiplied by at a drawdown."""
        way = (drawdown - self.start) / (self.end - self.start)
        return 1.0 - (1.0 - self.floor) * min(1.0, max(0.0, way))

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Amounts:
        """Throttle what the policy inside gives.

        Raises:
            AllocationError: The facts hold no drawdown, or the policy inside raises it.
        """
        factor = self.factor(Desk(type(self).__name__, facts).drawdown())
        amounts = amounts_of(self.policy, active_instruments, facts)
        return {sleeve: amount * factor for sleeve, amount in amounts.items()}


@attrs.frozen
class VolatilityTargeted:
    """Scales what another policy gives down to a volatility of the whole; a calm market changes nothing.

    ``p = sqrt(sum_ij a_i a_j s_i s_j r_ij)`` is the portfolio's volatility (Markowitz, "Portfolio Selection", 1952),
    a being the amounts, s volatilities and r correlations. Above the target every amount is multiplied by
    ``target / p`` (Moreira and Muir, "Volatility-Managed Portfolios", 2017, scale so in both directions; here the
    budget and caps inside are limits, so only down). What is held back stays unused. Sleeves with 0 need no data.

    Attributes:
        policy: whose amounts are scaled.
        target: the volatility to stay below, in the unit of the amounts times that of the volatilities.
        volatility: sleeve -> volatility; None takes it from the facts.
        correlation: (sleeve, other) -> correlation, or one number for all pairs; None takes it from the facts.
    """

    policy: Policy = attrs.field(validator=checks.policy)
    target: float = attrs.field(kw_only=True, validator=checks.one(checks.positive))
    volatility: Volatility | None = attrs.field(
        default=None,
        kw_only=True,
        converter=checks.by_sleeve_or_none,
        validator=attrs.validators.optional(checks.each(checks.positive)),
    )
    correlation: Correlation | float | None = attrs.field(
        default=None, kw_only=True, converter=by_pair, validator=attrs.validators.optional(pairs)
    )

    @property
    def portfolio_risk_budget(self) -> float | None:
        """The budget of the policy inside."""
        return budget_of(self.policy)

    @property
    def needs(self) -> frozenset[str]:
        """What was not given, and the facts that the policy inside cannot do without."""
        given = {"volatility": self.volatility, "correlation": self.correlation}
        return needs_with(self.policy, *(fact for fact, value in given.items() if value is None))

    def allocate(self, active_instruments: list[Instrument]) -> Amounts:
        """Scale by the volatilities and correlations that were given."""
        return self.allocate_with(active_instruments, NO_FACTS)

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Amounts:
        """Scale what the policy inside gives.

        Raises:
            AllocationError: A datum is missing or out of range, or the policy inside raises it.
        """
        amounts = amounts_of(self.policy, active_instruments, facts)
        whole = self._volatility(amounts, facts)
        if whole <= self.target:
            return amounts
        return {sleeve: amount * (self.target / whole) for sleeve, amount in amounts.items()}

    def _volatility(self, amounts: Amounts, facts: Facts) -> float:
        desk = Desk(type(self).__name__, facts)
        sleeves = sorted(sleeve for sleeve, amount in amounts.items() if amount > 0)
        volatility = desk.volatility(sleeves, self.volatility, "raise")
        parts = [amounts[sleeve] * volatility[sleeve] for sleeve in sleeves]
        rows = desk.correlations(sleeves, self.correlation)
        unit = hypot(*parts)  # in this unit no square is too large or too small for a float
        if unit == 0:
            return 0.0
        parts = [part / unit for part in parts]
        variance = fsum(
            one * other * correlation
            for one, row in zip(parts, rows, strict=True)
            for other, correlation in zip(parts, row, strict=True)
        )
        return unit * sqrt(max(0.0, variance))


@attrs.frozen
class WithMinimum:
    """Gives nothing to a sleeve whose amount would be too small to trade.

    An amount below the minimum becomes 0, an explicit one: raised to the minimum instead, many small sleeves could
    take more than the budget. With ``redistribute`` the others share what that frees, in proportion to what they
    were given; if nobody reaches the minimum, nobody gets anything.

    Attributes:
        policy: whose amounts are looked at.
        minimum: the smallest amount that is given; finite, not negative.
        redistribute: give what is freed to the others, or leave it unused.
    """

    policy: Policy = attrs.field(validator=checks.policy)
    minimum: float = attrs.field(kw_only=True, validator=checks.one(checks.not_negative))
    redistribute: bool = attrs.field(default=False, kw_only=True, validator=checks.flag)

    def __attrs_post_init__(self) -> None:
        if self.redistribute:
            refuse_caps_inside(self)

    @property
    def portfolio_risk_budget(self) -> float | None:
        """The budget of the policy inside."""
        return budget_of(self.policy)

    @property
    def needs(self) -> frozenset[str]:
        """The facts that the policy inside cannot do without."""
        return needs_with(self.policy)

    def allocate(self, active_instruments: list[Instrument]) -> Amounts:
        """Drop what is too small of what the policy inside gives without facts."""
        return self.allocate_with(active_instruments, NO_FACTS)

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Amounts:
        """Drop what is too small of what the policy inside gives.

        Raises:
            AllocationError: The policy inside raises it, or its answer is no lawful one.
        """
        amounts = amounts_of(self.policy, active_instruments, facts)
        kept = {sleeve: amount for sleeve, amount in amounts.items() if amount >= self.minimum}
        if self.redistribute and 0 < total(kept.values()) < (whole := total(amounts.values())):
            kept = scaled(kept, whole / total(kept.values()), whole)
        return dict.fromkeys(amounts, 0.0) | kept
