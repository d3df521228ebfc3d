"""What a backtest came to, in figures: for the account, and for each sleeve of it."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from tradedesk.execution.types import SleeveStatement, TripStatement
from tradedesk.marketdata import Instrument
from tradedesk.metrics._curve import EquityCurve, sleeve_curve
from tradedesk.metrics._measure import Metrics, measure
from tradedesk.metrics._trades import ClosedTrade


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
    def round_trips(self) -> Iterable[TripStatement]:
        """Positions that were closed."""
        ...

    @property
    def sleeves(self) -> Mapping[Instrument, SleeveStatement]:
        """Sleeve -> its book."""
        ...

    def profit_of(self, sleeve: Instrument, /) -> Sequence[float]:
        """What a sleeve had gained at each close."""
        ...


def trade_of(trip: TripStatement) -> ClosedTrade:
    """Make a trade of a position that a broker saw closed; its profit is after costs, its excursions before them."""
    return ClosedTrade(
        sleeve=trip.sleeve,
        instrument=trip.instrument,
        entry_time=trip.entry_time,
        exit_time=trip.exit_time,
        quantity=trip.size if trip.side == "long" else -trip.size,
        entry_price=trip.entry_price,
        exit_price=trip.exit_price,
        pnl=trip.profit,
        mfe=trip.mfe,
        mae=trip.mae,
    )


def measure_run(run: Run, *, periods_per_year: float | None = None, risk_free: float = 0.0) -> Metrics:
    """Measure a whole run; see `measure`.

    Raises:
        MetricsError: The run started with no money, or an argument breaks its rule.
    """
    return measure(
        EquityCurve(start=run.start, close_times=run.close_times, equity=run.equity),
        trades=map(trade_of, run.round_trips),
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
    trades: dict[Instrument, list[ClosedTrade]] = {sleeve: [] for sleeve in run.sleeves}
    for trip in run.round_trips:
        trades[trip.sleeve].append(trade_of(trip))
    return {
        sleeve: measure(
            sleeve_curve(run.start, run.close_times, run.profit_of(sleeve)),
            trades=made,
            periods_per_year=periods_per_year,
            risk_free=risk_free,
        )
        for sleeve, made in trades.items()
    }
