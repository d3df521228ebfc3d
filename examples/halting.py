"""A portfolio that halts at a drawdown of its account, and goes on when somebody has looked at it.

Run it with: python halting.py
"""

from collections.abc import Sequence

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import (
    CandleCloseEvent,
    DrawdownHalt,
    EqualSplitRiskPolicy,
    Facts,
    Instrument,
    PortfolioRunner,
    Routed,
)

EURUSD, GBPUSD = Instrument("EURUSD"), Instrument("GBPUSD")
EQUITIES = iter([100_000.0, 101_000.0, 84_000.0, 80_800.0, 80_000.0, 80_500.0])


class Trend:
    """Wants risk when told so; a strategy of yours would close positions while its risk is 0."""

    def __init__(self, *, active: bool) -> None:
        self.active = active
        self.risk = 0.0
        self.handled_with: list[float] = []

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.handled_with.append(self.risk)


def candle(instrument: Instrument, hour: int) -> CandleCloseEvent:
    time = f"2024-03-01T{hour:02}:00Z"
    return CandleCloseEvent(instrument, "HOUR", Candle(time, open=1.0, high=1.0, low=1.0, close=1.0))


def account(close_time: int | None, _: Sequence[Routed]) -> Facts:
    """Ask your broker here; this one has a bad day."""
    return Facts(close_time, equity=next(EQUITIES))


async def main() -> None:
    strategies = {EURUSD: Trend(active=True), GBPUSD: Trend(active=False)}
    runner = PortfolioRunner(
        strategies, EqualSplitRiskPolicy(12.0), 1.0, facts=account, halt_rules=[DrawdownHalt(limit=0.2)]
    )
    async with runner:
        for number in range(6):
            if number == 5:
                await runner.release()
            await runner.on_slice([candle(name, number) for name in strategies])
            print(f"slice {number + 1}: risk", {str(name): one.handled_with[-1] for name, one in strategies.items()})
            if refusal := runner.order_refusal(EURUSD):
                print(f"  no new risk: {refusal}")


if __name__ == "__main__":
    trio.run(main)
