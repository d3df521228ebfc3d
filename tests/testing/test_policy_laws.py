"""`check_policy`: ours keep the laws, each planted flaw breaks its own, and the witness is the smallest."""

import sys
from functools import cache
from math import inf, nan

import attrs
import pytest
from hypothesis import HealthCheck, given, settings

from tests.testing.planted import ClockPolicy
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
    Throttled,
    VolatilityTargeted,
    WithMinimum,
)
from tradedesk.testing import (
    SLEEVES,
    BrokenPolicy,
    Flaw,
    LawBroken,
    PolicyCase,
    WeightedPolicy,
    broken_policies,
    check_policy,
    law,
    policies,
    policy_verdicts,
    scales,
)

LAWS = [
    "total",
    "pure",
    "deterministic",
    "finite",
    "non_negative",
    "within_budget",
    "no_unknown_names",
    "permutation_invariant",
]

OURS = {
    "equal split": EqualSplitRiskPolicy(100.0),
    "fixed": FixedRiskPolicy(100.0, dict.fromkeys(SLEEVES, 12.5)),
    "inverse volatility": InverseVolatilityPolicy(100.0),
    "risk parity": RiskParityPolicy(100.0),
    "kelly": FractionalKellyPolicy(100.0, dict.fromkeys(SLEEVES, Edge(0.6, 1.0))),
    "capped": Capped(EqualSplitRiskPolicy(100.0), per_sleeve=20.0, groups={"g": Group(SLEEVES[:3], 30.0)}),
    "redistributed": Capped(RiskParityPolicy(100.0), per_sleeve=20.0, total=90.0, redistribute=True),
    "with a minimum": WithMinimum(InverseVolatilityPolicy(100.0), minimum=5.0, redistribute=True),
    "throttled": Throttled(EqualSplitRiskPolicy(100.0), start=0.1, end=0.5),
    "targeted": VolatilityTargeted(RiskParityPolicy(100.0), target=1.0),
    "weighted": WeightedPolicy(100, {"A": 1, "B": 3}),
}

PLANTED = {
    Flaw.OVER_BUDGET: (
        "within_budget",
        "ABC",
        "the amounts are 100.02000000000001 in all, more than the budget of 100.0",
    ),
    Flaw.NEGATIVE: ("non_negative", "ABC", "the amount of 'C' is -1.0, below 0"),
    Flaw.STRANGER: ("no_unknown_names", "A", "it gave 50.0 to 'rest', which is not among those that it was asked for"),
    Flaw.MUTATES: ("pure", "A", "the list that it was handed is [] afterwards"),
    Flaw.REMEMBERS: ("deterministic", "A", "asked the same twice, with nobody between, it said A 50.0 and A 100.0"),
    Flaw.ORDERED: ("permutation_invariant", "AB", "asked for B, A instead, it gave 'A' 33.333333333333336"),
    Flaw.NAN_ALONE: ("finite", "A", "the amount of 'A' is nan, no finite number"),
    Flaw.NAN_TOGETHER: ("finite", "ABCD", "the amount of 'A' is nan, no finite number"),
    Flaw.RAISES: ("total", "", "it raised ZeroDivisionError: float division by zero"),
}
MOST = 60
"""Cases within which each flaw is found; most are in two."""


@cache
def found(flaw):
    return policy_verdicts(BrokenPolicy(flaw))


@pytest.mark.parametrize("name", OURS)
def test_our_policies_keep_all_laws(name):
    verdicts = check_policy(OURS[name])
    assert [verdict.law for verdict in verdicts] == LAWS
    assert all(verdict.holds and verdict.tried == 100 for verdict in verdicts)


@pytest.mark.parametrize("flaw", Flaw)
def test_a_flaw_breaks_its_law_in_the_smallest_case(flaw):
    law_, active, problem = PLANTED[flaw]
    verdict = found(flaw).of(law_)
    assert (verdict.witness, verdict.problem) == (PolicyCase(tuple(active)), problem)
    assert 1 <= verdict.tried <= MOST


@pytest.mark.parametrize("flaw", [flaw for flaw in Flaw if flaw is not Flaw.NEGATIVE])
def test_no_other_law_is_broken_by_it(flaw):
    assert [verdict.law for verdict in found(flaw).broken] == [PLANTED[flaw][0]]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.nested_given])
@given(policies("ABCDEFGH", informed=True))
def test_drawn_policies_are_lawful(policy):
    check_policy(policy, examples=8)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.nested_given])
@given(broken_policies(budget=50.0))
def test_drawn_broken_policies_are_not(drawn):
    policy, flaw = drawn
    assert policy.portfolio_risk_budget == 50.0
    name, active, _ = PLANTED[flaw]
    cases = [PolicyCase(tuple(active))]
    assert name in [verdict.law for verdict in policy_verdicts(policy, examples=1, cases=cases).broken] or (
        flaw is Flaw.OVER_BUDGET  # 50.0 / 3 is rounded to less than it is
    )


