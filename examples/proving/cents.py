"""A policy that splits a budget in equal parts, rounded to a cent. Now and then it gives too much."""

import attrs

from tradedesk.portfolio import Instrument


@attrs.frozen
class Cents:
    """Equal parts, in whole cents."""

    portfolio_risk_budget: float

    def allocate(self, active_instruments: list[Instrument]) -> dict[Instrument, float]:
        if not active_instruments:
            return {}
        return dict.fromkeys(active_instruments, round(self.portfolio_risk_budget / len(active_instruments), 2))
