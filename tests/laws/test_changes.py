"""Sleeves come and go and policies change between slices, whatever fails meanwhile; every law holds through it."""

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.desk import Desk, Feed, Step, desks, ruled_desks, scripts
from tests.laws.monitors import lost_or_doubled, met_while_down, out_of_turn, over_budget, unaccounted
from tests.laws.runs import by_the_model, by_the_runner
from tests.laws.schedules import SEEDS, WAYS, law
from tests.laws.test_order import shuffled


@st.composite
def plays(draw: st.DrawFn) -> tuple[Desk, list[Step]]:
    desk = draw(desks(changing=True))
    return desk, draw(scripts(desk))


@st.composite
def ruled_plays(draw: st.DrawFn) -> tuple[Desk, list[Step]]:
    desk = draw(ruled_desks(changing=True))
    return desk, draw(scripts(desk))


@law
@given(plays(), WAYS, st.booleans())
def test_every_strategy_meets_the_calls_that_the_flow_makes_while_sleeves_come_and_go(play, way, watched):
    expected, run = by_the_model(*play), by_the_runner(*play, way, watched=watched)

    assert run.calls == expected.calls
    assert run.states == expected.states


@law
@given(ruled_plays(), WAYS)
def test_every_strategy_meets_the_calls_of_flow_and_rules_while_sleeves_come_and_go(play, way):
    expected, run = by_the_model(*play), by_the_runner(*play, way)

    assert run.calls == expected.calls
    assert run.states == expected.states
    assert {key: one["standing"] for key, one in run.statistics["sleeves"].items()} == expected.statistics


@law
@given(ruled_plays(), WAYS)
def test_the_budget_holds_while_sleeves_come_and_go_and_budgets_shrink(play, way):
    run = by_the_runner(*play, way)

    assert run.breaches == []
    assert list(over_budget(play[0], run.trace)) == []


@law
@given(ruled_plays(), WAYS, WAYS)
def test_every_way_to_run_a_changing_portfolio_gives_the_same_trace_record_for_record(play, one_way, other_way):
    one, other = by_the_runner(*play, one_way), by_the_runner(*play, other_way)

    assert one.facts == other.facts
    assert (one.calls, one.raised, one.statistics) == (other.calls, other.raised, other.statistics)


@law
@given(ruled_plays(), WAYS, SEEDS)
def test_permuting_the_candles_of_a_slice_changes_nothing_in_a_changing_portfolio(play, way, seed):
    desk, script = play
    others = iter(shuffled([step for step in script if isinstance(step, Feed)], seed))
    other = by_the_runner(desk, [next(others) if isinstance(step, Feed) else step for step in script], way)
    one = by_the_runner(desk, script, way)

    assert (one.calls, one.states, one.facts) == (other.calls, other.states, other.facts)


@law
@given(ruled_plays(), WAYS)
def test_every_candle_has_one_end_and_the_records_are_in_order_while_sleeves_come_and_go(play, way):
    run = by_the_runner(*play, way)

    assert list(lost_or_doubled(run.trace)) == []
    assert list(unaccounted(*play, run.trace)) == []
    assert list(out_of_turn(play[0], run.trace)) == []
    assert list(met_while_down(run.trace)) == []
