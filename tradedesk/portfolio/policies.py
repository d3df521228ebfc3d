"""Policies that split a risk budget; pure and frozen."""

from math import isfinite

import attrs

from tradedesk.portfolio._errors import shown
from tradedesk.portfolio.types import Instrument

__all__ = ["EqualSplitRiskPolicy"]


def _finite_and_not_negative(_: object, attribute: "attrs.Attribute[float]", value: float) -> None:
    try:
        good = isfinite(value) and value >= 0
    except (TypeError, OverflowError):  # no number, or an int beyond all floats
        good = False
    if not good:
        raise ValueError(f"{attribute.name} must be finite and not negative, not {shown(value)}")


@attrs.frozen
class EqualSplitRiskPolicy:
    """Every active sleeve gets the same share: budget / k for k active sleeves, nothing when there are none.

    Attributes:
        portfolio_risk_budget: what is split, in the unit of risk per trade; finite, not negative.
    """

    portfolio_risk_budget: float = attrs.field(validator=_finite_and_not_negative)

    def allocate(self, active_instruments: list[Instrument]) -> dict[Instrument, float]:
        """Return ``{sleeve: budget / k}``; an empty dict for an empty list."""
        if not active_instruments:
            return {}
        share = float(self.portfolio_risk_budget) / len(active_instruments)
        return dict.fromkeys(active_instruments, share)
