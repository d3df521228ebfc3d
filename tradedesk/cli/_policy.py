"""How a portfolio file says who gets what: the kinds of policies, caps and a minimum."""

from collections.abc import Iterator, Mapping
from math import fsum, inf
from typing import NewType, Protocol

from attrs import frozen

from tradedesk.cli._mistakes import one_of
from tradedesk.portfolio import (
    Capped,
    EqualSplitRiskPolicy,
    FactsSource,
    FixedRiskPolicy,
    InformedPolicy,
    Instrument,
    InverseVolatilityPolicy,
    RiskAllocationPolicy,
    RiskParityPolicy,
    RollingFacts,
    WithMinimum,
)

Amount = NewType("Amount", float)
Amounts = NewType("Amounts", dict[Instrument, float])
Volatilities = NewType("Volatilities", dict[Instrument, float])
Window = NewType("Window", int)
Fraction = NewType("Fraction", float)

Built = RiskAllocationPolicy | InformedPolicy
Wrong = Iterator[tuple[str, str]]
"""Keys of the policy's table, "" for the whole of it, and what is wrong there."""


@frozen
class Around:
    """What a policy is checked against: the budget, and each sleeve with its period; None where that is not sound."""

    budget: float | None
    periods: Mapping[str, str] | None


class Policy(Protocol):
    """A table `policy = { kind = ... }`; the other keys are the fields of the kind's class."""

    def build(self, budget: float) -> Built:
        """Make the policy that splits this budget."""
        ...

    def facts(self) -> FactsSource | None:
        """Make the source of facts that the policy needs, if it needs one."""
        ...

    def wrong(self, around: Around) -> Wrong:
        """Say what does not go with the budget and the sleeves."""
        ...


@frozen
class EqualSplit:
    """The budget in equal parts to all active sleeves."""

    def build(self, budget: float) -> Built:
        """Make the policy that splits this budget."""
        return EqualSplitRiskPolicy(portfolio_risk_budget=budget)

    def facts(self) -> None:
        """It needs none."""

    def wrong(self, around: Around) -> Wrong:  # noqa: ARG002 - the protocol's
        """It goes with everything."""
        return iter(())


@frozen
class Fixed:
    """An amount for each sleeve."""

    amounts: Amounts

    def build(self, budget: float) -> Built:
        """Make the policy that gives these amounts."""
        return FixedRiskPolicy(budget, self.amounts)

    def facts(self) -> None:
        """It needs none."""

    def wrong(self, around: Around) -> Wrong:
        """Every sleeve has an amount, and all together keep to the budget."""
        yield from _names("amounts", self.amounts, around)
        whole = fsum(self.amounts.values())
        if around.budget is not None and whole > around.budget:
            yield "amounts", f"{whole!r} in all, more than the budget of {around.budget!r}"


@frozen
class InverseVolatility:
    """Shares in proportion to 1 / volatility: given, or rolled over a window of returns."""

    volatility: Volatilities | None = None
    window: Window | None = None

    def build(self, budget: float) -> Built:
        """Make the policy; while a window fills, a sleeve gets 0."""
        if self.volatility is None:
            return InverseVolatilityPolicy(budget, unknown="zero")
        return InverseVolatilityPolicy(budget, self.volatility)

    def facts(self) -> FactsSource | None:
        """Make the source, if there is a window."""
        return None if self.window is None else RollingFacts(self.window)

    def wrong(self, around: Around) -> Wrong:
        """It has one of both; every sleeve has a volatility, or all have one period."""
        if (self.volatility is None) == (self.window is None):
            yield (
                "",
                "inverse_volatility takes either `volatility`, by sleeve, or `window`, to roll over so many returns",
            )
        if self.volatility is not None:
            yield from _names("volatility", self.volatility, around)
        if self.window is not None:
            yield from _periods(around)


@frozen
class RiskParity:
    """Equal contributions to the risk, with volatilities and correlations rolled over a window of returns."""

    window: Window
    shrinkage: Fraction = Fraction(0.1)

    def build(self, budget: float) -> Built:
        """Make the policy; while the window fills, a sleeve gets 0."""
        return RiskParityPolicy(budget, unknown="zero")

    def facts(self) -> FactsSource:
        """Make the source."""
        return RollingFacts(self.window, shrinkage=self.shrinkage)

    def wrong(self, around: Around) -> Wrong:
        """All sleeves have one period."""
        return _periods(around)


@frozen
class Caps:
    """A table `caps = { ... }`."""

    per_sleeve: Amount | None = None
    total: Amount | None = None
    redistribute: bool = False


def limited(policy: Built, caps: Caps | None, minimum: float | None) -> Built:
    """Put caps around a policy, and the minimum around both: what a sleeve gets in the end is not below it."""
    if caps is not None:
        policy = Capped(policy, per_sleeve=caps.per_sleeve, total=caps.total, redistribute=caps.redistribute)
    return policy if minimum is None else WithMinimum(policy, minimum=minimum)


def _names(key: str, by_sleeve: Mapping[Instrument, float], around: Around) -> Wrong:
    if around.periods is None:
        return
    for unknown in (name for name in by_sleeve if name not in around.periods):
        yield f"{key}.{unknown}", f"there is no such sleeve{one_of(unknown, around.periods)}"
    for missing in (name for name in around.periods if name not in by_sleeve):
        yield key, f"sleeve {missing!r} is missing"


def _periods(around: Around) -> Wrong:
    periods = dict.fromkeys((around.periods or {}).values())
    if len(periods) > 1:
        yield "window", f"the sleeves have {' and '.join(periods)}, whose volatilities do not compare"


def amount(value: float) -> Amount:
    """Accept a risk: finite and at least 0.

    Raises:
        ValueError: It is not.
    """
    if not 0 <= value < inf:
        raise ValueError(f"must be finite and at least 0, got {value!r}")
    return Amount(value)


def volatility(value: float) -> float:
    """Accept a volatility: finite and above 0.

    Raises:
        ValueError: It is not.
    """
    if not 0 < value < inf:
        raise ValueError(f"must be finite and above 0, got {value!r}")
    return value


def fraction(value: float) -> Fraction:
    """Accept 0 to 1.

    Raises:
        ValueError: It is not.
    """
    if not 0 <= value <= 1:
        raise ValueError(f"must be between 0 and 1, got {value!r}")
    return Fraction(value)


def window(value: int) -> Window:
    """Accept a number of returns.

    Raises:
        ValueError: It is less than 2.
    """
    if value < 2:  # noqa: PLR2004 - what RollingFacts takes
        raise ValueError(f"must be at least 2, got {value!r}")
    return Window(value)
