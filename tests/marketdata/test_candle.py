import pickle
from math import inf, nan

import pytest

from tradedesk.marketdata import Candle, CandleCloseEvent, CandleError, Instrument, Slice

GOOD = {"timestamp": "2012-11-26T20:00:00Z", "open": 1.2, "high": 1.4, "low": 1.1, "close": 1.3}


def test_the_candle_of_the_guide_is_built_by_keyword():
    candle = Candle(timestamp="1234567890000", open=1.1000, high=1.1050, low=1.0950, close=1.1020)

    assert (candle.timestamp, candle.volume, candle.tick_count) == ("1234567890000", 0.0, 0)


def test_equal_candles_are_one_key():
    assert len({Candle(**GOOD), Candle(**GOOD), Candle(**GOOD, volume=1.0)}) == 2


def test_values_survive_pickling():
    event = CandleCloseEvent(Instrument("EURUSD"), "4HOUR", Candle(**GOOD))

    assert pickle.loads(pickle.dumps(Slice(0, (event,)))) == Slice(0, (event,))  # noqa: S301 - our own bytes


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"high": 1.0}, "high 1.0 is below low 1.1; a candle keeps low <= open, close <= high"),
        ({"open": 1.5}, "open 1.5 is above high 1.4"),
        ({"open": 1.0}, "open 1.0 is below low 1.1"),
        ({"close": 1.5}, "close 1.5 is above high 1.4"),
        ({"close": 1.0}, "close 1.0 is below low 1.1"),
        ({"close": nan}, "close nan is not finite"),
        ({"high": inf}, "high inf is not finite"),
        ({"low": -inf}, "low -inf is not finite"),
        ({"volume": inf}, "volume inf is not finite"),
        ({"volume": -1.0}, "volume -1.0 is negative"),
        ({"tick_count": -1}, "tick_count -1 is negative"),
        ({"open": 10**400}, f"open {10**400} is above high 1.4"),
        ({"open": "1.2"}, "open '1.2' is str and must be a float or an int"),
        ({"volume": None}, "volume None is NoneType and must be a float or an int"),
    ],
)
def test_what_is_no_candle_is_refused_with_field_value_and_rule(change, text):
    with pytest.raises(CandleError) as caught:
        Candle(**GOOD | change)

    assert str(caught.value).startswith(f"candle '2012-11-26T20:00:00Z': {text}")
    assert repr({caught.value.field: caught.value.value}) == repr(change)


def test_a_candle_of_one_price_and_prices_below_zero_is_a_candle():
    assert Candle("0", -37.63, -37.63, -37.63, -37.63).low == -37.63


def test_an_error_survives_pickling():
    with pytest.raises(CandleError) as caught:
        Candle(**GOOD | {"high": 1.0})

    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)  # noqa: S301 - our own bytes
