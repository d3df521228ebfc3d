"""Neither the order of the candles within a slice nor the order of the tasks changes what happens."""

import random

import attrs
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.desk import Desk, Feed, desks, feeds
from tests.laws.monitors import lost_or_doubled, out_of_turn
from tests.laws.runs import by_the_runner
from tests.laws.schedules import SEEDS, WAYS, Way, law


@st.composite
def plays(draw: st.DrawFn, *, min_size: int = 1) -> tuple[Desk, list[Feed]]:
    desk = draw(desks(faults=0.08))
    return desk, draw(feeds(desk, min_size=min_size))


def shuffled(script: list[Feed], seed: int) -> list[Feed]:
    chance = random.Random(seed)
    return [attrs.evolve(feed, events=chance.sample(feed.events, len(feed.events))) for feed in script]


@law
@given(plays(), WAYS, SEEDS)
def test_permuting_the_candles_of_a_slice_changes_nothing(play: tuple[Desk, list[Feed]], way: Way, seed: int):
    desk, script = play
    one, other = by_the_runner(desk, script, way), by_the_runner(desk, shuffled(script, seed), way)

    assert (one.calls, one.states, one.raised) == (other.calls, other.states, other.raised)
    assert (one.facts, one.statistics) == (other.facts, other.statistics)


@law
@given(plays(), WAYS, WAYS, st.booleans())
def test_every_way_to_run_a_portfolio_gives_the_same_trace_record_for_record(play, one_way, other_way, poll):
    one = by_the_runner(*play, one_way, poll_regimes=poll)
    other = by_the_runner(*play, other_way, poll_regimes=poll)

    assert one.facts == other.facts
    assert (one.calls, one.raised, one.statistics) == (other.calls, other.raised, other.statistics)


@law
@given(plays(), WAYS)
def test_the_trace_has_gapless_numbers_and_one_allocation_before_the_risk_and_candles_of_a_slice(play, way):
    assert list(out_of_turn(play[0], by_the_runner(*play, way).trace)) == []


@law
@given(plays(), WAYS)
def test_every_routed_candle_ends_handled_or_failed_once_and_refused_ones_reach_nobody(play, way):
    run = by_the_runner(*play, way)

    assert list(lost_or_doubled(run.trace)) == []
    met = {key: [call[1] for call in calls if call[0] in ("candle", "update")] for key, calls in run.calls.items()}
    assert met == {key: [r.event for r in run.trace if type(r).__name__ == "Routed" and r.sleeve == key] for key in met}


@law
@given(plays(), WAYS)
def test_the_sink_gets_one_batch_a_slice_and_all_batches_are_the_trace(play, way):
    run = by_the_runner(*play, way)

    assert len(run.batches) == len(play[1])
    assert [record for batch in run.batches for record in batch] == list(run.trace)


@law
@given(plays(), WAYS)
def test_the_risk_of_a_strategy_never_changes_in_mid_handler(play, way):
    assert by_the_runner(*play, way).breaches == []
