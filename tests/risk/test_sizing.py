"""Sizes: the formulas, the clamps, and what is refused in which words."""

from decimal import Inexact, localcontext
from fractions import Fraction
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.risk.ledger import price_of
from tradedesk.risk import atr_normalised_size, fixed_fractional_size, round_down_to_step, volatility_size

amounts = st.floats(1e-6, 1e9)
ATR = {"risk_per_trade": 100.0, "atr": 2.5, "atr_risk_mult": 2.0}
FRACTIONAL = {"equity": 10_000.0, "fraction": 0.01, "stop_distance": 4.0}
VOLATILITY = {"equity": 10_000.0, "target_volatility": 0.2, "price": 50.0, "volatility": 0.4}
ALL = [(atr_normalised_size, ATR), (fixed_fractional_size, FRACTIONAL), (volatility_size, VOLATILITY)]


def upstream(risk: float, atr: float, mult: float, least: float, most: float) -> float:
    """What tradedesk 0.3.0 answers, where its answer is a size for the risk."""
    distance = atr * mult
    return least if distance <= 0 else max(least, min(most, risk / distance))


@pytest.mark.parametrize(("size", "of"), [(size, of) for (size, _), of in zip(ALL, (20, 25, 100), strict=True)])
def test_a_size_is_risk_over_distance(size, of: float):
    assert size(**dict(ALL)[size]) == of


@pytest.mark.parametrize(("size", "arguments"), ALL)
def test_a_point_that_is_worth_more_makes_the_size_smaller(size, arguments):
    assert size(**arguments, value_per_point=50) == size(**arguments) / 50


@given(risk=amounts, atr=amounts, mult=amounts, clamps=st.lists(amounts, min_size=2, max_size=2).map(sorted))
def test_the_atr_size_is_that_of_tradedesk_0_3(risk, atr, mult, clamps):
    least, most = clamps
    size = atr_normalised_size(risk_per_trade=risk, atr=atr, atr_risk_mult=mult, min_size=least, max_size=most)
    assert size == upstream(risk, atr, mult, least, most)


def test_no_range_gives_the_smallest_size_as_in_tradedesk_0_3():
    assert atr_normalised_size(risk_per_trade=10, atr=0, atr_risk_mult=2, min_size=0.5, max_size=9) == 0.5


def test_no_range_and_no_smallest_size_give_no_answer():
    with pytest.raises(ValueError) as refused:
        atr_normalised_size(risk_per_trade=10, atr=0, atr_risk_mult=2, max_size=9)
    assert str(refused.value) == (
        "atr is 0, and no size follows from a range of 0; wait for a range, or give the min_size to trade then"
    )


@pytest.mark.parametrize(
    ("size", "arguments"),
    [
        (atr_normalised_size, ATR | {"risk_per_trade": 0}),
        (atr_normalised_size, ATR | {"risk_per_trade": 0, "atr": 0}),
        (fixed_fractional_size, FRACTIONAL | {"fraction": 0}),
        (fixed_fractional_size, FRACTIONAL | {"equity": 0}),
        (volatility_size, VOLATILITY | {"target_volatility": 0}),
    ],
)
def test_no_risk_gives_no_size_whatever_the_smallest(size, arguments):
    """A sleeve that was given 0 must not trade, not even the least."""
    assert size(**arguments, min_size=1.0, max_size=5.0) == 0.0


@pytest.mark.parametrize(("size", "arguments"), ALL)
def test_a_size_stays_between_the_clamps(size, arguments):
    assert size(**arguments, max_size=7) == 7
    assert size(**arguments, min_size=700) == 700
    assert size(**arguments, min_size=7, max_size=7) == 7


@pytest.mark.parametrize(("size", "arguments"), ALL)
def test_a_size_is_rounded_down_to_whole_lots(size, arguments):
    assert size(**arguments, lot_step=0.7) == {20: 19.6, 25: 24.5, 100: 99.4}[size(**arguments)]
    assert size(**arguments, max_size=0.65, lot_step=0.7) == 0.0


@given(risk=amounts, distance=st.floats(1e-3, 1e6), step=st.sampled_from([0.01, 0.1, 0.25, 1.0, 3.0]))
def test_rounding_never_adds_risk(risk: float, distance: float, step: float):
    lots = atr_normalised_size(risk_per_trade=risk, atr=distance, atr_risk_mult=1.0, lot_step=step)
    assert price_of(lots) % price_of(step) == 0
    exact = Fraction(risk) / Fraction(distance)
    rounding = price_of(step) / 10**9 + exact / 2**51  # of the lot, and of the size as a float
    assert -rounding <= exact - price_of(lots) < price_of(step) + rounding


