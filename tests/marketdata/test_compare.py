"""Longer candles beside what their parts add up to: every planted difference is told, and nothing else."""

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.marketdata import (
    Candle,
    CandleCloseEvent,
    PeriodError,
    ResamplingFault,
    Slice,
    aggregate,
    resampling_faults,
)

QUARTER = 15 * 60 * 10**9
HOUR = 4 * QUARTER
PLACES = st.integers(2, 10)


def quarters(count=48, skip=()):
    return [
        Slice(
            place * QUARTER, (CandleCloseEvent("A", "15MINUTE", Candle("-", 1.0 + place, 9.0 + place, 0.5, 2.0, 3.0)),)
        )
        for place in range(1, count + 1)
        if place not in skip
    ]


def hours(**options):
    return list(aggregate(quarters(**options), "HOUR"))


def changed(longer, place, **changes):
    one = longer[place]
    event = one.events[0]
    candle = Candle(**{name: getattr(event.candle, name) for name in Candle.__slots__} | changes)
    return [*longer[:place], Slice(one.close_time, (evolve(event, candle=candle),)), *longer[place + 1 :]]


def test_what_adds_up_has_no_fault():
    assert list(resampling_faults(hours(), quarters(), "HOUR")) == []


@given(PLACES, st.sampled_from([("open", 0.75), ("high", 60.5), ("low", 0.25), ("close", 3.0), ("volume", 11.0)]))
def test_a_number_that_differs_is_told_with_both_values(place, change):
    name, value = change
    longer = changed(hours(), place, **{name: value})
    expected = getattr(hours()[place].events[0].candle, name)

    faults = list(resampling_faults(longer, quarters(), "HOUR"))

    assert faults == [ResamplingFault("A", "HOUR", (place + 1) * HOUR, name, value, expected)]


def test_rounding_within_the_tolerance_is_no_difference():
    longer = changed(hours(), 3, volume=12.0 * (1 + 1e-10))

    assert list(resampling_faults(longer, quarters(), "HOUR")) == []
    assert len(list(resampling_faults(longer, quarters(), "HOUR", tolerance=1e-12))) == 1


@given(PLACES)
def test_a_candle_that_is_not_there_is_told_where_its_parts_are(place):
    longer = hours()
    gone = longer.pop(place)

    (fault,) = resampling_faults(longer, quarters(), "HOUR")

    assert fault == ResamplingFault("A", "HOUR", gone.close_time, "candle", None, 2.0)
    assert list(resampling_faults(longer, quarters(skip=(place * 4 + 2,)), "HOUR")) == []


def test_a_candle_whose_parts_are_missing_is_not_judged():
    assert list(resampling_faults(changed(hours(), 5, low=0.25), quarters(skip=(22,)), "HOUR")) == []


def test_nothing_is_said_of_what_lies_before_the_first_and_after_the_last():
    assert list(resampling_faults(hours()[3:7], quarters(), "HOUR")) == []


def test_a_close_beside_the_grid_is_told_with_the_next_place_on_it():
    longer = hours()
    longer[4] = Slice(longer[4].close_time - QUARTER, longer[4].events)

    faults = list(resampling_faults(longer, quarters(), "HOUR"))

    assert faults == [
        ResamplingFault("A", "HOUR", 5 * HOUR - QUARTER, "close_time", 5 * HOUR - QUARTER, 5 * HOUR),
        ResamplingFault("A", "HOUR", 5 * HOUR, "candle", None, 2.0),
    ]


def test_an_anchor_moves_the_grid():
    anchor = "1970-01-01T00:15:00Z"
    longer = list(aggregate(quarters(), "HOUR", anchor=anchor))

    assert list(resampling_faults(longer, quarters(), "HOUR", anchor=anchor)) == []
    assert {fault.field for fault in resampling_faults(longer, quarters(), "HOUR")} == {"close_time", "candle"}


def test_a_period_that_is_none_is_refused():
    with pytest.raises(PeriodError):
        next(resampling_faults([], [], "1h"))
