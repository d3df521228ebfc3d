"""Which point is best. Pure."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from operator import attrgetter
from typing import Final

from attrs import fields

from tradedesk.metrics import Metrics
from tradedesk.research._errors import ResearchError
from tradedesk.research._points import Point

Metric = str | Callable[[Metrics], float | None]
"""A figure by the name that `tradedesk.metrics.Metrics` has for it, or what makes a number of all; the highest wins."""

_NO_NUMBERS: Final = frozenset({"recovered", "trade"})


def best(points: Iterable[Point], metric: Metric = "sharpe_ratio") -> Point | None:
    """Give the point with the highest value; of equal ones the first in grid order.

    A point that failed, or for which the figure is not defined, is passed over; None if nothing remains.

    Raises:
        ResearchError: There is no such figure.
    """
    value_of = value_by(metric)
    valued = [
        (value, each)
        for each in points
        if each.outcome is not None and (value := value_of(each.outcome.metrics)) is not None
    ]
    return max(valued, key=lambda pair: pair[0])[1] if valued else None


def value_by(metric: Metric) -> Callable[[Metrics], float | None]:
    """Make what reads the figure.

    Raises:
        ResearchError: There is no such figure.
    """
    if callable(metric):
        return metric
    known = [each.name for each in fields(Metrics) if each.name not in _NO_NUMBERS]
    if metric not in known:
        near = get_close_matches(metric, known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(known)}"
        raise ResearchError(f"metric is {metric!r}, which is no figure of a run; {hint}")
    return attrgetter(metric)
