"""What is measured where there is little or nothing to measure, and what is refused."""

import subprocess
import sys
from collections.abc import Callable
from math import inf, nan

import pytest

from tradedesk.metrics import (
    EquityCurve,
    MetricsError,
    annual_return,
    annual_volatility,
    calmar_ratio,
    drawdowns,
    expected_shortfall,
    max_drawdown,
    measure,
    omega_ratio,
    periods_per_year,
    returns,
    sharpe_ratio,
    sleeve_curve,
    sortino_ratio,
    total_return,
    value_at_risk,
)

DAY = 86_400 * 1_000_000_000


def curve(*equity: float, start: float = 100.0) -> EquityCurve:
    return EquityCurve(start=start, close_times=[DAY * (at + 1) for at in range(len(equity))], equity=equity)


def figures(rates: list[float]) -> dict[str, float | None]:
    return {
        "total return": total_return(rates),
        "annual return": annual_return(rates, 252),
        "volatility": annual_volatility(rates, 252),
        "sharpe": sharpe_ratio(rates, 252),
        "sortino": sortino_ratio(rates, 252),
        "calmar": calmar_ratio(rates, 252),
        "omega": omega_ratio(rates),
        "max drawdown": max_drawdown(rates),
        "value at risk": value_at_risk(rates),
        "expected shortfall": expected_shortfall(rates),
    }


def defined(rates: list[float]) -> dict[str, float]:
    return {name: value for name, value in figures(rates).items() if value is not None}


def test_no_returns_have_a_total_and_a_drawdown_of_0_and_nothing_else():
    assert defined([]) == {"total return": 0, "max drawdown": 0}


def test_one_return_has_no_spread():
    assert {name for name, value in figures([-0.5]).items() if value is None} == {"volatility", "sharpe"}
    assert defined([-0.5])["omega"] == 0
    assert defined([-0.5])["sortino"] == pytest.approx(-(252**0.5))


def test_returns_of_0_have_no_ratios():
    zero = {"total return", "annual return", "volatility", "max drawdown", "value at risk", "expected shortfall"}
    assert defined([0.0, 0.0, 0.0]) == dict.fromkeys(zero, 0)


def test_equal_returns_have_a_volatility_of_0_and_no_sharpe_ratio():
    some = figures([0.1] * 7)
    assert some["volatility"] == 0
    assert some["sharpe"] is None


def test_returns_that_all_gain_have_no_ratio_to_their_losses():
    some = figures([0.01, 0.02])
    assert (some["sortino"], some["calmar"], some["omega"], some["max drawdown"]) == (None, None, None, 0)


def test_a_total_loss_is_a_return_of_minus_1():
    some = defined([0.5, -1.0])
    assert (some["total return"], some["annual return"], some["max drawdown"]) == (-1, -1, -1)


@pytest.mark.parametrize("wrong", [nan, inf, -inf, -1.25])
@pytest.mark.parametrize("formula", [total_return, omega_ratio, max_drawdown, value_at_risk, expected_shortfall])
def test_a_return_that_cannot_be_is_refused(formula: Callable[[list[float]], float], wrong: float):
    with pytest.raises(MetricsError) as refusal:
        formula([0.0, wrong])
    assert str(refusal.value) == (
        f"returns[1] is {wrong!r}; a return must be finite and at least -1 (0.01 is one percent)"
    )


@pytest.mark.parametrize("periods", [0, -1, inf, nan])
def test_a_year_without_periods_is_refused(periods: float):
    with pytest.raises(MetricsError) as refusal:
        annual_volatility([0.1, 0.2], periods)
    assert str(refusal.value) == f"periods_per_year is {periods!r}; it must be finite and above 0"
    with pytest.raises(MetricsError, match="periods_per_year"):
        measure(curve(101, 102), periods_per_year=periods)


@pytest.mark.parametrize("tail", [0, 1, nan])
def test_a_tail_that_is_no_share_is_refused(tail: float):
    with pytest.raises(MetricsError) as refusal:
        value_at_risk([0.1], tail=tail)
    assert str(refusal.value) == f"tail is {tail!r}; it is a share of the returns, between 0 and 1"


# Curves ---------------------------------------------------------------------------------------------------------------


def test_the_start_is_a_peak():
    assert drawdowns(curve(95, 97, 100, 90)) == pytest.approx([-0.05, -0.03, 0, -0.1])
    assert measure(curve(95, 92)).max_drawdown == pytest.approx(-0.08)


def test_there_is_one_return_for_each_close():
    assert returns(curve(110, 99)) == pytest.approx([0.1, -0.1])


def test_sleeves_add_up_to_the_portfolio():
    times = [DAY, 2 * DAY]
    one, other = sleeve_curve(100, times, [1, 4]), sleeve_curve(100, times, [-2, 3])
    both = measure(sleeve_curve(100, times, [-1, 7])).total_return
    assert both == pytest.approx(measure(one).total_return + measure(other).total_return)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"start": 0.0}, "start is 0.0; an account starts with a finite equity above 0"),
        ({"start": nan}, "start is nan; an account starts with a finite equity above 0"),
        ({"equity": [1.0]}, "equity has 1 values for 2 close times; it needs one for each"),
        (
            {"equity": [1.0, nan]},
            "equity[1] is nan; every value must be finite: leave the point out or fill it",
        ),
        (
            {"close_times": [5, 5]},
            "close_times[1] is 5, not later than 5 before it; close times must rise",
        ),
    ],
)
def test_a_curve_that_cannot_be_is_refused(arguments: dict[str, object], text: str):
    with pytest.raises(MetricsError) as refusal:
        EquityCurve(**{"start": 1.0, "close_times": [1, 2], "equity": [1.0, 2.0]} | arguments)
    assert str(refusal.value) == text


