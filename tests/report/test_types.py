"""Data that no report can be made of are refused, with the place and the rule."""

from math import inf, nan

import attrs
import pytest

from tests.report.made_up import made_up
from tradedesk.report import PriceData, ReportError, SleeveData


def sleeve(name: str = "slow", **series: object) -> SleeveData:
    whole = {"profit": [0.0, 1.0], "allocation": [0.0, 1.0], "active": [False, True]}
    return SleeveData(name=name, instrument="EURUSD", **whole | series)


def price(
    instrument: str = "EURUSD", times: tuple[int, ...] = (1, 2), closes: tuple[float, ...] = (1.0, 1.1)
) -> PriceData:
    return PriceData(instrument=instrument, close_times=times, closes=closes)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"close_times": [5, 5]}, "close_times[1] is 5, not later than 5 before it; close times must rise"),
        ({"equity": [1.0]}, "equity has 1 values for 2 close times; it needs one for each"),
        ({"equity": [1.0, nan]}, "equity is nan at place 1; every value must be finite"),
        ({"start": inf}, "start is inf; it must be finite"),
        ({"budget": nan}, "budget is nan; it must be finite"),
        (
            {"sleeves": [sleeve(allocation=[1.0])]},
            "allocation of sleeve 'slow' has 1 values for 2 close times; it needs one for each",
        ),
        (
            {"sleeves": [sleeve(profit=[-inf, 1.0])]},
            "profit of sleeve 'slow' is -inf at place 0; every value must be finite",
        ),
        ({"sleeves": [sleeve(), sleeve()]}, "sleeves has 'slow' 2 times; a name stands for one of them"),
        ({"prices": [price(), price()]}, "prices has 'EURUSD' 2 times; a name stands for one of them"),
        (
            {"prices": [price(times=(3, 2))]},
            "close_times of price 'EURUSD'[1] is 2, not later than 3 before it; close times must rise",
        ),
        (
            {"prices": [price(closes=(1.0, nan))]},
            "closes of price 'EURUSD' is nan at place 1; every value must be finite",
        ),
    ],
)
def test_data_that_cannot_be_shown_are_refused(arguments: dict[str, object], text: str):
    with pytest.raises(ReportError) as refusal:
        attrs.evolve(made_up(2, 0), **arguments)
    assert str(refusal.value) == text
