"""Thousands of strategies that misbehave once: the failure has its name, the others their candles, nothing is lost."""

import attrs
import pytest

from tests.laws.monitors import lost_or_doubled, met_while_down
from tests.portfolio.hostile.desk import (
    KEYS,
    ONE_PHASE,
    RULES,
    TWO_PHASES,
    OnePhase,
    Stage,
    TwoPhases,
    all_are,
    came_out,
    every,
    expected,
    play_all,
)
from tests.portfolio.hostile.inputs import ERRORS, HANGS, REGIMES, raises
from tests.portfolio.parts import BUDGET, caught
from tradedesk.portfolio import CandleTimeoutError

REPORTS = {False: ("poll", "report"), True: ("poll", "update's report", "report")}


def met(stage):
    """The failure of a case's slice reaches the caller, or the report of the slice, as the rule says."""
    case = stage.case
    number = case.slice
    raised = stage.raised[number]
    failures = [record for record in stage.trace if type(record).__name__ == "Failed"]
    if len(failures) != 1 or (failures[0].sleeve, failures[0].slice_number) != (case.culprit, number):
        yield f"it failed otherwise: {failures}"
        return
    error = failures[0].error
    if case.rule == "raise":
        if not came_out(raised, error):
            yield f"out came {type(raised)}"
    elif raised is not None or stage.reports[number].failures.get(case.culprit) is not error:
        yield f"raised {type(raised)}, or the report does not say so"


BEFORE_THE_ALLOCATION = ("poll", "risk", "update", "update, later", "update's report")


def fates(stage):
    case = stage.case
    # in slice 2 it is to hold less; under "raise" it may still hold what others were to get
    stuck = case.rule == "raise" and case.slice == 2 and case.where in BEFORE_THE_ALLOCATION
    own = "Refused" if case.where in ("poll", "risk") else "Failed"
    wanted = {**all_are("Refused" if stuck else "Handled"), case.culprit: own}
    yield from expected("fates of its slice", stage.fates.get(case.slice), wanted)


def as_promised(stage):
    yield from met(stage)
    yield from fates(stage)
    yield from stage.clean_after()


def named_so(stage):
    yield from as_promised(stage)
    error = next(record.error for record in stage.trace if type(record).__name__ == "Failed")
    if stage.case.what.endswith("oddly"):
        yield from expected("its failure", type(error).__name__, "Boom")
    elif not (isinstance(error, TypeError) and str(error).startswith("is_regime_active() must return True or False")):
        yield f"its failure is {type(error)}"


def failing(*, two_phase):
    places = TWO_PHASES if two_phase else ONE_PHASE
    cases = every(where=places, what=list(ERRORS), two_phase=two_phase, culprits=KEYS[:1] if two_phase else KEYS[::2])
    return [Stage(case, raises(ERRORS[case.what])) for case in cases]


def nonsense(*, two_phase):
    cases = every(where=REPORTS[two_phase], what=list(REGIMES), two_phase=two_phase)
    return [Stage(case, lambda case=case: REGIMES[case.what]) for case in cases]


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("two_phase", [False, True])
def test_a_strategy_that_raises_anything_anywhere_is_one_failure_of_one_sleeve(rule, two_phase):
    stages = [stage for stage in failing(two_phase=two_phase) if stage.case.rule == rule]
    wrong, places = play_all(stages, as_promised)

    assert wrong[:3] == []
    assert dict(places) == dict.fromkeys(TWO_PHASES if two_phase else ONE_PHASE, 17 * 3 * 2 * (1 if two_phase else 2))


@pytest.mark.parametrize("two_phase", [False, True])
def test_a_regime_that_is_neither_true_nor_false_is_a_failure_that_says_so(two_phase):
    wrong, places = play_all(nonsense(two_phase=two_phase), named_so)

    assert wrong[:3] == []
    assert dict(places) == dict.fromkeys(REPORTS[two_phase], 20 * 3 * 3 * 2)


def cut(stage):
    """A handler that does not end is cut and fails; one that does not let itself be cut is quarantined."""
    case = stage.case
    stage.stuck = "2.5" in case.what
    failures = [record.error for record in stage.trace if type(record).__name__ == "Failed"]
    yield from expected(
        "it failed with", [(type(one), one.stuck) for one in failures], [(CandleTimeoutError, stage.stuck)]
    )
    yield from expected("raised", stage.raised[case.slice], failures[0] if case.rule == "raise" else None)
    if case.slice == 1 or case.where != "update, later" or case.rule != "raise" or stage.stuck:
        wanted = {**all_are("Handled"), case.culprit: "Failed"}
        yield from expected("fates of its slice", stage.fates[case.slice], wanted)
    yield from stage.clean_after()


WAITS = {False: ("candle, later",), True: ("update, later", "evaluate, later")}


