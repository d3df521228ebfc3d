"""Five real shares on one budget, and a report of it: one HTML file.

On each day for which a sleeve has a grant it buys at the open and sells at the close: 1,000 dollars for each unit of
risk. There are no costs: this shows how a report is made, not how to earn money.

Run it with: python report_shares.py [FILE]
"""

import sys
import tempfile
from pathlib import Path

import trio

from tradedesk.marketdata import Candle, merge
from tradedesk.metrics import ClosedTrade, EquityCurve, Metrics, measure, rows, sleeve_curve
from tradedesk.portfolio import (
    EqualSplitRiskPolicy,
    Handled,
    Instrument,
    PortfolioRunner,
    RiskSent,
    RiskTurned,
    TraceRecord,
)
from tradedesk.report import DataRange, PriceData, ReportData, SleeveData, write
from tradedesk.sampledata import PERIOD, names, read
from tradedesk.strategies import VolatilityRegime

START = 100_000.0
BUDGET = 100.0
DOLLARS_PER_UNIT_OF_RISK = 1_000.0
DAY = 86_400 * 1_000_000_000


class Sleeve:
    """What one sleeve did, as the trace told it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.grant = 0.0
        self.is_active = False
        self.earned = 0.0
        self.trades: list[ClosedTrade] = []
        self.times: list[int] = []
        self.closes: list[float] = []
        self.profit: list[float] = []
        self.allocation: list[float] = []
        self.active: list[bool] = []

    def candle(self, close_time: int, candle: Candle) -> None:
        self.times.append(close_time)
        self.closes.append(candle.close)
        if self.grant:
            quantity = self.grant * DOLLARS_PER_UNIT_OF_RISK / candle.open
            pnl = quantity * (candle.close - candle.open)
            self.earned += pnl
            self.trades.append(
                ClosedTrade(
                    sleeve=self.name,
                    instrument=self.name,
                    entry_time=close_time - DAY,
                    exit_time=close_time,
                    quantity=quantity,
                    entry_price=candle.open,
                    exit_price=candle.close,
                    pnl=pnl,
                    mfe=quantity * (candle.high - candle.open),
                    mae=quantity * (candle.low - candle.open),
                )
            )

    def end_of_slice(self) -> None:
        self.profit.append(self.earned)
        self.allocation.append(self.grant)
        self.active.append(self.is_active)


class Ledger:
    """Listens to a run: `take` is the runner's trace."""

    def __init__(self) -> None:
        self.sleeves = {name: Sleeve(name) for name in names()}
        self.times: list[int] = []

    def take(self, record: TraceRecord) -> None:
        assert record.close_time is not None  # every source here has a clock
        if not self.times or record.close_time > self.times[-1]:
            self.end_of_slice()
            self.times.append(record.close_time)
        match record:
            case RiskSent() | RiskTurned():
                self.sleeves[record.sleeve].grant = record.amount if record.granted else 0.0
            case Handled():
                self.sleeves[record.sleeve].candle(record.close_time, record.event.candle)
                self.sleeves[record.sleeve].is_active = record.active
            case _:
                pass

    def end_of_slice(self) -> None:
        if self.times:
            for sleeve in self.sleeves.values():
                sleeve.end_of_slice()


def report_of(ledger: Ledger) -> tuple[ReportData, Metrics]:
    ledger.end_of_slice()
    sleeves = ledger.sleeves.values()
    trades = [trade for sleeve in sleeves for trade in sleeve.trades]
    equity = [START + sum(each) for each in zip(*(sleeve.profit for sleeve in sleeves), strict=True)]
    metrics = measure(EquityCurve(start=START, close_times=ledger.times, equity=equity), trades=trades)
    data = ReportData(
        title="Five shares, one budget",
        currency="USD",
        close_times=ledger.times,
        start=START,
        equity=equity,
        budget=BUDGET,
        sleeves=tuple(
            SleeveData(
                name=sleeve.name,
                instrument=sleeve.name,
                profit=sleeve.profit,
                allocation=sleeve.allocation,
                active=sleeve.active,
                metrics=measure(sleeve_curve(START, ledger.times, sleeve.profit), trades=sleeve.trades),
            )
            for sleeve in sleeves
        ),
        prices=tuple(
            PriceData(instrument=sleeve.name, close_times=sleeve.times, closes=sleeve.closes) for sleeve in sleeves
        ),
        trades=trades,
        metrics=metrics,
        fill_rules=(
            "A sleeve with a grant buys at the open of the day and sells at its close.",
            "A unit of risk is a position of 1,000 USD. There are no costs, and no spread.",
        ),
        ranges=tuple(
            DataRange(
                instrument=sleeve.name,
                period=PERIOD,
                first=sleeve.times[0],
                last=sleeve.times[-1],
                candles=len(sleeve.times),
                source="tradedesk.sampledata",
            )
            for sleeve in sleeves
        ),
    )
    return data, metrics


async def main() -> None:
    ledger = Ledger()
    runner = PortfolioRunner(
        strategies={Instrument(name): VolatilityRegime(name) for name in names()},
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=BUDGET),
        default_risk_per_trade=10.0,
        dispatch="direct",
        trace=ledger.take,
    )
    async with runner:
        await runner.run(merge(*map(read, names())))
    data, metrics = report_of(ledger)
    file = Path(sys.argv[1] if len(sys.argv) > 1 else f"{tempfile.gettempdir()}/tradedesk-report.html")
    write(data, file)
    for row in rows(metrics, currency="USD"):
        print(f"{row.label:20}{row.text:>28}")
    print(f"\nThe report is {file.name}; open it in a browser.")


if __name__ == "__main__":
    trio.run(main)
