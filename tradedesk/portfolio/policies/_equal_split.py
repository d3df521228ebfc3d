"""The budget in equal parts."""

import attrs

from tradedesk.portfolio.policies._checks import not_negative, one
from tradedesk.portfolio.types import Instrument


@attrs.frozen
class EqualSplitRiskPolicy:
    """Every active sleeve gets the same share: budget / k for k active sleeves, nothing when there are none.

    Attributes:
        portfolio_risk_budget: what is split, in the unit of risk per trade; finite, not negative.
    """

    portfolio_risk_budget: float = attrs.field(validator=one(not_negative))

    def allocate(self, active_instruments: list[Instrument]) -> dict[Instrument, float]:
        """Return ``{sleeve: budget / k}``; an empty dict for an empty list."""
        if not active_instruments:
            return {}
        share = float(self.portfolio_risk_budget) / len(active_instruments)
        return dict.fromkeys(active_instruments, share)
