"""The formulas agree with empyrical-reloaded to nine digits, and with answers that are known beforehand."""

from collections.abc import Callable
from math import isclose, isfinite

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tradedesk.metrics import (
    annual_return,
    annual_volatility,
    calmar_ratio,
    expected_shortfall,
    max_drawdown,
    omega_ratio,
    sharpe_ratio,
    sortino_ratio,
    total_return,
    value_at_risk,
)

empyrical = pytest.importorskip("empyrical", reason="empyrical-reloaded is the oracle: it comes with the extra dev")

PER_YEAR = 252
PERCENT = [1.0, 10.0, -4.0, 2.0, 3.0, 2.0, 1.0, -10.0]
RETURNS = [each / 100 for each in PERCENT]
# The published series starts with a not-a-number that counts as a period but not as a return: to the growth it is a 0.
FROM_REST = [0.0, *RETURNS]

KNOWN = [
    (total_return(RETURNS), 0.03893109170048037),
    (max_drawdown(RETURNS), -0.1),
    (annual_volatility(RETURNS, PER_YEAR), 0.9136465399704637),
    (sharpe_ratio(RETURNS, PER_YEAR), 1.7238613961706866),
    (sortino_ratio(RETURNS, PER_YEAR), 2.605531251673693),
    (omega_ratio(RETURNS), 1.357142857142857),
    (annual_return(FROM_REST, PER_YEAR), 1.9135925373194231),
    (calmar_ratio(FROM_REST, PER_YEAR), 19.135925373194233),
]


@pytest.mark.parametrize(("ours", "known"), KNOWN)
def test_a_known_answer_is_reproduced(ours: float, known: float):
    assert ours == pytest.approx(known, rel=1e-12)


# Multiples of a millionth: a spread is either none or far above rounding, where both sides divide by it.
RATES = st.lists(st.integers(-500_000, 500_000).map(lambda each: each / 1_000_000), min_size=1, max_size=60)

PAIRS: dict[str, tuple[Callable[[list[float]], float | None], Callable[[np.ndarray], float]]] = {
    "total return": (total_return, empyrical.cum_returns_final),
    "annual return": (
        lambda rates: annual_return(rates, PER_YEAR),
        lambda rates: empyrical.annual_return(rates, annualization=PER_YEAR),
    ),
    "volatility": (
        lambda rates: annual_volatility(rates, PER_YEAR),
        lambda rates: empyrical.annual_volatility(rates, annualization=PER_YEAR),
    ),
    "sharpe": (
        lambda rates: sharpe_ratio(rates, PER_YEAR, risk_free=0.0001),
        lambda rates: empyrical.sharpe_ratio(rates, risk_free=0.0001, annualization=PER_YEAR),
    ),
    "sortino": (
        lambda rates: sortino_ratio(rates, PER_YEAR, target=0.0001),
        lambda rates: empyrical.sortino_ratio(rates, required_return=0.0001, annualization=PER_YEAR),
    ),
    "calmar": (
        lambda rates: calmar_ratio(rates, PER_YEAR),
        lambda rates: empyrical.calmar_ratio(rates, annualization=PER_YEAR),
    ),
    "omega": (omega_ratio, empyrical.omega_ratio),
    "max drawdown": (max_drawdown, empyrical.max_drawdown),
    "value at risk": (
        lambda rates: value_at_risk(rates, tail=0.1),
        lambda rates: empyrical.value_at_risk(rates, cutoff=0.1),
    ),
    "expected shortfall": (
        lambda rates: expected_shortfall(rates, tail=0.1),
        lambda rates: empyrical.conditional_value_at_risk(rates, cutoff=0.1),
    ),
}


def agree(ours: float | None, theirs: float) -> bool:
    """Say whether both have the figure to nine digits; what is not finite there is None here."""
    if ours is None or not isfinite(theirs):
        return ours is None and not isfinite(theirs)
    return isclose(ours, theirs, rel_tol=1e-9, abs_tol=1e-9)


@pytest.mark.parametrize("figure", PAIRS)
def test_a_figure_agrees_with_the_oracle(figure: str):
    ours, theirs = PAIRS[figure]

    @given(RATES)
    def agrees(rates: list[float]) -> None:
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            expected = theirs(np.array(rates))
        # Here the oracle divides by rounding, or gives up on one return; test_edges.py states what holds instead.
        assume(figure != "sharpe" or len(set(rates)) > 1)
        assume(figure not in {"sortino", "omega"} or len(rates) > 1)
        assert agree(ours(rates), expected), (ours(rates), expected)

    agrees()


@pytest.mark.parametrize(("ours", "theirs"), [(1.0, 1.001), (None, 1.0), (2e-9, 0.0)])
def test_what_differs_does_not_agree(ours: float | None, theirs: float):
    assert not agree(ours, theirs)
