"""From the trace alone a reader knows what the runner knows: whatever fails, comes, goes, or is halted."""

import random
from collections.abc import Sequence

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.laws.desk import Desk, Feed, Step, ruled_desks, ruled_feeds, scripts
from tests.laws.reader import Reader, disagreements
from tests.laws.runs import by_the_runner
from tests.laws.schedules import WAYS, Way, law
from tests.laws.test_failures import busy_play
from tradedesk.portfolio import (
    Added,
    Halted,
    Handled,
    PolicySet,
    Released,
    Removed,
    RiskTurned,
    Routed,
    TraceRecord,
    Updated,
)

SWITCHES = st.sampled_from([None, None, None, "halt", "release"])
BUDGET_SLACK = 1 + 1e-9

frugal = settings(law, max_examples=60)


@st.composite
def failing(draw: st.DrawFn) -> tuple[Desk, list[Feed]]:
    """Strategies that fail under every rule, and pull the switch; and somebody outside who pulls it and lets go."""
    desk = attrs.evolve(draw(ruled_desks()), pulls=draw(st.sampled_from([0.0, 0.1])))
    return desk, [attrs.evolve(feed, switch=draw(SWITCHES)) for feed in draw(ruled_feeds(desk))]


@st.composite
def changing(draw: st.DrawFn) -> tuple[Desk, list[Step]]:
    """The same, with sleeves in one phase and in two that come and go, and policies too."""
    desk = draw(ruled_desks(changing=True))
    script = draw(scripts(desk))
    return desk, [attrs.evolve(step, switch=draw(SWITCHES)) if isinstance(step, Feed) else step for step in script]


def read(keys: Sequence[str], trace: Sequence[TraceRecord]) -> tuple[Reader, list[float]]:
    reader = Reader.of(keys)
    totals = list(reader.read(trace))
    assert reader.faults == []
    assert reader.open == set()
    return reader, totals


@frugal
@given(failing(), WAYS)
def test_a_reader_of_the_trace_knows_what_the_runner_knows_whatever_fails_and_is_halted(play, way):
    desk, script = play
    run = by_the_runner(desk, script, way)
    reader, totals = read([plan.key for plan in desk.sleeves], run.trace)

    assert list(disagreements(reader, run.seen)) == []
    assert max(totals) <= desk.budget * BUDGET_SLACK


@frugal
@given(changing(), WAYS)
def test_a_reader_of_the_trace_knows_what_the_runner_knows_while_sleeves_come_and_go(play, way):
    desk, script = play
    run = by_the_runner(desk, script, way)
    reader, _ = read([plan.key for plan in desk.sleeves], run.trace)

    assert list(disagreements(reader, run.seen)) == []


@frugal
@given(failing(), WAYS, WAYS)
def test_halts_that_handlers_pull_give_the_same_trace_whoever_ran_first(play, one_way, other_way):
    one, other = by_the_runner(*play, one_way), by_the_runner(*play, other_way)

    assert one.facts == other.facts
    assert (one.calls, one.raised, one.statistics) == (other.calls, other.raised, other.statistics)


@frugal
@given(changing(), WAYS, WAYS)
def test_a_changing_portfolio_with_halts_gives_the_same_trace_every_way(play, one_way, other_way):
    one, other = by_the_runner(*play, one_way), by_the_runner(*play, other_way)

    assert one.facts == other.facts
    assert (one.calls, one.raised, one.statistics) == (other.calls, other.raised, other.statistics)


# The reader itself --------------------------------------------------------------------------------------------------


def busy_trace() -> tuple[list[str], list[TraceRecord]]:
    """A play in which every rule of failure finds work, and the switch too."""
    desk, script = busy_play()
    switches = {3: "halt", 6: "release", 15: "halt", 16: "release"}
    script = [attrs.evolve(feed, switch=switches.get(number)) for number, feed in enumerate(script)]
    run = by_the_runner(desk, script, Way(dispatch="direct"))
    return [plan.key for plan in desk.sleeves], list(run.trace)


def test_the_busy_trace_holds_every_kind_of_record_but_those_of_changes():
    _, trace = busy_trace()
    kinds = {type(record) for record in trace}
    assert kinds == set(TraceRecord.__args__) - {Added, Removed, PolicySet, Updated, RiskTurned}


@pytest.mark.parametrize("kind", [Handled, Routed])
def test_a_reader_sees_that_a_record_is_missing(kind):
    keys, trace = busy_trace()
    trace.remove(random.Random(1).choice([record for record in trace if type(record) is kind]))
    trace = [attrs.evolve(record, sequence=number) for number, record in enumerate(trace, 1)]
    reader = Reader.of(keys)
    list(reader.read(trace))
    assert reader.faults or reader.open


def test_a_reader_sees_a_gap_and_a_halt_that_is_not_kept():
    keys, trace = busy_trace()
    (first, *_) = [place for place, record in enumerate(trace) if isinstance(record, Released)]
    assert any(isinstance(record, Halted) for record in trace[:first])
    del trace[first]
    reader = Reader.of(keys)
    list(reader.read(trace))
    assert any("has the number" in fault for fault in reader.faults)
    assert any("in a halt" in fault for fault in reader.faults)
