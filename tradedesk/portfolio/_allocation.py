"""The check of a policy's answer, before anything of it is sent."""

from collections.abc import Container, Iterable, Mapping
from math import fsum, inf, isfinite

from tradedesk.marketdata import Instrument
from tradedesk.portfolio._errors import AllocationError, shown
from tradedesk.portfolio._numbers import number
from tradedesk.portfolio._waves import Answer

ROUNDING = 1e-9
"""How far, relative to the budget, a sum of shares may exceed it: rounding, never risk."""


Checked = tuple[dict[Instrument, float], float | None]


def checked(answer: Answer, sleeves: Container[Instrument], policy: str) -> Checked:
    """Return the allocation as floats, and the budget; both safe to keep.

    Raises:
        AllocationError: Not a mapping, an unknown sleeve, an amount that is no number, not finite or
            negative, or a sum above the budget.
    """
    if not isinstance(answer.allocation, Mapping):
        raise AllocationError(policy, f"returned {shown(answer.allocation)}, not a mapping of sleeve to amount")
    budget = None if answer.budget is None else _amount(answer.budget, "portfolio_risk_budget", policy)
    allocation: dict[Instrument, float] = {}
    for sleeve, amount in answer.allocation.items():
        if sleeve not in sleeves:
            raise AllocationError(
                policy, f"gave {shown(amount)} to {shown(sleeve)}, which is no sleeve of this portfolio"
            )
        allocation[sleeve] = _amount(amount, f"the amount of {sleeve!r}", policy)
    if budget is not None and (total := _sum(allocation.values())) > budget * (1 + ROUNDING):
        raise AllocationError(policy, f"gave {total!r} in all, which is more than the budget of {budget!r}")
    return allocation, budget


def _sum(amounts: Iterable[float]) -> float:
    try:
        return fsum(amounts)
    except OverflowError:
        return inf


def _amount(value: object, what: str, policy: str) -> float:
    amount = number(value)
    if amount is None:
        raise AllocationError(policy, f"{what} is {shown(value)}, not a number")
    if not (isfinite(amount) and amount >= 0):
        raise AllocationError(policy, f"{what} is {shown(value)}; it must be finite and not negative")
    return amount
