"""An equity curve, and the clock it runs on."""

from collections.abc import Sequence
from math import isfinite
from typing import Final

from attrs import frozen

from tradedesk.metrics._errors import MetricsError, check_finite, check_rising, check_same_length

NANOSECONDS_PER_YEAR: Final = 31_557_600 * 1_000_000_000
"""A Julian year: 365.25 days."""


@frozen(kw_only=True)
class EquityCurve:
    """What an account was worth at each close.

    `start` is what it was worth before the first period, in money and above 0: it counts as the first peak, so a
    curve that only falls has a drawdown. `close_times` are nanoseconds since the Unix epoch and rise; `equity` has
    one finite value for each. So there are as many returns as close times.

    Raises:
        MetricsError: One of these rules is broken.
    """

    start: float
    close_times: Sequence[int]
    equity: Sequence[float]

    def __attrs_post_init__(self) -> None:
        if not (isfinite(self.start) and self.start > 0):
            raise MetricsError(f"start is {self.start!r}; an account starts with a finite equity above 0")
        check_same_length("equity", self.equity, self.close_times)
        check_rising(self.close_times)
        check_finite("equity", self.equity)


def sleeve_curve(start: float, close_times: Sequence[int], profit: Sequence[float]) -> EquityCurve:
    """Make the curve of one sleeve from its running profit and loss, in money.

    `start` is the whole portfolio's: a sleeve has no account of its own, and returns on one base can be compared
    and add up to the portfolio's.

    Raises:
        MetricsError: As for `EquityCurve`.
    """
    return EquityCurve(start=start, close_times=close_times, equity=[start + each for each in profit])


def periods_per_year(close_times: Sequence[int]) -> float | None:
    """Count the closes in a year (365.25 days) by the clock: intervals over the time they span.

    Nights, weekends and holidays that the data leaves out are thereby left out here: daily closes of shares give
    about 252. None for fewer than two close times.

    Raises:
        MetricsError: The times do not rise.
    """
    check_rising(close_times)
    if len(close_times) < 2:  # noqa: PLR2004 - an interval has two ends
        return None
    return (len(close_times) - 1) * NANOSECONDS_PER_YEAR / (close_times[-1] - close_times[0])