def test_the_error_says_which_law_how_and_how_to_try_it_again():
    with pytest.raises(LawBroken) as caught:
        check_policy(BrokenPolicy(Flaw.NEGATIVE))
    assert (
        str(caught.value)
        == "BrokenPolicy breaks non_negative: gives no amount below 0\nthe amount of 'C' is -1.0, below 0\n  asked for  A, B, C\n  answered   A 33.333333333333336, B 33.333333333333336, C -1.0\n  again      cases=[PolicyCase(['A', 'B', 'C'])]\nalso broken: permutation_invariant"
    )
    assert (caught.value.law, caught.value.witness) == ("non_negative", PolicyCase(("A", "B", "C")))


def test_the_verdicts_are_a_table():
    verdicts = policy_verdicts(BrokenPolicy(Flaw.REMEMBERS), skip=LAWS[3:7])
    assert str(verdicts).splitlines() == [
        "BrokenPolicy",
        "holds   total                  answers with a mapping of amounts, whoever is active: nobody, one, many",
        "holds   pure                   leaves what it is handed as it is",
        "BROKEN  deterministic          says the same when it is asked the same, whatever it is asked between",
        "        asked the same twice, with nobody between, it said A 50.0 and A 100.0",
        "          asked for  A",
        "          answered   A 50.0",
        "          again      cases=[PolicyCase(['A'])]",
        "open    permutation_invariant  not judged while deterministic is broken",
    ]


def test_a_witness_is_tried_first_and_alone_when_it_is_given_back():
    verdict = policy_verdicts(BrokenPolicy(Flaw.NAN_TOGETHER), cases=[PolicyCase(tuple("EFGH"))]).of("finite")
    assert (verdict.tried, verdict.witness) == (1, PolicyCase(tuple("EFGH")))


def test_a_policy_that_cannot_be_repeated_is_told_so():
    verdict = policy_verdicts(ClockPolicy()).of("deterministic")
    assert not verdict.holds
    assert verdict.problem.startswith("asked the same twice, with ")


# Laws besides ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "name", "problem"),
    [
        (WeightedPolicy(7, {"A": 1}), "fully_invested", "the amounts are 0.0 in all, and the budget is 7.0"),
        (
            WeightedPolicy(9, {"A": 2, "B": 1}),
            "monotone",
            None,
        ),
        (
            WithMinimum(InverseVolatilityPolicy(9.0), minimum=1.0),
            "stable_under_irrelevant",
            "",
        ),
    ],
)
def test_a_law_by_name_is_held_besides(policy, name, problem):
    verdicts = policy_verdicts(policy, extra=[name])
    assert [verdict.law for verdict in verdicts] == [*LAWS, name]
    verdict = verdicts.of(name)
    assert verdict.problem == problem if problem != "" else not verdict.holds


def test_equal_split_keeps_every_law_there_is():
    check_policy(
        EqualSplitRiskPolicy(9.0),
        extra=["fully_invested", "monotone", "stable_under_irrelevant", scales(EqualSplitRiskPolicy)],
    )


@attrs.frozen
class FullAtTwo:
    """Gives more to each the more are active."""

    portfolio_risk_budget: float = 100.0

    def allocate(self, active):
        return dict.fromkeys(active, len(active) * 1.0)


def test_who_gets_more_in_company_is_not_monotone():
    verdict = policy_verdicts(FullAtTwo(), extra=["monotone"]).of("monotone")
    assert verdict.problem == "with 'B' active too, 'A' gets 2.0 instead of 1.0"
    assert verdict.witness == PolicyCase(("A", "B"))


def test_amounts_that_do_not_grow_with_the_budget_do_not_scale():
    verdict = policy_verdicts(FullAtTwo(), extra=[scales(FullAtTwo)]).of("scales")
    assert verdict.problem == "with 0.5 times the budget 'A' gets 1.0 instead of 0.5"


@law
def caps_the_first(asked):
    """Gives A no more than 20. Not a law of others."""
    assert asked.amounts.get("A", 0.0) <= 20.0, f"A gets {asked.amounts['A']} of {asked.budget}"


def test_a_law_of_the_users_own_is_a_function():
    assert check_policy(Capped(EqualSplitRiskPolicy(100.0), per_sleeve=20.0), extra=[caps_the_first])
    verdict = policy_verdicts(EqualSplitRiskPolicy(100.0), extra=[caps_the_first]).of("caps_the_first")
    assert (verdict.says, verdict.problem) == ("gives A no more than 20. Not a law of others", "A gets 100.0 of 100.0")


# Facts ----------------------------------------------------------------------------------------------------------------


@attrs.define
class Forgets:
    """Takes facts, and takes one out."""

    needs = frozenset({"volatility"})

    def allocate_with(self, active, facts):
        facts.volatility.pop("A", None)
        return dict.fromkeys(active, facts.equity)


def test_facts_are_left_alone_too_and_complete():
    verdict = policy_verdicts(Forgets()).of("pure")
    assert verdict.problem == "the facts that it was handed are others afterwards"
    facts = verdict.witness.facts
    assert set(facts.volatility) == set(SLEEVES)
    assert len(facts.correlation) == 28


