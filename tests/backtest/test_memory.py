"""What a run keeps: the curves, and what happened; not the candles."""

import tracemalloc

import trio

from tests.execution.parts import MINUTE, event, flat
from tradedesk.backtest import run_backtest
from tradedesk.execution import PaperBroker
from tradedesk.marketdata import Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner

NAMES = [f"I{place}" for place in range(10)]
CURVES = 4 + len(NAMES)
"""Close time, equity, exposure and what was traded, and the profit of each sleeve: 8 bytes each."""


class Watcher:
    """Gives no orders."""

    def __init__(self, desk):
        self.desk = desk

    def set_risk_per_trade(self, value):
        pass

    def is_regime_active(self):
        return True

    async def on_candle_close(self, candle):
        pass


def kept(slices):
    """How many bytes a run still holds when its source has ended, the result included."""
    broker = PaperBroker(NAMES, cash=1_000.0)
    runner = PortfolioRunner(
        {name: Watcher(broker.desk(name)) for name in NAMES},
        EqualSplitRiskPolicy(1.0),
        default_risk_per_trade=1.0,
        dispatch="direct",
        poll_regimes=False,
    )
    source = (
        Slice(number * MINUTE, tuple(event(name, flat(100.0)) for name in NAMES)) for number in range(1, slices + 1)
    )
    tracemalloc.start()
    result = trio.run(run_backtest, runner, broker, source)
    bytes_kept = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert len(result.close_times) == slices
    return bytes_kept


def test_a_longer_run_keeps_longer_curves_and_nothing_else():
    short, long = kept(200), kept(2_200)
    # Arrays that grow have room to spare, an eighth at most; four of the curves are kept twice, in the result.
    assert (long - short) / 2_000 < 8 * (CURVES + 4) * 9 / 8 + 1
