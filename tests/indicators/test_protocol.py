"""What all indicators have in common: warm-up, copies, what they refuse and in which words."""

import copy
import pickle
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.indicators.parts import CASES, Case, candles_of, flat, inputs, named, walk
from tradedesk.indicators import (
    ADX,
    ATR,
    EMA,
    MACD,
    RSI,
    SMA,
    BollingerBands,
    DonchianChannel,
    IndicatorError,
    IndicatorInputError,
    IndicatorSettingError,
    Momentum,
    RollingMin,
    Stochastic,
    TrueRange,
)
from tradedesk.marketdata import Candle

OF_NUMBERS = [case for case in CASES if case.takes == "numbers"]
OF_CANDLES = [case for case in CASES if case.takes == "candles"]
ONE = Candle("2024-03-01", 1.0, 2.0, 0.5, 1.5)


@pytest.mark.parametrize("case", CASES, ids=named)
def test_the_first_value_comes_with_the_input_that_warm_up_names(case: Case):
    indicator = case.make()
    answers = [indicator.update(each) for each in inputs(case, walk(1, case.warm_up + 5))]
    assert indicator.warm_up == case.warm_up
    assert [answer is None for answer in answers] == [True] * (case.warm_up - 1) + [False] * 6


@pytest.mark.parametrize("case", CASES, ids=named)
def test_value_is_what_the_last_update_returned(case: Case):
    indicator = case.make()
    assert indicator.value is None
    for each in inputs(case, walk(1, 40)):
        assert indicator.update(each) == indicator.value


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda indicator: pickle.loads(pickle.dumps(indicator))])  # noqa: S301 - our own
@pytest.mark.parametrize("case", CASES, ids=named)
@given(place=st.integers(0, 40))
def test_a_copy_taken_at_any_moment_goes_on_as_the_original_does(case: Case, duplicate, place: int):
    original, series = case.make(), inputs(case, walk(2, 60))
    for each in series[:place]:
        original.update(each)
    twin = duplicate(original)
    assert twin.value == original.value
    alone = [flat(twin.update(each)) for each in series[place:]]
    assert alone == [flat(original.update(each)) for each in series[place:]]


@pytest.mark.parametrize("bad", [nan, inf, -inf, 1e100, -1e100, 10**400, None, "1.0", ONE])
@pytest.mark.parametrize("place", [0, 3, 20])
@pytest.mark.parametrize("case", OF_NUMBERS, ids=named)
def test_an_input_that_is_refused_leaves_no_trace(case: Case, place: int, bad: object):
    one, other, series = case.make(), case.make(), walk(3, 40)
    for each in series[:place]:
        one.update(each)
        other.update(each)
    with pytest.raises(IndicatorInputError):
        one.update(bad)
    assert [one.update(each) for each in series[place:]] == [other.update(each) for each in series[place:]]


@pytest.mark.parametrize("bad", [Candle("x", 1, 1e100, 1, 1), Candle("x", 0, 0, -1e100, 0), 1.0, None])
@pytest.mark.parametrize("place", [0, 3, 20])
@pytest.mark.parametrize("case", OF_CANDLES, ids=named)
def test_a_candle_that_is_refused_leaves_no_trace(case: Case, place: int, bad: object):
    one, other, series = case.make(), case.make(), candles_of(walk(3, 40))
    for each in series[:place]:
        one.update(each)
        other.update(each)
    with pytest.raises(IndicatorInputError):
        one.update(bad)
    assert [one.update(each) for each in series[place:]] == [other.update(each) for each in series[place:]]


@pytest.mark.parametrize(
    ("indicator", "given", "sentence"),
    [
        (SMA(20), nan, "SMA(window=20) was given nan; "),
        (EMA(9), -inf, "EMA(window=9) was given -inf; "),
        (RSI(), None, "RSI(window=14) was given None; "),
        (RSI(), "1.5", "RSI(window=14) was given a str; "),
        (RollingMin(2), 2e100, "RollingMin(window=2) was given 2e+100; "),
        (MACD(), 10**400, "MACD(fast=12, slow=26, signal=9) was given an int beyond 1e+100; "),
    ],
)
def test_a_refusal_names_the_indicator_and_the_number(indicator, given, sentence):
    with pytest.raises(IndicatorInputError) as refused:
        indicator.update(given)
    assert str(refused.value) == sentence + "it takes finite numbers below 1e+100 in size and is as it was before"


def test_a_refusal_of_a_candle_names_its_timestamp():
    with pytest.raises(IndicatorInputError) as refused:
        ATR(3).update(Candle("2024-03-01", 1.0, 1e100, 0.5, 1.0))
    assert str(refused.value) == (
        "ATR(window=3) was given the candle of 2024-03-01 with prices from 0.5 to 1e+100; it takes prices below 1e+100 "
        "in size and is as it was before"
    )


def test_a_refusal_of_what_is_no_candle_says_so():
    with pytest.raises(IndicatorInputError) as refused:
        TrueRange().update(1.0)
    assert str(refused.value) == "TrueRange() was given 1.0; it takes a Candle and is as it was before"


@pytest.mark.parametrize("window", [0, -3, 2.0, True, "20", None])
@pytest.mark.parametrize(
    "kind", sorted({case.kind for case in CASES} - {TrueRange, MACD}, key=lambda kind: kind.__name__)
)
def test_a_window_that_is_no_whole_number_of_at_least_1_is_refused(kind: type, window: object):
    with pytest.raises(IndicatorSettingError) as refused:
        kind(window)
    assert str(refused.value) == f"{kind.__name__}: window is {window!r}; it must be a whole number, at least 1"


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: MACD(26, 12), "MACD: fast is 26 and slow 12; fast must be smaller"),
        (lambda: MACD(signal=0), "MACD: signal is 0; it must be a whole number, at least 1"),
        (lambda: Stochastic(smoothing=0), "Stochastic: smoothing is 0; it must be a whole number, at least 1"),
        (lambda: BollingerBands(20, nan), "BollingerBands: width is nan; it must be a finite number, at least 0"),
        (lambda: BollingerBands(20, -1), "BollingerBands: width is -1; it must be a finite number, at least 0"),
        (lambda: BollingerBands(20, "2"), "BollingerBands: width is '2'; it must be a finite number, at least 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(make, sentence):
    with pytest.raises(IndicatorSettingError) as refused:
        make()
    assert str(refused.value) == sentence


def test_the_errors_are_value_errors_of_one_family():
    assert issubclass(IndicatorError, ValueError)
    assert issubclass(IndicatorSettingError, IndicatorError)
    assert issubclass(IndicatorInputError, IndicatorError)


def test_whole_numbers_and_floats_give_the_same_values():
    whole, floats = SMA(3), SMA(3)
    assert [whole.update(each) for each in range(9)] == [floats.update(float(each)) for each in range(9)]
    assert type(whole.value) is float


def test_a_value_is_read_by_the_names_of_its_fields():
    channel, trend = DonchianChannel(2), ADX(1)
    for candle in (ONE, Candle("2024-03-02", 1.5, 4.0, 1.0, 3.0)):
        channel.update(candle)
        trend.update(candle)
    assert (channel.value.lower, channel.value.middle, channel.value.upper) == (0.5, 2.25, 4.0)
    assert (trend.value.adx, trend.value.minus_di) == (100.0, 0.0)


def test_two_indicators_are_equal_when_they_are_the_same_object():
    one = Momentum(3)
    assert {one: 1}[one]
    assert one != Momentum(3)
