"""Equal risk contribution, or any other given shares of the risk.

The portfolio x > 0 whose contributions x_i (S x)_i are in proportion to budgets b_i is unique for a positive
definite S: it minimises ``x' S x / 2 - sum_i b_i log x_i``, a convex function (Spinu, "An Algorithm for Computing
Risk Parity Weights", 2013). Solved by Newton's method in units of each sleeve's volatility, in which S is the matrix
of correlations: then volatilities of any size, from 1e-12 to 1e12, cost no digit.
"""

from collections.abc import Mapping, Sequence
from math import fsum, sqrt
from operator import mul
from sys import float_info
from typing import Final

import attrs

from tradedesk.portfolio._errors import AllocationError
from tradedesk.portfolio._facts import NO_FACTS, Correlation, Facts, Volatility
from tradedesk.portfolio.policies._checks import by_sleeve_or_none, choice, each, not_negative, one, positive
from tradedesk.portfolio.policies._data import Desk, Unknown, by_pair, pairs
from tradedesk.portfolio.policies._split import Amounts, split
from tradedesk.portfolio.types import Instrument

TOLERANCE: Final = 1e-12
"""How far a contribution may be from its share, relative to it; and the smallest pivot that counts as positive."""

STEPS: Final = 200
"""Newton steps; a dozen do for the worst matrices seen, so more means that numbers have run out of digits."""

Matrix = Sequence[Sequence[float]]


@attrs.frozen
class RiskParityPolicy:
    """Every active sleeve contributes the same to the portfolio's volatility, correlations counted.

    ``amount_i = budget * x_i / sum_k x_k`` where ``x_i (S x)_i`` is the same for all, S being the covariance
    ``S_ij = s_i s_j r_ij`` of the active sleeves. With ``risk_shares`` b it is in proportion to b_i.

    Attributes:
        portfolio_risk_budget: what is split; finite, not negative.
        volatility: sleeve -> volatility, all in one unit; None takes it from the facts.
        correlation: (sleeve, other) -> correlation, or one number for all pairs; None takes it from the facts.
        risk_shares: sleeve -> its share of the risk, in any unit; None for equal shares.
        unknown: an active sleeve without a volatility is an error ("raise"), or gets 0 ("zero").
    """

    portfolio_risk_budget: float = attrs.field(validator=one(not_negative))
    volatility: Volatility | None = attrs.field(
        default=None, converter=by_sleeve_or_none, validator=attrs.validators.optional(each(positive))
    )
    correlation: Correlation | float | None = attrs.field(
        default=None, converter=by_pair, validator=attrs.validators.optional(pairs)
    )
    risk_shares: Mapping[Instrument, float] | None = attrs.field(
        default=None, converter=by_sleeve_or_none, validator=attrs.validators.optional(each(positive))
    )
    unknown: Unknown = attrs.field(default="raise", validator=choice("raise", "zero"))

    @property
    def needs(self) -> frozenset[str]:
        """The facts that it cannot do without."""
        given = {"volatility": self.volatility, "correlation": self.correlation}
        return frozenset(fact for fact, value in given.items() if value is None)

    def allocate(self, active_instruments: list[Instrument]) -> Amounts:
        """Split by the volatilities and correlations that were given."""
        return self.allocate_with(active_instruments, NO_FACTS)

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Amounts:
        """Split by what was given and, for what was not, by the facts.

        Raises:
            AllocationError: A datum is missing or out of range, or the matrix is not positive definite.
        """
        name = type(self).__name__
        desk = Desk(name, facts)
        volatility = desk.volatility(active_instruments, self.volatility, self.unknown)
        amounts = dict.fromkeys(active_instruments, 0.0)
        if not volatility:
            return amounts
        sleeves = sorted(volatility)  # the order of the list shall not show in the last digit
        shares = [self._share(sleeve) for sleeve in sleeves]
        correlations = desk.correlations(sleeves, self.correlation)
        try:
            exposures = contributions_in_proportion(correlations, shares)
        except ArithmeticError as error:
            raise AllocationError(name, f"for {', '.join(map(repr, sleeves))}: {error}") from error
        calmest = min(volatility.values())
        weights = [x * (calmest / volatility[sleeve]) for sleeve, x in zip(sleeves, exposures, strict=True)]
        largest = max(weights)
        weight = {sleeve: y / largest for sleeve, y in zip(sleeves, weights, strict=True)}
        return amounts | split(self.portfolio_risk_budget, weight)

    def _share(self, sleeve: Instrument) -> float:
        if self.risk_shares is None:
            return 1.0
        if sleeve not in self.risk_shares:
            raise AllocationError(type(self).__name__, f"there is no risk share of {sleeve!r}")
        return float(self.risk_shares[sleeve])


