"""The points of a grid of parameters. Pure."""

from collections.abc import Mapping, Sequence
from itertools import product

from tradedesk.research._errors import ResearchError

Grid = Mapping[str, Sequence[object]]
"""Parameter -> the values to try."""

Parameters = Mapping[str, object]
"""Parameter -> one value."""


def points(grid: Grid) -> tuple[dict[str, object], ...]:
    """Give every combination of the values, in grid order: the last parameter changes first.

    Raises:
        ResearchError: A parameter has no list of values, or an empty one.
    """
    for name, values in grid.items():
        if isinstance(values, str | bytes) or not isinstance(values, Sequence):
            raise ResearchError(f"grid[{name!r}] is {values!r}; it must be a list of the values to try")
        if not values:
            raise ResearchError(f"grid[{name!r}] is empty; give it at least one value to try")
    return tuple(dict(zip(grid, values, strict=True)) for values in product(*grid.values()))


def spelled(parameters: Parameters) -> str:
    """Write a point as text: fast=20, slow=50."""
    return ", ".join(f"{name}={value!r}" for name, value in parameters.items()) or "no parameters"
