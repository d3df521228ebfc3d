"""What a backtest came to, in figures: for the account, and for each sleeve of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from tradedesk.execution.types import SleeveStatement
from tradedesk.marketdata import Instrument
from tradedesk.metrics._curve import EquityCurve, sleeve_curve
from tradedesk.metrics._measure import Metrics, measure
from tradedesk.metrics._trades import Trip, closed_trades


class Run(Protocol):
    """What is needed of a run to measure it; `tradedesk.backtest.BacktestResult` has it."""

    @property
    def start(self) -> float:
        """Equity before the first close."""
        ...

    @property
    def close_times(self) -> Sequence[int]:
        """In nanoseconds since 1970."""
        ...

    @property
    def equity(self) -> Sequence[float]:
        """At each close."""
        ...

    @property
    def exposure(self) -> Sequence[float]:
        """Value of all positions at each close."""
        ...

    @property
    def traded(self) -> Sequence[float]:
        """Value bought and sold by each close."""
        ...

    @property
    def round_trips(self) -> Iterable[Trip]:
        """Positions that were closed."""
        ...

    @property
    def sleeves(self) -> Mapping[Instrument, SleeveStatement]:
        """Sleeve -> its book."""
        ...

    def profit_of(self, sleeve: Instrument, /) -> Sequence[float]:
        """What a sleeve had gained at each close."""
        ...


def measure_run(run: Run, *, periods_per_year: float | None = None, risk_free: float = 0.0) -> Metrics:
    """Measure a whole run; see `measure`.

    Raises:
        MetricsError: The run started with no money, or an argument breaks its rule.
    """
    return measure(
        EquityCurve(start=run.start, close_times=run.close_times, equity=run.equity),
        trades=closed_trades(run.round_trips),
        periods_per_year=periods_per_year,
        risk_free=risk_free,
        positions=run.exposure,
        traded=run.traded,
    )


def measure_sleeves(
    run: Run, *, periods_per_year: float | None = None, risk_free: float = 0.0
) -> dict[Instrument, Metrics]:
    """Measure each sleeve of a run on the equity of the whole portfolio; exposure and turnover are None.

    Raises:
        MetricsError: As for `measure_run`.
        ValueError: The run kept no curves of its sleeves.
    """
    trips: dict[str, list[Trip]] = {sleeve: [] for sleeve in run.sleeves}
    for trip in run.round_trips:
        trips[trip.sleeve].append(trip)
    return {
        sleeve: measure(
            sleeve_curve(run.start, run.close_times, run.profit_of(sleeve)),
            trades=closed_trades(trips[sleeve]),
            periods_per_year=periods_per_year,
            risk_free=risk_free,
        )
        for sleeve in run.sleeves
    }
