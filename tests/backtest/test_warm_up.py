"""A run that begins to count later."""

import pytest

from tests.execution.parts import MINUTE
from tests.execution.test_running import desk_with, slices
from tradedesk.backtest import Backtest, WarmUp, run_backtest
from tradedesk.marketdata import PeriodError


async def warmed(warm_up, count=5, **options):
    broker, players, runner = desk_with(**options)
    async with runner:
        result = await run_backtest(runner, broker, slices(count), warm_up=warm_up)
    return result, players


@pytest.mark.parametrize("warm_up", [2, "2MINUTE"])
@pytest.mark.parametrize("dispatch", ["actors", "direct"])
async def test_in_a_warm_up_strategies_see_candles_and_their_orders_are_refused(warm_up, dispatch):
    result, players = await warmed(warm_up, dispatch=dispatch)
    assert players["EURUSD"].candles == 5
    assert [ticket.state.value for ticket in players["EURUSD"].tickets] == [
        "rejected",
        "rejected",
        "filled",
        "filled",
        "accepted",
    ]
    unit = " slices" if warm_up == 2 else ""
    assert players["EURUSD"].tickets[0].reason == (
        f"the run is warming up: it takes no orders in its first {warm_up}{unit}"
    )
    assert result.warm_up == WarmUp(slices=2, until=2 * MINUTE, refused=6)
    assert result.refused == ()


async def test_the_curves_begin_behind_the_warm_up():
    result, _ = await warmed(2)
    assert list(result.close_times) == [3 * MINUTE, 4 * MINUTE, 5 * MINUTE]
    assert list(result.equity) == [1_000.0, 1_000.0, 1_006.0]
    assert result.start == 1_000.0
    assert next(one.close_time for one in result.allocations) == 3 * MINUTE
    assert [one.bars for one in result.coverage] == [5, 5, 5]
    assert [len(result.profit_of(name)) for name in result.sleeves] == [3, 3, 3]


async def test_a_run_that_never_leaves_its_warm_up_has_empty_curves():
    result, _ = await warmed(10)
    assert (list(result.equity), result.start, result.warm_up.slices) == ([], 1_000.0, 5)
    assert repr(result) == "<BacktestResult: 0 slices, 0 fills, equity 1,000.00>"


async def test_risk_is_given_in_the_warm_up_as_behind_it():
    result, players = await warmed(1, count=2)
    assert players["EURUSD"].calls[:2] == [("report", 0.0), ("risk", 1.0)]
    assert result.warm_up.until == MINUTE


@pytest.mark.parametrize("wrong", [-1, 1.5, True, None])
def test_a_warm_up_is_a_number_of_slices_or_a_period(wrong):
    broker, _, runner = desk_with()
    with pytest.raises(ValueError) as caught:
        Backtest(runner, broker, warm_up=wrong)
    assert str(caught.value) == (f"warm_up must be a whole number of slices or a period such as '30DAY', not {wrong!r}")


def test_a_warm_up_that_is_no_period_is_refused():
    broker, _, runner = desk_with()
    with pytest.raises(PeriodError, match=r"^period '30days' is not a count and a unit"):
        Backtest(runner, broker, warm_up="30days")
