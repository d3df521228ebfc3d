"""A policy of your own, with the tests that it needs: nobody active, one, many, and a law for all amounts.

A policy is any object with `allocate`. It gets the active sleeves in declared order and gives each an amount. With an
attribute `portfolio_risk_budget` the runner holds it to that budget as well.

Run it with: python -m pytest -q test_own_policy.py
"""

from collections.abc import Mapping
from math import fsum

import attrs
import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.marketdata import Candle
from tradedesk.portfolio import AllocationError, CandleCloseEvent, Instrument, PortfolioRunner

NAMES = [Instrument("EURUSD"), Instrument("GBPUSD"), Instrument("USDJPY")]


@attrs.frozen
class InverseVolatility:
    """A calm instrument gets more than a wild one: shares in proportion to 1 / volatility."""

    portfolio_risk_budget: float
    volatility: Mapping[Instrument, float]

    def allocate(self, active_instruments: list[Instrument]) -> dict[Instrument, float]:
        weight = {name: 1.0 / self.volatility[name] for name in active_instruments}
        total = sum(weight.values())
        return {name: self.portfolio_risk_budget * share / total for name, share in weight.items()}


# The tests of the policy alone: it is a plain object.

POLICY = InverseVolatility(90.0, {NAMES[0]: 0.1, NAMES[1]: 0.2, NAMES[2]: 0.4})


def test_nobody_active_gets_nothing() -> None:
    assert POLICY.allocate([]) == {}


def test_the_only_active_one_gets_the_whole_budget() -> None:
    assert POLICY.allocate([NAMES[2]]) == {NAMES[2]: 90.0}


def test_the_calm_one_gets_twice_the_share_of_one_that_moves_twice_as_much() -> None:
    shares = POLICY.allocate(NAMES[:2])
    assert shares[NAMES[0]] == pytest.approx(2 * shares[NAMES[1]])


@given(st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=3), st.floats(0.0, 1e9))
def test_the_budget_is_spent_and_not_exceeded(volatilities: list[float], budget: float) -> None:
    policy = InverseVolatility(budget, dict(zip(NAMES, volatilities, strict=True)))
    assert fsum(policy.allocate(NAMES).values()) == pytest.approx(budget, rel=1e-9)


# One test with the runner: what happens to the volatility that somebody forgot.


class AlwaysActive:
    """Takes whatever it is given."""

    risk = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return True

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        pass


def test_a_missing_volatility_stops_the_slice_before_anything_is_sent() -> None:
    strategies = {name: AlwaysActive() for name in NAMES}
    runner = PortfolioRunner(strategies, InverseVolatility(90.0, {NAMES[0]: 0.1}), default_risk_per_trade=5.0)
    candle = Candle("2024-03-01T09:00Z", open=1.0, high=1.0, low=1.0, close=1.0)
    with pytest.raises(AllocationError, match="GBPUSD"):
        trio.run(runner.on_candle_close, CandleCloseEvent(NAMES[0], "15MINUTE", candle))
    assert [strategy.risk for strategy in strategies.values()] == [0.0, 0.0, 0.0]
