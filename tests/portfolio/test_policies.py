"""Policies against answers worked out by hand or published elsewhere."""

from itertools import combinations, permutations
from math import nan, sqrt

import pytest

from tests.portfolio.parts import Says
from tradedesk.portfolio import (
    AllocationError,
    Capped,
    Edge,
    EqualSplitRiskPolicy,
    Facts,
    FixedRiskPolicy,
    FractionalKellyPolicy,
    Group,
    InverseVolatilityPolicy,
    RiskParityPolicy,
    Throttled,
    VolatilityTargeted,
    WithMinimum,
)
from tradedesk.portfolio.policies._risk_parity import contributions_in_proportion

ABC = ["A", "B", "C"]


def parity(*variances: float, covariance: float = 0.0, **options: object) -> RiskParityPolicy:
    """Risk parity of two sleeves, from their covariance matrix."""
    volatility = dict(zip("AB", map(sqrt, variances), strict=True))
    correlation = covariance / (volatility["A"] * volatility["B"])
    return RiskParityPolicy(1.0, volatility, correlation, **options)


# Policies -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_equal_split_gives_each_of_k_the_budget_over_k(count):
    names = ["A", "B", "C", "D"][:count]
    assert EqualSplitRiskPolicy(12.0).allocate(names) == dict.fromkeys(names, 12.0 / count)


def test_fixed_gives_each_active_sleeve_its_own_amount():
    assert FixedRiskPolicy(10.0, {"A": 5, "B": 3.0, "C": 2.0}).allocate(["C", "A"]) == {"C": 2.0, "A": 5.0}


def test_inverse_volatility_gives_the_calm_one_more():
    policy = InverseVolatilityPolicy(70.0, {"A": 0.01, "B": 0.02, "C": 0.04})
    assert policy.allocate(ABC) == pytest.approx({"A": 40.0, "B": 20.0, "C": 10.0}, rel=1e-15)
    assert policy.allocate(["B", "C"]) == pytest.approx({"B": 70.0 * 2 / 3, "C": 70.0 / 3}, rel=1e-15)


def test_inverse_volatility_is_the_policy_of_the_guide():
    # the guide's own example: volatilities 1 and 3 on a budget of 100
    assert InverseVolatilityPolicy(100.0, {"A": 1.0, "B": 3.0}).allocate(["A", "B"]) == pytest.approx(
        {"A": 75.0, "B": 25.0}, rel=1e-15
    )


@pytest.mark.parametrize(
    ("policy", "weights"),
    [
        (parity(0.01, 0.04), (2 / 3, 1 / 3)),
        (parity(1.0, 0.25, covariance=0.45), (1 / 3, 2 / 3)),
        (parity(0.25, 0.04, covariance=0.05), (2 / 7, 5 / 7)),
    ],
    ids=["uncorrelated", "correlated", "mixed"],
)
def test_risk_parity_gives_the_weights_that_lean_publishes(policy, weights):
    assert tuple(policy.allocate(["A", "B"]).values()) == pytest.approx(weights, rel=1e-12)


def test_risk_parity_with_equal_correlations_is_inverse_volatility():
    volatility = {"A": 0.01, "B": 0.02, "C": 0.05}
    inverse = InverseVolatilityPolicy(90.0, volatility).allocate(ABC)
    assert RiskParityPolicy(90.0, volatility, 0.3).allocate(ABC) == pytest.approx(inverse, rel=1e-12)


def test_risk_parity_of_uncorrelated_sleeves_follows_the_roots_of_the_shares():
    # x_i^2 s_i^2 = b_i, so that x_i = sqrt(b_i) / s_i
    policy = RiskParityPolicy(3.0, {"A": 0.1, "B": 0.1}, 0.0, {"A": 4.0, "B": 1.0})
    assert policy.allocate(["A", "B"]) == pytest.approx({"A": 2.0, "B": 1.0}, rel=1e-12)


def test_risk_parity_takes_less_of_two_that_move_together_than_of_one_that_does_not():
    # by symmetry x_A = x_B = x: x (x + r x) = x_C^2, so x_C / x = sqrt(1 + r)
    policy = RiskParityPolicy(1.0, dict.fromkeys(ABC, 0.2), {("A", "B"): 0.44, ("A", "C"): 0.0, ("C", "B"): 0.0})
    answer = policy.allocate(ABC)
    assert answer["A"] == answer["B"]
    assert answer["C"] / answer["A"] == pytest.approx(sqrt(1.44), rel=1e-12)


