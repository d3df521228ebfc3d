"""Keep what a backtest had done when a strategy crashed half-way: `Backtest` instead of `run_backtest`.

Run it with: python crashing.py
"""

import trio

from tradedesk.backtest import Backtest
from tradedesk.execution import Desk, PaperBroker
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.sampledata import read

IBM = Instrument("IBM")


class Fragile:
    """Buys ten shares, and meets a price that it cannot stand."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def set_risk_per_trade(self, value: float) -> None: ...

    def is_regime_active(self) -> bool:
        return True

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        if not self._desk.size:
            self._desk.buy(10)
        if event.candle.close > 115:
            raise ValueError(f"who would pay {event.candle.close:g}?")


async def main() -> None:
    broker = PaperBroker([IBM], cash=10_000.0)
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=100.0)
    runner = PortfolioRunner({IBM: Fragile(broker.desk(IBM))}, policy, default_risk_per_trade=10.0)
    backtest = Backtest(runner, broker)
    async with runner:
        try:
            await backtest.run(read("IBM"))
        except ValueError as error:
            print(f"{error}\n  {error.__notes__[0]}")
    result = backtest.result()
    print(result)
    book = result.sleeves[IBM]
    print(f"{result.faults[0].sleeve} failed; {book.size:g} held, {book.profit:+,.2f} so far")


if __name__ == "__main__":
    trio.run(main)
