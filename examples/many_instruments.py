"""Fifty instruments at once over merged history: one actor each, one budget for all.

`merge` reads fifty sources side by side and cuts them into slices: all candles that close at one instant. Sources may
have gaps and start late; here every seventh instrument starts 50 hours after the others. The trace is
added up while it passes, so memory does not grow with the history.

The prices are synthetic and the same in every run: a random walk from a seeded generator.

Run it with: python many_instruments.py
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import trio

from tradedesk.marketdata import Candle, Slice, merge, parse_timestamp, period_close
from tradedesk.portfolio import (
    Allocated,
    CandleCloseEvent,
    EqualSplitRiskPolicy,
    Handled,
    Instrument,
    PortfolioRunner,
    RiskSent,
    TraceRecord,
)

START = datetime(2024, 3, 1, tzinfo=UTC)
HOURS = 200
INSTRUMENTS = [Instrument(f"SYN{number:02}") for number in range(50)]


def history(instrument: Instrument, late: int) -> Iterator[Slice]:
    """Walk a price at random, an hour at a time; the seed is the instrument's name."""
    uniform = Random(instrument).random  # noqa: S311 - prices, not secrets
    price = 50 + 100 * uniform()
    for hour in range(late, HOURS):
        open_, close = price, price * (1 + 0.02 * (uniform() - 0.5))
        high, low = max(open_, close) * (1 + 0.003 * uniform()), min(open_, close) * (1 - 0.003 * uniform())
        stamp = (START + timedelta(hours=hour)).isoformat()
        event = CandleCloseEvent(instrument, "HOUR", Candle(stamp, open_, high, low, close))
        yield Slice(period_close("HOUR", parse_timestamp(stamp)), (event,))
        price = close


class Breakout:
    """Active after a close above the highest close of the 20 candles before it."""

    def __init__(self) -> None:
        self._closes: list[float] = []
        self._active = False

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self._active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        close = event.candle.close
        self._active = len(self._closes) == 20 and close > max(self._closes)
        self._closes = [*self._closes[-19:], close]


class Totals:
    """Adds the trace up."""

    def __init__(self) -> None:
        self.handled = 0
        self.most_active = 0
        self.grants = 0
        self.largest_share = 0.0
        self.smallest_share = float("inf")

    def __call__(self, record: TraceRecord) -> None:
        match record:
            case Handled():
                self.handled += 1
            case Allocated(allocation=allocation):
                self.most_active = max(self.most_active, len(allocation))
            case RiskSent(amount=amount, granted=True):
                self.grants += 1
                self.largest_share = max(self.largest_share, amount)
                self.smallest_share = min(self.smallest_share, amount)


async def main() -> None:
    totals = Totals()
    runner = PortfolioRunner(
        strategies={instrument: Breakout() for instrument in INSTRUMENTS},
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=1_000.0),
        default_risk_per_trade=0.0,
        trace=totals,
    )
    sources = [history(name, late=50 if number % 7 == 0 else 0) for number, name in enumerate(INSTRUMENTS)]
    async with runner:
        await runner.run(merge(*sources))
    print(f"slices                  {runner.statistics().slices:6,}")
    print(f"candles handled         {totals.handled:6,}")
    print(f"most active at once     {totals.most_active:6,}")
    print(f"risk updates, granted   {totals.grants:6,}")
    print(f"largest share           {totals.largest_share:9.2f}")
    print(f"smallest share          {totals.smallest_share:9.2f}")
    print(f"held at the end         {sum(runner.statistics().held.values()):9.2f}")


if __name__ == "__main__":
    trio.run(main)
