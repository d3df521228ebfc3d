"""Closed trades, and what they come to.

Money is in the account's currency, time in nanoseconds since the Unix epoch.
"""

from collections.abc import Callable, Iterable, Sequence
from math import fsum, isfinite
from typing import Final, Protocol

from attrs import frozen

from tradedesk.metrics._errors import MetricsError
from tradedesk.risk import RoundTrip

_MUST_BE_FINITE: Final = ("quantity", "entry_price", "exit_price", "pnl", "mfe", "mae")


@frozen(kw_only=True)
class ClosedTrade:
    """One trade from its entry to its exit.

    `quantity` is positive for a long and negative for a short trade. `pnl` is what it earned, costs deducted. `mfe` is
    the most that it was ahead while open and at least 0, `mae` the most that it was behind and at most 0, both in
    money and before costs; None where nobody looked.

    Raises:
        MetricsError: A number is not finite, `quantity` is 0, the exit precedes the entry, or an excursion has the
            wrong sign.
    """

    sleeve: str
    instrument: str
    entry_time: int
    exit_time: int
    quantity: float
    entry_price: float
    exit_price: float
    pnl: float
    mfe: float | None = None
    mae: float | None = None

    def __attrs_post_init__(self) -> None:
        for name in _MUST_BE_FINITE:
            value = getattr(self, name)
            if value is not None and not isfinite(value):
                raise self._wrong(name, "must be finite")
        if self.quantity == 0:
            raise self._wrong("quantity", "must not be 0: nothing was traded")
        if self.exit_time < self.entry_time:
            raise self._wrong("exit_time", f"precedes entry_time {self.entry_time}")
        if self.mfe is not None and self.mfe < 0:
            raise self._wrong("mfe", "is the most that it was ahead, so at least 0")
        if self.mae is not None and self.mae > 0:
            raise self._wrong("mae", "is the most that it was behind, so at most 0")

    def _wrong(self, name: str, rule: str) -> MetricsError:
        return MetricsError(f"trade of {self.sleeve!r} in {self.instrument!r}: {name} {getattr(self, name)!r} {rule}")


def closed_trade(trip: RoundTrip, *, sleeve: str, instrument: str, costs: float = 0.0) -> ClosedTrade:
    """Make a trade of a round trip that a `tradedesk.risk.PositionTracker` saw.

    `costs`, in money, are taken from its profit.

    Raises:
        MetricsError: The round trip has no times: its fills were applied without one.
    """
    if trip.opened_at is None or trip.closed_at is None:
        raise MetricsError(
            f"round trip of {sleeve!r} in {instrument!r} has no times; give the tracker the time of every fill"
        )
    return ClosedTrade(
        sleeve=sleeve,
        instrument=instrument,
        entry_time=trip.opened_at,
        exit_time=trip.closed_at,
        quantity=trip.size if trip.side == "long" else -trip.size,
        entry_price=trip.entry_price,
        exit_price=trip.exit_price,
        pnl=trip.profit - costs,
        mfe=trip.mfe,
        mae=trip.mae,
    )


class Trip(Protocol):
    """A position from flat to flat, in the account's currency: `tradedesk.execution.TripStatement` is one."""

    @property
    def sleeve(self) -> str: ...
    @property
    def instrument(self) -> str: ...
    @property
    def side(self) -> str: ...
    @property
    def size(self) -> float: ...
    @property
    def entry_time(self) -> int: ...
    @property
    def exit_time(self) -> int: ...
    @property
    def entry_price(self) -> float: ...
    @property
    def exit_price(self) -> float: ...
    @property
    def profit(self) -> float: ...
    @property
    def mfe(self) -> float: ...
    @property
    def mae(self) -> float: ...


def closed_trades(trips: Iterable[Trip]) -> list[ClosedTrade]:
    """Make trades of a backtest's round trips: ``closed_trades(result.round_trips)``."""
    return [
        ClosedTrade(
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
        for trip in trips
    ]


@frozen(kw_only=True)
class TradeMetrics:
    """What closed trades come to. A win is a trade that earned more than 0, a loss one that earned less."""

    trades: int
    wins: int
    losses: int
    win_rate: float | None
    """Wins over all trades, those that earned exactly 0 included."""
    profit_factor: float | None
    """What the wins earned over what the losses cost. None without a loss."""
    expectancy: float | None
    """Mean profit and loss of a trade, in money."""
    average_win: float | None
    """In money."""
    average_loss: float | None
    """In money, negative."""
    best: float | None
    """The largest profit of a trade, in money."""
    worst: float | None
    """The largest loss of a trade (the smallest profit if all won), in money."""
    average_mfe: float | None
    """Mean of the largest amounts that the trades were ahead (maximum favourable excursion), in money."""
    average_mae: float | None
    """Mean of the largest amounts that the trades were behind (maximum adverse excursion), in money, negative."""
    edge_ratio: float | None
    """`average_mfe` over the size of `average_mae`: above 1, trades run further ahead than behind."""
    average_holding: float | None
    """Mean time from entry to exit, in seconds."""


def trade_metrics(trades: Iterable[ClosedTrade]) -> TradeMetrics:
    """Sum up closed trades; the order does not matter.

    Excursions are averaged over the trades that have them. No trades give counts of 0 and None for the rest.
    MFE and MAE: J. Sweeney, *Maximum Adverse Excursion*, 1996.
    """
    trades = tuple(trades)
    pnls = [trade.pnl for trade in trades]
    wins, losses = [each for each in pnls if each > 0], [each for each in pnls if each < 0]
    mfe = _mean([trade.mfe for trade in trades if trade.mfe is not None])
    mae = _mean([trade.mae for trade in trades if trade.mae is not None])
    return TradeMetrics(
        trades=len(trades),
        wins=len(wins),
        losses=len(losses),
        win_rate=len(wins) / len(trades) if trades else None,
        profit_factor=fsum(wins) / -fsum(losses) if losses else None,
        expectancy=_mean(pnls),
        average_win=_mean(wins),
        average_loss=_mean(losses),
        best=_end(max, pnls),
        worst=_end(min, pnls),
        average_mfe=mfe,
        average_mae=mae,
        edge_ratio=mfe / -mae if mfe is not None and mae else None,
        average_holding=_mean([(trade.exit_time - trade.entry_time) / 1e9 for trade in trades]),
    )


def _mean(values: Sequence[float]) -> float | None:
    # fsum rounds once, so the mean does not depend on the order.
    return fsum(values) / len(values) if values else None


def _end(which: Callable[[Sequence[float]], float], values: Sequence[float]) -> float | None:
    return which(values) if values else None
