"""Faults planted in streams: what each is, who refuses it, and what the smallest looks like."""

from random import Random

import pytest
import trio
from hypothesis import Phase, find, given, settings

from tradedesk.marketdata import Candle, CandleError, DuplicateCandleError, SourceOrderError, parse_timestamp
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner, UnknownInstrumentError
from tradedesk.testing import Bad, ScriptedStrategy, hostile_streams

FIELDS = ("timestamp", "open", "high", "low", "close", "volume", "tick_count")

REFUSED_BY_THE_CANDLE = (Bad.NAN, Bad.INF, Bad.CROSSED, Bad.OUTSIDE)
REFUSED_BY_THE_RUNNER = {
    Bad.STALE: SourceOrderError,
    Bad.DUPLICATE: DuplicateCandleError,
    Bad.UNKNOWN: UnknownInstrumentError,
}
BORNE = (Bad.NEGATIVE, Bad.ZERO, Bad.NAIVE)


def smallest(kinds):
    quiet = settings(max_examples=200, database=None, deadline=None, phases=[Phase.generate, Phase.shrink])
    return find(hostile_streams(["EURUSD"], kinds=kinds), lambda _: True, settings=quiet, random=Random(0))


def rebuilt(candle):
    return Candle(*(getattr(candle, field) for field in FIELDS))


async def run(stream):
    async def source():
        for slice_ in stream:
            yield slice_

    runner = PortfolioRunner({"EURUSD": ScriptedStrategy()}, EqualSplitRiskPolicy(1.0), 1.0)
    await runner.run(source())


def test_every_kind_has_an_answer():
    assert {*REFUSED_BY_THE_CANDLE, *REFUSED_BY_THE_RUNNER, *BORNE} == set(Bad)


@pytest.mark.parametrize("bad", REFUSED_BY_THE_CANDLE)
def test_a_candle_refuses_it_and_a_feed_that_does_not_look_hands_it_on(bad):
    stream, planted = smallest([bad])
    assert planted == [(0, bad)]
    with pytest.raises(CandleError):
        rebuilt(stream[0].events[0].candle)
    trio.run(run, stream)  # the runner never looks inside a candle


@pytest.mark.parametrize("bad", REFUSED_BY_THE_RUNNER)
def test_the_runner_refuses_it(bad):
    stream, planted = smallest([bad])
    assert planted == [(1 if bad is Bad.STALE else 0, bad)]
    with pytest.raises(REFUSED_BY_THE_RUNNER[bad]):
        trio.run(run, stream)


@pytest.mark.parametrize("bad", BORNE)
def test_nobody_refuses_it(bad):
    stream, _ = smallest([bad])
    assert rebuilt(stream[0].events[0].candle) == stream[0].events[0].candle
    trio.run(run, stream)


def test_a_naive_timestamp_is_the_same_moment():
    stream, _ = smallest([Bad.NAIVE])
    assert stream[0].events[0].candle.timestamp == "2024-01-01T00:00:00"
    assert parse_timestamp("2024-01-01T00:00:00") == parse_timestamp("2024-01-01T00:00:00Z")


def test_the_smallest_is_one_fault_in_two_flat_candles():
    stream, planted = smallest(Bad)
    assert planted == [(0, Bad.NAN)]
    assert [(event.candle.low, event.candle.high) for slice_ in stream for event in slice_.events] == [
        (100.0, 100.0)
    ] * 2


@given(hostile_streams(["A", "B"], max_size=6, most=2))
def test_the_list_says_where_each_fault_is(drawn):
    stream, planted = drawn
    assert 1 <= len(planted) <= 2
    assert [index for index, _ in planted] == sorted({index for index, _ in planted})
    for index, bad in planted:
        first = stream[index].events[0]
        found = {
            Bad.STALE: index > 0 and stream[index].close_time <= stream[index - 1].close_time,
            Bad.DUPLICATE: stream[index].events.count(first) == 2,
            Bad.UNKNOWN: first.instrument not in ("A", "B"),
            Bad.NEGATIVE: first.candle.high < 0,
            Bad.ZERO: first.candle.high == first.candle.low == 0,
            Bad.NAIVE: not first.candle.timestamp.endswith("Z"),
        }
        assert found.get(bad, True)


def test_no_kinds_are_refused():
    with pytest.raises(ValueError, match=r"^kinds is empty; a hostile stream has at least one fault$"):
        hostile_streams(["A"], kinds=[])
