"""Every indicator says what its definition says, also where floating-point arithmetic is at its worst, and what TA-Lib says."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicators.parts import (
    CASES,
    Case,
    exact_values,
    f,
    furthest,
    hard_series,
    named,
    talib_values,
    values,
    walk,
)
from tradedesk.indicators import SMA, Stdev

HARD = hard_series()
KNOWN_TO_TALIB = [case for case in CASES if case.talib is not None]

# Quarters from 0.25 to 50: sums and squares of them are exact, so TA-Lib's running sums lose nothing either. Elsewhere
# they do: after a spike its SMA is off for good, and with it what is built on it.
quarters = st.integers(1, 200).map(lambda number: number / 4)
prices = st.just(0.0) | st.floats(1e-6, 1e9) | st.floats(-1e9, -1e-6)


def largest(series: list[float]) -> float:
    return max(map(abs, series), default=0.0)


@pytest.mark.parametrize("case", CASES, ids=named)
@pytest.mark.parametrize("series", HARD)
def test_a_value_is_its_definition_to_nine_digits_on_hard_series(case: Case, series: str):
    closes = HARD[series]
    allowed = case.rounding * largest(closes)
    assert furthest(values(case, closes), exact_values(case, closes), relative=1e-9, absolute=allowed) <= 1


@pytest.mark.parametrize("case", CASES, ids=named)
@given(closes=st.lists(prices, min_size=1, max_size=40))
def test_a_value_is_its_definition_on_any_series(case: Case, closes: list[float]):
    allowed = 1e-13 * max(largest(closes), 100.0)
    assert furthest(values(case, closes), exact_values(case, closes), relative=1e-9, absolute=allowed) <= 1


@pytest.mark.parametrize("case", KNOWN_TO_TALIB, ids=named)
@given(closes=st.lists(quarters, min_size=1, max_size=60))
def test_a_value_is_what_talib_says_in_one_go(case: Case, closes: list[float]):
    assert furthest(values(case, closes), talib_values(case, closes), relative=1e-9, absolute=1e-12) <= 1


@pytest.mark.parametrize("case", KNOWN_TO_TALIB, ids=named)
def test_a_value_is_what_talib_says_over_a_long_walk(case: Case):
    closes = walk(11, 20_000)
    assert furthest(values(case, closes), talib_values(case, closes), relative=1e-9, absolute=1e-12) <= 1


@pytest.mark.parametrize("name", ["constant", "zero", "alternating", "rising", "constant, then not", "walk"])
@pytest.mark.parametrize("case", KNOWN_TO_TALIB, ids=named)
def test_a_value_is_what_talib_says_on_hard_series_that_talib_can_do(case: Case, name: str):
    closes = HARD[name]
    allowed = 1e-12 * max(largest(closes), 100.0)
    assert furthest(values(case, closes), talib_values(case, closes), relative=1e-9, absolute=allowed) <= 1


@pytest.mark.parametrize("kind", [SMA, Stdev])
def test_two_million_numbers_leave_no_drift(kind):
    """The value is, to the last bit, that of an indicator that has seen the last windows only."""
    window, length = 20, 2_000_000
    chance = Random(8)
    long, short = kind(window), kind(window)
    for place in range(length):
        number = 1e6 + 1e-6 * chance.random() if place % 1_000 else 1e15
        long.update(number)
        if place >= length - 2 * window:
            short.update(number)
    assert long.value == short.value


def test_the_check_against_talib_sees_a_difference():
    wrong = CASES[0]._replace(settings=(6,), talib=f("SMA", 6))
    assert furthest(values(CASES[0], HARD["walk"]), talib_values(wrong, HARD["walk"]), relative=1e-9) > 1
