"""Judge a portfolio over history: a warm-up, costs, what came of it, how well the data covered it, and one hash.

Five shares, each bought while its fast average is above its slow one, for as much as its risk per trade allows. The
first 60 days warm the averages up; the broker takes no orders in them, and the curves begin behind them.

Run it with: python judging.py
"""

import trio

from tradedesk.backtest import BacktestResult, run_backtest
from tradedesk.execution import Commission, Desk, PaperBroker, Slippage, Terms
from tradedesk.indicators import ATR, SMA
from tradedesk.marketdata import merge
from tradedesk.metrics import EquityCurve, closed_trades, measure, rows
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.sampledata import names, read

TERMS = Terms(
    lot_step=1.0,
    margin=0.25,
    spread=0.02,
    slippage=Slippage(bps=1.0),
    commission=Commission(per_unit=0.005, minimum=1.0),
    volume_share=0.01,  # of each day's volume; what is more fills on the days behind
)


class Trend:
    """Long while the fast average is above the slow one."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._fast, self._slow, self._range = SMA(20), SMA(60), ATR(20)
        self._rises = False
        self._risk = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self._risk = value

    def is_regime_active(self) -> bool:
        return self._rises

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        candle = event.candle
        fast, slow, moves = self._fast.update(candle.close), self._slow.update(candle.close), self._range.update(candle)
        if fast is None or slow is None or moves is None:
            return
        self._rises = fast > slow
        if self._rises and not self._desk.size:
            size = round(self._risk / (3 * moves))
            if size:
                self._desk.buy(size)
        elif not self._rises and self._desk.size:
            self._desk.close()


def show(result: BacktestResult) -> None:
    curve = EquityCurve(start=result.start, close_times=result.close_times, equity=result.equity)
    figures = measure(curve, trades=closed_trades(result.round_trips), positions=result.exposure, traded=result.traded)
    wanted = ("Total return", "Annual return", "Volatility", "Sharpe", "Max drawdown", "Turnover", "Trades", "Win rate")
    for row in rows(figures, currency=result.account.currency):
        if row.label in wanted:
            print(f"{row.label:<14}{row.text:>12}")
    print("\nsleeve   profit  commission  mean risk  active")
    for sleeve, book in result.sleeves.items():
        held, active = result.allocation_of(sleeve), result.active_of(sleeve)
        mean, share = sum(held) / len(held), sum(active) / len(active)
        print(f"{sleeve:<5}{book.profit:>10,.2f}{book.commission:>12,.2f}{mean:>11.1f}{share:>8.0%}")
    print("\ndata    candles  missing  late")
    for one in result.coverage:
        print(f"{one.instrument:<8}{one.bars:>7}{one.missing:>9}{one.late:>6}")
    print(
        f"\n{result.warm_up.slices} days of warm-up, {len(result.refused)} orders refused, {len(result.faults)} faults"
    )
    print(f"mean use of the budget {sum(result.utilisation()) / len(result.close_times):.0%}")
    print(f"run {result.run_hash[:16]}")


async def main() -> None:
    broker = PaperBroker({Instrument(name): TERMS for name in names()}, cash=100_000.0)
    strategies = {Instrument(name): Trend(broker.desk(Instrument(name))) for name in names()}
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=2_000.0)
    async with PortfolioRunner(strategies, policy, default_risk_per_trade=0.0) as runner:
        show(await run_backtest(runner, broker, merge(*map(read, names())), warm_up=60))


if __name__ == "__main__":
    trio.run(main)
