"""Whole runs with answers that were worked out by hand, or published by others."""

import pytest

from tests.execution.parts import MINUTE, event, flat
from tradedesk.backtest import run_backtest
from tradedesk.execution import Commission, Conversion, Financing, PaperBroker, Terms, TripStatement
from tradedesk.marketdata import Slice
from tradedesk.metrics import EquityCurve, closed_trades, measure
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner

HOUR = 60 * MINUTE
DAY = 24 * HOUR


class Told:
    """Does at each candle what it is told to."""

    def __init__(self, desk, *wishes):
        self.desk = desk
        self.wishes = list(wishes)

    def set_risk_per_trade(self, value):
        pass

    def is_regime_active(self):
        return True

    async def on_candle_close(self, candle):
        wish = self.wishes.pop(0) if self.wishes else None
        if wish is not None:
            wish(self.desk)


async def run(broker, wishes, *candles, step=MINUTE, name="X", **options):
    player = Told(broker.desk(name), *wishes)
    runner = PortfolioRunner({name: player}, EqualSplitRiskPolicy(1.0), default_risk_per_trade=1.0, dispatch="direct")
    source = [Slice(number * step, (event(name, bar),)) for number, bar in enumerate(candles, start=1)]
    return await run_backtest(runner, broker, source, **options)


def buy(size, **details):
    return lambda desk: desk.buy(size, **details)


def sell(size, **details):
    return lambda desk: desk.sell(size, **details)


async def test_the_basic_template_of_lean_comes_out_to_the_cent_as_a_backtest():
    """LEAN's BasicTemplateDailyAlgorithm: SPY, 2013-10, prices adjusted by 0.8646266, the order after a day of warm-up."""
    factor = 0.8646266
    broker = PaperBroker({"SPY": Terms(commission=Commission(per_unit=0.005, minimum=1.0))}, cash=100_000.0)
    result = await run(
        broker,
        [None, buy(697)],
        flat(165.0 * factor),
        flat(165.0 * factor),
        flat(165.82 * factor),
        flat(173.27 * factor),
        step=DAY,
        name="SPY",
        warm_up="DAY",
    )
    assert result.fills[0].commission == pytest.approx(3.485, abs=1e-12)
    assert round(result.equity[-1], 2) == 104486.22
    assert result.exposure[-1] == pytest.approx(697 * 173.27 * factor, abs=1e-9)
    assert result.traded[1] == pytest.approx(697 * 165.82 * factor, abs=1e-9)


async def test_a_trip_with_a_scale_in_and_a_partial_close():
    """Bought 2 at 100 and 1 at 109, sold 1 at 110 and 2 at 120: +41, less 1 for each of four fills."""
    broker = PaperBroker({"X": Terms(commission=Commission(per_trade=1.0))}, cash=10_000.0)
    result = await run(
        broker,
        [buy(2), buy(1), sell(1), sell(2)],
        flat(100.0),
        (100.0, 105.0, 95.0, 105.0),
        flat(109.0),
        flat(110.0),
        (120.0, 130.0, 120.0, 120.0),
    )
    assert result.round_trips == (
        TripStatement(
            sleeve="X",
            instrument="X",
            side="long",
            size=3.0,
            entry_time=2 * MINUTE,
            exit_time=5 * MINUTE,
            entry_price=103.0,
            exit_price=pytest.approx(350 / 3, abs=1e-9),
            realised=41.0,
            commission=4.0,
            financing=0.0,
            profit=37.0,
            mfe=41.0,
            mae=-10.0,
            candles=3,
            fills=4,
        ),
    )
    assert result.equity[-1] == 10_037.0
    (trade,) = closed_trades(result.round_trips)
    assert (trade.quantity, trade.pnl, trade.mfe, trade.mae) == (3.0, 37.0, 41.0, -10.0)


async def test_a_flip_ends_one_trip_and_begins_another_and_they_share_its_commission_by_size():
    """Bought 1 at 100; sold 4 at 110 (1 closes, 3 open) for 4; bought 3 at 100 for 3."""
    broker = PaperBroker({"X": Terms(commission=Commission(per_unit=1.0))}, cash=10_000.0)
    result = await run(broker, [buy(1), sell(4), buy(3)], flat(100.0), flat(100.0), flat(110.0), flat(100.0))
    first, second = result.round_trips
    assert (first.side, first.size, first.realised, first.commission, first.profit) == ("long", 1.0, 10.0, 2.0, 8.0)
    assert (second.side, second.size, second.realised, second.commission) == ("short", 3.0, 30.0, 6.0)
    assert (first.fills, second.fills) == (2, 2)
    assert result.sleeves["X"].profit == first.profit + second.profit == 32.0


async def test_a_trip_in_yen_is_told_in_dollars():
    """10,000 bought at 150 and sold at 153: 30,000 yen at the last rate, and so its excursions."""
    broker = PaperBroker(
        {"USDJPY": Terms(currency="JPY", margin=0.02)},
        cash=100_000.0,
        conversions={"JPY": Conversion("USDJPY", inverted=True)},
    )
    result = await run(
        broker,
        [buy(10_000), sell(10_000)],
        flat(150.0),
        (150.0, 156.0, 147.0, 153.0),
        flat(153.0),
        name="USDJPY",
    )
    (trip,) = result.round_trips
    assert trip.profit == pytest.approx(30_000 / 153, abs=1e-9)
    assert (trip.mfe, trip.mae) == pytest.approx((60_000 / 153, -30_000 / 153), abs=1e-9)
    assert result.fills[0].value == pytest.approx(1_500_000 / 153, abs=1e-9)


async def test_a_trip_pays_for_its_nights():
    """Two nights at 3.65 % a year of 10,000: 2.00."""
    broker = PaperBroker({"X": Terms(financing=Financing(long=0.0365))}, cash=100_000.0)
    result = await run(broker, [buy(100), None, None, sell(100)], *[flat(100.0)] * 5, step=DAY // 2)
    (trip,) = result.round_trips
    assert trip.financing == pytest.approx(2.0, abs=1e-9)
    assert trip.profit == pytest.approx(-2.0, abs=1e-9)


async def test_a_bracket_in_a_run_closes_at_its_stop():
    broker = PaperBroker(["X"], cash=10_000.0)
    result = await run(
        broker,
        [buy(10, stop_loss=95.0, take_profit=110.0)],
        flat(100.0),
        (100.0, 112.0, 94.0, 100.0),
        flat(100.0),
    )
    assert [(fill.side, fill.price, fill.moment) for fill in result.fills] == [
        ("buy", 100.0, "open"),
        ("sell", 95.0, "inside"),
    ]
    assert result.equity[-1] == 9_950.0


async def test_the_metrics_of_a_run_are_those_of_its_curve():
    broker = PaperBroker(["X"], cash=10_000.0)
    result = await run(broker, [buy(10), None, sell(10)], *map(flat, (100.0, 100.0, 110.0, 105.0)), step=DAY)
    curve = EquityCurve(start=result.start, close_times=result.close_times, equity=result.equity)
    figures = measure(curve, trades=closed_trades(result.round_trips), positions=result.exposure, traded=result.traded)
    assert figures.total_return == pytest.approx(0.005, abs=1e-12)
    assert figures.max_drawdown == pytest.approx(-50 / 10_100, abs=1e-12)
    assert (figures.exposure, figures.trade.trades, figures.trade.win_rate) == (0.5, 1, 1.0)
    assert figures.turnover == pytest.approx(2_050 / 10_037.5 * 365.25 / 4, abs=1e-9)
