"""Longer candles from shorter ones, beside an oracle that groups a whole list by integer division."""

import math
import tracemalloc
from collections import deque
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.marketdata import (
    AggregationError,
    Candle,
    CandleCloseEvent,
    IncompleteCandle,
    MarketDataError,
    PeriodError,
    Slice,
    SourceOrderError,
    TimestampError,
    aggregate,
    format_timestamp,
    merge,
    parse_timestamp,
    read_csv,
)

MINUTE = 60 * 10**9
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def at(text):
    return parse_timestamp(f"2020-01-{text}Z" if "T" in text else f"2020-01-{text}")


def candle(low=1.0, *, open_=None, high=None, close=None, volume=0.0, ticks=0):
    return Candle("-", open_ or low, high or low, low, close or low, volume, ticks)


def series(*candles, period="15MINUTE", instrument="A"):
    """A source from pairs of close time and candle."""
    return [Slice(time, (CandleCloseEvent(instrument, period, one),)) for time, one in candles]


def flat(first, count, step=15 * MINUTE, period="15MINUTE", *, instrument="A", skip=()):
    times = (first + step * place for place in range(count) if place not in skip)
    return series(*((time, candle()) for time in times), period=period, instrument=instrument)


def closes(slices):
    return [format_timestamp(one.close_time) for one in slices]


@st.composite
def quarters(draw, instrument="A"):
    """Fifteen-minute candles with gaps; volumes are whole, so that their sums are exact."""
    numbers = sorted(draw(st.sets(st.integers(-300, 300), min_size=1, max_size=60)))
    four = st.lists(st.floats(-1e6, 1e6), min_size=4, max_size=4).map(sorted)
    pairs = []
    for number in numbers:
        low, one, other, high = draw(four)
        whole = draw(st.integers(0, 10**9))
        pairs.append((number * 15 * MINUTE, Candle("-", one, high, low, other, float(whole), whole)))
    return series(*pairs, instrument=instrument)


