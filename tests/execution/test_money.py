"""Known answers, to the cent: worked out by hand, or published by others."""

import pytest

from tests.execution.parts import DAY, MINUTE, Pit, event, flat
from tradedesk.execution import (
    Commission,
    Conversion,
    Financing,
    PaperBroker,
    SleeveStatement,
    Slippage,
    Terms,
    TermsError,
)


def test_the_basic_template_of_lean_comes_out_to_the_cent():
    """LEAN's BasicTemplateDailyAlgorithm: SPY, 2013-10, prices adjusted by 0.8646266."""
    factor = 0.8646266
    pit = Pit(terms=Terms(commission=Commission(per_unit=0.005, minimum=1.0)))
    pit.give(lambda: pit.desk.buy(697), at=165.0 * factor)
    (fill,) = pit.show(flat(165.82 * factor))
    assert fill.commission == pytest.approx(3.485, abs=1e-12)
    pit.show(flat(173.27 * factor))
    assert round(pit.broker.equity, 2) == 104486.22


def test_a_scale_in_and_two_partial_closes_realise_all_of_the_profit():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1))
    pit.show(flat(100.0), then=lambda: pit.desk.buy(1))
    pit.show(flat(110.0), then=lambda: pit.desk.sell(1))
    assert pit.desk.average_price == 105.0
    (first,) = pit.show(flat(120.0), then=lambda: pit.desk.sell(1))
    (second,) = pit.show(flat(90.0))
    assert (first.realised, first.closed, second.realised, second.closed) == (15.0, 1.0, -15.0, 1.0)
    assert pit.broker.account().balance == 100_000.0


def test_a_flip_closes_and_opens_in_one_fill():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(2))
    pit.show(flat(100.0), then=lambda: pit.desk.sell(5))
    (fill,) = pit.show(flat(104.0))
    assert (fill.realised, fill.closed, fill.opened) == (8.0, 2.0, 3.0)
    assert (pit.desk.size, pit.desk.average_price) == (-3.0, 104.0)
    pit.show(flat(101.0))
    assert pit.broker.equity == 100_017.0


@pytest.mark.parametrize(
    ("commission", "expected"),
    [
        (Commission(), 0.0),
        (Commission(per_trade=2.5), 2.5),
        (Commission(per_unit=0.01), 10.0),
        (Commission(bps=5), 50.0),
        (Commission(per_trade=1, per_unit=0.001, bps=1, minimum=5), 12.0),
        (Commission(per_unit=0.001, minimum=5), 5.0),
    ],
)
def test_the_commission_of_1_000_at_100_is(commission, expected):
    pit = Pit(terms=Terms(commission=commission), cash=200_000.0)
    pit.give(lambda: pit.desk.buy(1_000))
    (fill,) = pit.show(flat(100.0))
    assert fill.commission == pytest.approx(expected, abs=1e-9)
    assert pit.broker.equity == pytest.approx(200_000.0 - expected, abs=1e-9)


def test_spread_slippage_and_commission_add_up_to_what_a_round_trip_costs():
    pit = Pit(terms=Terms(spread=0.02, slippage=Slippage(points=0.01), commission=Commission(per_trade=1)))
    pit.give(lambda: pit.desk.buy(100))
    fills = pit.show(flat(50.0), then=pit.desk.close) + pit.show(flat(50.0))
    statement = pit.broker.sleeve("A")
    quotes = sum(abs(fill.price - fill.quote) * fill.size for fill in fills)
    assert quotes == pytest.approx(4.0, abs=1e-9)
    assert statement.profit == pytest.approx(-(quotes + statement.commission), abs=1e-9)
    assert round(statement.profit, 2) == -6.0


def yen(pit_cash: float = 100_000.0) -> PaperBroker:
    return PaperBroker(
        {"USDJPY": Terms(currency="JPY", margin=0.02)},
        cash=pit_cash,
        conversions={"JPY": Conversion("USDJPY", inverted=True)},
    )


def test_a_profit_in_yen_is_converted_at_the_rate_of_the_slice_and_stays_what_it_was():
    pit = Pit()
    pit.broker = yen()
    desk = pit.broker.desk("USDJPY")
    pit.serve([event("USDJPY", flat(150.0))], then=lambda: desk.buy(10_000))
    pit.serve([event("USDJPY", flat(150.0))])
    pit.serve([event("USDJPY", flat(153.0))], then=desk.close)
    assert desk.statement().unrealised == pytest.approx(30_000 / 153, abs=1e-9)
    (fill,) = pit.serve([event("USDJPY", (153.0, 156.0, 153.0, 156.0))])
    assert fill.realised == pytest.approx(30_000 / 156, abs=1e-9)
    pit.serve([event("USDJPY", flat(100.0))])
    assert round(pit.broker.equity, 2) == 100_192.31


