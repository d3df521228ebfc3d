"""Which averages? Try some, and then ask whether the best of the past was any good for the next years.

Every run is a backtest of its own in a process of its own, so `build` is a function at the top of a module, and the
program stands behind ``if __name__ == "__main__"``: the processes import this file.

Run it with: python sweeping.py
"""

import trio

from tradedesk.execution import PaperBroker, Slippage, Terms
from tradedesk.marketdata import merge
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.research import Trial, best, sweep, walk_forward
from tradedesk.sampledata import read
from tradedesk.strategies import TrendFollower

SHARES = [Instrument(name) for name in ("AAPL", "IBM", "MSFT")]
TERMS = Terms(lot_step=1.0, spread=0.02, slippage=Slippage(bps=1.0))
GRID = {"fast": [20, 50], "slow": [100, 200]}


def build(fast: int, slow: int) -> Trial:
    """Make everything that one run needs, anew."""
    broker = PaperBroker(dict.fromkeys(SHARES, TERMS), cash=100_000.0)
    runner = PortfolioRunner(
        {name: TrendFollower(name, broker.desk(name), fast=fast, slow=slow) for name in SHARES},
        EqualSplitRiskPolicy(portfolio_risk_budget=2_000.0),
        default_risk_per_trade=200.0,
        dispatch="direct",
    )
    return Trial(runner, broker, merge(*(read(name, adjusted=True) for name in SHARES)), warm_up=200)


async def main() -> None:
    points = await sweep(build, GRID, workers=2)
    print("fast  slow  return   Sharpe  run hash")
    for point in points:
        if point.outcome is not None:
            found = point.outcome.metrics
            parameters = f"{point.parameters['fast']:>4}{point.parameters['slow']:>6}"
            print(
                f"{parameters}{found.total_return:>8.1%}{found.sharpe_ratio or 0:>9.2f}  {point.outcome.run_hash[:12]}"
            )
    winner = best(points, "sharpe_ratio")
    print(f"the best of {len(points)}, with hindsight: {dict(winner.parameters) if winner else 'none'}\n")

    walk = await walk_forward(build, GRID, train=1_000, test=1_000, workers=2)
    print("train      test       chosen                     Sharpe in training   return in the test")
    for step in walk.steps:
        if step.chosen and step.chosen.outcome and step.tested and step.tested.outcome:
            train, test = step.window.train, step.window.test
            spans = f"{train.first:>4}-{train.end:<6}{test.first:>4}-{test.end:<6}"
            earned = step.tested.outcome.metrics.total_return
            sharpe = step.chosen.outcome.metrics.sharpe_ratio or 0
            print(f"{spans}{dict(step.chosen.parameters)!s:27}{sharpe:>18.2f}{earned:>21.1%}")
    print(f"all tests together: {walk.metrics.total_return:.1%}, Sharpe {walk.metrics.sharpe_ratio:.2f}")


if __name__ == "__main__":
    trio.run(main)