def test_risk_parity_gives_the_same_to_the_last_bit_in_every_order():
    volatility = dict(zip("ABCDE", (0.011, 0.023, 0.031, 0.047, 0.053), strict=True))
    correlation = {pair: 1 / (3 + number) for number, pair in enumerate(combinations("ABCDE", 2))}
    policy = RiskParityPolicy(100.0, volatility, correlation)
    answers = [policy.allocate(list(names)) for names in permutations("ABCDE")]
    assert all(answer == answers[0] for answer in answers)


def test_risk_parity_finds_what_lies_close_to_singular():
    exposures = contributions_in_proportion([[1.0, -0.999999], [-0.999999, 1.0]], [1, 1])
    assert exposures == pytest.approx([sqrt(0.5 / 1e-6)] * 2, rel=1e-9)


def test_kelly_risks_the_edge_over_the_odds():
    # p - (1 - p) / b: an even bet won 6 times of 10 risks 0.2; 1 of 2 at 2 to 1 risks 0.25; a losing one nothing
    edges = {"A": Edge(0.6, 1.0), "B": Edge(0.5, 2.0), "C": Edge(0.3, 1.0)}
    full = FractionalKellyPolicy(1_000.0, edges, fraction=1.0, equity=1_000.0)
    half = FractionalKellyPolicy(1_000.0, edges, equity=1_000.0)
    assert full.allocate(ABC) == pytest.approx({"A": 200.0, "B": 250.0, "C": 0.0})
    assert half.allocate(ABC) == pytest.approx({"A": 100.0, "B": 125.0, "C": 0.0})


def test_kelly_scales_down_to_the_budget_in_proportion():
    edges = {"A": Edge(0.6, 1.0), "B": Edge(0.55, 1.0)}
    policy = FractionalKellyPolicy(60.0, edges, fraction=1.0, equity=1_000.0)
    assert policy.allocate(["A", "B"]) == pytest.approx({"A": 40.0, "B": 20.0})


@pytest.mark.parametrize(("equity", "amount"), [(1_000.0, 200.0), (500.0, 100.0), (0.0, 0.0), (-50.0, 0.0)])
def test_kelly_follows_the_equity_of_the_facts(equity, amount):
    policy = FractionalKellyPolicy(1_000.0, {"A": Edge(0.6, 1.0)}, fraction=1.0)
    assert policy.allocate_with(["A"], Facts(equity=equity)) == pytest.approx({"A": amount})


# Caps ---------------------------------------------------------------------------------------------------------------

FOUR = FixedRiskPolicy(100.0, {"A": 40.0, "B": 30.0, "C": 20.0, "D": 10.0})
NAMES = ["A", "B", "C", "D"]


@pytest.mark.parametrize(
    ("caps", "amounts"),
    [
        ({"per_sleeve": 25.0}, (25.0, 25.0, 20.0, 10.0)),
        ({"per_sleeve": {"A": 10.0}}, (10.0, 30.0, 20.0, 10.0)),
        ({"total": 50.0}, (20.0, 15.0, 10.0, 5.0)),
        ({"groups": {"g": Group(["A", "B"], 35.0)}}, (20.0, 15.0, 20.0, 10.0)),
        ({"per_sleeve": 30.0, "groups": {"g": Group(["A", "B"], 30.0)}}, (15.0, 15.0, 20.0, 10.0)),
        ({"per_sleeve": 1_000.0}, (40.0, 30.0, 20.0, 10.0)),
        ({"per_sleeve": 0}, (0.0, 0.0, 0.0, 0.0)),
    ],
)
def test_what_is_cut_off_stays_unused(caps, amounts):
    assert tuple(Capped(FOUR, **caps).allocate(NAMES).values()) == pytest.approx(amounts)


