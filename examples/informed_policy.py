"""A policy that decides by facts: a whole portfolio of five shares, by a rule of our own and by shipped ones.

The facts roll over the candles that the portfolio has routed. Equity is made up here; a real one comes from the
account.

Run it with: python informed_policy.py
"""

from collections.abc import Mapping

import attrs
import trio

from tradedesk.marketdata import merge
from tradedesk.portfolio import (
    CandleCloseEvent,
    Capped,
    Facts,
    InformedPolicy,
    Instrument,
    PortfolioRunner,
    RiskParityPolicy,
    RollingFacts,
    Throttled,
)
from tradedesk.sampledata import names, read


@attrs.frozen
class CalmOnly:
    """The budget in equal parts to those that move less than a limit; the others get 0."""

    portfolio_risk_budget: float
    limit: float
    needs: frozenset[str] = frozenset({"volatility"})

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Mapping[Instrument, float]:
        calm = [name for name in active_instruments if facts.volatility.get(name, self.limit) < self.limit]
        share = self.portfolio_risk_budget / max(1, len(calm))
        return {name: share if name in calm else 0.0 for name in active_instruments}


class AlwaysActive:
    """Takes whatever it is given."""

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return True

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        pass


@attrs.define
class Account:
    """Loses a little every day."""

    equity: float = 100_000.0

    def read(self) -> float:
        self.equity -= 4.0
        return self.equity


async def held_in_the_end(policy: InformedPolicy) -> Mapping[Instrument, float]:
    """Run the five shares from 2000 to 2013 and return the last allocation."""
    strategies = {Instrument(name): AlwaysActive() for name in names()}
    facts = RollingFacts(60, shrinkage=0.1, equity=Account().read)
    async with PortfolioRunner(strategies, policy, default_risk_per_trade=0.0, facts=facts) as runner:
        await runner.run(merge(*map(read, names())))
        return runner.statistics().held


async def main() -> None:
    parity = RiskParityPolicy(100.0, unknown="zero")
    policies: Mapping[str, InformedPolicy] = {
        "calm only": CalmOnly(100.0, limit=0.013),
        "risk parity": parity,
        "capped": Capped(parity, per_sleeve=25.0, redistribute=True),
        "throttled": Throttled(Capped(parity, per_sleeve=25.0), start=0.1, end=0.2),
    }
    print(" " * 12 + "".join(f"{name:>8}" for name in names()))
    for label, policy in policies.items():
        held = await held_in_the_end(policy)
        print(f"{label:12}" + "".join(f"{amount:8.2f}" for amount in held.values()))


trio.run(main)
