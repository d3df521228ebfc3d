"""Thousands of policies, sources of facts, traces and sinks that misbehave: none of them moves a promise."""

import attrs
import pytest

from tests.portfolio.hostile.desk import (
    KEYS,
    RULES,
    Stage,
    all_are,
    as_if_nothing_had_happened,
    came_out,
    every,
    expected,
    play_all,
)
from tests.portfolio.hostile.inputs import ANSWERS, BUDGETS, ERRORS, raises
from tests.portfolio.parts import BUDGET, equal
from tradedesk.portfolio import AllocationError, Facts, FactsError


@attrs.define(eq=False)
class Hostile:
    """Splits equally, except in the slice of its case; says what it holds for its budget then."""

    case: object
    odd: object
    odd_budget: object = None
    stage: object = None

    @property
    def now(self):
        return self.stage is not None and self.stage.now == self.case.slice

    @property
    def portfolio_risk_budget(self):
        return self.odd_budget() if self.odd_budget and self.now else BUDGET

    def allocate(self, active_instruments):
        usual = equal().allocate(list(active_instruments))
        return self.odd(active_instruments) if self.odd and self.now else usual


def staged(case, policy, **options):
    policy.stage = stage = Stage(case, lambda: None, dict(options), policy)
    return stage


def refused(stage):
    """The slice ends with an error that names the policy; nothing was sent, and the next one is as any other."""
    case = stage.case
    error = stage.raised[case.slice]
    if not isinstance(error, AllocationError) or "Hostile" not in str(error):
        yield f"out came {error!r}"
    moved = [
        one for one in stage.trace if one.slice_number == case.slice and type(one).__name__ in ("Allocated", "RiskSent")
    ]
    yield from expected("sent", moved, [])
    yield from expected(
        "fates", stage.fates, {number: all_are("Handled") for number in stage.raised} | {case.slice: all_are("Refused")}
    )
    yield from expected("at the end it holds", dict(stage.runner.statistics().held), dict.fromkeys(KEYS, BUDGET / 3))


def cases_of(what, rule):
    return [case for case in every(where=("policy",), what=list(what)) if case.rule == rule]


def answers(rule):
    return [
        staged(case, Hostile(case, ANSWERS[case.what]), poll_regimes=poll)
        for case in cases_of(ANSWERS, rule)
        for poll in (True, False)
        if poll or case.slice == 1
    ]


@pytest.mark.parametrize("rule", RULES)
def test_every_bad_answer_of_a_policy_is_an_allocation_error_and_changes_nothing(rule):
    wrong, cases = play_all(answers(rule), refused, slices=3)

    assert wrong[:3] == []
    assert dict(cases) == {"policy": len(ANSWERS) * 3 * 3}
    assert len(ANSWERS) >= 58


ODD_BUDGETS = {**{name: lambda budget=budget: budget for name, budget in BUDGETS.items()}, "raises": raises(KeyError)}


def budgets(rule):
    return [staged(case, Hostile(case, None, ODD_BUDGETS[case.what])) for case in cases_of(ODD_BUDGETS, rule)]


@pytest.mark.parametrize("rule", RULES)
def test_every_bad_budget_of_a_policy_is_an_allocation_error_and_changes_nothing(rule):
    wrong, cases = play_all(budgets(rule), refused, slices=3)

    assert wrong[:3] == []
    assert dict(cases) == {"policy": len(ODD_BUDGETS) * 3 * 2}
    assert len(ODD_BUDGETS) >= 14


def empties(active):
    usual = equal().allocate(list(active))
    active.clear()
    return usual


def prolongs(active):
    usual = equal().allocate(list(active))
    active += ["nobody", None]
    return usual


class Keeping:
    """Keeps what it was given and what it gave, and spoils both later."""

    def __init__(self, spoil):
        self.spoil, self.kept = spoil, []

    def __call__(self, active):
        for things in self.kept:
            self.spoil(*things)
        usual = equal().allocate(list(active))
        self.kept.append((active, usual))
        return usual


MUTATIONS = {
    "empties what it was given": lambda: empties,
    "prolongs what it was given": lambda: prolongs,
    "empties it later": lambda: Keeping(lambda active, usual: active.clear()),
    "prolongs it later": lambda: Keeping(lambda active, usual: active.append("nobody")),
    "empties its answer later": lambda: Keeping(lambda active, usual: usual.clear()),
    "raises its answer later": lambda: Keeping(lambda active, usual: usual.update(dict.fromkeys(usual, 1e9))),
    "puts strangers in it later": lambda: Keeping(lambda active, usual: usual.update(nobody=float("nan"))),
}