@pytest.mark.parametrize(
    ("caps", "amounts"),
    [
        # A stops at 25; B, C, D would get 75 in 3:2:1, so B stops too and C, D share 50 in 2:1
        ({"per_sleeve": 25.0}, (25.0, 25.0, 25.0, 25.0)),
        ({"per_sleeve": {"A": 10.0}}, (10.0, 45.0, 30.0, 15.0)),
        ({"per_sleeve": {"A": 10.0, "B": 40.0}}, (10.0, 40.0, 100 / 3, 50 / 3)),
        ({"per_sleeve": 20.0}, (20.0, 20.0, 20.0, 20.0)),
        # the group stops at 35 in 4:3; C and D share 65 in 2:1
        ({"groups": {"g": Group(["A", "B"], 35.0)}}, (20.0, 15.0, 130 / 3, 65 / 3)),
        ({"total": 50.0, "per_sleeve": 12.5}, (12.5, 12.5, 12.5, 12.5)),
        ({"total": 50.0, "per_sleeve": {"A": 5.0}}, (5.0, 22.5, 15.0, 7.5)),
        ({"per_sleeve": 1_000.0}, (40.0, 30.0, 20.0, 10.0)),
    ],
)
def test_redistributed_it_goes_to_the_others_in_proportion_until_they_meet_a_cap_themselves(caps, amounts):
    assert tuple(Capped(FOUR, **caps, redistribute=True).allocate(NAMES).values()) == pytest.approx(amounts)


@pytest.mark.parametrize("order", ["gh", "hg"])
def test_a_sleeve_in_two_groups_keeps_below_both(order):
    both = {"g": Group(["A", "B"], 35.0), "h": Group(["B", "C"], 10.0)}
    groups = {name: both[name] for name in order}
    # A, B to a half for g; B, C to a fifth for h; B takes the smaller of both
    assert Capped(FOUR, groups=groups).allocate(NAMES) == pytest.approx({"A": 20.0, "B": 6.0, "C": 4.0, "D": 10.0})


def test_who_was_given_nothing_gets_nothing_of_what_others_lose():
    policy = Capped(Says({"A": 10.0, "B": 0.0}), per_sleeve=4.0, redistribute=True)
    assert policy.allocate(["A", "B"]) == {"A": 4.0, "B": 0.0}


# Minimum, throttle, target ------------------------------------------------------------------------------------------


def test_an_amount_below_the_minimum_becomes_nothing():
    assert WithMinimum(FOUR, minimum=20.0).allocate(NAMES) == {"A": 40.0, "B": 30.0, "C": 20.0, "D": 0.0}


def test_what_the_minimum_frees_goes_to_the_others_in_proportion():
    policy = WithMinimum(FOUR, minimum=25.0, redistribute=True)
    assert policy.allocate(NAMES) == pytest.approx({"A": 400 / 7, "B": 300 / 7, "C": 0.0, "D": 0.0})


def test_where_nobody_reaches_the_minimum_nobody_gets_anything():
    policy = WithMinimum(EqualSplitRiskPolicy(10.0), minimum=6.0, redistribute=True)
    assert policy.allocate(["A", "B"]) == {"A": 0.0, "B": 0.0}


@pytest.mark.parametrize(
    ("equity", "amount"),
    [
        (100.0, 8.0),
        (95.0, 8.0),
        (90.0, 8.0),
        (85.0, 6.0),
        (80.0, 4.0),
        (75.0, 2.0),
        (70.0, 0.0),
        (10.0, 0.0),
        (-5.0, 0.0),
    ],
)
def test_a_throttle_falls_from_all_to_nothing_between_its_drawdowns(equity, amount):
    policy = Throttled(EqualSplitRiskPolicy(8.0), start=0.1, end=0.3)
    assert policy.allocate_with(["A"], Facts(equity=equity, peak_equity=100.0)) == pytest.approx({"A": amount})


def test_a_throttle_does_not_fall_below_its_floor():
    policy = Throttled(EqualSplitRiskPolicy(8.0), start=0.1, end=0.3, floor=0.25)
    amounts = [policy.allocate_with(["A"], Facts(equity=e, peak_equity=100.0))["A"] for e in (90.0, 80.0, 50.0)]
    assert amounts == pytest.approx([8.0, 5.0, 2.0])


@pytest.mark.parametrize(
    ("correlation", "volatility"), [(0.0, 5.0), (1.0, 7.0), (-1.0, 1.0), ({("B", "A"): 0.5}, sqrt(37.0))]
)
def test_a_target_of_volatility_scales_everything_by_target_over_volatility(correlation, volatility):
    # amounts 3 and 4 at volatilities of 1: sqrt(9 + 16 + 24 r)
    inner = FixedRiskPolicy(7.0, {"A": 3.0, "B": 4.0})
    given = {"volatility": {"A": 1.0, "B": 1.0}, "correlation": correlation}
    nearly = VolatilityTargeted(inner, target=volatility * 0.99, **given).allocate(["A", "B"])
    assert nearly == pytest.approx({"A": 2.97, "B": 3.96})
    half = VolatilityTargeted(inner, target=volatility / 2, **given).allocate(["A", "B"])
    assert half == pytest.approx({"A": 1.5, "B": 2.0})
    assert VolatilityTargeted(inner, target=volatility * 2, **given).allocate(["A", "B"]) == {"A": 3.0, "B": 4.0}


