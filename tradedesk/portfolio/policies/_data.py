"""What a policy looks up about a sleeve: given when it was built, or among the facts. What is missing is named."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import attrs

from tradedesk.portfolio._errors import AllocationError, shown
from tradedesk.portfolio._facts import Correlation, Facts, Volatility
from tradedesk.portfolio._numbers import finite
from tradedesk.portfolio.policies._checks import coefficient, copied
from tradedesk.portfolio.types import Instrument

Unknown = Literal["raise", "zero"]


@attrs.frozen
class Desk:
    """Looks up for one policy, by whose name the errors go."""

    policy: str
    facts: Facts

    def volatility(self, sleeves: Sequence[Instrument], given: Volatility | None, unknown: Unknown) -> dict[Any, float]:
        """Return the volatility of each sleeve; with ``unknown="zero"`` only of those that have one.

        Raises:
            AllocationError: There is none, or it is not finite and above 0.
        """
        known = self.facts.volatility if given is None else given
        found = {}
        for sleeve in sleeves:
            value = known.get(sleeve)
            if value is not None:
                found[sleeve] = self._positive(f"the volatility of {sleeve!r}", value)
            elif unknown == "raise":
                raise AllocationError(self.policy, f"there is no volatility of {sleeve!r}{_where(given)}")
        return found

    def correlations(self, sleeves: Sequence[Instrument], given: Correlation | float | None) -> list[list[float]]:
        """Return the matrix of correlations, in the order of the sleeves.

        Raises:
            AllocationError: A pair is missing, or its correlation is not between -1 and 1.
        """
        rows = [[1.0] * len(sleeves) for _ in sleeves]
        for place, sleeve in enumerate(sleeves):
            for before, other in enumerate(sleeves[:place]):
                rows[place][before] = rows[before][place] = self._correlation(other, sleeve, given)
        return rows

    def _correlation(self, one: Instrument, other: Instrument, given: Correlation | float | None) -> float:
        if isinstance(given, float | int):
            return float(given)
        known = self.facts.correlation if given is None else given
        value = known.get((one, other))
        if value is None:
            value = known.get((other, one))
        if value is None:
            raise AllocationError(self.policy, f"there is no correlation of {one!r} and {other!r}{_where(given)}")
        read = finite(value)
        if read is None or not -1 <= read <= 1:
            rule = f"the correlation of {one!r} and {other!r} is {shown(value)}; it must be between -1 and 1"
            raise AllocationError(self.policy, rule)
        return read

    def drawdown(self) -> float:
        """Return the drawdown, 0 at the peak of equity.

        Raises:
            AllocationError: Equity or its peak is missing.
        """
        drawdown = self.facts.drawdown
        if drawdown is None:
            raise AllocationError(self.policy, "the facts lack equity or peak_equity, so there is no drawdown")
        return drawdown

    def equity(self, given: float | None) -> float:
        """Return the equity, 0 where it is negative: there is nothing to risk then.

        Raises:
            AllocationError: There is none.
        """
        equity = self.facts.equity if given is None else given
        if equity is None:
            raise AllocationError(self.policy, "the facts lack equity")
        return max(0.0, equity)

    def _positive(self, what: str, value: object) -> float:
        read = finite(value)
        if read is None or read <= 0:
            raise AllocationError(self.policy, f"{what} is {shown(value)}; it must be finite and above 0")
        return read


def _where(given: object) -> str:
    return " among the facts" if given is None else ""


def by_pair(value: Correlation | float | None) -> Correlation | float | None:
    """Copy correlations by pair, or take one for all, as an attrs converter."""
    return copied(value)


def pairs(_: object, attribute: "attrs.Attribute[Any]", value: object) -> None:
    """Check correlations by pair, as an attrs validator: both orders of a pair, if both are there, must agree."""
    if not isinstance(value, Mapping):
        coefficient(attribute.name, value)
        return
    for key, number in value.items():
        if not (isinstance(key, tuple) and len(key) == 2):  # noqa: PLR2004 - a pair
            raise TypeError(f"{attribute.name} must map pairs of names, such as ('A', 'B'), not {shown(key)}")
        one, other = key
        coefficient(f"{attribute.name} of {one!r} and {other!r}", number)
        if one == other and number != 1:
            raise ValueError(f"{attribute.name} of {one!r} with itself must be 1, not {shown(number)}")
        if value.get((other, one), number) != number:
            raise ValueError(f"{attribute.name} of {one!r} and {other!r} is given twice, and not the same")
