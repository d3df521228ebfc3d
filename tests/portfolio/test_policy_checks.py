"""What policies refuse to be built from, in which words."""

from math import inf, nan

import pytest

from tradedesk.portfolio import (
    Capped,
    Edge,
    EqualSplitRiskPolicy,
    Facts,
    FixedRiskPolicy,
    FractionalKellyPolicy,
    Group,
    InverseVolatilityPolicy,
    RiskParityPolicy,
    RollingFacts,
    Throttled,
    VolatilityTargeted,
    WithMinimum,
)

EQUAL = EqualSplitRiskPolicy(10.0)

REFUSED = [
    # budgets
    (lambda: FixedRiskPolicy(nan, {}), "portfolio_risk_budget must be finite and not negative, not nan"),
    (lambda: InverseVolatilityPolicy(-1.0), "portfolio_risk_budget must be finite and not negative, not -1.0"),
    (lambda: RiskParityPolicy("9"), "portfolio_risk_budget must be finite and not negative, not '9'"),
    (lambda: FractionalKellyPolicy(inf, {}), "portfolio_risk_budget must be finite and not negative, not inf"),
    # by sleeve
    (lambda: FixedRiskPolicy(9.0, {"A": -1.0}), "amounts of 'A' must be finite and not negative, not -1.0"),
    (lambda: FixedRiskPolicy(9.0, {"A": nan}), "amounts of 'A' must be finite and not negative, not nan"),
    (lambda: FixedRiskPolicy(9.0, [1.0]), "amounts must map each name to its number, not be [1.0]"),
    (
        lambda: FixedRiskPolicy(9.0, {"A": 5.0, "B": 4.5}),
        "amounts are 9.5 in all, more than the portfolio_risk_budget of 9.0",
    ),
    (lambda: InverseVolatilityPolicy(9.0, {"A": 0.0}), "volatility of 'A' must be finite and above 0, not 0.0"),
    (lambda: InverseVolatilityPolicy(9.0, 0.1), "volatility must map each name to its number, not be 0.1"),
    (lambda: InverseVolatilityPolicy(9.0, {}, "nothing"), "unknown must be 'raise' or 'zero', not 'nothing'"),
    (lambda: RiskParityPolicy(9.0, risk_shares={"A": 0}), "risk_shares of 'A' must be finite and above 0, not 0"),
    # correlations
    (lambda: RiskParityPolicy(9.0, {}, 1.5), "correlation must be between -1 and 1, not 1.5"),
    (
        lambda: RiskParityPolicy(9.0, {}, {("A", "B"): nan}),
        "correlation of 'A' and 'B' must be between -1 and 1, not nan",
    ),
    (
        lambda: RiskParityPolicy(9.0, {}, {"AB": 0.5}),
        "correlation must map pairs of names, such as ('A', 'B'), not 'AB'",
    ),
    (lambda: RiskParityPolicy(9.0, {}, {("A", "A"): 0.5}), "correlation of 'A' with itself must be 1, not 0.5"),
    (
        lambda: VolatilityTargeted(EQUAL, target=1.0, correlation={("A", "B"): 0.5, ("B", "A"): 0.4}),
        "correlation of 'A' and 'B' is given twice, and not the same",
    ),
    # Kelly
    (lambda: Edge(1.5, 1.0), "win_rate must be between 0 and 1, not 1.5"),
    (lambda: Edge(0.5, 0.0), "payoff must be finite and above 0, not 0.0"),
    (lambda: FractionalKellyPolicy(9.0, {"A": 0.6}), "edges must map each sleeve to its Edge, not be {'A': 0.6}"),
    (lambda: FractionalKellyPolicy(9.0, {}, fraction=2.0), "fraction must be between 0 and 1, not 2.0"),
    (lambda: FractionalKellyPolicy(9.0, {}, equity=-1.0), "equity must be finite and not negative, not -1.0"),
    # caps
    (lambda: Capped(EQUAL), "Capped caps nothing: give per_sleeve, groups or total"),
    (lambda: Capped(EQUAL, per_sleeve=nan), "per_sleeve must be finite and not negative, not nan"),
    (lambda: Capped(EQUAL, per_sleeve={"A": -1}), "per_sleeve of 'A' must be finite and not negative, not -1"),
    (lambda: Capped(EQUAL, total=-1.0), "total must be finite and not negative, not -1.0"),
    (lambda: Capped(EQUAL, groups={"g": 3.0}), "groups must map each group's name to a Group, not be {'g': 3.0}"),
    (lambda: Capped(EQUAL, total=1.0, redistribute="no"), "redistribute must be True or False, not 'no'"),
    (lambda: Capped(9.0, total=1.0), "policy must have allocate() or allocate_with(); 9.0 has neither"),
    (lambda: Group("EURUSD", 3.0), "sleeves must be several names, such as ['A', 'B'], not 'EURUSD'"),
    (lambda: Group(["A"], nan), "cap must be finite and not negative, not nan"),
    *(
        (
            make,
            (
                f"{name}(..., redistribute=True) around a Capped could break its caps: "
                "let the outer one leave what it cuts off unused, or put all caps into one Capped"
            ),
        )
        for name, make in {
            "Capped": lambda: Capped(Capped(EQUAL, total=1.0), total=1.0, redistribute=True),
            "WithMinimum": lambda: WithMinimum(
                Throttled(Capped(EQUAL, total=1.0), start=0.1, end=0.2), minimum=1.0, redistribute=True
            ),
        }.items()
    ),
    # scaling
    (lambda: WithMinimum(EQUAL, minimum=-1.0), "minimum must be finite and not negative, not -1.0"),
    (lambda: WithMinimum(None, minimum=1.0), "policy must have allocate() or allocate_with(); None has neither"),
    (lambda: Throttled(EQUAL, start=0.3, end=0.3), "start must be below end, not 0.3 and 0.3"),
    (lambda: Throttled(EQUAL, start=-0.1, end=0.3), "start must be between 0 and 1, not -0.1"),
    (lambda: Throttled(EQUAL, start=0.1, end=20.0), "end must be between 0 and 1, not 20.0"),
    (lambda: Throttled(EQUAL, start=0.1, end=0.2, floor=nan), "floor must be between 0 and 1, not nan"),
    (lambda: VolatilityTargeted(EQUAL, target=0.0), "target must be finite and above 0, not 0.0"),
    # facts
    (lambda: Facts(equity=nan), "equity must be a finite number, not nan"),
    (lambda: Facts(equity="9"), "equity must be a finite number, not '9'"),
    (lambda: Facts(equity=1.0, peak_equity=0.0), "peak_equity must be above 0, not 0.0"),
    (lambda: RollingFacts(1), "window must be a whole number of at least 2, not 1"),
    (lambda: RollingFacts(20.0), "window must be a whole number of at least 2, not 20.0"),
    (lambda: RollingFacts(20, shrinkage=1.1), "shrinkage must be between 0 and 1, not 1.1"),
    (lambda: RollingFacts(20, equity=100.0), "equity must be a function that returns it, not 100.0"),
]


@pytest.mark.parametrize(("make", "sentence"), REFUSED, ids=[sentence for _, sentence in REFUSED])
def test_a_policy_refuses_what_it_cannot_work_with_and_names_the_field(make, sentence):
    with pytest.raises((ValueError, TypeError)) as caught:
        make()
    assert str(caught.value) == sentence


def test_a_policy_keeps_a_copy_of_what_it_was_built_from():
    volatility = {"A": 1.0, "B": 1.0}
    policy = InverseVolatilityPolicy(10.0, volatility)
    volatility["A"] = 9.0
    assert policy.allocate(["A", "B"]) == {"A": 5.0, "B": 5.0}


@pytest.mark.parametrize(
    ("equity", "drawdown"), [(100.0, 0.0), (75.0, 0.25), (120.0, 0.0), (-100.0, 2.0), (None, None)]
)
def test_the_drawdown_is_how_far_equity_is_below_its_peak(equity, drawdown):
    assert Facts(equity=equity, peak_equity=100.0).drawdown == drawdown