def test_a_target_of_volatility_asks_nothing_of_sleeves_that_get_nothing():
    policy = VolatilityTargeted(Says({"A": 2.0, "B": 0.0}), target=1.0, volatility={"A": 1.0}, correlation={})
    assert policy.allocate(["A", "B"]) == {"A": 1.0, "B": 0.0}
    nobody = VolatilityTargeted(Says({"B": 0.0}), target=1.0, volatility={}, correlation={})
    assert nobody.allocate(["B"]) == {"B": 0.0}


# Budgets and needs of what is wrapped -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "budget"),
    [
        (FixedRiskPolicy(10.0, {}), 10.0),
        (Capped(EqualSplitRiskPolicy(10.0), total=4.0), 4.0),
        (Capped(EqualSplitRiskPolicy(10.0), total=40.0), 10.0),
        (Capped(Says({}, None), total=4.0), 4.0),
        (Capped(Says({}, None), per_sleeve=4.0), None),
        (Throttled(Capped(EqualSplitRiskPolicy(10.0), total=4.0), start=0.1, end=0.2), 4.0),
        (WithMinimum(EqualSplitRiskPolicy(10.0), minimum=1.0), 10.0),
        (VolatilityTargeted(EqualSplitRiskPolicy(10.0), target=1.0), 10.0),
    ],
)
def test_a_wrapper_stands_for_the_budget_of_the_policy_inside(policy, budget):
    assert policy.portfolio_risk_budget == budget


@pytest.mark.parametrize(
    ("policy", "needs"),
    [
        (InverseVolatilityPolicy(1.0, {}), set()),
        (InverseVolatilityPolicy(1.0), {"volatility"}),
        (RiskParityPolicy(1.0), {"volatility", "correlation"}),
        (RiskParityPolicy(1.0, correlation=0.2), {"volatility"}),
        (FractionalKellyPolicy(1.0, {}), {"equity"}),
        (FractionalKellyPolicy(1.0, {}, equity=1.0), set()),
        (Capped(EqualSplitRiskPolicy(1.0), total=1.0), set()),
        (Capped(InverseVolatilityPolicy(1.0), total=1.0), {"volatility"}),
        (WithMinimum(InverseVolatilityPolicy(1.0), minimum=1.0), {"volatility"}),
        (Throttled(InverseVolatilityPolicy(1.0), start=0.1, end=0.2), {"volatility", "drawdown"}),
        (VolatilityTargeted(EqualSplitRiskPolicy(1.0), target=1.0, volatility={}), {"correlation"}),
    ],
)
def test_a_policy_says_which_facts_it_needs(policy, needs):
    assert policy.needs == needs


def test_wrappers_hand_the_facts_through():
    policy = Capped(WithMinimum(InverseVolatilityPolicy(70.0), minimum=15.0), per_sleeve=30.0)
    facts = Facts(volatility={"A": 0.01, "B": 0.02, "C": 0.04})
    assert policy.allocate_with(ABC, facts) == pytest.approx({"A": 30.0, "B": 20.0, "C": 0.0})


# What is missing or wrong when a policy is asked --------------------------------------------------------------------

VOLATILITY = {"A": 0.1, "B": 0.2}


