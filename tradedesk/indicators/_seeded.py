"""The recursive averages: each new item moves the average by a fixed share of its distance.

What they took long ago fades by that share each time, and rounding errors with it: they have no drift to correct.
"""

from attrs import define, field


@define(eq=False)
class Seeded:
    """Begins as the mean of the first `window` items and is None before; then moves by `share` of the distance."""

    window: int
    share: float
    value: float | None = field(default=None, init=False)
    _taken: int = field(default=0, init=False)
    _sum: float = field(default=0.0, init=False)

    def update(self, item: float) -> float | None:
        if self.value is not None:
            # A step of the whole distance would lose the digits of an item that is small beside the last one.
            self.value = item if self.share == 1 else self.value + (item - self.value) * self.share
            return self.value
        self._taken += 1
        self._sum += item
        if self._taken == self.window:
            self.value = self._sum / self.window
        return self.value


def exponential(window: int) -> Seeded:
    """Return the average of `EMA`."""
    return Seeded(window, 2 / (window + 1))


def wilder(window: int) -> Seeded:
    """Return Wilder's average: ``(average * (window - 1) + item) / window``."""
    return Seeded(window, 1 / window)
