"""What holds for every policy, every wrapper and every nesting of them, whatever the numbers are."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from math import fsum, isfinite, sqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

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

SUBNORMAL = 1e-300
"""Amounts around this have too few digits for a share of them to be met within 1e-9."""

NAMES = ("A", "B", "C", "D", "E")

actives = st.lists(st.sampled_from(NAMES), unique=True).map(list)
budgets = st.one_of(st.just(0.0), st.floats(1e-6, 1e9))
sizes = st.floats(1e-12, 1e12)
amounts = st.floats(0.0, 100.0)


def by_name(values: st.SearchStrategy) -> st.SearchStrategy:
    return st.fixed_dictionaries(dict.fromkeys(NAMES, values))


@st.composite
def correlations(draw) -> dict[tuple[str, str], float]:
    """Of five directions in space and a part of noise each: positive definite."""
    vectors = [draw(st.lists(st.floats(-1.0, 1.0), min_size=3, max_size=3)) for _ in NAMES]
    noise = draw(st.floats(0.05, 1.0))
    lengths = [sqrt(fsum(part * part for part in vector) + noise) for vector in vectors]
    return {
        (NAMES[i], NAMES[k]): fsum(a * b for a, b in zip(vectors[i], vectors[k], strict=True))
        / (lengths[i] * lengths[k])
        for i in range(len(NAMES))
        for k in range(i)
    }


facts = st.builds(
    Facts,
    equity=st.floats(-10.0, 1e6),
    peak_equity=st.floats(1.0, 1e6),
    volatility=by_name(sizes),
    correlation=correlations(),
)

edges = st.builds(Edge, st.floats(0.0, 1.0), st.floats(0.01, 100.0))

plain = st.one_of(
    st.builds(EqualSplitRiskPolicy, budgets),
    by_name(amounts).map(lambda each: FixedRiskPolicy(fsum(each.values()), each)),
    st.builds(InverseVolatilityPolicy, budgets),
    st.builds(RiskParityPolicy, budgets),
    st.builds(FractionalKellyPolicy, budgets, by_name(edges), st.floats(0.0, 1.0)),
)

groups = st.dictionaries(
    st.sampled_from(["g", "h"]), st.builds(Group, st.sets(st.sampled_from(NAMES), min_size=1), amounts), max_size=2
)
per_sleeve = st.one_of(amounts, st.dictionaries(st.sampled_from(NAMES), amounts))


def wrapped(inner: st.SearchStrategy) -> st.SearchStrategy:
    return st.one_of(
        st.builds(Capped, inner, per_sleeve=per_sleeve, groups=groups, total=st.none() | amounts),
        st.builds(WithMinimum, inner, minimum=amounts),
        st.builds(Throttled, inner, start=st.floats(0.0, 0.4), end=st.floats(0.5, 1.0), floor=st.floats(0.0, 1.0)),
        st.builds(VolatilityTargeted, inner, target=sizes),
    )


uncapped = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.builds(WithMinimum, inner, minimum=amounts, redistribute=st.booleans()),
        st.builds(Throttled, inner, start=st.floats(0.0, 0.4), end=st.floats(0.5, 1.0), floor=st.floats(0.0, 1.0)),
    ),
    max_leaves=2,
)
redistributing = st.builds(
    Capped, uncapped, per_sleeve=per_sleeve, groups=groups, total=st.none() | amounts, redistribute=st.just(True)
)
policies = st.recursive(uncapped | redistributing, wrapped, max_leaves=4)


def answer(policy, active, known):
    """Ask as the runner does; a matrix that a policy refuses is no case for a law about amounts."""
    try:
        return policy.allocate_with(active, known) if hasattr(policy, "allocate_with") else policy.allocate(active)
    except AllocationError as error:
        assume("positive definite" not in error.rule)
        raise


def caps_in(policy: object) -> Iterator[Capped]:
    while policy is not None:
        if isinstance(policy, Capped):
            yield policy
        policy = getattr(policy, "policy", None)


@given(policies, actives, facts)
def test_amounts_are_finite_not_negative_and_for_the_active_sleeves_in_their_order(policy, active, known):
    given_out = answer(policy, active, known)
    assert list(given_out) == active
    assert all(isfinite(amount) and amount >= 0 for amount in given_out.values())


@given(policies, actives, facts)
def test_the_sum_is_not_above_the_budget_to_the_last_bit(policy, active, known):
    rounding = 1e-15 if any(isinstance(inner, EqualSplitRiskPolicy) for inner in chain(policy)) else 0.0
    assert fsum(answer(policy, active, known).values()) <= policy.portfolio_risk_budget * (1 + rounding)


def chain(policy: object) -> Iterator[object]:
    while policy is not None:
        yield policy
        policy = getattr(policy, "policy", None)


@given(policies, facts)
def test_nobody_active_gets_nothing(policy, known):
    assert answer(policy, [], known) == {}


@given(policies, facts, st.permutations(NAMES), st.integers(0, len(NAMES)))
def test_the_order_of_the_active_sleeves_changes_no_bit_of_an_amount(policy, known, names, count):
    active = names[:count]
    assert answer(policy, active, known) == answer(policy, sorted(active), known)


@given(policies, actives, facts)
def test_asked_twice_a_policy_says_the_same_and_keeps_the_list_as_it_is(policy, active, known):
    before = list(active)
    assert answer(policy, active, known) == answer(policy, active, known)
    assert active == before


@given(policies, actives, facts)
def test_caps_hold_in_every_nesting(policy, active, known):
    given_out = answer(policy, active, known)
    for capped in caps_in(policy):
        assert all(amount <= capped._cap(sleeve) for sleeve, amount in given_out.items())
        for group in capped.groups.values():
            assert fsum(amount for sleeve, amount in given_out.items() if sleeve in group.sleeves) <= group.cap
        if capped.total is not None:
            assert fsum(given_out.values()) <= capped.total


@given(wrapped(plain), actives, facts)
def test_a_wrapper_that_does_not_redistribute_gives_nobody_more_than_the_policy_inside(policy, active, known):
    inside = answer(policy.policy, active, known)
    assert all(amount <= inside[sleeve] for sleeve, amount in answer(policy, active, known).items())


@given(redistributing, actives, facts)
def test_what_is_redistributed_is_used_up_unless_everybody_is_at_a_cap(policy, active, known):
    inside, given_out = answer(policy.policy, active, known), answer(policy, active, known)
    wanted = min(fsum(inside.values()), *([] if policy.total is None else [policy.total]), float("inf"))
    used = fsum(given_out.values())
    assert used <= wanted * (1 + 1e-12)
    if used < wanted * (1 - 1e-9) - SUBNORMAL:
        for sleeve in (sleeve for sleeve in active if inside[sleeve] > 0):
            assert is_at_a_cap(policy, sleeve, given_out)


def is_at_a_cap(policy: Capped, sleeve: str, given_out: dict[str, float]) -> bool:
    at_its_own = given_out[sleeve] >= policy._cap(sleeve) * (1 - 1e-9) - SUBNORMAL
    return at_its_own or any(
        fsum(given_out.get(member, 0.0) for member in group.sleeves) >= group.cap * (1 - 1e-9) - SUBNORMAL
        for group in policy.groups.values()
        if sleeve in group.sleeves
    )


# Splits by volatility -----------------------------------------------------------------------------------------------

SPLITS: dict[str, Callable[..., object]] = {
    "inverse volatility": InverseVolatilityPolicy,
    "risk parity": lambda budget, volatility: RiskParityPolicy(budget, volatility, 0.3),
}
every_split = pytest.mark.parametrize("make", SPLITS.values(), ids=SPLITS)
names = st.lists(st.sampled_from(NAMES), unique=True, min_size=1)


@every_split
@given(active=names, size=sizes)
def test_equal_volatilities_are_an_equal_split(make, active, size):
    equal = EqualSplitRiskPolicy(90.0).allocate(active)
    assert make(90.0, dict.fromkeys(active, size)).allocate(active) == pytest.approx(equal, rel=1e-12)


@every_split
@given(active=names, volatility=by_name(st.floats(1e-3, 1e3)), scale=st.floats(1e-9, 1e9))
def test_the_unit_of_volatility_does_not_matter(make, active, volatility, scale):
    scaled = {name: size * scale for name, size in volatility.items()}
    assert make(90.0, scaled).allocate(active) == pytest.approx(make(90.0, volatility).allocate(active), rel=1e-9)


@every_split
@given(active=names, volatility=by_name(sizes), factor=st.floats(1.0, 1e6))
def test_amounts_grow_in_proportion_to_the_budget(make, active, volatility, factor):
    grown = {name: amount * factor for name, amount in make(1.0, volatility).allocate(active).items()}
    assert make(factor, volatility).allocate(active) == pytest.approx(grown, rel=1e-12)


@every_split
@given(active=names, volatility=by_name(sizes))
def test_who_is_wilder_gets_no_more(make, active, volatility):
    given_out = make(90.0, volatility).allocate(active)
    by_volatility = sorted(active, key=volatility.get)
    for calm, wild in pairwise(by_volatility):
        assert given_out[wild] <= given_out[calm] * (1 + 1e-9)


@every_split
@given(volatility=by_name(sizes), budget=budgets)
def test_the_only_active_one_gets_the_whole_budget(make, volatility, budget):
    assert make(budget, volatility).allocate(["C"]) == {"C": pytest.approx(budget, rel=1e-15)}


@every_split
def test_volatilities_from_tiny_to_huge_are_split_in_proportion(make):
    volatility = {"A": 1e-12, "B": 1.0, "C": 1e12}
    expected = {"A": 1.0, "B": 1e-12, "C": 1e-24}
    assert make(1.0, volatility).allocate(["A", "B", "C"]) == pytest.approx(expected, rel=1e-9)


@settings(max_examples=200)
@given(by_name(sizes), correlations(), st.none() | by_name(st.floats(0.01, 100.0)))
def test_every_sleeve_contributes_its_share_of_the_risk(volatility, correlation, shares):
    weight = RiskParityPolicy(1.0, volatility, correlation, shares).allocate(list(NAMES))
    both = correlation | {(k, i): value for (i, k), value in correlation.items()} | {(n, n): 1.0 for n in NAMES}
    exposure = {name: weight[name] * volatility[name] for name in NAMES}
    risk = {i: exposure[i] * fsum(both[i, k] * exposure[k] for k in NAMES) for i in NAMES}
    shares = shares or dict.fromkeys(NAMES, 1.0)
    expected = {name: share / fsum(shares.values()) for name, share in shares.items()}
    assert {name: part / fsum(risk.values()) for name, part in risk.items()} == pytest.approx(expected, rel=1e-9)


@given(actives, facts, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_a_deeper_drawdown_gives_nobody_more(active, known, one, other):
    throttled = Throttled(EqualSplitRiskPolicy(9.0), start=0.1, end=0.4, floor=0.2)
    deep, shallow = max(one, other), min(one, other)
    less, more = (
        throttled.allocate_with(active, Facts(equity=1.0 - drawdown, peak_equity=1.0)) for drawdown in (deep, shallow)
    )
    assert all(less[sleeve] <= more[sleeve] for sleeve in active)


@given(actives, facts, sizes)
def test_the_portfolio_stays_below_its_target_of_volatility(active, known, target):
    policy = VolatilityTargeted(EqualSplitRiskPolicy(9.0), target=target)
    given_out = policy.allocate_with(active, known)
    assert policy._volatility(given_out, known) <= target * (1 + 1e-12)
