"""What closed trades come to, in any order, and which trades cannot be."""

import random
from dataclasses import dataclass
from math import nan

import attrs
import pytest

from tradedesk.metrics import ClosedTrade, MetricsError, TradeMetrics, closed_trade, trade_metrics
from tradedesk.risk import PositionTracker, RoundTrip

HOUR = 3_600 * 1_000_000_000


def trade(pnl: float, hours: int = 1, **more: float | None) -> ClosedTrade:
    return ClosedTrade(
        sleeve="slow",
        instrument="EURUSD",
        entry_time=0,
        exit_time=hours * HOUR,
        entry_price=1.1,
        exit_price=1.2,
        **{"quantity": 1.0, "pnl": pnl} | more,
    )


@dataclass(frozen=True)
class Known:
    pnls: tuple[float, ...]
    expected: dict[str, float | None]


KNOWN = {
    "a mixture": Known(
        (30.0, -10.0, 0.0, 20.0),
        {"trades": 4, "wins": 2, "losses": 1, "win_rate": 0.5, "profit_factor": 5.0, "expectancy": 10.0}
        | {"average_win": 25.0, "average_loss": -10.0, "best": 30.0, "worst": -10.0},
    ),
    "all wins": Known(
        (1.0, 3.0),
        {"trades": 2, "wins": 2, "losses": 0, "win_rate": 1.0, "profit_factor": None, "expectancy": 2.0}
        | {"average_win": 2.0, "average_loss": None, "best": 3.0, "worst": 1.0},
    ),
    "all losses": Known(
        (-1.0, -3.0),
        {"trades": 2, "wins": 0, "losses": 2, "win_rate": 0.0, "profit_factor": 0.0, "expectancy": -2.0}
        | {"average_win": None, "average_loss": -2.0, "best": -1.0, "worst": -3.0},
    ),
    "none": Known((), {"trades": 0, "wins": 0, "losses": 0} | dict.fromkeys(("win_rate", "expectancy", "best"))),
}


@pytest.mark.parametrize("name", KNOWN)
def test_trades_come_to_what_is_known(name: str):
    measured = attrs.asdict(trade_metrics(map(trade, KNOWN[name].pnls)))
    assert {key: measured[key] for key in KNOWN[name].expected} == KNOWN[name].expected


def test_excursions_are_averaged_over_the_trades_that_have_them():
    some = trade_metrics([trade(5, mfe=10.0, mae=-2.0), trade(5, mfe=20.0, mae=-4.0), trade(5)])
    assert (some.average_mfe, some.average_mae, some.edge_ratio) == (15, -3, 5)


def test_a_trade_that_was_never_behind_has_no_edge_ratio():
    assert trade_metrics([trade(5, mfe=10.0, mae=0.0)]).edge_ratio is None


def test_the_time_that_trades_were_held_is_averaged_in_seconds():
    assert trade_metrics([trade(1, hours=1), trade(1, hours=3)]).average_holding == 7_200


def test_the_order_of_the_trades_does_not_matter():
    trades = [trade(each / 7, mfe=abs(each) / 3, mae=-abs(each) / 9) for each in range(-50, 70)]
    shuffled = random.Random(1).sample(trades, len(trades))
    assert trade_metrics(shuffled) == trade_metrics(trades)


def test_every_figure_of_no_trades_but_the_counts_is_none():
    counts = {"trades", "wins", "losses"}
    others = [field.name for field in attrs.fields(TradeMetrics) if field.name not in counts]
    assert [getattr(trade_metrics([]), name) for name in others] == [None] * len(others)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"pnl": nan}, "pnl nan must be finite"),
        ({"quantity": 0.0}, "quantity 0.0 must not be 0: nothing was traded"),
        ({"hours": -1}, "exit_time -3600000000000 precedes entry_time 0"),
        ({"mfe": -1.0}, "mfe -1.0 is the most that it was ahead, so at least 0"),
        ({"mae": 1.0}, "mae 1.0 is the most that it was behind, so at most 0"),
    ],
)
def test_a_trade_that_cannot_be_is_refused(arguments: dict[str, float], text: str):
    with pytest.raises(MetricsError) as refusal:
        trade(**{"pnl": 1.0} | arguments)
    assert str(refusal.value) == f"trade of 'slow' in 'EURUSD': {text}"


def round_trip(size: float, *times: int | None) -> RoundTrip:
    tracker = PositionTracker()
    tracker.fill(size, 10.0, times[0])
    trip = tracker.close(12.0, times[1]).trip
    assert trip is not None
    return trip


@pytest.mark.parametrize(("size", "pnl", "mfe", "mae"), [(5.0, 9.0, 10.0, 0.0), (-5.0, -11.0, 0.0, -10.0)])
def test_a_round_trip_of_the_tracker_is_a_trade(size: float, pnl: float, mfe: float, mae: float):
    made = closed_trade(round_trip(size, 7, 9), sleeve="slow", instrument="EURUSD", costs=1.0)
    assert made == ClosedTrade(
        sleeve="slow",
        instrument="EURUSD",
        entry_time=7,
        exit_time=9,
        quantity=size,
        entry_price=10.0,
        exit_price=12.0,
        pnl=pnl,
        mfe=mfe,
        mae=mae,
    )


def test_a_round_trip_without_times_is_refused():
    with pytest.raises(MetricsError) as refusal:
        closed_trade(round_trip(5.0, None, None), sleeve="slow", instrument="EURUSD")
    assert str(refusal.value) == (
        "round trip of 'slow' in 'EURUSD' has no times; give the tracker the time of every fill"
    )
