"""Backtest five real shares on one budget, and write a report of it: one HTML file.

Each share has a trend follower with a desk of its own. Orders fill at the next open, with spread, slippage and
commission; splits are adjusted for. Five companies that are well known today were picked with hindsight, so nothing
can be learnt here about what a trend follower earns.

Run it with: python report_shares.py [FILE]
"""

import sys
import tempfile
from pathlib import Path

import trio

from tradedesk.backtest import BacktestResult, run_backtest
from tradedesk.execution import Commission, PaperBroker, Slippage, Terms
from tradedesk.marketdata import merge
from tradedesk.metrics import measure_run, rows
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.report import PriceLog, write_report
from tradedesk.sampledata import names, read
from tradedesk.strategies import TrendFollower

TERMS = Terms(lot_step=1.0, spread=0.02, slippage=Slippage(bps=1.0), commission=Commission(per_unit=0.005, minimum=1.0))
SHARES = [Instrument(name) for name in names()]


async def backtest(broker: PaperBroker, prices: PriceLog) -> BacktestResult:
    runner = PortfolioRunner(
        strategies={name: TrendFollower(name, broker.desk(name)) for name in SHARES},
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=2_000.0),
        default_risk_per_trade=200.0,
        dispatch="direct",
    )
    source = merge(*(read(name, adjusted=True) for name in SHARES))
    async with runner:
        return await run_backtest(runner, broker, prices.watch(source), warm_up=150)


def main() -> None:
    broker, prices = PaperBroker(dict.fromkeys(SHARES, TERMS), cash=100_000.0), PriceLog()
    result = trio.run(backtest, broker, prices)
    file = Path(sys.argv[1] if len(sys.argv) > 1 else f"{tempfile.gettempdir()}/tradedesk-report.html")
    write_report(result, file, title="Five shares, one budget", rules=broker.rules, prices=prices)
    for row in rows(measure_run(result), currency="USD"):
        print(f"{row.label:20}{row.text:>28}")
    print(f"\nRun hash {result.run_hash}")
    print(f"The report is {file.name}; open it in a browser.")


if __name__ == "__main__":
    main()
