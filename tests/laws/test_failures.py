"""Random strategies that raise, hang and shield themselves, under random rules: what is promised for one is promised here."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.desk import RULES, Desk, Feed, RulePlan, SleevePlan, ruled_desks, ruled_feeds
from tests.laws.monitors import lost_or_doubled, met_while_down, out_of_turn, over_budget, unaccounted
from tests.laws.runs import by_the_model, by_the_runner
from tests.laws.schedules import AS_ACTORS, WAYS, Way, law
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import EqualSplitRiskPolicy, Restarted


@st.composite
def plays(
    draw: st.DrawFn, rules: st.SearchStrategy[RulePlan] = RULES, *, leaving: bool = False
) -> tuple[Desk, list[Feed]]:
    desk = draw(ruled_desks(rules))
    return desk, draw(ruled_feeds(desk, leaving=leaving))


@law
@given(plays(), WAYS)
def test_every_strategy_meets_the_calls_that_the_rules_of_failure_say(play: tuple[Desk, list[Feed]], way: Way):
    expected, run = by_the_model(*play), by_the_runner(*play, way)

    assert run.calls == expected.calls
    assert run.states == expected.states
    assert {key: one["standing"] for key, one in run.statistics["sleeves"].items()} == expected.statistics


@law
@given(plays(), WAYS)
def test_the_budget_holds_whatever_the_rules(play, way):
    run = by_the_runner(*play, way)

    assert run.breaches == []
    assert list(over_budget(play[0], run.trace)) == []


@law
@given(plays(leaving=True), WAYS)
def test_the_budget_holds_whatever_the_rules_when_callers_leave(play, way):
    run = by_the_runner(*play, way)

    assert run.breaches == []
    assert list(over_budget(play[0], run.trace)) == []


@law
@given(plays(), WAYS)
def test_every_candle_given_is_handled_failed_or_refused_once_whatever_the_rules(play, way):
    run = by_the_runner(*play, way)

    assert list(lost_or_doubled(run.trace)) == []
    assert list(unaccounted(*play, run.trace)) == []
    assert list(out_of_turn(play[0], run.trace)) == []


@law
@given(plays(leaving=True), AS_ACTORS)
def test_a_caller_who_leaves_takes_no_candle_along_whatever_the_rules(play, way):
    run = by_the_runner(*play, way)

    assert list(lost_or_doubled(run.trace)) == []
    assert list(unaccounted(*play, run.trace)) == []


@law
@given(plays(), WAYS)
def test_a_sleeve_that_is_down_is_asked_told_and_routed_nothing(play, way):
    assert list(met_while_down(by_the_runner(*play, way).trace)) == []


@law
@given(plays(), WAYS, WAYS, st.booleans())
def test_every_way_to_run_gives_the_same_trace_whatever_the_rules(play, one_way, other_way, poll):
    one = by_the_runner(*play, one_way, poll_regimes=poll)
    other = by_the_runner(*play, other_way, poll_regimes=poll)

    assert one.facts == other.facts
    assert (one.calls, one.raised, one.statistics) == (other.calls, other.raised, other.statistics)


@law
@given(plays(RULES.filter(lambda rule: rule.kind != "raise")), WAYS, st.data())
def test_what_fails_in_one_sleeve_changes_nothing_for_another_but_its_amounts(play, way, data):
    desk, script = play
    culprit = data.draw(st.sampled_from([plan.key for plan in desk.sleeves]))
    ill = by_the_runner(attrs.evolve(desk, at_fault=culprit), script, way)
    well = by_the_runner(attrs.evolve(desk, faults=0.0, hangs=0.0), script, way)

    def of_others(run):
        return {
            key: [call for call in calls if not isinstance(call, tuple) or call[0] != "risk"]
            for key, calls in run.calls.items()
            if key != culprit
        }

    assert of_others(ill) == of_others(well)
    assert ill.raised == []


def busy_play() -> tuple[Desk, list[Feed]]:
    """One play in which every rule finds work."""
    kinds = ("restart", "quarantine", "raise", "restart")
    sleeves = [SleevePlan(key, key, None, "attributes", active=True) for key in "ABCD"]
    rules = {
        key: RulePlan(kind, limit=2, within=4, backoff=n % 2, warm_up=2)
        for n, (key, kind) in enumerate(zip("ABCD", kinds, strict=True))
    }
    desk = Desk(sleeves, lambda: EqualSplitRiskPolicy(12.0), 12.0, 3, 0.06, rules, 0.05)
    events = [[CandleCloseEvent(key, "HOUR", number % 9) for key in "ABCD"] for number in range(30)]
    asked = [{"B": number % 2 == 0, "A": False} if number % 7 == 6 else {} for number in range(30)]
    return desk, [Feed(candles, readmitted=keys) for candles, keys in zip(events, asked, strict=True)]


def test_the_busy_play_is_busy():
    run = by_the_runner(*busy_play(), Way(dispatch="direct"))
    assert len([record for record in run.trace if isinstance(record, Restarted)]) > 3
    assert {type(record).__name__ for record in run.trace} >= {"Quarantined", "Readmitted", "Resting", "Refused"}
    assert {error[0].__name__ for error in run.raised} == {"Boom", "CandleTimeoutError"}


@pytest.mark.parametrize("order", ["trio", "controlled"])
def test_fifty_schedules_of_one_busy_play_give_one_trace(order):
    expected = by_the_runner(*busy_play(), Way(dispatch="direct"))
    for seed in range(50):
        run = by_the_runner(*busy_play(), Way(order=order, seed=seed))
        assert (run.facts, run.calls, run.statistics) == (expected.facts, expected.calls, expected.statistics)
