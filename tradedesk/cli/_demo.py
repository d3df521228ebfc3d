"""The desk of the demo: five real shares, one budget, orders."""

from typing import Final

from tradedesk.cli._config import Dispatch
from tradedesk.cli._desk import Desk
from tradedesk.execution import Commission, PaperBroker, Slippage, Terms
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument
from tradedesk.sampledata import names, read
from tradedesk.strategies import TrendFollower

CASH: Final = 100_000.0

_TERMS: Final = Terms(
    lot_step=1.0,
    spread=0.02,
    slippage=Slippage(bps=1.0),
    commission=Commission(per_unit=0.005, minimum=1.0),
)


def demo_desk(budget: float, default_risk: float, dispatch: Dispatch) -> Desk:
    """Put each share of the sample data, adjusted for splits, under a TrendFollower."""
    shares = tuple(map(Instrument, names()))
    broker = PaperBroker(dict.fromkeys(shares, _TERMS), cash=CASH)
    return Desk(
        title="five shares, daily candles",
        strategies={name: TrendFollower(name, broker.desk(name)) for name in shares},
        policy=EqualSplitRiskPolicy(portfolio_risk_budget=budget),
        default_risk_per_trade=default_risk,
        sources=tuple(read(name, adjusted=True) for name in shares),
        count=lambda: sum(1 for name in shares for _ in read(name)),
        dispatch=dispatch,
        broker=broker,
        places={str(name): "tradedesk.sampledata, adjusted for splits" for name in shares},
    )