def test_a_fixed_worth_converts_too():
    pit = Pit(instruments={"X": Terms(currency="EUR")}, conversions={"EUR": 1.25})
    pit.give(lambda: pit.desk.buy(10))
    pit.show(flat(100.0), flat(104.0))
    assert pit.broker.equity == 100_050.0


def test_another_instrument_may_say_what_a_currency_is_worth():
    pit = Pit(instruments={"X": Terms(currency="EUR"), "EURUSD": Terms()}, conversions={"EUR": Conversion("EURUSD")})
    pit.serve([event("X", flat(100.0)), event("EURUSD", flat(1.0))], then=lambda: pit.desk.buy(10))
    pit.serve([event("X", flat(100.0))])
    pit.serve([event("X", flat(104.0))])
    assert pit.broker.equity == 100_040.0
    pit.serve([event("EURUSD", flat(1.5))])
    assert pit.broker.equity == 100_060.0


def test_the_value_of_a_point_multiplies_profits_costs_and_margin():
    terms = Terms(value_per_point=50.0, margin=0.1, commission=Commission(bps=1))
    pit = Pit(terms=terms)
    pit.give(lambda: pit.desk.buy(2), at=4_000.0)
    pit.show(flat(4_000.0), flat(4_010.0))
    account = pit.broker.account()
    assert account.equity == pytest.approx(100_000 + 1_000 - 40, abs=1e-9)
    assert account.margin == pytest.approx(40_100, abs=1e-9)
    assert account.free == pytest.approx(account.equity - 40_100, abs=1e-9)


# Financing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "financing", "paid"),
    [
        ("buy", Financing(long=0.0365), 10.0),
        ("buy", Financing(short=0.0365), 0.0),
        ("sell", Financing(short=-0.0365), -10.0),
        ("buy", Financing(long=0.036, days_in_year=360), 10.0),
    ],
)
def test_a_night_costs_a_day_of_the_yearly_rate(side, financing, paid):
    pit = Pit(terms=Terms(financing=financing), cash=200_000.0)
    pit.time = DAY - 3 * MINUTE
    pit.give(lambda: getattr(pit.desk, side)(1_000))
    pit.show(flat(100.0), flat(100.0))
    assert pit.time == DAY
    assert pit.broker.sleeve("A").financing == pytest.approx(paid, abs=1e-9)
    assert pit.broker.equity == pytest.approx(200_000 - paid, abs=1e-9)
    pit.show(flat(100.0))
    assert pit.broker.sleeve("A").financing == pytest.approx(paid, abs=1e-9)


def test_a_weekend_costs_three_nights_and_the_rollover_says_when_a_day_ends():
    evening = 22 * 60 * MINUTE
    pit = Pit(terms=Terms(financing=Financing(long=0.0365, rollover=evening)), cash=200_000.0)
    pit.time = evening - 4 * MINUTE
    pit.give(lambda: pit.desk.buy(1_000))
    pit.show(flat(100.0))
    assert pit.broker.sleeve("A").financing == 0.0
    pit.time += 3 * DAY
    pit.show(flat(100.0))
    assert pit.broker.sleeve("A").financing == pytest.approx(30.0, abs=1e-9)


def test_a_position_pays_for_no_night_before_it_was_opened():
    pit = Pit(terms=Terms(financing=Financing(long=0.0365)), cash=200_000.0)
    pit.time = DAY - 3 * MINUTE
    pit.give(lambda: pit.desk.buy(1_000))
    pit.time += 3 * DAY
    pit.show(flat(100.0))
    assert (pit.desk.size, pit.broker.sleeve("A").financing) == (1_000.0, 0.0)


def test_a_daily_candle_pays_for_the_night_it_ends_with():
    pit = Pit(terms=Terms(financing=Financing(long=0.0365), period="DAY"), cash=200_000.0, step=DAY)
    pit.serve([event("X", flat(100.0), "DAY")], then=lambda: pit.desk.buy(1_000))
    pit.serve([event("X", flat(100.0), "DAY")])
    assert pit.broker.sleeve("A").financing == pytest.approx(10.0, abs=1e-9)


def test_a_night_without_a_candle_is_paid_for_all_the_same():
    pit = Pit(terms=Terms(financing=Financing(long=0.0365)), cash=200_000.0)
    pit.give(lambda: pit.desk.buy(1_000))
    pit.show(flat(100.0))
    pit.time = DAY
    pit.serve([])
    assert pit.broker.sleeve("A").financing == pytest.approx(10.0, abs=1e-9)


# Books over one account -----------------------------------------------------------------------------------------------


def test_two_sleeves_keep_their_books_apart_and_the_account_nets_them():
    pit = Pit("A", "B")
    buyer, seller = pit.desks
    pit.give(lambda: buyer.buy(1))
    pit.show(flat(100.0), then=lambda: seller.sell(1))
    pit.show(flat(110.0))
    assert (buyer.size, seller.size) == (1.0, -1.0)
    assert pit.broker.account().positions == {}
    assert pit.broker.account().margin == 0.0
    pit.show(flat(120.0))
    profits = [pit.broker.sleeve(name).profit for name in "AB"]
    assert profits == [20.0, -10.0]
    assert pit.broker.equity == 100_010.0


