"""How much of a risk budget was given out over time, and to how many sleeves."""

from collections.abc import Mapping, Sequence
from math import fsum, isfinite

from attrs import frozen

from tradedesk.metrics._errors import MetricsError, check_finite, check_same_length


@frozen(kw_only=True)
class RiskUse:
    """What was allocated at each close."""

    allocated: tuple[float, ...]
    """The sum over all sleeves, in units of risk."""
    utilisation: tuple[float, ...]
    """`allocated` over the budget: 1 when it is all given out; empty where the budget is 0."""
    active: tuple[int, ...]
    """How many sleeves reported an active regime."""
    mean_utilisation: float | None
    largest_utilisation: float | None
    mean_active: float | None


def risk_use(
    close_times: Sequence[int],
    allocations: Mapping[str, Sequence[float]],
    active: Mapping[str, Sequence[bool]],
    *,
    budget: float,
) -> RiskUse:
    """Add the allocations and regimes of the sleeves up, close by close.

    `allocations` and `active` hold one value for each close time and sleeve. The sum is exact before it is
    rounded once, so the order of the sleeves does not matter.

    Raises:
        MetricsError: A series has another length than `close_times`, an amount is not finite, or the budget is not
            finite or below 0.
    """
    if not (isfinite(budget) and budget >= 0):
        raise MetricsError(f"budget is {budget!r}; it must be finite and at least 0")
    for sleeve, amounts in allocations.items():
        check_same_length(f"allocations[{sleeve!r}]", amounts, close_times)
        check_finite(f"allocations[{sleeve!r}]", amounts)
    for sleeve, states in active.items():
        check_same_length(f"active[{sleeve!r}]", states, close_times)
    allocated = tuple(map(fsum, zip(*allocations.values(), strict=True))) or (0.0,) * len(close_times)
    counts = tuple(map(sum, zip(*active.values(), strict=True))) or (0,) * len(close_times)
    utilisation = tuple(each / budget for each in allocated) if budget else ()
    return RiskUse(
        allocated=allocated,
        utilisation=utilisation,
        active=counts,
        mean_utilisation=fsum(utilisation) / len(utilisation) if utilisation else None,
        largest_utilisation=max(utilisation, default=None),
        mean_active=sum(counts) / len(counts) if counts else None,
    )
