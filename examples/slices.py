"""Why slices: three strategies turn active on one close, first candle by candle, then as one slice.

Each strategy enters once, with the first share of the budget that it is given after it turned active. Candle by candle
the shares are made for one, two and three active strategies: 12, then 6, then 4, together 22 of a budget of 12. In a
slice there is one allocation for all three.

Run it with: python slices.py
"""

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner

NAMES = [Instrument("EURUSD"), Instrument("GBPUSD"), Instrument("USDJPY")]
BUDGET = 12.0


class EntersOnce:
    """Active from its first candle on; enters with the first risk that comes after it."""

    def __init__(self) -> None:
        self.entry: float | None = None
        self._active = False

    def set_risk_per_trade(self, value: float) -> None:
        if self._active and self.entry is None:
            self.entry = value

    def is_regime_active(self) -> bool:
        return self._active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self._active = True


def candles(clock: str) -> list[CandleCloseEvent]:
    """Make one candle for each instrument, all closing at one instant."""
    candle = Candle(timestamp=f"2024-03-01T{clock}Z", open=1.0, high=1.0, low=1.0, close=1.0)
    return [CandleCloseEvent(name, "15MINUTE", candle) for name in NAMES]


async def show(title: str, *, as_slices: bool) -> None:
    strategies = {name: EntersOnce() for name in NAMES}
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(BUDGET), default_risk_per_trade=0.0)
    async with runner:
        for clock in ("09:00", "09:15"):
            if as_slices:
                await runner.on_slice(candles(clock))
            else:
                for event in candles(clock):
                    await runner.on_candle_close(event)
    entries = [strategy.entry or 0.0 for strategy in strategies.values()]
    print(f"{title}: {' + '.join(f'{entry:g}' for entry in entries)} = {sum(entries):g} of a budget of {BUDGET:g}")


async def main() -> None:
    await show("candle by candle", as_slices=False)
    await show("as one slice", as_slices=True)


if __name__ == "__main__":
    trio.run(main)
