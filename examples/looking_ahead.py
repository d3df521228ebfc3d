"""A strategy that looks ahead, found: its history is cut short, and its decisions change.

The mean around a close is smooth, follows the price without a lag, and cannot be known before the closes behind it
are there. Computed once over the whole history, nobody notices; in a backtest it earns a fortune.

Run it with: python looking_ahead.py
"""

from collections.abc import Sequence
from functools import partial

import trio

from tradedesk.execution import Desk, PaperBroker
from tradedesk.marketdata import Slice
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.research import Trial, lookahead_check
from tradedesk.sampledata import read

NAME = Instrument("IBM")
REACH = 5


class Smooth:
    """Long while a mean of closes rises, which was computed before the run."""

    def __init__(self, desk: Desk, means: Sequence[float]) -> None:
        self.desk, self.means, self.candles = desk, means, 0

    def set_risk_per_trade(self, value: float) -> None: ...

    def is_regime_active(self) -> bool:
        return self.candles > 1 and self.means[self.candles - 1] > self.means[self.candles - 2]

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.candles += 1
        if self.is_regime_active() and not self.desk.size:
            self.desk.buy(100)
        elif not self.is_regime_active():
            self.desk.close()


def build(history: Sequence[Slice], *, ahead: int) -> Trial:
    closes = [slice_.events[0].candle.close for slice_ in history]
    windows = (closes[max(0, at - REACH) : at + ahead + 1] for at in range(len(closes)))
    means = [sum(window) / len(window) for window in windows]
    broker = PaperBroker([NAME], cash=100_000.0)
    runner = PortfolioRunner(
        {NAME: Smooth(broker.desk(NAME), means)}, EqualSplitRiskPolicy(1.0), 0.0, dispatch="direct"
    )
    return Trial(runner, broker, history)


async def main() -> None:
    history = list(read("IBM"))[:500]
    for ahead in (REACH, 0):
        report = await lookahead_check(partial(build, ahead=ahead), history, cuts=10)
        print(
            f"a mean that reaches {ahead} closes ahead: {len(report.found)} of {len(report.cuts)} cuts change something"
        )
        for found in report.found[:1]:
            print(found)


if __name__ == "__main__":
    trio.run(main)
