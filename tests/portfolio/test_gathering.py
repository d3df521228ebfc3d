"""P14 The rules by which a live stream becomes slices, driven by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.portfolio.parts import event
from tradedesk.marketdata import DuplicateCandleError, Slice
from tradedesk.portfolio._gathering import Gathering

A, B, C = (event(key) for key in "ABC")


def gathering(*expected, patience=10.0):
    return Gathering(lambda _: expected, patience)


def all_that_leaves(gathered):
    left = []
    while (item := gathered.take()) is not None:
        left.append(item)
    return left


def test_a_slice_leaves_when_the_last_expected_candle_is_in():
    gathered = gathering("A", "B")
    gathered.add(B, 5)
    assert gathered.take() is None
    gathered.add(A, 5)
    assert all_that_leaves(gathered) == [Slice(5, (B, A))]


def test_a_pair_is_expected_in_its_period_and_an_instrument_in_any():
    gathered = gathering(("A", "HOUR"), "B")
    gathered.add(event("A", "DAY"), 5)
    gathered.add(event("B", "DAY"), 5)
    assert gathered.take() is None
    gathered.add(event("A", "HOUR"), 5)
    assert len(gathered.take().events) == 3


def test_what_is_expected_is_asked_once_for_each_instant():
    asked = []
    gathered = Gathering(lambda close_time: asked.append(close_time) or ["A"] * (close_time == 5), 10.0)
    gathered.add(B, 4)
    gathered.add(C, 4)
    gathered.add(B, 5)
    assert (all_that_leaves(gathered), asked) == ([Slice(4, (B, C))], [4, 5])


def test_a_candle_that_nobody_expects_joins_the_slice_of_its_instant():
    gathered = gathering("A")
    gathered.add(C, 5)
    gathered.add(A, 5)
    assert all_that_leaves(gathered) == [Slice(5, (C, A))]


def test_a_slice_that_is_incomplete_leaves_when_its_patience_is_over():
    gathered = gathering("A", "B", patience=10.0)
    gathered.add(A, 5)
    gathered.waited(9.0)
    assert (gathered.take(), gathered.patience) == (None, 1.0)
    gathered.waited(1.0)
    assert all_that_leaves(gathered) == [Slice(5, (A,))]
    assert gathered.patience == float("inf")


def test_a_complete_slice_waits_for_the_older_one_before_it():
    gathered = gathering("A", "B")
    gathered.add(A, 5)
    for candle in (A, B):
        gathered.add(candle, 6)
    assert gathered.take() is None
    gathered.add(B, 5)
    assert all_that_leaves(gathered) == [Slice(5, (A, B)), Slice(6, (A, B))]


def test_no_candle_waits_longer_than_the_patience_so_older_slices_leave_with_it():
    gathered = gathering("A", "B", patience=10.0)
    gathered.add(A, 6)
    gathered.waited(8.0)
    gathered.add(A, 5)
    gathered.waited(2.0)
    assert all_that_leaves(gathered) == [Slice(5, (A,)), Slice(6, (A,))]


def test_a_late_candle_leaves_at_once_and_alone():
    gathered = gathering("A", "B")
    gathered.add(A, 5)
    gathered.waited(10.0)
    gathered.take()
    gathered.add(A, 6)
    gathered.add(B, 5)
    assert all_that_leaves(gathered) == [B]


def test_late_candles_leave_in_the_order_in_which_they_came():
    gathered = gathering("A")
    gathered.add(A, 9)
    gathered.take()
    gathered.add(C, 8)
    gathered.add(B, 7)
    assert all_that_leaves(gathered) == [C, B]


@pytest.mark.parametrize("first", ["waiting", "left", "late"])
def test_a_second_candle_of_one_instrument_and_period_at_one_instant_is_refused(first):
    gathered = gathering("A", "B") if first == "waiting" else gathering("A")
    if first == "late":
        gathered.add(A, 6)
        gathered.take()
    gathered.add(A, 5)
    if first != "waiting":
        assert gathered.take() is not None
    with pytest.raises(DuplicateCandleError) as raised:
        gathered.add(event("A"), 6 if first == "late" else 5)
    assert (raised.value.instrument, raised.value.period) == ("A", "1MINUTE")


def test_a_refused_duplicate_leaves_the_first_candle_where_it_is():
    gathered = gathering("A", "B")
    gathered.add(A, 5)
    with pytest.raises(DuplicateCandleError):
        gathered.add(event("A", candle="again"), 5)
    gathered.add(B, 5)
    assert all_that_leaves(gathered) == [Slice(5, (A, B))]


def test_at_the_end_what_is_here_leaves_in_the_order_of_time():
    gathered = gathering("A", "B")
    gathered.add(A, 6)
    gathered.add(B, 5)
    gathered.end()
    assert all_that_leaves(gathered) == [Slice(5, (B,)), Slice(6, (A,))]


ARRIVALS = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from(["HOUR", "DAY"]), st.integers(0, 4), st.integers(0, 6)),
    unique_by=lambda row: row[:3],
    max_size=25,
)
"""Instrument, period, instant; seconds before the next one."""


@given(ARRIVALS, st.integers(1, 10))
def test_whatever_comes_each_candle_leaves_once_slices_rise_and_nobody_waits_beyond_patience(arrivals, patience):
    gathered = Gathering(lambda time: ["A", ("B", "HOUR")] if time % 2 else ["A", "B", "C"], patience)
    waiting: dict[object, float] = {}
    left = []

    def drain():
        for item in all_that_leaves(gathered):
            left.append(item)
            for candle in item.events if isinstance(item, Slice) else [item]:
                del waiting[candle]

    for number, (instrument, period, close_time, seconds) in enumerate(arrivals):
        candle = event(instrument, period, number)
        waiting[candle] = 0.0
        gathered.add(candle, close_time)
        drain()
        for _ in range(seconds):
            gathered.waited(1.0)
            waiting = {each: waited + 1.0 for each, waited in waiting.items()}
            drain()
            assert all(waited < patience for waited in waiting.values())
    gathered.end()
    drain()
    assert waiting == {}
    times = [item.close_time for item in left if isinstance(item, Slice)]
    assert times == sorted(set(times))
    assert sum(len(item.events) if isinstance(item, Slice) else 1 for item in left) == len(arrivals)
