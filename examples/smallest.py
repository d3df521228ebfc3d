"""The smallest portfolio: five real shares, a shipped strategy for each, one budget.

Run it with: python smallest.py
"""

import trio

from tradedesk.marketdata import merge
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.sampledata import names, read
from tradedesk.strategies import VolatilityRegime


async def main() -> None:
    strategies = {Instrument(name): VolatilityRegime(name) for name in names()}
    policy = EqualSplitRiskPolicy(portfolio_risk_budget=100.0)
    async with PortfolioRunner(strategies, policy, default_risk_per_trade=10.0) as runner:
        await runner.run(merge(*map(read, names())))
    print(runner.statistics().candles, "candles in", runner.statistics().slices, "slices")


trio.run(main)
