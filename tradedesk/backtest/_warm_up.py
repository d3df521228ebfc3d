"""When a run begins to count."""

from tradedesk.marketdata import period_seconds

_SECOND = 1_000_000_000


class Warming:
    """Tells slices of the warm-up from those behind it.

    Attributes:
        on: whether there is a warm-up at all.
        rule: what is said to who gives an order in it.
        slices: how many there were so far.
        until: when the last of them closed.
    """

    def __init__(self, length: int | str) -> None:
        """Read its length: a number of slices, or a period.

        Raises:
            ValueError: It is neither.
        """
        self._slices: int | None = None
        self._nanoseconds = 0
        if isinstance(length, str):
            self._nanoseconds = period_seconds(length) * _SECOND
        elif type(length) is int and length >= 0:
            self._slices = length
        else:
            raise ValueError(f"warm_up must be a whole number of slices or a period such as '30DAY', not {length!r}")
        self.on = self._slices != 0
        unit = "" if self._slices is None else " slices"
        self.rule = f"the run is warming up: it takes no orders in its first {length}{unit}"
        self.slices = 0
        self.until: int | None = None
        self._first: int | None = None

    def takes(self, time: int) -> bool:
        """Whether a slice that closes now is part of it; counts it if so."""
        if self._first is None:
            self._first = time
        inside = self.slices < self._slices if self._slices is not None else time - self._first < self._nanoseconds
        if inside:
            self.slices += 1
            self.until = time
        return inside
