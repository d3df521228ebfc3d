"""Volatility, correlation and drawdown from the candles that the portfolio has routed."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from math import hypot, isfinite, sqrt
from operator import mul

import attrs

from tradedesk.marketdata import Instrument, period_name
from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._facts import Facts
from tradedesk.portfolio._numbers import finite
from tradedesk.portfolio._trace import Routed

Row = Mapping[Instrument, float]


class RollingFacts:
    """A source of facts that rolls over the last ``window`` returns.

    A return is the change from close to close, relative to the earlier close (its size where that is negative); one
    that starts from a price of 0 has no relative size and is left out. The mean of returns is taken to be 0: over short
    windows it is noise (RiskMetrics, "Technical Document", 4th edition, 1996, section 5.3.1.1).

    - ``volatility``: the root of the mean square of a sleeve's last ``window`` returns, for one period, not annualised.
      Known once there are as many; a sleeve whose price did not move in all of them has none.
    - ``correlation``: over the last ``window`` slices in which any sleeve had a return;
      ``(1 - shrinkage) sum_t u_t v_t / sqrt(sum_t u_t^2 sum_t v_t^2)``. A sleeve without a return in a slice counts as
      not having moved, which keeps the matrix positive semidefinite. It compares candles of one slice: fed one candle
      at a time, nothing moves together. With fewer slices than sleeves the matrix is singular; a ``shrinkage`` above 0
      makes it positive definite (Ledoit and Wolf, "Honey, I Shrunk the Sample Covariance Matrix", 2004).

    A slice is allocated by the closes before it. A slice costs O(window) for each of its candles; a correlation is
    computed when a policy looks it up. Memory: ``window`` returns twice for each sleeve.

    Raises:
        ValueError: ``window`` is not a whole number of at least 2, or ``shrinkage`` is not between 0 and 1.
    """

    def __init__(
        self,
        window: int,
        *,
        shrinkage: float = 0.0,
        period: str | None = None,
        equity: Callable[[], float] | None = None,
    ) -> None:
        """Start with nothing known.

        Args:
            window: returns to look back on, at least 2.
            shrinkage: how far correlations are drawn to 0: 0 not at all, 1 all the way.
            period: the candles to learn from, such as "DAY"; None for all, which must then have one period.
            equity: read once per slice; with it the facts hold equity and its peak, and so the drawdown.
        """
        if type(window) is not int or window < 2:  # noqa: PLR2004 - one return says nothing of how returns vary
            raise ValueError(f"window must be a whole number of at least 2, not {shown(window)}")
        amount = finite(shrinkage)
        if amount is None or not 0 <= amount <= 1:
            raise ValueError(f"shrinkage must be between 0 and 1, not {shown(shrinkage)}")
        if equity is not None and not callable(equity):
            raise TypeError(f"equity must be a function that returns it, not {shown(equity)}")
        self.window = window
        self.shrinkage = amount
        self.gives = frozenset({"volatility", "correlation"} | ({"equity", "drawdown"} if equity else set()))
        self._period = None if period is None else period_name(period)
        self._only = self._period  # the period that all candles must have; of the first one, unless it was given
        self._equity = equity
        self._peak: float | None = None
        self._closes: dict[Instrument, float] = {}
        self._returns: dict[Instrument, deque[float]] = {}
        self._volatility: dict[Instrument, float] = {}
        self._rows: deque[Row] = deque(maxlen=window)

    def __call__(self, close_time: int | None, routed: Sequence[Routed], /) -> Facts:
        """Learn from what was routed, and say what is known.

        Raises:
            ValueError: A candle has no close that is a number, or another period than those before it. The other
                candles were learnt from, and the next call goes on behind it.
        """
        self._learn(routed)
        equity = None if self._equity is None else self._equity()
        if equity is not None and finite(equity) is not None:  # not-a-number would stay the peak; Facts refuses it
            self._peak = equity if self._peak is None else max(self._peak, equity)
        return Facts(
            close_time=close_time,
            equity=equity,
            peak_equity=self._peak,
            volatility=self._volatility.copy(),
            correlation=Correlations(tuple(self._rows), self.shrinkage),
        )

    def _learn(self, routed: Sequence[Routed]) -> None:
        row: dict[Instrument, float] = {}
        unusable = None
        for record in routed:
            try:
                self._take(record, row)
            except ValueError as error:
                unusable = unusable or error
        if row:
            self._rows.append(row)
        for sleeve, move in row.items():
            self._remember(sleeve, move)
        if unusable is not None:
            raise unusable

    def _take(self, record: Routed, row: dict[Instrument, float]) -> None:
        event, sleeve = record.event, record.sleeve
        period = period_name(event.period)
        if self._period is not None and period != self._period:
            return
        close = finite(getattr(event.candle, "close", None))
        if close is None:
            raise ValueError(f"the candle of {sleeve!r} has no close that is a finite number: {shown(event.candle)}")
        if self._only is None:
            self._only = period
        if period != self._only:
            raise ValueError(
                f"{sleeve!r} gets candles of {event.period!r} and the portfolio has others of {self._only!r}, "
                "whose volatilities do not compare: choose one, RollingFacts(period=...)"
            )
        before = self._closes.get(sleeve)
        self._closes[sleeve] = close
        if before and isfinite(move := (close - before) / abs(before)):
            row[sleeve] = move

    def _remember(self, sleeve: Instrument, move: float) -> None:
        returns = self._returns.setdefault(sleeve, deque(maxlen=self.window))
        returns.append(move)
        if len(returns) < self.window:
            return
        volatility = hypot(*returns) / sqrt(self.window)  # hypot: no square is too large or small for a float
        if volatility > 0 and isfinite(volatility):
            self._volatility[sleeve] = volatility
        else:
            self._volatility.pop(sleeve, None)


@attrs.frozen(eq=False)
class Correlations(Mapping[tuple[Instrument, Instrument], float]):
    """Correlations of the moves in some rows, computed on demand; sleeves that did not move have none."""

    _rows: tuple[Row, ...]
    _shrinkage: float
    _moves: dict[Instrument, tuple[float, ...]] = attrs.field(factory=dict, init=False)

    def __getitem__(self, pair: tuple[Instrument, Instrument]) -> float:
        one, other = map(self._direction, pair)
        if not (one and other):
            raise KeyError(pair)
        if pair[0] == pair[1]:
            return 1.0
        product: float = sum(map(mul, one, other))
        return (1.0 - self._shrinkage) * max(-1.0, min(1.0, product))

    def _direction(self, sleeve: Instrument) -> tuple[float, ...]:
        """Return the sleeve's moves as a vector of length 1; empty where it did not move."""
        known = self._moves.get(sleeve)
        if known is None:
            moves = [row.get(sleeve, 0.0) for row in self._rows]
            largest = max(map(abs, moves), default=0.0)
            moves = [move / largest for move in moves] if largest else []
            length = hypot(*moves)
            known = self._moves[sleeve] = tuple(move / length for move in moves)
        return known

    def __iter__(self) -> Iterator[tuple[Instrument, Instrument]]:
        sleeves = sorted({sleeve for row in self._rows for sleeve in row})
        moved = [sleeve for sleeve in sleeves if self._direction(sleeve)]
        return ((one, other) for one in moved for other in moved if one <= other)

    def __len__(self) -> int:
        return sum(1 for _ in self)
