"""The shipped strategy: when it is active, and what it refuses."""

import pytest
import trio

from tradedesk.marketdata import Candle, CandleCloseEvent
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument, PortfolioRunner, PortfolioStrategy
from tradedesk.strategies import VolatilityRegime

X = Instrument("X")


def regimes(strategy: PortfolioStrategy, *closes: float) -> list[bool]:
    """The strategy's report after each candle."""

    async def feed():
        for close in closes:
            await strategy.on_candle_close(CandleCloseEvent(X, "DAY", Candle("0", close, close, close, close)))
            yield strategy.is_regime_active()

    async def collect():
        return [active async for active in feed()]

    return trio.run(collect)


@pytest.mark.parametrize(
    ("closes", "active"),
    [
        # moves of 1 %, 1 %, then 2 %: twice the mean
        ((100, 101, 102.01, 104.0502), [False, False, False, True]),
        # falling counts like rising
        ((100, 101, 102.01, 99.9698), [False, False, False, True]),
        # a move that equals the multiple does not exceed it
        ((8, 9, 10.125, 11.8125, 11.8125), [False, False, False, False, False]),
        # the move itself joins the mean afterwards
        ((100, 101, 102.01, 104.0502, 106.131204), [False, False, False, True, False]),
        # a price of 0 starts no move
        ((100, 101, 0, 100, 101, 102.01), [False, False, False, False, False, False]),
    ],
)
def test_it_is_active_after_a_move_that_stands_out(closes, active):
    assert regimes(VolatilityRegime("X", window=2, multiple=1.5), *closes) == active


def test_it_is_inactive_until_the_window_is_full():
    assert regimes(VolatilityRegime("X", window=3, multiple=0), 1, 2, 3, 4, 5, 6) == [False] * 4 + [True] * 2


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"window": 0}, "window is 0; it must be at least 1"),
        ({"multiple": -1.0}, "multiple is -1.0; it must be finite and at least 0"),
        ({"multiple": float("nan")}, "multiple is nan; it must be finite and at least 0"),
    ],
)
def test_a_setting_out_of_range_is_refused(settings, sentence):
    with pytest.raises(ValueError, match=f"^{sentence}$"):
        VolatilityRegime("X", **settings)


def test_it_takes_its_risk_from_the_runner():
    strategy = VolatilityRegime("X", window=1, multiple=0)
    runner = PortfolioRunner({X: strategy}, EqualSplitRiskPolicy(portfolio_risk_budget=12.0), 5.0)
    taken = []

    async def feed():
        for close in (1.0, 2.0, 4.0, 8.0):
            await runner.on_candle_close(CandleCloseEvent(X, "DAY", Candle("0", close, close, close, close)))
            taken.append(strategy.risk_per_trade)

    trio.run(feed)
    assert taken == [5.0, 5.0, 5.0, 12.0]
