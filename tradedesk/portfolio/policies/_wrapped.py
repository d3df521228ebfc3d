"""What all wrappers share: asking the policy inside, and standing for its budget and its needs."""

from collections.abc import Iterator, Mapping
from math import inf

from tradedesk.portfolio._errors import AllocationError, shown
from tradedesk.portfolio._facts import Facts, Policy, ask, needs_of
from tradedesk.portfolio._numbers import finite
from tradedesk.portfolio.policies._split import Amounts, total
from tradedesk.portfolio.types import Instrument


def amounts_of(policy: Policy, active: list[Instrument], facts: Facts) -> Amounts:
    """Ask the policy inside, and check its amounts: arithmetic with not-a-number could make a number of it.

    Raises:
        AllocationError: The answer is no mapping, or an amount is not finite or negative.
    """
    name = type(policy).__name__
    answer = ask(policy, list(active), facts)
    if not isinstance(answer, Mapping):
        raise AllocationError(name, f"returned {shown(answer)}, not a mapping of sleeve to amount")
    amounts = {}
    for sleeve, value in answer.items():
        amount = finite(value)
        if amount is None or amount < 0:
            raise AllocationError(
                name, f"the amount of {sleeve!r} is {shown(value)}; it must be finite and not negative"
            )
        amounts[sleeve] = amount
    if total(amounts.values()) == inf:
        raise AllocationError(name, "gave more in all than a float can hold")
    return amounts


def budget_of(policy: Policy) -> float | None:
    """Return the budget of the policy inside, None where it has none."""
    budget: float | None = getattr(policy, "portfolio_risk_budget", None)
    return budget


def needs_with(policy: Policy, *own: str) -> frozenset[str]:
    """Return what the policy inside needs, and what its wrapper needs itself."""
    return frozenset(needs_of(policy)) | set(own)


def layers(policy: object) -> Iterator[object]:
    """Walk from a policy inwards."""
    while policy is not None:
        yield policy
        policy = getattr(policy, "policy", None)