def oracle(slices, length, step=15 * MINUTE):
    """Whole candles and how many parts each has, of a source of one instrument."""
    groups = groupby(slices, key=lambda one: -(-one.close_time // length) * length)
    for end, group in groups:
        parts = [one.events[0].candle for one in group]
        yield end, len(parts), Candle(
            format_timestamp(end - length), parts[0].open, max(part.high for part in parts),
            min(part.low for part in parts), parts[-1].close,
            math.fsum(part.volume for part in parts), sum(part.tick_count for part in parts),
        )  # fmt: skip


def made(slices):
    return [(one.close_time, event.candle) for one in slices for event in one.events]


@given(quarters(), st.sampled_from([(15, "15MINUTE"), (60, "HOUR"), (240, "4HOUR"), (1440, "DAY")]))
def test_candles_are_those_of_the_oracle(source, long):
    length, period = long[0] * MINUTE, long[1]
    expected = list(oracle(source, length))

    assert made(aggregate(source, period, incomplete="keep")) == [(end, one) for end, _, one in expected]
    assert made(aggregate(source, period, incomplete="drop")) == [
        (end, one) for end, found, one in expected if found == long[0] // 15
    ]


@given(quarters())
def test_at_the_edges_only_what_is_cut_off_is_left_out(source):
    expected = list(oracle(source, HOUR))
    first_open = source[0].close_time - 15 * MINUTE
    if first_open % HOUR:
        expected = expected[1:]
    if expected and source[-1].close_time % HOUR:
        expected = expected[:-1]

    assert made(aggregate(source, "HOUR")) == [(end, one) for end, _, one in expected]


@given(quarters(), quarters("B"), st.sampled_from(["keep", "drop"]))
def test_two_steps_give_what_one_step_gives(one, other, incomplete):
    def both():
        return merge(one, other)

    at_once = list(aggregate(both(), "4HOUR", incomplete=incomplete))
    by_half_hours = aggregate(both(), "30MINUTE", incomplete=incomplete)

    assert list(aggregate(by_half_hours, "4HOUR", incomplete=incomplete)) == at_once


@given(st.integers(-40, 40), st.integers(0, 80))
def test_where_nothing_is_missing_two_steps_leave_out_the_edges_that_one_step_leaves_out(first, count):
    source = flat(first * 15 * MINUTE, count)

    assert list(aggregate(aggregate(source, "30MINUTE"), "4HOUR")) == list(aggregate(source, "4HOUR"))


@given(quarters(), st.integers(0, 59))
def test_what_comes_later_changes_nothing_that_came_before(source, cut):
    whole, part = (list(aggregate(each, "HOUR", incomplete="keep")) for each in (source, source[:cut]))

    known = source[min(cut, len(source)) - 1].close_time if source[:cut] else -(10**30)
    assert [one for one in part if one.close_time <= known] == [one for one in whole if one.close_time <= known]


@given(quarters())
def test_a_candle_comes_out_when_the_source_reaches_its_close_and_not_before(source):
    read = []

    def watched():
        for one in source:
            read.append(one.close_time)
            yield one

    for long in aggregate(watched(), "HOUR"):
        assert read[-1] >= long.close_time
        assert len(read) == 1 or read[-2] < long.close_time


@given(quarters())
def test_merged_with_its_parts_it_stands_in_the_slice_of_its_own_close(source):
    slices = list(merge(source, aggregate(source, "HOUR", incomplete="keep")))

    assert all(one.close_time < other.close_time for one, other in pairwise(slices))
    for one in slices:
        assert [event.period for event in one.events] in (["15MINUTE"], ["HOUR"], ["15MINUTE", "HOUR"])
        assert one.close_time % HOUR == 0 or one.events[-1].period == "15MINUTE"


def test_numbers_are_put_together_and_the_timestamp_is_the_open():
    source = series(
        (at("01T00:30"), candle(1.0, high=3.0, open_=2.0, close=2.5, volume=10.0, ticks=3)),
        (at("01T01:00"), candle(0.5, high=2.0, open_=1.5, close=0.75, volume=0.5, ticks=4)),
        period="30MINUTE",
    )

    assert made(aggregate(source, "HOUR")) == [
        (at("01T01:00"), Candle("2020-01-01T00:00:00Z", 2.0, 3.0, 0.5, 0.75, 10.5, 7))
    ]
    assert made(aggregate(source, "HOUR", stamp="close"))[0][1].timestamp == "2020-01-01T01:00:00Z"


@pytest.mark.parametrize(
    ("period", "anchor", "expected"),
    [
        ("DAY", None, ["2020-01-02T00:00:00Z", "2020-01-03T00:00:00Z"]),
        ("DAY", "2019-06-01T22:00:00Z", ["2020-01-01T22:00:00Z", "2020-01-02T22:00:00Z"]),
        ("DAY", "2030-06-01T17:00:00-05:00", ["2020-01-01T22:00:00Z", "2020-01-02T22:00:00Z"]),
        ("8HOUR", None, [f"2020-01-0{day}T{hour:02d}:00:00Z" for day in (1, 2, 3) for hour in (0, 8, 16)][1:7]),
    ],
)
def test_the_grid_begins_at_midnight_unless_there_is_an_anchor(period, anchor, expected):
    source = flat(at("01T01:00"), 48, HOUR, "HOUR")

    assert closes(aggregate(source, period, anchor=anchor, incomplete="keep"))[: len(expected)] == expected


def test_weeks_begin_on_monday():
    source = flat(at("06") + DAY, 14, DAY, "DAY")

    assert closes(aggregate(source, "WEEK")) == ["2020-01-13T00:00:00Z", "2020-01-20T00:00:00Z"]


def test_months_and_quarters_follow_the_calendar():
    days = flat(at("02"), 366, DAY, "DAY")

    months = list(aggregate(days, "MONTH"))

    assert closes(months)[:3] == ["2020-02-01T00:00:00Z", "2020-03-01T00:00:00Z", "2020-04-01T00:00:00Z"]
    assert len(months) == 12
    quarters_of_days, quarters_of_months = aggregate(days, "3MONTH"), aggregate(months, "3MONTH")
    assert list(quarters_of_days) == list(quarters_of_months)
    assert closes(aggregate(days, "3MONTH", anchor="1999-02-01")) == [
        f"2020-{month}-01T00:00:00Z" for month in ("05", "08", "11")
    ]


def test_of_each_incomplete_candle_the_caller_is_told():
    told = []
    source = flat(at("01T00:30"), 11, skip=(4,))

    kept = closes(aggregate(source, "HOUR", on_incomplete=told.append))

    assert kept == ["2020-01-01T02:00:00Z", "2020-01-01T03:00:00Z"]
    assert told == [
        IncompleteCandle("A", "HOUR", at("01T00:00"), at("01T01:00"), 4, 3, edge=True, kept=False),
        IncompleteCandle("A", "HOUR", at("01T01:00"), at("01T02:00"), 4, 3, edge=False, kept=True),
    ]


def test_a_last_candle_without_its_last_part_is_an_edge():
    told = []

    assert list(aggregate(flat(at("01T00:15"), 3), "HOUR", on_incomplete=told.append)) == []
    assert [(one.found, one.edge, one.kept) for one in told] == [(3, True, False)]


def test_a_clock_tick_closes_what_is_due():
    source = [*flat(at("01T00:15"), 3), Slice(at("01T01:30"), ())]

    assert closes(aggregate(source, "HOUR")) == ["2020-01-01T01:00:00Z"]


def test_instruments_stand_in_the_order_in_which_they_first_came():
    source = merge(flat(at("01T00:15"), 8, skip=(4,)), flat(at("01T00:15"), 8, instrument="B"))

    assert [[event.instrument for event in one.events] for one in aggregate(source, "HOUR")] == [["A", "B"], ["A", "B"]]


def test_the_source_is_closed():
    closed = []

    def source():
        try:
            yield from flat(at("01T00:15"), 9)
        finally:
            closed.append(True)

    longer = aggregate(source(), "HOUR")
    next(longer)
    longer.close()

    assert closed == [True]


def test_arguments_are_checked_at_the_call():
    with pytest.raises(MarketDataError, match="incomplete is 'mark'; it must be one of 'drop_edges', 'keep', 'drop'"):
        aggregate([], "HOUR", incomplete="mark")
    with pytest.raises(MarketDataError, match="stamp is 'end'"):
        aggregate([], "HOUR", stamp="end")
    with pytest.raises(PeriodError, match="period '1h' is not a count and a unit"):
        aggregate([], "1h")
    with pytest.raises(TimestampError, match="timestamp '22:00' is not a moment"):
        aggregate([], "DAY", anchor="22:00")
    with pytest.raises(PeriodError, match="'MONTH' begins at midnight UTC of the first of a month; its anchor must"):
        aggregate([], "MONTH", anchor="2020-01-02")


@pytest.mark.parametrize(
    ("short", "long"), [("45MINUTE", "HOUR"), ("HOUR", "90MINUTE"), ("MONTH", "DAY"), ("WEEK", "MONTH")]
)
def test_a_period_that_is_no_multiple_is_refused(short, long):
    with pytest.raises(PeriodError) as caught:
        list(aggregate(flat(0, 1, period=short), long))
    assert str(caught.value) == f"period '{long}' cannot be built from candles of {short}; it must be a multiple"


def test_a_candle_that_reaches_over_the_grid_is_refused():
    with pytest.raises(AggregationError) as caught:
        list(aggregate(flat(at("01T02:00"), 2, 4 * HOUR, "4HOUR"), "DAY"))
    assert str(caught.value) == (
        "A DAY: the 4HOUR that closes at 2020-01-01T02:00:00Z reaches over the start of a DAY at "
        "2020-01-01T00:00:00Z; set the anchor to a moment at which one begins"
    )


def test_an_instrument_in_two_periods_is_refused():
    with pytest.raises(AggregationError) as caught:
        list(aggregate(merge(flat(0, 1), flat(0, 1, period="5MINUTE")), "HOUR"))
    assert str(caught.value) == "A HOUR: comes in the periods 15MINUTE and 5MINUTE; give it one"


@pytest.mark.parametrize("later", [0, -MINUTE])
def test_time_that_does_not_rise_is_refused(later):
    with pytest.raises(SourceOrderError, match=r"source 0 \(A\): time (repeats|goes back)"):
        list(aggregate([*flat(0, 1), *flat(later, 1)], "HOUR"))


def test_memory_does_not_depend_on_the_number_of_candles():
    def peak(count):
        one = candle(volume=1.0)
        source = (Slice(place * MINUTE, (CandleCloseEvent("A", "MINUTE", one),)) for place in range(1, count))
        tracemalloc.start()
        deque(aggregate(source, "HOUR"), maxlen=0)
        return tracemalloc.get_traced_memory()[1], tracemalloc.stop()

    peak(200)
    assert peak(20_000)[0] < peak(2_000)[0] + 2_000


def test_real_four_hour_candles_make_days(shared_path):
    path = shared_path("data", "fx") / "eurusd_4h.csv"
    told = []

    days = list(aggregate(read_csv(path, instrument="EURUSD", period="4HOUR"), "DAY", on_incomplete=told.append))

    assert len(days) + sum(not one.kept for one in told) == len(
        {one.close_time - 1 - (one.close_time - 1) % DAY for one in read_csv(path, instrument="EURUSD", period="4HOUR")}
    )
    assert all(one.close_time % DAY == 0 for one in days)
