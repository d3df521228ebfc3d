"""Policies to test with: lawful ones, ours and random ones, and ones with a flaw that has a name."""

from collections.abc import Iterable, Mapping
from enum import Enum
from math import nan
from typing import Any

import attrs

from tradedesk.portfolio import (
    Capped,
    Edge,
    EqualSplitRiskPolicy,
    FixedRiskPolicy,
    FractionalKellyPolicy,
    InformedPolicy,
    InverseVolatilityPolicy,
    RiskAllocationPolicy,
    RiskParityPolicy,
    Throttled,
    VolatilityTargeted,
    WithMinimum,
)
from tradedesk.portfolio.types import Instrument
from tradedesk.testing._hypothesis import st

Policy = RiskAllocationPolicy | InformedPolicy


@attrs.frozen
class WeightedPolicy:
    """Shares of a budget in whole parts: ``budget * weight // sum of the weights`` of the active sleeves, as integers.

    Lawful by construction, in ways that shipped policies are not: shares jump, the budget is not used up, and a sleeve
    without a weight gets an explicit 0.

    Attributes:
        portfolio_risk_budget: a whole number.
        weights: sleeve -> a whole number, 0 or more.
    """

    portfolio_risk_budget: int
    weights: Mapping[str, int]

    def allocate(self, active_instruments: list[Instrument]) -> dict[Instrument, float]:
        """Split in whole parts."""
        weights = {sleeve: self.weights.get(sleeve, 0) for sleeve in active_instruments}
        whole = sum(weights.values()) or 1
        return {sleeve: float(self.portfolio_risk_budget * weight // whole) for sleeve, weight in weights.items()}


def policies(sleeves: Iterable[str], *, informed: bool = False) -> st.SearchStrategy[Policy]:
    """Lawful policies for these sleeves: those of `tradedesk.portfolio.policies`, also nested, and random ones.

    Shrinks to ``EqualSplitRiskPolicy(1.0)``.

    Args:
        sleeves: whom the policies know.
        informed: also policies that need facts; without it none does.
    """
    names = [Instrument(sleeve) for sleeve in sleeves]
    if not names:
        raise ValueError("sleeves is empty; a policy needs somebody to give to")
    budgets = st.integers(1, 100).map(float)
    plain = st.one_of(
        st.builds(EqualSplitRiskPolicy, budgets),
        st.builds(WeightedPolicy, st.integers(1, 100), st.fixed_dictionaries(dict.fromkeys(names, st.integers(0, 9)))),
        st.builds(_fixed, budgets, st.fixed_dictionaries(dict.fromkeys(names, st.integers(0, 9)))),
        *_by_data(names, budgets, informed=informed),
    )
    return st.recursive(plain, lambda inner: _wrapped(names, inner, informed=informed), max_leaves=3)


def _fixed(left: float, amounts: Mapping[Instrument, int]) -> FixedRiskPolicy:
    return FixedRiskPolicy(left + sum(amounts.values()), {sleeve: float(each) for sleeve, each in amounts.items()})


def _by_data(
    names: list[Instrument], budgets: st.SearchStrategy[float], *, informed: bool
) -> Iterable[st.SearchStrategy[Policy]]:
    percents = st.integers(1, 99).map(lambda whole: whole / 100)
    volatility = _known(names, percents, informed=informed)
    correlation = st.integers(0, 9).map(lambda whole: whole / 10)
    edges = st.builds(Edge, percents, st.integers(1, 5).map(float))
    yield st.builds(InverseVolatilityPolicy, budgets, volatility)
    yield st.builds(RiskParityPolicy, budgets, volatility, correlation)
    yield st.builds(FractionalKellyPolicy, budgets, st.fixed_dictionaries(dict.fromkeys(names, edges)), equity=budgets)


def _known(names: list[Instrument], values: st.SearchStrategy[float], *, informed: bool) -> st.SearchStrategy[Any]:
    given = st.fixed_dictionaries(dict.fromkeys(names, values))
    return given | st.none() if informed else given


def _wrapped(names: list[Instrument], inner: st.SearchStrategy[Any], *, informed: bool) -> st.SearchStrategy[Policy]:
    amounts = st.integers(0, 20).map(float)
    volatility = _known(names, st.integers(1, 99).map(lambda whole: whole / 100), informed=informed)
    wrapped: list[st.SearchStrategy[Policy]] = [
        st.builds(WithMinimum, inner, minimum=amounts),
        st.builds(Capped, inner, per_sleeve=amounts),
        st.builds(
            VolatilityTargeted,
            inner,
            target=amounts.map(lambda amount: amount + 1),
            volatility=volatility,
            correlation=st.just(0.5),
        ),
    ]
    if informed:
        wrapped.append(st.builds(Throttled, inner, start=st.just(0.1), end=st.integers(2, 9).map(lambda t: t / 10)))
    return st.one_of(wrapped)


class Flaw(Enum):
    """What is wrong with a policy of `broken_policies`."""

    OVER_BUDGET = "rounds every share up to a cent"
    NEGATIVE = "gives the last of three or more a debt"
    STRANGER = "gives what is left over to nobody's sleeve"
    MUTATES = "takes sleeves off the list that it was handed"
    REMEMBERS = "gives more to a sleeve that was active the time before"
    ORDERED = "gives the first sleeve twice as much"
    NAN_ALONE = "gives a lone sleeve not-a-number"
    NAN_TOGETHER = "gives four and more sleeves not-a-number"
    RAISES = "divides by the number of sleeves when there are none"


@attrs.define(eq=False)
class BrokenPolicy:
    """Splits a budget in equal parts, but for its flaw."""

    flaw: Flaw
    portfolio_risk_budget: float = 100.0
    _before: frozenset[str] = frozenset()

    def allocate(self, active_instruments: list[Instrument]) -> Any:
        """Split as the flaw has it."""
        if not active_instruments and self.flaw is not Flaw.RAISES:
            return {}
        share = self.portfolio_risk_budget / len(active_instruments)
        return self._flawed(active_instruments, dict.fromkeys(active_instruments, share), share)

    def _flawed(self, active: list[Instrument], amounts: Any, share: float) -> Any:  # noqa: PLR0911 - one for each flaw
        match self.flaw:
            case Flaw.OVER_BUDGET:
                return dict.fromkeys(active, round(share + 0.004999, 2))
            case Flaw.NEGATIVE if len(active) > 2:  # noqa: PLR2004 - as the flaw says
                return amounts | {active[-1]: -1.0}
            case Flaw.STRANGER:
                return dict.fromkeys(active, share / 2) | {Instrument("rest"): share / 2}
            case Flaw.MUTATES:
                return {active.pop(0): share for _ in list(active)}
            case Flaw.REMEMBERS:
                known, self._before = self._before, frozenset(active)
                return {sleeve: share if sleeve in known else share / 2 for sleeve in active}
            case Flaw.ORDERED:
                parts = len(active) + 1
                return {sleeve: self.portfolio_risk_budget * (1 + (sleeve == active[0])) / parts for sleeve in active}
            case Flaw.NAN_ALONE if len(active) == 1:
                return dict.fromkeys(active, nan)
            case Flaw.NAN_TOGETHER if len(active) > 3:  # noqa: PLR2004 - as the flaw says
                return dict.fromkeys(active, nan)
            case _:
                return amounts


def broken_policies(
    *, flaws: Iterable[Flaw] = tuple(Flaw), budget: float = 100.0
) -> st.SearchStrategy[tuple[BrokenPolicy, Flaw]]:
    """Policies with a flaw, and which: ``(policy, Flaw.NEGATIVE)``. For tests of whatever is to notice.

    Args:
        flaws: which.
        budget: what the policies claim to split.
    """
    choice = list(flaws)
    if not choice:
        raise ValueError("flaws is empty; a broken policy has one")
    return st.sampled_from(choice).map(lambda flaw: (BrokenPolicy(flaw, budget), flaw))