def test_a_witness_with_facts_can_be_read_back():
    case = policy_verdicts(Forgets()).of("pure").witness
    assert eval(repr(case), {"PolicyCase": PolicyCase, "Facts": Facts}) == case  # noqa: S307 - ours


# What cannot be checked -----------------------------------------------------------------------------------------------


@attrs.frozen
class Says:
    answer: object
    portfolio_risk_budget: object = 10.0

    def allocate(self, active):
        return self.answer


@pytest.mark.parametrize(
    ("answer", "name", "problem"),
    [
        (None, "total", "it returned None, which is no mapping of sleeve to amount"),
        ({"A": "1"}, "finite", "the amount of 'A' is '1', no finite number"),
        ({"A": 1e308, "B": 1e308}, "within_budget", "the amounts are inf in all, more than the budget of 10.0"),
        ({None: 1.0}, "no_unknown_names", "it gave 1.0 to None, which is not among those that it was asked for"),
        ({"A": nan}, "finite", "the amount of 'A' is nan, no finite number"),
    ],
)
def test_nonsense_breaks_a_law(answer, name, problem):
    assert policy_verdicts(Says(answer)).of(name).problem == problem


@pytest.mark.parametrize("budget", [nan, inf, "100", []])
def test_a_budget_that_no_portfolio_takes_breaks_the_law(budget):
    problem = f"its portfolio_risk_budget is {budget!r}, no finite number; no portfolio takes it"
    assert policy_verdicts(Says({}, budget), examples=5).of("within_budget").problem == problem


class Later:
    async def allocate(self, active):
        return {}


class Quits:
    def allocate(self, active):
        sys.exit(0)


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (Later(), "it raised TypeError: it is async, and would never run: write def, not async def"),
        (Quits(), "it raised SystemExit: 0 (test_policy_laws.py, line "),
    ],
)
def test_what_is_async_or_ends_the_process_breaks_the_law(policy, problem):
    assert policy_verdicts(policy, examples=5).of("total").problem.startswith(problem)


def test_one_law_to_hold_besides_can_be_named_alone():
    assert policy_verdicts(OURS["equal split"], extra="monotone").of("monotone").holds


def test_names_that_a_policy_does_not_know_are_hinted_at():
    with pytest.raises(LawBroken) as caught:
        check_policy(FixedRiskPolicy(10.0, {"EURUSD": 10.0}))
    assert str(caught.value).splitlines() == [
        "FixedRiskPolicy breaks total: answers with a mapping of amounts, whoever is active: nobody, one, many",
        "it raised AllocationError: FixedRiskPolicy.allocate: there is no amount for 'A'",
        "  asked for  A",
        "  hint       it may know certain sleeves only: name them, sleeves=[...]",
        "  again      cases=[PolicyCase(['A'])]",
    ]
    check_policy(FixedRiskPolicy(10.0, {"EURUSD": 10.0}), sleeves=["EURUSD"])


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda: check_policy(EqualSplitRiskPolicy),
            TypeError,
            "EqualSplitRiskPolicy is a class: give a policy, such as EqualSplitRiskPolicy(...)",
        ),
        (lambda: check_policy(3), TypeError, "3 is no policy: it has neither allocate() nor allocate_with()"),
        (
            lambda: check_policy(OURS["equal split"], skip=["totl"]),
            ValueError,
            f"skip names 'totl', which is no law here; there are {', '.join(LAWS)}",
        ),
        (
            lambda: check_policy(OURS["equal split"], extra=["fair"]),
            ValueError,
            "extra names 'fair', which is no law here; there are fully_invested, monotone, stable_under_irrelevant",
        ),
        (
            lambda: check_policy(OURS["equal split"], extra=["monotone", "monotone"]),
            ValueError,
            "two laws are called 'monotone'; give one of them another name",
        ),
        (
            lambda: check_policy(OURS["equal split"], examples=0),
            ValueError,
            "examples must be a whole number of at least 1, not 0",
        ),
        (
            lambda: check_policy(OURS["equal split"], sleeves="EURUSD"),
            ValueError,
            "sleeves must be a list of different names, such as ['EURUSD'], not 'EURUSD'",
        ),
        (
            lambda: check_policy(OURS["equal split"], sleeves=["A", "A"]),
            ValueError,
            "sleeves must be a list of different names, such as ['EURUSD'], not ['A', 'A']",
        ),
        (
            lambda: check_policy(OURS["equal split"], sleeves=[]),
            ValueError,
            "sleeves is empty; a policy is asked for some",
        ),
        (lambda: policies([]), ValueError, "sleeves is empty; a policy needs somebody to give to"),
        (lambda: broken_policies(flaws=[]), ValueError, "flaws is empty; a broken policy has one"),
    ],
)
def test_what_cannot_be_checked_is_refused(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_a_verdict_on_a_law_that_was_not_tried_is_a_missing_key():
    with pytest.raises(KeyError):
        policy_verdicts(OURS["equal split"], examples=1).of("fair")
