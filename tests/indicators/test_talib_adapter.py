"""TA-Lib's own streams behind our protocol, and what is said where TA-Lib is not installed."""

import copy
import pickle
import subprocess
import sys

import pytest

from tests.indicators.parts import candles_of, furthest, walk
from tradedesk.indicators import ADX, ATR, EMA, MACD, RSI, SMA, IndicatorInputError, IndicatorSettingError
from tradedesk.indicators.talib import TalibOfCandles, TalibOfNumbers

CLOSES = walk(21, 200)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (TalibOfNumbers("SMA", timeperiod=20), SMA(20)),
        (TalibOfNumbers("EMA", timeperiod=20), EMA(20)),
        (TalibOfNumbers("RSI", timeperiod=14), RSI(14)),
        (TalibOfNumbers("MACD"), MACD()),
    ],
)
def test_a_function_of_numbers_gives_what_our_indicator_gives(theirs, ours):
    assert theirs.warm_up == ours.warm_up
    answers = [(ours.update(close), theirs.update(close)) for close in CLOSES]
    assert furthest(*zip(*[(rowed(one), rowed(other)) for one, other in answers], strict=True), relative=1e-9) <= 1


@pytest.mark.parametrize("name", ["ATR", "ADX"])
def test_a_function_of_candles_takes_their_fields(name: str):
    theirs, ours = TalibOfCandles(name, timeperiod=14), {"ATR": ATR, "ADX": ADX}[name](14)
    for candle in candles_of(CLOSES):
        theirs.update(candle)
        ours.update(candle)
    assert theirs.warm_up == ours.warm_up
    assert theirs.value == pytest.approx(rowed(ours.value)[0], rel=1e-9)


def test_a_function_of_one_series_takes_the_closes_of_candles():
    of_candles, of_numbers = TalibOfCandles("RSI"), TalibOfNumbers("RSI")
    for candle in candles_of(CLOSES):
        assert of_candles.update(candle) == of_numbers.update(candle.close)


def rowed(value: object) -> tuple[float, ...] | None:
    if value is None or isinstance(value, tuple):
        return value
    names = [name for name in ("macd", "signal", "histogram", "adx") if hasattr(value, name)]
    return tuple(getattr(value, name) for name in names) or (value,)


def test_it_can_be_copied_at_any_moment():
    for place in (0, 10, 14, 15, 50):
        original = TalibOfNumbers("RSI", timeperiod=14)
        for close in CLOSES[:place]:
            original.update(close)
        twin = copy.deepcopy(original)
        expected = [twin.update(close) for close in CLOSES[place:]]
        assert [original.update(close) for close in CLOSES[place:]] == expected


def test_it_cannot_be_pickled_and_says_so():
    indicator = TalibOfNumbers("SMA", timeperiod=2)
    indicator.update(1.0)
    indicator.update(2.0)
    with pytest.raises(TypeError, match=r"^cannot pickle SMA_Stream: "):
        pickle.dumps(indicator)


@pytest.mark.parametrize("place", [0, 5, 40])
def test_an_input_that_is_refused_leaves_no_trace(place: int):
    one, other = TalibOfNumbers("RSI", timeperiod=14), TalibOfNumbers("RSI", timeperiod=14)
    for close in CLOSES[:place]:
        one.update(close)
        other.update(close)
    with pytest.raises(IndicatorInputError) as refused:
        one.update(float("nan"))
    assert str(refused.value) == (
        "TalibOfNumbers('RSI', timeperiod=14) was given nan; it takes finite numbers below 1e+100 in size and is as it "
        "was before"
    )
    assert [one.update(close) for close in CLOSES[place:]] == [other.update(close) for close in CLOSES[place:]]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: TalibOfNumbers("NOPE"), "TA-Lib has no function 'NOPE'; talib.get_functions() lists what it has"),
        (
            lambda: TalibOfNumbers("RSI", period=14),
            "TalibOfNumbers('RSI', period=14): no parameter period; its parameters: timeperiod",
        ),
        (
            lambda: TalibOfCandles("TRANGE", timeperiod=14),
            "TalibOfCandles('TRANGE', timeperiod=14): no parameter timeperiod; its parameters: none",
        ),
        (
            lambda: TalibOfNumbers("RSI", timeperiod=0),
            "TalibOfNumbers('RSI', timeperiod=0): TA-Lib refuses these parameters",
        ),
        (
            lambda: TalibOfNumbers("RSI", timeperiod=14.5),
            "TalibOfNumbers('RSI', timeperiod=14.5): Invalid parameter value for timeperiod (expected int, got float)",
        ),
        (lambda: TalibOfNumbers("ATR"), "TalibOfNumbers('ATR'): ATR takes high, low, close; use TalibOfCandles"),
        (lambda: TalibOfCandles("MAVP"), "TalibOfCandles('MAVP'): MAVP takes periods, which no candle has"),
    ],
)
def test_a_setting_that_talib_cannot_work_with_is_refused(make, sentence):
    with pytest.raises(IndicatorSettingError) as refused:
        make()
    assert str(refused.value) == sentence


@pytest.mark.parametrize("missing", ["talib", "numpy"])
def test_without_the_extra_the_import_says_how_to_get_it(missing: str):
    program = (
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import tradedesk.indicators\n"
        "try:\n    import tradedesk.indicators.talib\n"
        "except ModuleNotFoundError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert ran.stdout == f"tradedesk.indicators.talib needs {missing}: pip install 'tradedesk-actors[talib]'\n"


def test_the_package_without_the_adapter_needs_neither_talib_nor_numpy():
    program = "import sys, tradedesk.indicators, tradedesk.risk; print({'talib', 'numpy'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True, text=True)
    assert ran.stdout == "set()\n"
