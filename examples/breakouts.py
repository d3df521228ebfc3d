"""Trade breakouts of five shares on one budget, with a paper broker: orders, fills, costs, and a book for each sleeve.

A strategy gives its orders at a desk of its own. When its share closes above the highest close of the last 55, it buys
what loses its risk per trade at a stop three average true ranges below, and takes the profit six above. A share that
is held is a regime. Market orders fill at the next open; the broker takes spread, slippage and commission.

The candles are not adjusted for splits: where AAPL's price halves overnight, a stop would fill at the open, far below.

Run it with: python breakouts.py
"""

from collections import deque

import trio

from tradedesk.backtest import run_backtest
from tradedesk.execution import Commission, Desk, Fill, HearsFills, PaperBroker, Slippage, Terms
from tradedesk.indicators import ATR
from tradedesk.marketdata import merge
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.risk import atr_normalised_size
from tradedesk.sampledata import names, read

TERMS = Terms(
    lot_step=1.0,
    margin=0.25,
    spread=0.02,
    slippage=Slippage(bps=1.0),
    commission=Commission(per_unit=0.005, minimum=1.0),
)


class Breakout:
    """Long above the highest close of so many candles, until its bracket closes it."""

    def __init__(self, desk: Desk, *, window: int = 55) -> None:
        self.desk = desk
        self.entries = 0
        self._closes: deque[float] = deque(maxlen=window)
        self._range = ATR(14)
        self._risk = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self._risk = value

    def is_regime_active(self) -> bool:
        return self.desk.size != 0

    def on_fill(self, fill: Fill) -> None:
        self.entries += fill.opened > 0

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        close, atr = event.candle.close, self._range.update(event.candle)
        highest = max(self._closes, default=close)
        ready = len(self._closes) == self._closes.maxlen
        self._closes.append(close)
        if ready and atr and close > highest and not self.desk.size:
            size = atr_normalised_size(risk_per_trade=self._risk, atr=atr, atr_risk_mult=3.0, lot_step=1.0)
            if size:
                self.desk.buy(size, stop_loss=close - 3 * atr, take_profit=close + 6 * atr)


async def main() -> None:
    broker = PaperBroker({Instrument(name): TERMS for name in names()}, cash=100_000.0)
    players = {Instrument(name): Breakout(broker.desk(Instrument(name))) for name in names()}
    strategies = {name: HearsFills(player, player.desk) for name, player in players.items()}
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=1_000.0)
    async with PortfolioRunner(strategies, policy, default_risk_per_trade=500.0) as runner:
        result = await run_backtest(runner, broker, merge(*map(read, names())))
    print("share  entries  won   realised  unrealised  commission     profit")
    for name, player in players.items():
        book = result.sleeves[name]
        won = sum(trip.realised > 0 for trip in result.round_trips if trip.sleeve == name)
        amounts = f"{book.realised:>11,.2f}{book.unrealised:>12,.2f}{book.commission:>12,.2f}{book.profit:>11,.2f}"
        print(f"{name:<6}{player.entries:>8}{won:>5}{amounts}")
    account = result.account
    print(f"equity {account.equity:,.2f} from {account.cash:,.2f}, at worst {min(result.equity):,.2f}")
    print(f"{len(result.fills)} fills, {result.rejected} orders rejected")


if __name__ == "__main__":
    trio.run(main)
