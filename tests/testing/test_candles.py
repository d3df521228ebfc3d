"""What Hypothesis draws of candles: lawful, cheap, and small when it is shrunk."""

from itertools import pairwise
from random import Random

import pytest
from hypothesis import Phase, find, given, settings

from tradedesk.marketdata import Candle, CandleCloseEvent, PeriodError, Slice, merge, parse_timestamp, period_close
from tradedesk.testing import candle_series, candles, streams

A_MINUTE = 60_000_000_000
START = 1_704_067_200_000_000_000

FLAT = Candle("2024-01-01T00:00:00Z", 100.0, 100.0, 100.0, 100.0)


def smallest(strategy, condition):
    """The least that Hypothesis finds, without a database and the same every time."""
    quiet = settings(max_examples=300, database=None, deadline=None, phases=[Phase.generate, Phase.shrink])
    return find(strategy, condition, settings=quiet, random=Random(0))


def closes(series):
    return [event.candle.close for event in series]


def test_the_smallest_candle_is_flat():
    assert smallest(candles(), lambda _: True) == FLAT


def test_the_smallest_series_is_empty():
    assert smallest(candle_series(), lambda _: True) == []


def test_series_of_a_size_shrink_to_flat_bars_one_after_the_other():
    series = smallest(candle_series("GBPUSD", min_size=3), lambda _: True)
    times = ["2024-01-01T00:00:00Z", "2024-01-01T00:01:00Z", "2024-01-01T00:02:00Z"]
    assert series == [CandleCloseEvent("GBPUSD", "1MINUTE", Candle(time, 100.0, 100.0, 100.0, 100.0)) for time in times]


def test_a_fall_of_a_percent_over_night_shrinks_to_two_bars():
    def falls(series):
        return any(two.candle.open <= 0.99 * one.candle.close for one, two in pairwise(series))

    series = smallest(candle_series(), falls)
    assert [(event.candle.open, event.candle.close) for event in series] == [(100.0, 100.0), (99.0, 99.0)]


def test_a_rise_over_three_bars_shrinks_to_the_least_rise():
    def rises(series):
        return any(a < b < c for a, b, c in zip(closes(series), closes(series)[1:], closes(series)[2:], strict=False))

    series = smallest(candle_series(gaps=False), rises)
    assert closes(series) == [100.1, 100.2, 100.3]  # one run of three equal bars
    assert all(event.candle.volume == 0 for event in series)


def test_a_pause_shrinks_to_one_period_without_a_candle():
    def pauses(series):
        times = [parse_timestamp(event.candle.timestamp) for event in series]
        return any(two - one > A_MINUTE for one, two in pairwise(times))

    series = smallest(candle_series(), pauses)
    assert [event.candle.timestamp for event in series] == ["2024-01-01T00:00:00Z", "2024-01-01T00:02:00Z"]


def test_the_smallest_stream_that_ties_is_one_slice_of_two_flat_candles():
    found = smallest(streams(["EURUSD", "GBPUSD", "USDJPY"]), lambda stream: any(len(s.events) > 1 for s in stream))
    events = tuple(CandleCloseEvent(name, "1MINUTE", FLAT) for name in ("EURUSD", "GBPUSD"))
    assert found == [Slice(START + A_MINUTE, events)]


@given(candle_series(min_size=2, max_size=12, period="15MINUTE"))
def test_a_series_keeps_to_its_size_and_time_goes_on(series):
    times = [parse_timestamp(event.candle.timestamp) for event in series]
    assert 2 <= len(series) <= 12
    assert all(two - one in (15 * A_MINUTE, 30 * A_MINUTE, 45 * A_MINUTE) for one, two in pairwise(times))
    assert all(event.candle.low > 0 for event in series)


@given(candle_series(gaps=False, max_move=0.01))
def test_without_gaps_each_bar_opens_where_the_last_closed_and_moves_are_bounded(series):
    for one, two in pairwise(series):
        assert two.candle.open == one.candle.close
        assert parse_timestamp(two.candle.timestamp) - parse_timestamp(one.candle.timestamp) == A_MINUTE
    assert all(abs(event.candle.close - event.candle.open) <= 1.0 for event in series)


@given(streams(["A", "B", "C"], min_size=1, period="HOUR"))
def test_a_stream_is_one_that_the_merge_yields(stream):
    assert list(merge(stream)) == stream
    for slice_ in stream:
        assert 1 <= len(slice_.events) <= 3
        closing = {period_close(each.period, parse_timestamp(each.candle.timestamp)) for each in slice_.events}
        assert closing == {slice_.close_time}


@given(streams(["A", "B"], ties="all"))
def test_all_close_together(stream):
    assert all([event.instrument for event in slice_.events] == ["A", "B"] for slice_ in stream)


@given(streams(["A", "B"], ties="none"))
def test_none_close_together(stream):
    assert all(len(slice_.events) == 1 for slice_ in stream)


def test_streams_come_in_every_order_and_number():
    wanted = [["A"], ["B"], ["A", "B"], ["B", "A"]]
    for order in wanted:
        found = smallest(
            streams(["A", "B"]), lambda stream, order=order: order in [[e.instrument for e in s.events] for s in stream]
        )
        assert [[event.instrument for event in slice_.events] for slice_ in found] == [order]


@pytest.mark.parametrize(
    ("make", "kind", "text"),
    [
        (
            lambda: candle_series(min_size=3, max_size=2),
            ValueError,
            "a size must keep 0 <= min_size <= max_size, not 3 and 2",
        ),
        (lambda: candles(max_move=1.0), ValueError, "max_move must be at least 0 and below 1, not 1.0"),
        (lambda: streams([]), ValueError, "instruments is empty; a stream needs somebody whose candles close"),
        (lambda: streams("AB"), TypeError, "instruments must be several names, such as ['AB'], not a text"),
        (lambda: streams(["A"], ties="some"), ValueError, "ties must be 'drawn', 'all' or 'none', not 'some'"),
    ],
)
def test_what_cannot_be_drawn_is_refused_at_once(make, kind, text):
    with pytest.raises(kind) as caught:
        make()
    assert str(caught.value) == text


def test_a_period_that_is_none_is_refused_at_once():
    with pytest.raises(PeriodError):
        candle_series(period="minute")