def hanging():
    return [
        Stage(case, HANGS[case.what], {"candle_timeout": 10.0})
        for two_phase, where in WAITS.items()
        for case in every(where=where, what=list(HANGS), two_phase=two_phase)
    ]


def test_a_handler_that_hangs_is_cut_or_given_up():
    wrong, cases = play_all(hanging(), cut)

    assert wrong[:3] == []
    assert dict(cases) == dict.fromkeys((*WAITS[False], *WAITS[True]), 5 * 3 * 3 * 2)


def built_later(stage):
    """What the factory gave is refused as one more failure; the next object it gives plays."""
    yield from expected("raised", [error for error in stage.raised.values() if error], [])
    wanted = {1: {**all_are("Handled"), "first": "Failed"}, 2: {**all_are("Handled"), "first": "Refused"}}
    yield from expected("fates", stage.fates, {**wanted, 3: all_are("Handled")})
    tally = stage.runner.statistics().sleeves["first"]
    yield from expected("tally", (tally.standing, tally.failures, tally.restarts), ("active", 2, 1))


def factory(case):
    def make(stage, key):
        if stage.now > 2:
            return stage.player(key)
        if case.what in ERRORS:
            error = ERRORS[case.what]()
            raise error
        return MADE[case.what](stage, key)

    return make


MADE = {
    "None": lambda stage, key: None,
    "a number": lambda stage, key: 1,
    "a class": lambda stage, key: OnePhase,
    "the old object": lambda stage, key: stage.runner.strategies[key],
    "another sleeve's object": lambda stage, key: stage.runner.strategies["second"],
    "one in other phases": lambda stage, key: (OnePhase if stage.case.two_phase else TwoPhases)(key, stage),
    "one that raises when it is read": lambda stage, key: Unreadable(),
    "one that does not take its risk": lambda stage, key: Untold(key, stage),
}


class Unreadable:
    def __getattr__(self, name):
        raise ValueError(name)


class Untold(OnePhase):
    def set_risk_per_trade(self, value):
        raise ValueError(value)


def factories():
    return [
        Stage(case, raises(ValueError), factory=factory(case))
        for two_phase, where in ((False, "candle"), (True, "evaluate"))
        for case in every(where=(where,), what=[*ERRORS, *MADE], two_phase=two_phase)
        if case.rule == "restart" and case.slice == 1
    ]


def test_a_factory_that_fails_or_makes_nonsense_is_one_more_failure():
    wrong, cases = play_all(factories(), built_later, slices=3)

    assert wrong[:3] == []
    assert dict(cases) == dict.fromkeys(("candle", "evaluate"), (17 + 8) * 3)


class Fatal(BaseException):
    pass


FATAL = {
    "an error of its own": Fatal,
    "SystemExit": SystemExit,
    "GeneratorExit": GeneratorExit,
    "Ctrl-C": KeyboardInterrupt,
}


@attrs.define(eq=False)
class Doomed(Stage):
    """What is no `Exception` ends the block and comes out of it; the runner can be used again."""

    ended_by: BaseException | None = None

    async def play(self, slices=None):
        try:
            await super().play(self.case.slice)
        except BaseException as error:
            self.ended_by = error
        self.now += 1
        self.raised[self.now] = await caught(self.one_slice(self.now))

    def breaches(self):
        yield from lost_or_doubled(self.trace, cut=True)
        yield from met_while_down(self.trace)


def fatal():
    return [
        Doomed(case, raises(FATAL[case.what]))
        for two_phase, where in ((False, ONE_PHASE), (True, TWO_PHASES))
        for case in every(where=where, what=list(FATAL), two_phase=two_phase)
    ]


def ended_and_usable(stage):
    last = stage.case.slice + 1
    yield from expected("the block was ended by", causes(stage.ended_by), [FATAL[stage.case.what]])
    yield from expected("afterwards", stage.raised[last], None)
    yield from expected("fates afterwards", stage.fates[last], all_are("Handled"))
    yield from expected("at the end it holds", dict(stage.runner.statistics().held), dict.fromkeys(KEYS, BUDGET / 3))
    yield from expected("failures", [one for one in stage.trace if type(one).__name__ == "Failed"], [])


def causes(error):
    if isinstance(error, BaseExceptionGroup):
        return [cause for one in error.exceptions for cause in causes(one)]
    return [type(error)]


def test_what_is_no_exception_ends_the_block_and_is_nobodys_failure():
    wrong, cases = play_all(fatal(), ended_and_usable)

    assert wrong[:3] == []
    assert dict(cases) == {
        where: 4 * 3 * 3 * 2 * ((where in ONE_PHASE) + (where in TWO_PHASES)) for where in {*ONE_PHASE, *TWO_PHASES}
    }