@pytest.mark.parametrize(
    ("policy", "facts", "sentence"),
    [
        (
            FixedRiskPolicy(1.0, {"A": 1.0}),
            None,
            "FixedRiskPolicy.allocate: there is no amount for 'B'",
        ),
        (
            InverseVolatilityPolicy(1.0, {"A": 1.0}),
            None,
            "InverseVolatilityPolicy.allocate: there is no volatility of 'B'",
        ),
        (
            InverseVolatilityPolicy(1.0),
            Facts(volatility={"A": 1.0}),
            "InverseVolatilityPolicy.allocate: there is no volatility of 'B' among the facts",
        ),
        (
            InverseVolatilityPolicy(1.0),
            Facts(volatility={"A": nan, "B": 1.0}),
            "InverseVolatilityPolicy.allocate: the volatility of 'A' is nan; it must be finite and above 0",
        ),
        (
            InverseVolatilityPolicy(1.0),
            Facts(volatility={"A": 0.0, "B": 1.0}),
            "InverseVolatilityPolicy.allocate: the volatility of 'A' is 0.0; it must be finite and above 0",
        ),
        (
            RiskParityPolicy(1.0, VOLATILITY, {}),
            None,
            "RiskParityPolicy.allocate: there is no correlation of 'A' and 'B'",
        ),
        (
            RiskParityPolicy(1.0, VOLATILITY),
            Facts(correlation={("B", "A"): nan}),
            "RiskParityPolicy.allocate: the correlation of 'A' and 'B' is nan; it must be between -1 and 1",
        ),
        (
            RiskParityPolicy(1.0, VOLATILITY, 0.0, {"A": 1.0}),
            None,
            "RiskParityPolicy.allocate: there is no risk share of 'B'",
        ),
        (
            RiskParityPolicy(1.0, VOLATILITY, 1.0),
            None,
            "RiskParityPolicy.allocate: for 'A', 'B': the matrix of correlations is not positive definite (pivot 2: 0)",
        ),
        (
            FractionalKellyPolicy(1.0, {"A": Edge(0.6, 1.0)}, equity=1.0),
            None,
            "FractionalKellyPolicy.allocate: there is no edge of 'B'",
        ),
        (
            FractionalKellyPolicy(1.0, dict.fromkeys("AB", Edge(0.6, 1.0))),
            Facts(),
            "FractionalKellyPolicy.allocate: the facts lack equity",
        ),
        (
            Throttled(EqualSplitRiskPolicy(1.0), start=0.1, end=0.2),
            Facts(equity=1.0),
            "Throttled.allocate: the facts lack equity or peak_equity, so there is no drawdown",
        ),
        (
            VolatilityTargeted(EqualSplitRiskPolicy(1.0), target=1.0),
            Facts(volatility={"A": 1.0}),
            "VolatilityTargeted.allocate: there is no volatility of 'B' among the facts",
        ),
        (
            Capped(Says({"A": nan}), per_sleeve=3.0),
            None,
            "Says.allocate: the amount of 'A' is nan; it must be finite and not negative",
        ),
        (
            Capped(Says({"A": -1.0}), per_sleeve=3.0),
            None,
            "Says.allocate: the amount of 'A' is -1.0; it must be finite and not negative",
        ),
        (
            Capped(Says({"A": 1e308, "B": 1e308}), per_sleeve=3.0, redistribute=True),
            None,
            "Says.allocate: gave more in all than a float can hold",
        ),
        (
            Capped(Says([1.0]), per_sleeve=3.0),
            None,
            "Says.allocate: returned [1.0], not a mapping of sleeve to amount",
        ),
    ],
)
def test_what_is_missing_or_wrong_is_named_with_its_sleeve(policy, facts, sentence):
    with pytest.raises(AllocationError) as caught:
        policy.allocate(["A", "B"]) if facts is None else policy.allocate_with(["A", "B"], facts)
    assert str(caught.value) == sentence


def test_three_that_cannot_move_so_are_refused_and_named():
    apart = RiskParityPolicy(1.0, dict.fromkeys(ABC, 1.0), -0.6)
    with pytest.raises(AllocationError, match=r"^RiskParityPolicy\.allocate: for 'A', 'B', 'C': the matrix of "):
        apart.allocate(ABC)


def test_a_matrix_that_needs_more_steps_than_allowed_is_refused():
    sentence = r"^no shares of the risk were found in 1 steps: the matrix is nearly singular$"
    with pytest.raises(ArithmeticError, match=sentence):
        contributions_in_proportion([[1.0, 0.9], [0.9, 1.0]], [1, 3], steps=1)


@pytest.mark.parametrize("make", [InverseVolatilityPolicy, lambda *given, **how: RiskParityPolicy(*given, 0.0, **how)])
def test_unknown_zero_gives_nothing_to_who_has_no_volatility_and_all_to_the_others(make):
    assert make(9.0, {"A": 0.1}, unknown="zero").allocate(["B", "A"]) == {"B": 0.0, "A": 9.0}
    assert make(9.0, {}, unknown="zero").allocate(["B", "A"]) == {"B": 0.0, "A": 0.0}
