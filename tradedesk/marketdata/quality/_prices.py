"""What prices show: jumps, splits, and that nothing moves."""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Mapping
from math import log
from typing import Final, NamedTuple

from tradedesk.marketdata.quality._values import Findings

_WINDOW: Final = 250
_ENOUGH: Final = 30
"""Returns before the first that is judged."""
_NORMAL: Final = 0.6745
"""The median of the absolute value of a standard normal variable."""
_OUTLIER: Final = 20.0
_SPLIT: Final = 8.0
_NEAR: Final = 0.03
_STALE: Final = 5
_RATIOS: Final[Mapping[str, float]] = {
    name: log(new / old)
    for new, old in ((3, 2), *((n, 1) for n in (2, 3, 4, 5, 6, 7, 8, 10, 15, 20, 25, 30, 50)))
    for name, new, old in ((f"{new}:{old}", new, old), (f"{old}:{new}", old, new))
}
"""New shares for old ones, and the logarithm by which the price falls."""

Prices = tuple[float, float, float, float]
"""Open, high, low, close."""


class _Jump(NamedTuple):
    size: float
    line: int
    text: str
    detail: str


class PriceChecks:
    """Takes the prices of one candle after the other, all of them above 0 and none crossed."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._before: Prices | None = None
        self._window: deque[float] = deque()
        self._sorted: list[float] = []
        self._same = 1
        self._since = (0, "")
        self._split: _Jump | None = None

    def take(self, prices: Prices, line: int, text: str) -> None:
        """Judge a candle by those before it."""
        before, self._before = self._before, prices
        if prices == before:
            self._same += 1
        else:
            self._end_run(before)
            self._same, self._since = 1, (line, text)
        if before is not None:
            self._judge(before[3], prices, line, text)

    def ended(self) -> None:
        """Judge what stands at the end."""
        self._end_run(self._before)
        self._confirm()

    def _end_run(self, prices: Prices | None) -> None:
        if self._same >= _STALE and prices is not None:
            self._findings.add("stale", *self._since, f"{self._same:,} candles in a row at {prices[3]!r}")

    def _judge(self, close_before: float, prices: Prices, line: int, text: str) -> None:
        returned = log(prices[3]) - log(close_before)  # a quotient of extremes would be 0 or infinite
        median = self._median()
        if median > 0:
            jump = log(close_before) - log(prices[0])
            if (ratio := _ratio(jump, prices, median)) is not None:
                detail = f"{ratio}, from {close_before!r} to an open of {prices[0]!r}"
                self._jumped(_Jump(jump, line, text, detail))
                return
            self._confirm()
            score = _NORMAL * abs(returned) / median
            if score > _OUTLIER:
                self._findings.add("outlier", line, text, f"z = {score:,.0f}, from {close_before!r} to {prices[3]!r}")
        self._remember(abs(returned))

    def _jumped(self, jump: "_Jump") -> None:
        """Keep a jump for one candle: a price that comes straight back was a slip, and no split."""
        before = self._split
        if before is None or abs(before.size + jump.size) > 2 * _NEAR:
            self._confirm()
            self._split = jump
        else:
            self._split = None
            self._findings.add("outlier", before.line, before.text, f"{before.detail}, and back at once")

    def _confirm(self) -> None:
        if self._split is not None:
            self._findings.add("split", self._split.line, self._split.text, self._split.detail)
            self._split = None

    def _median(self) -> float:
        """Give the median of the sizes of the returns before; 0 while there are too few of them."""
        count = len(self._sorted)
        if count < _ENOUGH:
            return 0.0
        return (self._sorted[(count - 1) // 2] + self._sorted[count // 2]) / 2

    def _remember(self, size: float) -> None:
        if len(self._window) == _WINDOW:
            del self._sorted[bisect_left(self._sorted, self._window.popleft())]
        self._window.append(size)
        insort(self._sorted, size)


def _ratio(jump: float, prices: Prices, median: float) -> str | None:
    """Name the split that would explain a jump (the logarithm of the close before over the open), if there is one."""
    _, high, low, _ = prices
    if _NORMAL * abs(jump) / median <= _SPLIT or log(high) - log(low) > abs(jump) / 2:
        return None
    return next((name for name, ratio in _RATIOS.items() if abs(jump - ratio) <= _NEAR), None)
