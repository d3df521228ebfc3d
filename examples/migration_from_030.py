"""A strategy of tradedesk 0.3.0, as it was written, under this runner: candle by candle, then in slices.

Candle by candle the risk under which each candle is handled is that of 0.3.0. In slices there is one allocation for
each close, so it does not matter which instrument comes first.

Run it with: python migration_from_030.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner

# As it was written for 0.3.0 ------------------------------------------------------------------------------------------


class Breakout:
    """Active while the close is the highest of the last few."""

    def __init__(self, instrument: str, window: int) -> None:
        self.instrument = Instrument(instrument)
        self.window = window
        self.closes: list[float] = []
        self.risks: list[float] = []
        self._risk_per_trade = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self._risk_per_trade = value

    def is_regime_active(self) -> bool:
        return len(self.closes) > 1 and self.closes[-1] > max(self.closes[:-1])

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.closes = [*self.closes[1 - self.window :], event.candle.close]
        self.risks.append(self._risk_per_trade)


def new_runner() -> PortfolioRunner:
    return PortfolioRunner(
        strategies={
            Instrument("EURUSD"): Breakout("EURUSD", window=3),
            Instrument("GBPUSD"): Breakout("GBPUSD", window=3),
        },
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=100.0),
        default_risk_per_trade=10.0,
    )


# What calls it --------------------------------------------------------------------------------------------------------


def closed(name: str, minute: int, close: float) -> CandleCloseEvent:
    candle = Candle(f"2024-03-01T09:{minute:02}Z", open=close, high=close, low=close, close=close)
    return CandleCloseEvent(instrument=Instrument(name), period="15MINUTE", candle=candle)


Closes = list[list[CandleCloseEvent]]

PRICES = [(0, 1.100, 1.270), (15, 1.102, 1.272), (30, 1.104, 1.271), (45, 1.103, 1.275)]
CLOSES: Closes = [[closed("EURUSD", minute, euro), closed("GBPUSD", minute, pound)] for minute, euro, pound in PRICES]


async def candle_by_candle(runner: PortfolioRunner, closes: Closes) -> None:
    for events in closes:
        for event in events:
            await runner.on_candle_close(event)


async def in_slices(runner: PortfolioRunner, closes: Closes) -> None:
    async with runner:
        for events in closes:
            await runner.on_slice(events)


async def main() -> None:
    for way in (candle_by_candle, in_slices):
        for order, closes in (("euro first", CLOSES), ("pound first", [events[::-1] for events in CLOSES])):
            runner = new_runner()
            await way(runner, closes)
            print(f"{way.__name__.replace('_', ' ')}, {order}")
            for name, strategy in runner.strategies.items():
                if isinstance(strategy, Breakout):
                    print(f"    {name} handled its candles under", *strategy.risks)


if __name__ == "__main__":
    trio.run(main)
