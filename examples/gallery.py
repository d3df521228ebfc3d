"""The reports of the gallery in the documentation: a whole run, one with a sleeve that fails, one that a failure ends.

Run it with: python gallery.py [FOLDER]
"""

import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import trio

from tradedesk.backtest import Backtest
from tradedesk.execution import Commission, PaperBroker, Slippage, Terms
from tradedesk.marketdata import merge
from tradedesk.portfolio import (
    CandleCloseEvent,
    EqualSplitRiskPolicy,
    FailureRule,
    Instrument,
    PortfolioRunner,
    Quarantine,
)
from tradedesk.report import PriceLog, write_report
from tradedesk.sampledata import names, read
from tradedesk.strategies import OrderDesk, TrendFollower

TERMS = Terms(lot_step=1.0, spread=0.02, slippage=Slippage(bps=1.0), commission=Commission(per_unit=0.005, minimum=1.0))
SHARES = [Instrument(name) for name in names()]
RUNS: tuple[tuple[str, str, float, FailureRule], ...] = (
    ("whole", "Five shares, one budget", 10_000.0, "raise"),
    ("quarantined", "A sleeve that fails, and the others go on", 600.0, Quarantine(positions="flatten")),
    ("ended", "A failure that ends the run", 600.0, "raise"),
)


class Fragile(TrendFollower):
    """A trend follower that does not bear a close above its limit."""

    def __init__(self, instrument: str, desk: OrderDesk, *, limit: float) -> None:
        super().__init__(instrument, desk)
        self._limit = limit

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        if event.candle.close > self._limit:
            raise OverflowError(f"{event.candle.close} is more than the table of {self.instrument} holds")
        await super().on_candle_close(event)


def report(file: Path, title: str, *, limit: float, on_failure: FailureRule = "raise") -> str:
    """Run the five shares, write the report of what was done, and give the run's hash."""
    broker, prices = PaperBroker(dict.fromkeys(SHARES, TERMS), cash=100_000.0), PriceLog()
    runner = PortfolioRunner(
        {name: Fragile(name, broker.desk(name), limit=limit) for name in SHARES},
        EqualSplitRiskPolicy(portfolio_risk_budget=2_000.0),
        default_risk_per_trade=200.0,
        dispatch="direct",
        on_failure=on_failure,
    )
    backtest = Backtest(runner, broker, warm_up=150)

    async def run() -> None:
        async with runner:
            await backtest.run(prices.watch(merge(*(read(name, adjusted=True) for name in SHARES))))

    with suppress(OverflowError):  # the report tells of it
        trio.run(run)
    result = backtest.result()
    sources = dict.fromkeys(names(), "sample data, splits adjusted")
    write_report(result, file, title=title, rules=broker.rules, prices=prices, sources=sources)
    return result.run_hash


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp())
    folder.mkdir(exist_ok=True)
    for name, title, limit, rule in RUNS:
        print(f"{name}.html  {report(folder / f'{name}.html', title, limit=limit, on_failure=rule)[:16]}")


if __name__ == "__main__":
    main()
