"""A strategy and a policy with their proofs, as tests.

The tutorial "Prove your strategy in ten minutes" tells how they came to be.

Run it with: python -m pytest -q test_proving.py
"""

from collections import deque
from math import floor
from typing import Any

import attrs
import trio
from hypothesis import given

from tradedesk.marketdata import Candle, CandleCloseEvent, Slice
from tradedesk.portfolio import Instrument, PortfolioRunner
from tradedesk.testing import Asked, Lived, check_policy, check_strategy, law, policies, streams

NAMES = [Instrument("EURUSD"), Instrument("GBPUSD")]


class Stochastic:
    """Active after a candle that closes in the upper fifth of the range of the last three."""

    def __init__(self) -> None:
        self.risk = 0.0
        self.active = False
        self.last: deque[Candle] = deque(maxlen=3)

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.last.append(event.candle)
        low, high = min(bar.low for bar in self.last), max(bar.high for bar in self.last)
        self.active = high > low and (event.candle.close - low) / (high - low) > 0.8


def test_the_strategy_keeps_the_contract() -> None:
    check_strategy(Stochastic, warm_up=3, restart=True, examples=30)


@law
def is_no_falling_knife(lived: Lived) -> None:
    """Is inactive after a close at the lowest price of three candles."""
    bars = [event.candle for event in lived.candles]
    for number, step in enumerate(lived.alone.steps):
        lowest = min(bar.low for bar in bars[max(0, number - 2) : number + 1])
        assert bars[number].close > lowest or not step.after, f"it was active after candle {number + 1}"


def test_the_strategy_keeps_a_law_of_its_own() -> None:
    check_strategy(Stochastic, extra=[is_no_falling_knife], examples=30)


@attrs.frozen
class Cents:
    """Equal parts, rounded down to whole cents."""

    portfolio_risk_budget: float

    def allocate(self, active_instruments: list[Instrument]) -> dict[Instrument, float]:
        if not active_instruments:
            return {}
        cents = floor(100 * self.portfolio_risk_budget / len(active_instruments))
        return dict.fromkeys(active_instruments, cents / 100)


@law
def wastes_little(asked: Asked) -> str | None:
    """Leaves less than a cent for each sleeve unused."""
    active = asked.case.active
    if asked.budget is None or not active:
        return None
    left = asked.budget - sum(asked.amounts.values())
    return f"{left} is left of {asked.budget}" if left >= 0.01 * len(active) + 1e-9 else None


def test_the_policy_keeps_the_laws() -> None:
    check_policy(Cents(100.0), extra=["monotone", wastes_little])


# Both in a portfolio, with whatever stream and whatever other policy.


@given(stream=streams(NAMES, max_size=10), policy=policies(NAMES))
def test_together_they_are_never_told_more_than_the_budget(stream: list[Slice], policy: Any) -> None:
    strategies = {name: Stochastic() for name in NAMES}

    async def run() -> None:
        runner = PortfolioRunner(strategies, policy, default_risk_per_trade=0.0)
        for slice_ in stream:
            await runner.on_slice(slice_.events)
            told = sum(strategy.risk for strategy in strategies.values())
            assert told <= policy.portfolio_risk_budget * (1 + 1e-9)

    trio.run(run)
