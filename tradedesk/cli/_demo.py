"""The desk of the demo: five real shares, one budget."""

from tradedesk.cli._config import Dispatch
from tradedesk.cli._desk import Desk
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument
from tradedesk.sampledata import names, read
from tradedesk.strategies import VolatilityRegime


def demo_desk(budget: float, default_risk: float, dispatch: Dispatch) -> Desk:
    """Put each share of the sample data under a VolatilityRegime."""
    return Desk(
        title="five shares, daily candles",
        strategies={Instrument(name): VolatilityRegime(name) for name in names()},
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=budget),
        default_risk_per_trade=default_risk,
        sources=tuple(map(read, names())),
        count=lambda: sum(1 for name in names() for _ in read(name)),
        dispatch=dispatch,
    )