def test_the_clock_counts_the_periods_of_a_year():
    weekdays = [DAY * day for day in range(365 * 4) if day % 7 < 5]
    assert periods_per_year(weekdays) == pytest.approx(365.25 * 5 / 7, rel=2e-3)
    assert periods_per_year([DAY]) is None
    assert periods_per_year([]) is None


def test_the_values_do_not_change_the_clock():
    assert measure(curve(101, 101, 101)).periods_per_year == measure(curve(1, 50, 3)).periods_per_year == 365.25


def test_an_explicit_number_of_periods_goes_before_the_clock():
    assert measure(curve(101, 99, 101), periods_per_year=252).annual_volatility == pytest.approx(
        annual_volatility(returns(curve(101, 99, 101)), 252)
    )


def test_an_empty_curve_has_its_start_and_nothing_else():
    empty = measure(curve())
    assert (empty.periods, empty.start, empty.end, empty.total_return, empty.max_drawdown) == (0, 100, 100, 0, 0)
    assert (empty.annual_return, empty.sharpe_ratio, empty.periods_per_year, empty.value_at_risk) == (None,) * 4


def test_one_close_has_no_clock():
    one = measure(curve(110))
    assert (one.total_return, one.value_at_risk) == pytest.approx((0.1, 0.1))
    assert (one.periods_per_year, one.annual_return, one.annual_volatility) == (None, None, None)


def test_an_account_that_was_ruined_has_a_drawdown_and_no_returns():
    ruined = measure(curve(50, -20, 10))
    assert (ruined.total_return, ruined.max_drawdown) == pytest.approx((-0.9, -1.2))
    assert (ruined.annual_return, ruined.sharpe_ratio, ruined.omega_ratio, ruined.value_at_risk) == (None,) * 4
    with pytest.raises(MetricsError) as refusal:
        returns(curve(50, -20, 10))
    assert str(refusal.value) == "equity[1] is -20.0; there is no return on an equity of 0 or less"


@pytest.mark.parametrize(
    ("equity", "periods", "days", "recovered"),
    [
        ((), 0, 0, True),
        ((100, 101), 0, 0, True),
        ((90, 95, 100, 110), 3, 2, True),  # from the start, which counts as the first close
        ((110, 120, 60, 80, 119), 3, 3, False),
        ((110, 105, 110, 55, 110), 2, 2, True),  # from the last touch of the peak
        ((90, 100, 50, 100), 2, 2, True),
    ],
)
def test_the_deepest_drawdown_has_a_length(equity: tuple[float, ...], periods: int, days: int, recovered: object):
    some = measure(curve(*equity))
    assert (some.drawdown_periods, some.drawdown_seconds, some.recovered) == (periods, days * 86_400, recovered)


# Exposure and turnover ------------------------------------------------------------------------------------------------


def test_exposure_and_turnover_follow_positions_and_trades():
    some = measure(curve(100, 200, 200, 300), positions=[0, 100, 400, 0], traded=[0, 100, 300, 400], periods_per_year=2)
    assert some.exposure == 0.5
    assert some.gross_exposure == pytest.approx((0.5 + 2) / 4)
    assert some.turnover == pytest.approx(800 / 200 * 2 / 4)


def test_exposure_and_turnover_are_not_defined_without_what_they_need():
    some, empty = measure(curve(100, 101)), measure(curve(), positions=[], traded=[])
    for each in (some, empty):
        assert (each.exposure, each.gross_exposure, each.turnover) == (None, None, None)
    assert measure(curve(101), traded=[5.0]).turnover is None
    assert measure(curve(101, -5), positions=[1.0, 1.0]).gross_exposure is None


@pytest.mark.parametrize("name", ["positions", "traded"])
@pytest.mark.parametrize(
    ("values", "text"),
    [
        ([1.0], "has 1 values for 2 close times; it needs one for each"),
        ([1.0, nan], "[1] is nan; every value must be finite: leave the point out or fill it"),
        ([1.0, -2.0], "[1] is -2.0; it is a size and at least 0"),
    ],
)
def test_sizes_that_cannot_be_are_refused(name: str, values: list[float], text: str):
    with pytest.raises(MetricsError) as refusal:
        measure(curve(100, 101), **{name: values})
    assert str(refusal.value).removeprefix(name).strip() == text


# The extra ------------------------------------------------------------------------------------------------------------


def test_without_numpy_the_import_names_the_extra():
    script = "import sys; sys.modules['numpy'] = None\nimport tradedesk.metrics"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=False, text=True)
    assert ran.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: tradedesk.metrics needs numpy: pip install 'tradedesk-actors[report]'"
    )