def mutations(rule):
    stages = []
    for case in cases_of(MUTATIONS, rule):
        policy = Hostile(case, MUTATIONS[case.what]())
        stages.append(staged(case, policy))
        policy.stage = attrs.evolve(stages[-1], now=case.slice)  # in every slice
    return stages


@pytest.mark.parametrize("rule", RULES)
def test_a_policy_that_changes_what_it_was_given_or_gave_changes_nothing(rule):
    wrong, cases = play_all(mutations(rule), as_if_nothing_had_happened, slices=4)

    assert wrong[:3] == []
    assert dict(cases) == {"policy": 7 * 3 * 2}


# Facts --------------------------------------------------------------------------------------------------------------


class Informed(Hostile):
    def allocate_with(self, active_instruments, facts):
        amount = min(facts.volatility.values(), default=None)
        usual = self.allocate(active_instruments)
        return usual if amount is None else dict.fromkeys(usual, amount)


class InformedHostile(Informed):
    pass


FACTS = {
    **{f"raises {name}": raises(make) for name, make in ERRORS.items()},
    "None": lambda: None,
    "a mapping": dict,
    "the class": lambda: Facts,
    "an object": object,
    "nan for the equity": lambda: Facts(equity=float("nan")),
    "no peak": lambda: Facts(peak_equity=0.0),
    "nan for a volatility": lambda: Facts(volatility={"first": float("nan")}),
    "a negative volatility": lambda: Facts(volatility={"first": -1.0}),
    "no mapping of volatilities": lambda: Facts(volatility=None),
}


def refused_for_facts(stage):
    yield from refused(stage)
    by_the_policy = "volatil" in stage.case.what
    yield from expected("named", isinstance(stage.raised[stage.case.slice], FactsError), not by_the_policy)


def facts(rule):
    stages = []
    for case in cases_of(FACTS, rule):
        policy = InformedHostile(case, None)

        def source(close_time, routed, case=case, policy=policy):
            return FACTS[case.what]() if policy.now else Facts()

        stages.append(staged(case, policy, facts=source))
    return stages


@pytest.mark.parametrize("rule", RULES)
def test_every_bad_answer_of_a_source_of_facts_is_an_error_that_names_it(rule):
    wrong, cases = play_all(facts(rule), refused_for_facts, slices=3)

    assert wrong[:3] == []
    assert dict(cases) == {"policy": len(FACTS) * 3 * 2}
    assert len(FACTS) == 26


# Those who watch ----------------------------------------------------------------------------------------------------


class Watching:
    """A trace or sink that raises at the first, the fifth or at every record or batch of its slice."""

    def __init__(self, stage, make):
        self.stage, self.make, self.raised = stage, make, []
        self.seen = 0

    def watch(self, thing):
        if self.stage.now == self.stage.case.slice:
            self.seen += 1
            if (
                self.stage.case.where in ("every record", "a batch, at once", "a batch, later")
                or self.seen == {"the first record": 1, "the fifth record": 5}[self.stage.case.where]
            ):
                self.raised.append(self.make())
                raise self.raised[-1]

    def trace(self, record):
        self.stage.trace.append(record)
        self.watch(record)

    def sink(self, records):
        self.watch(records)

    async def later(self, records):
        self.watch(records)


WATCHED = ("the first record", "the fifth record", "every record", "a batch, at once", "a batch, later")


def met_and_harmless(stage):
    raised, errors = stage.raised[stage.case.slice], stage.watching.raised
    if len(errors) == 1:
        # the end of an iterator cannot leave a coroutine: whoever awaits the sink meets another error
        fine = came_out(raised, errors[0])
    else:
        fine = isinstance(raised, ExceptionGroup) and len(raised.exceptions) == len(errors) > 1
    if not fine:
        yield f"out came {type(raised)} for {len(errors)} errors"
    yield from as_if_nothing_had_happened(stage)


def watchers(rule):
    stages = []
    for case in every(where=WATCHED, what=list(ERRORS)):
        if case.rule == rule:
            stage = WatchedStage(case, lambda: None)
            stage.watching = watching = Watching(stage, ERRORS[case.what])
            own = {"a batch, at once": {"sink": watching.sink}, "a batch, later": {"sink": watching.later}}
            stage.options = own.get(case.where, {"trace": watching.trace})
            stages.append(stage)
    return stages


@pytest.mark.parametrize("rule", RULES)
def test_a_trace_or_sink_that_raises_is_met_by_the_caller_and_changes_nothing(rule):
    wrong, cases = play_all(watchers(rule), met_and_harmless)

    assert wrong[:3] == []
    assert dict(cases) == dict.fromkeys(WATCHED, 17 * 3 * 2)


@attrs.define(eq=False)
class WatchedStage(Stage):
    watching: Watching | None = None