def contributions_in_proportion(matrix: Matrix, shares: Sequence[float], steps: int = STEPS) -> list[float]:
    """Return x > 0 with ``x_i (C x)_i = b_i``, b being the shares, scaled to a sum of 1.

    Each step moves every x_i by less than its size, which keeps it positive, and lowers the convex function on all
    of its way: along the step, the barrier's third derivative is at most 2 d times the second, d being the largest
    relative move, so that ``1 / (1 + d)`` of Newton's step does not lead past the minimum.

    Raises:
        ArithmeticError: The matrix is not positive definite, or the steps did not suffice.
    """
    factor(matrix)  # what is added to the diagonal below would hide it
    whole = fsum(shares)
    targets = [share / whole for share in shares]
    x = [sqrt(target) for target in targets]
    for _ in range(steps):
        loads = [sum(map(mul, row, x)) for row in matrix]
        if all(_met(row, x, *one) for row, *one in zip(matrix, x, loads, targets, strict=True)):
            return x
        hessian = [
            [*row[:place], row[place] + target / (own * own), *row[place + 1 :]]
            for place, (row, own, target) in enumerate(zip(matrix, x, targets, strict=True))
        ]
        gradient = [load - target / own for load, target, own in zip(loads, targets, x, strict=True)]
        move = solve(factor(hessian), gradient)
        largest = max(abs(step / own) for step, own in zip(move, x, strict=True))
        x = [own - step / (1.0 + largest) for own, step in zip(x, move, strict=True)]
    raise ArithmeticError(f"no shares of the risk were found in {steps} steps: the matrix is nearly singular")


def _met(row: Sequence[float], x: Sequence[float], own: float, load: float, target: float) -> bool:
    """Whether a contribution is its target, as far as the digits of its terms can tell."""
    terms: float = sum(map(abs, map(mul, row, x)))
    noise = 4 * float_info.epsilon * own * terms
    return abs(own * load - target) <= TOLERANCE * target + noise


def factor(matrix: Matrix) -> list[list[float]]:
    """Return the lower triangle L of Cholesky's decomposition, ``L L' = matrix``.

    Raises:
        ArithmeticError: The matrix is not positive definite.
    """
    lower: list[list[float]] = []
    for place, row in enumerate(matrix):
        new: list[float] = []
        for column, above in enumerate(lower):
            new.append((row[column] - sum(map(mul, new, above))) / above[column])
        pivot = row[place] - sum(map(mul, new, new))
        if not pivot > TOLERANCE * row[place]:
            raise ArithmeticError(
                f"the matrix of correlations is not positive definite (pivot {place + 1}: {pivot:.3g})"
            )
        lower.append([*new, sqrt(pivot)])
    return lower


def solve(lower: Matrix, right: Sequence[float]) -> list[float]:
    """Solve ``L L' y = right``."""
    y: list[float] = []
    for row, value in zip(lower, right, strict=True):
        y.append((value - sum(map(mul, row, y))) / row[len(y)])
    for place in reversed(range(len(y))):
        below = fsum(lower[later][place] * y[later] for later in range(place + 1, len(y)))
        y[place] = (y[place] - below) / lower[place][place]
    return y
