"""The runner, whoever dispatches and in whatever order, does what the guide's flow says."""

from hypothesis import given
from hypothesis import strategies as st

from tests.laws.desk import Desk, Feed, desks, feeds
from tests.laws.runs import by_the_model, by_the_runner
from tests.laws.schedules import WAYS, law


@st.composite
def plays(draw: st.DrawFn, *, outside: bool = True) -> tuple[Desk, list[Feed]]:
    desk = draw(desks())
    return desk, draw(feeds(desk, outside=outside))


def without_reports(calls):
    return {key: [call for call in made if call != "report"] for key, made in calls.items()}


@law
@given(plays(), WAYS, st.booleans())
def test_every_strategy_meets_the_calls_that_the_guides_flow_makes(play, way, watched):
    expected, run = by_the_model(*play), by_the_runner(*play, way, watched=watched)

    assert run.calls == expected.calls
    assert run.states == expected.states


@law
@given(plays(outside=False), WAYS)
def test_unpolled_strategies_whose_regimes_change_in_handlers_meet_the_same_risks_and_candles(play, way):
    expected, run = by_the_model(*play), by_the_runner(*play, way, poll_regimes=False)

    assert without_reports(run.calls) == without_reports(expected.calls)
    assert run.states == expected.states
