"""How to test a strategy: alone, in a portfolio through the trace, and under every order of things.

Run it with: python -m pytest -q test_own_strategy.py
"""

import pytest
import trio

from actors.testing import ControlledScheduler, run
from tradedesk.marketdata import Candle
from tradedesk.portfolio import (
    CandleCloseEvent,
    EqualSplitRiskPolicy,
    Handled,
    Instrument,
    PortfolioRunner,
    RiskSent,
    TraceRecord,
)

EURUSD = Instrument("EURUSD")
GBPUSD = Instrument("GBPUSD")


class ThreeInARow:
    """Active after three closes in a row, each above the one before."""

    def __init__(self) -> None:
        self.risk = 0.0
        self._closes: list[float] = []

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return len(self._closes) == 3 and self._closes == sorted(set(self._closes))

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        await trio.sleep(1)  # somebody slow is asked; in a test a second costs nothing
        self._closes = [*self._closes[-2:], event.candle.close]


def closed(instrument: Instrument, close: float) -> CandleCloseEvent:
    candle = Candle("2024-03-01T09:00Z", open=close, high=close, low=close, close=close)
    return CandleCloseEvent(instrument, "15MINUTE", candle)


# Alone: a strategy is a plain object, and its clear condition gets a clear test.


@pytest.mark.parametrize(
    ("closes", "active"),
    [((1.0, 2.0), False), ((1.0, 2.0, 3.0), True), ((1.0, 2.0, 2.0), False), ((3.0, 1.0, 2.0, 3.0), True)],
)
def test_three_rising_closes_make_the_regime(closes: tuple[float, ...], active: bool) -> None:  # noqa: FBT001
    strategy = ThreeInARow()

    async def feed() -> None:
        for close in closes:
            await strategy.on_candle_close(closed(EURUSD, close))

    run(feed)
    assert strategy.is_regime_active() is active


# In a portfolio: the trace says what happened, in which order.

SLICES = [[closed(EURUSD, 1.0 + n), closed(GBPUSD, 5.0 - n)] for n in range(4)]


def play(scheduler: ControlledScheduler | None = None) -> list[TraceRecord]:
    """Run the slices in virtual time; return what happened."""
    return run(trade, scheduler)


async def trade(scheduler: ControlledScheduler | None) -> list[TraceRecord]:
    records: list[TraceRecord] = []
    runner = PortfolioRunner(
        strategies={EURUSD: ThreeInARow(), GBPUSD: ThreeInARow()},
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=100.0),
        default_risk_per_trade=10.0,
        trace=records.append,
        scheduler=scheduler,
    )
    async with runner:
        for events in SLICES:
            await runner.on_slice(events)
    return records


def test_the_budget_arrives_before_the_candle_after_the_third_rise() -> None:
    records = play()
    grant = next(record for record in records if isinstance(record, RiskSent) and record.granted)
    candle = next(record for record in records if isinstance(record, Handled) and record.slice_number == 4)
    assert (grant.sleeve, grant.amount, grant.slice_number) == (EURUSD, 100.0, 4)
    assert grant.sequence < candle.sequence


# Under every order of things: a seed decides who runs next, and the result must not depend on it.


@pytest.mark.parametrize("seed", range(20))
def test_no_order_of_the_actors_changes_the_trace(seed: int) -> None:
    assert play(ControlledScheduler.seeded(seed)) == play()