@pytest.mark.parametrize(
    ("size", "step", "rounded"),
    [
        (0.3, 0.1, 0.3),
        (0.1 + 0.2, 0.1, 0.3),
        (0.7, 0.1, 0.7),
        (0.29999999999999993, 0.1, 0.3),
        (0.2999999, 0.1, 0.2),
        (2.99, 1, 2.0),
        (0.009, 0.01, 0.0),
        (0, 0.01, 0.0),
        (123_456_789.123, 0.01, 123_456_789.12),
        (1e15, 0.1, 1e15),
    ],
)
def test_a_size_is_the_whole_steps_in_it(size: float, step: float, rounded: float):
    assert round_down_to_step(size, step) == rounded


def test_the_decimal_context_of_the_caller_does_not_matter():
    with localcontext(prec=3, traps=[Inexact]):
        assert round_down_to_step(123_456.789, 0.01) == 123_456.78
        assert round_down_to_step(0.30000001, 0.1) == 0.3


@pytest.mark.parametrize("size", [-0.1, nan, inf])
def test_a_size_that_is_none_is_not_rounded(size: float):
    with pytest.raises(ValueError, match=r"^size is .*; it must be "):
        round_down_to_step(size, 0.1)


@pytest.mark.parametrize("step", [0, -0.1, nan, inf])
def test_a_step_that_is_none_is_refused(step: float):
    with pytest.raises(ValueError, match=r"^step is .*; it must be "):
        round_down_to_step(1.0, step)


MUST_BE_ABOVE_ZERO = {"atr_risk_mult", "stop_distance", "price", "volatility"}


@pytest.mark.parametrize(
    ("size", "arguments", "name"), [(size, arguments, name) for size, arguments in ALL for name in arguments]
)
def test_an_argument_that_is_none_is_refused_by_its_name(size, arguments, name: str):
    for bad in (nan, inf, -inf, None, "1", True):
        with pytest.raises(ValueError) as refused:
            size(**arguments | {name: bad})
        assert str(refused.value) == f"{name} is {bad!r}; it must be a finite number"
    rule = "more than 0" if name in MUST_BE_ABOVE_ZERO else "at least 0"
    with pytest.raises(ValueError) as refused:
        size(**arguments | {name: -1.5})
    assert str(refused.value) == f"{name} is -1.5; it must be {rule}"


@pytest.mark.parametrize(
    ("size", "arguments", "name"),
    [(size, arguments, name) for size, arguments in ALL for name in arguments if name in MUST_BE_ABOVE_ZERO],
)
def test_a_distance_of_zero_is_refused(size, arguments, name: str):
    with pytest.raises(ValueError) as refused:
        size(**arguments | {name: 0})
    assert str(refused.value) == f"{name} is 0; it must be more than 0"


@pytest.mark.parametrize(
    ("clamps", "sentence"),
    [
        ({"min_size": -1}, "min_size is -1; it must be at least 0"),
        ({"min_size": nan}, "min_size is nan; it must be a finite number"),
        ({"max_size": nan}, "max_size is nan; it must be a finite number"),
        ({"max_size": -inf}, "max_size is -inf; it must be a finite number"),
        ({"min_size": 3, "max_size": 2}, "min_size is 3 and max_size 2; min_size must not be larger"),
        ({"lot_step": 0}, "lot_step is 0; it must be more than 0"),
        ({"lot_step": 0.1, "min_size": 0.15}, "min_size is 0.15, which is no whole number of lot_step 0.1"),
        ({"value_per_point": 0}, "value_per_point is 0; it must be more than 0"),
        ({"value_per_point": nan}, "value_per_point is nan; it must be a finite number"),
    ],
)
@pytest.mark.parametrize(("size", "arguments"), ALL)
def test_clamps_that_are_none_are_refused(size, arguments, clamps, sentence: str):
    with pytest.raises(ValueError) as refused:
        size(**arguments, **clamps)
    assert str(refused.value) == sentence


def test_more_than_the_whole_equity_is_refused():
    with pytest.raises(ValueError, match=r"^fraction is 1\.5; it must be at most 1, the whole equity$"):
        fixed_fractional_size(equity=1, fraction=1.5, stop_distance=1)


def test_a_size_without_limit_is_refused_and_a_clamp_limits_it():
    tiny = {"risk_per_trade": 1e300, "atr": 1e-300, "atr_risk_mult": 1e-300}
    with pytest.raises(ValueError) as refused:
        atr_normalised_size(**tiny)
    assert str(refused.value) == "the size has no limit: the distance is too small for a float; give a max_size"
    assert atr_normalised_size(**tiny, max_size=4) == 4