def test_the_net_position_counts_what_was_held_before_the_second_desk_was_opened():
    pit = Pit("A")
    pit.give(lambda: pit.desk.buy(3))
    pit.show(flat(100.0))
    late = pit.broker.desk("late", "X")
    pit.give(lambda: late.sell(1))
    pit.show(flat(100.0))
    assert pit.broker.account().positions == {"X": 2.0}


def test_a_statement_says_what_a_sleeve_did():
    pit = Pit(terms=Terms(commission=Commission(per_trade=1)))
    pit.give(lambda: pit.desk.buy(4))
    pit.show(flat(100.0), then=lambda: pit.desk.sell(1))
    pit.show(flat(103.0))
    expected = SleeveStatement(
        instrument="X",
        size=3.0,
        average_price=100.0,
        realised=3.0,
        unrealised=9.0,
        commission=2.0,
        financing=0.0,
        profit=10.0,
        fills=2,
    )
    assert pit.broker.sleeve("A") == pit.desk.statement() == expected


def test_round_trips_are_told_with_their_sleeve():
    trips = []
    pit = Pit(on_trip=lambda sleeve, trip: trips.append((sleeve, trip)))
    pit.give(lambda: pit.desk.buy(1))
    pit.show((100.0, 120.0, 90.0, 105.0), then=pit.desk.close)
    pit.show(flat(110.0))
    ((sleeve, trip),) = trips
    assert (sleeve, trip.side, trip.profit, trip.mfe, trip.mae, trip.candles) == ("A", "long", 10.0, 20.0, -10.0, 1)
    assert (trip.opened_at, trip.closed_at) == (2 * MINUTE, 3 * MINUTE)


def test_what_fills_at_a_close_has_not_seen_the_candle_before_it():
    trips = []
    pit = Pit(market_fill="next_close", on_trip=lambda _, trip: trips.append(trip))
    pit.give(lambda: pit.desk.buy(1))
    pit.show((100.0, 120.0, 90.0, 105.0), then=pit.desk.close)
    pit.show(flat(105.0))
    assert [(trip.mfe, trip.mae) for trip in trips] == [(0.0, 0.0)]


# Terms that cannot be meant -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Commission(per_unit=-1), "Commission.per_unit is -1; it must be a finite number of at least 0"),
        (lambda: Slippage(bps=float("nan")), "Slippage.bps is nan; it must be a finite number of at least 0"),
        (lambda: Financing(long="5%"), "Financing.long is '5%'; it must be a finite number"),
        (
            lambda: Financing(rollover=DAY),
            "Financing.rollover is 86400000000000; it must be from 0 to 86399999999999, within a day",
        ),
        (lambda: Financing(days_in_year=0), "Financing.days_in_year is 0; it must be a finite number above 0"),
        (lambda: Terms(value_per_point=0), "Terms.value_per_point is 0; it must be a finite number above 0"),
        (lambda: Terms(margin=-0.1), "Terms.margin is -0.1; it must be a finite number of at least 0"),
        (
            lambda: Terms(min_size=2, max_size=1),
            "Terms.max_size is 1 and min_size 2; max_size must not be smaller",
        ),
        (lambda: Terms(lot_step=0), "Terms.lot_step is 0; it must be a finite number above 0"),
        (lambda: Terms(quoted="ask"), "Terms.quoted is 'ask'; it must be 'mid' or 'bid'"),
        (lambda: PaperBroker(["X"], cash=float("inf")), "cash is inf; it must be a finite number"),
        (
            lambda: PaperBroker(["X"], cash=1, market_fill="now"),
            "market_fill is 'now'; it must be one of 'next_open', 'same_close', 'next_close'",
        ),
        (
            lambda: PaperBroker({"X": Terms(currency="JPY")}, cash=1),
            "nothing says what JPY is worth in USD: give conversions={'JPY': ...}",
        ),
        (
            lambda: PaperBroker({"X": Terms(currency="JPY")}, cash=1, conversions={"JPY": 0}),
            "the worth of JPY in USD is 0; it must be a finite number above 0",
        ),
    ],
)
def test_terms_that_cannot_be_meant_are_refused(make, text):
    with pytest.raises(TermsError) as caught:
        make()
    assert str(caught.value) == text


def test_a_close_of_0_is_the_worth_of_no_currency():
    broker = yen()
    pit = Pit()
    pit.broker = broker
    with pytest.raises(TermsError) as caught:
        pit.serve([event("USDJPY", flat(0.0))])
    assert str(caught.value) == (
        "the close of 'USDJPY', which says what JPY is worth, is 0.0; it must be a finite number above 0"
    )
