"""What can be wrong with the numbers that are to be measured, and the checks that find it."""

from collections.abc import Sequence
from math import isfinite


class MetricsError(ValueError):
    """Numbers that cannot be measured: the text names the input, the place, the value and the rule."""


def check_finite(name: str, values: Sequence[float]) -> None:
    """Refuse not-a-number and infinity.

    Raises:
        MetricsError: One of the values is not finite; the first of them is named.
    """
    for at, value in enumerate(values):
        if not isfinite(value):
            raise MetricsError(
                f"{name}[{at}] is {float(value)!r}; every value must be finite: leave the point out or fill it"
            )


def check_same_length(name: str, values: Sequence[object], times: Sequence[int]) -> None:
    """Refuse a series that does not have one value for each close time.

    Raises:
        MetricsError: The lengths differ.
    """
    if len(values) != len(times):
        raise MetricsError(f"{name} has {len(values)} values for {len(times)} close times; it needs one for each")


def check_rising(times: Sequence[int]) -> None:
    """Refuse close times that go back or repeat.

    Raises:
        MetricsError: A time is not later than the one before it.
    """
    for at in range(1, len(times)):
        if times[at] <= times[at - 1]:
            raise MetricsError(
                f"close_times[{at}] is {times[at]}, not later than {times[at - 1]} before it; close times must rise"
            )
