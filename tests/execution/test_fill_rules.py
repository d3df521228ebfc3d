"""Where an order fills: each rule of the page "what the fills assume" has its test here, and its name there."""

import pytest

from tests.execution.parts import DAY, MINUTE, Pit, brief, event, flat
from tradedesk.execution import DAY as GOOD_FOR_THE_DAY
from tradedesk.execution import (
    IOC,
    BrokerStateError,
    OrderState,
    Slippage,
    Terms,
    TermsError,
    good_for,
    good_till,
)
from tradedesk.marketdata import Slice

BAR = (100.0, 105.0, 95.0, 102.0)


# When -----------------------------------------------------------------------------------------------------------------


def test_an_order_given_in_one_candle_works_from_the_next_one_on():
    pit = Pit()
    ticket = pit.desk.buy(1, limit=99.0)
    assert pit.show((100.0, 100.0, 90.0, 100.0)) == []
    assert ticket.state is OrderState.ACCEPTED
    assert brief(pit.show(BAR)) == [("buy", 1, 99.0, "inside")]


def test_a_market_order_fills_at_the_next_open():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(2))
    (fill,) = pit.show(BAR)
    assert (fill.price, fill.quote, fill.moment, fill.close_time) == (100.0, 100.0, "open", pit.time)


def test_same_close_fills_a_market_order_at_the_close_of_the_candle_it_was_given_in():
    pit = Pit(market_fill="same_close")
    pit.show(BAR, then=lambda: pit.desk.buy(2))
    assert pit.desk.size == 2
    assert pit.broker.equity == 100_000.0
    given_at = pit.time
    (fill,) = pit.show(flat(110.0))
    assert (fill.price, fill.moment, fill.close_time) == (102.0, "close", given_at)


def test_same_close_without_a_candle_of_the_instrument_waits_for_the_next_open():
    pit = Pit(market_fill="same_close")
    pit.show(BAR)
    pit.serve([], then=lambda: pit.desk.buy(2))
    assert brief(pit.show(flat(110.0))) == [("buy", 2, 110.0, "open")]


def test_next_close_fills_a_market_order_at_the_close_of_the_next_candle():
    pit = Pit(market_fill="next_close")
    pit.give(lambda: pit.desk.sell(2))
    assert brief(pit.show(BAR)) == [("sell", 2, 102.0, "close")]


def test_next_close_does_not_cut_an_immediate_market_order_short():
    pit = Pit(market_fill="next_close")
    pit.give(lambda: pit.desk.sell(2, lasts=IOC))
    assert brief(pit.show(BAR)) == [("sell", 2, 102.0, "close")]


def test_an_instrument_without_a_candle_in_the_slice_fills_nothing():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(2))
    assert pit.serve([]) == []
    assert ticket.state is OrderState.ACCEPTED
    assert brief(pit.show(BAR)) == [("buy", 2, 100.0, "open")]


# Where ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("side", "prices", "expected"),
    [
        ("buy", BAR, [("buy", 1, 98.0, "inside")]),
        ("buy", (97.0, 105.0, 95.0, 102.0), [("buy", 1, 97.0, "open")]),
        ("buy", (98.0, 105.0, 98.0, 102.0), [("buy", 1, 98.0, "open")]),
        ("buy", (100.0, 105.0, 98.0, 102.0), [("buy", 1, 98.0, "inside")]),
        ("buy", (100.0, 105.0, 98.1, 102.0), []),
        ("sell", BAR, [("sell", 1, 100.0, "open")]),
        ("sell", (97.0, 105.0, 95.0, 102.0), [("sell", 1, 98.0, "inside")]),
        ("sell", (97.0, 97.9, 95.0, 97.0), []),
    ],
)
def test_a_limit_fills_at_its_price_or_at_a_better_open(side, prices, expected):
    pit = Pit()
    pit.give(lambda: getattr(pit.desk, side)(1, limit=98.0))
    assert brief(pit.show(prices)) == expected


@pytest.mark.parametrize(
    ("side", "prices", "expected"),
    [
        ("buy", BAR, [("buy", 1, 103.0, "inside")]),
        ("buy", (104.0, 105.0, 95.0, 102.0), [("buy", 1, 104.0, "open")]),
        ("buy", (103.0, 105.0, 95.0, 102.0), [("buy", 1, 103.0, "open")]),
        ("buy", (100.0, 103.0, 95.0, 102.0), [("buy", 1, 103.0, "inside")]),
        ("buy", (100.0, 102.9, 95.0, 102.0), []),
        ("sell", (104.0, 105.0, 95.0, 102.0), [("sell", 1, 103.0, "inside")]),
        ("sell", BAR, [("sell", 1, 100.0, "open")]),
        ("sell", (104.0, 105.0, 103.1, 104.0), []),
    ],
)
def test_a_stop_fills_at_its_price_and_beyond_a_gap_at_the_open(side, prices, expected):
    pit = Pit()
    pit.give(lambda: getattr(pit.desk, side)(1, stop=103.0))
    assert brief(pit.show(prices)) == expected


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (BAR, [("buy", 1, 103.0, "inside")]),
        ((103.5, 105.0, 95.0, 102.0), [("buy", 1, 103.5, "open")]),
        ((104.5, 105.0, 95.0, 102.0), [("buy", 1, 104.0, "inside")]),
        ((104.5, 105.0, 104.1, 104.5), []),
    ],
)
def test_a_stop_with_a_limit_never_fills_beyond_the_limit(prices, expected):
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, stop=103.0, limit=104.0))
    assert brief(pit.show(prices)) == expected


def test_a_stop_with_a_limit_that_a_gap_set_off_works_on_as_a_limit():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, stop=103.0, limit=104.0))
    assert pit.show((104.5, 105.0, 104.1, 104.5)) == []
    assert brief(pit.show((102.0, 102.5, 101.0, 102.0))) == [("buy", 1, 102.0, "open")]


def test_a_limit_behind_its_stop_waits_for_the_candle_after_the_one_that_set_it_off():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, stop=103.0, limit=99.0))
    assert pit.show(BAR) == []
    assert brief(pit.show(BAR)) == [("buy", 1, 99.0, "inside")]


def test_inside_one_candle_every_stop_fills_before_any_limit():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1))
    pit.give(lambda: (pit.desk.sell(1, limit=104.0, reduce_only=True), pit.desk.sell(1, stop=96.0, reduce_only=True)))
    assert brief(pit.show(BAR)) == [("sell", 1, 96.0, "inside")]


def test_of_a_bracket_that_one_candle_reaches_both_ends_of_the_stop_fills():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, stop_loss=96.0, take_profit=104.0))
    assert brief(pit.show(flat(100.0))) == [("buy", 1, 100.0, "open")]
    assert brief(pit.show(BAR)) == [("sell", 1, 96.0, "inside")]
    assert ticket.take_profit.reason == "the other half of its bracket filled"


# Brackets -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prices", "expected"),
    [
        (BAR, [("buy", 1, 100.0, "open"), ("sell", 1, 96.0, "inside")]),
        ((100.0, 105.0, 99.0, 100.0), [("buy", 1, 100.0, "open"), ("sell", 1, 104.0, "inside")]),
        ((95.0, 105.0, 94.0, 100.0), [("buy", 1, 95.0, "open"), ("sell", 1, 95.0, "open")]),
        ((104.5, 105.0, 99.0, 100.0), [("buy", 1, 104.5, "open"), ("sell", 1, 104.5, "open")]),
        ((100.0, 103.0, 99.0, 100.0), [("buy", 1, 100.0, "open")]),
    ],
)
def test_after_an_entry_at_the_open_the_bracket_works_in_the_rest_of_the_candle(prices, expected):
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, stop_loss=96.0, take_profit=104.0))
    assert brief(pit.show(prices)) == expected


@pytest.mark.parametrize(
    ("details", "stop_loss"),
    [({"limit": 99.0}, 96.0), ({"stop": 101.0}, 96.0), ({"limit": 99.0}, 98.5)],
)
def test_after_an_entry_inside_a_candle_its_stop_loss_may_fill_in_it(details, stop_loss):
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, stop_loss=stop_loss, **details))
    (_, out) = pit.show(BAR)
    assert (out.side, out.price, out.moment) == ("sell", stop_loss, "inside")


@pytest.mark.parametrize("details", [{"limit": 99.0}, {"stop": 101.0}])
def test_after_an_entry_inside_a_candle_its_take_profit_waits_for_the_next_one(details):
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, take_profit=104.0, **details))
    assert [fill.side for fill in pit.show(BAR)] == ["buy"]
    assert brief(pit.show(BAR)) == [("sell", 1, 104.0, "inside")]


def test_a_stop_loss_inside_the_spread_of_its_entry_fills_at_the_other_side_of_the_spread():
    pit = Pit(terms=Terms(spread=2.0))
    pit.give(lambda: pit.desk.buy(1, stop=102.0, stop_loss=101.5))
    assert brief(pit.show((100.0, 101.0, 99.5, 100.0))) == [("buy", 1, 102.0, "inside"), ("sell", 1, 100.0, "inside")]


def test_a_bracket_of_an_entry_at_the_close_works_from_the_next_candle_on():
    pit = Pit(market_fill="same_close")
    pit.show(BAR, then=lambda: pit.desk.buy(1, stop_loss=96.0))
    assert brief(pit.show(BAR)) == [("buy", 1, 102.0, "close"), ("sell", 1, 96.0, "inside")]


def test_a_bracket_closes_what_its_entry_opened_and_no_more():
    pit = Pit()
    pit.give(lambda: pit.desk.sell(1))
    pit.give(lambda: pit.desk.buy(3, stop_loss=96.0))
    pit.show(flat(100.0))
    assert pit.desk.size == 2
    assert brief(pit.show(BAR)) == [("sell", 2, 96.0, "inside")]


def test_a_bracket_leaves_alone_what_others_opened():
    pit = Pit()
    pit.give(lambda: pit.desk.sell(1))
    pit.give(lambda: pit.desk.buy(3, stop_loss=96.0))
    pit.give(lambda: pit.desk.buy(2))
    assert brief(pit.show(BAR)) == [("buy", 2, 100.0, "open"), ("sell", 2, 96.0, "inside")]
    assert pit.desk.size == 2


def test_a_bracket_of_an_entry_that_opened_nothing_is_cancelled():
    pit = Pit()
    pit.give(lambda: pit.desk.sell(3))
    ticket = pit.give(lambda: pit.desk.buy(1, stop_loss=96.0))
    pit.show(flat(100.0))
    assert (ticket.stop_loss.state, ticket.stop_loss.reason) == (OrderState.CANCELLED, "its entry opened nothing")


def test_what_would_reduce_a_position_does_not_outlive_it():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, stop_loss=96.0, take_profit=110.0))
    pit.show(flat(100.0), then=pit.desk.close)
    pit.show(flat(100.0), then=lambda: pit.desk.buy(1))
    assert (ticket.stop_loss.state, ticket.stop_loss.reason) == (OrderState.CANCELLED, "the position was closed")
    assert brief(pit.show(BAR)) == [("buy", 1, 100.0, "open")]
    assert pit.desk.orders == ()


def test_a_reduce_only_order_is_cut_to_what_is_held():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(2))
    pit.give(lambda: pit.desk.sell(5, reduce_only=True))
    assert brief(pit.show(BAR)) == [("sell", 2, 100.0, "open")]


# Costs of the quote ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quoted", "bought", "sold"),
    [("mid", 100.5, 99.5), ("bid", 101.0, 100.0)],
)
def test_a_buyer_pays_the_ask_and_a_seller_gets_the_bid(quoted, bought, sold):
    pit = Pit(terms=Terms(spread=1.0, quoted=quoted))
    pit.give(lambda: (pit.desk.buy(1), pit.desk.sell(1)))
    fills = pit.show(BAR)
    assert [(fill.price, fill.quote) for fill in fills] == [(bought, 100.0), (sold, 100.0)]


@pytest.mark.parametrize(
    ("side", "details", "prices", "price"),
    [
        ("buy", {"limit": 98.0}, (100.0, 101.0, 97.5, 100.0), 98.0),
        ("buy", {"limit": 98.0}, (100.0, 101.0, 97.6, 100.0), None),
        ("buy", {"stop": 103.0}, (100.0, 102.5, 99.0, 100.0), 103.0),
        ("buy", {"stop": 103.0}, (100.0, 102.4, 99.0, 100.0), None),
        ("sell", {"limit": 103.0}, (100.0, 103.5, 99.0, 100.0), 103.0),
        ("sell", {"limit": 103.0}, (100.0, 103.4, 99.0, 100.0), None),
        ("sell", {"stop": 98.0}, (100.0, 101.0, 98.5, 100.0), 98.0),
        ("sell", {"stop": 98.0}, (100.0, 101.0, 98.6, 100.0), None),
    ],
)
def test_limits_and_stops_look_at_the_quote_of_their_own_side(side, details, prices, price):
    pit = Pit(terms=Terms(spread=1.0))
    pit.give(lambda: getattr(pit.desk, side)(1, **details))
    assert [fill.price for fill in pit.show(prices)] == ([] if price is None else [price])


@pytest.mark.parametrize(
    ("side", "details", "price"),
    [
        ("buy", {}, 100.7),
        ("sell", {}, 99.3),
        ("buy", {"stop": 103.0}, 103.709),
        ("sell", {"stop": 97.0}, 96.309),
        ("buy", {"stop": 103.0, "limit": 103.5}, 103.5),
        ("sell", {"stop": 97.0, "limit": 96.5}, 96.5),
        ("buy", {"limit": 98.0}, 98.0),
        ("sell", {"limit": 103.0}, 103.0),
        ("buy", {"limit": 101.0}, 100.0),
        ("sell", {"limit": 99.0}, 100.0),
    ],
)
def test_market_orders_and_stops_slip_and_limits_do_not(side, details, price):
    pit = Pit(terms=Terms(slippage=Slippage(points=0.4, bps=30)))
    pit.give(lambda: getattr(pit.desk, side)(1, **details))
    (fill,) = pit.show(BAR)
    assert fill.price == pytest.approx(price, rel=1e-12)


# How long -------------------------------------------------------------------------------------------------------------


def test_an_immediate_order_fills_at_the_open_or_never():
    pit = Pit()
    tickets = pit.give(lambda: (pit.desk.buy(1, limit=99.0, lasts=IOC), pit.desk.buy(1, limit=101.0, lasts=IOC)))
    assert brief(pit.show(BAR)) == [("buy", 1, 100.0, "open")]
    assert (tickets[0].state, tickets[0].reason) == (OrderState.EXPIRED, "it did not fill at the open")


def test_an_order_good_for_so_many_candles_expires_after_the_last_of_them():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, limit=90.0, lasts=good_for(2)))
    pit.show(BAR)
    assert ticket.state is OrderState.ACCEPTED
    pit.show(BAR)
    assert (ticket.state, ticket.reason) == (OrderState.EXPIRED, "it worked in 2 candles, as it was to")


def test_an_order_good_till_a_time_fills_in_no_candle_that_closes_later():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, limit=96.0, lasts=good_till(2 * MINUTE)))
    other = pit.desk.buy(1, limit=96.0, lasts=good_till(3 * MINUTE))
    pit.show(flat(100.0))
    assert brief(pit.show(BAR)) == [("buy", 1, 96.0, "inside")]
    assert (ticket.state, ticket.reason) == (OrderState.EXPIRED, "its time was over")
    assert other.state is OrderState.FILLED


def test_an_order_for_the_day_works_until_the_day_of_its_first_candle_ends():
    pit = Pit()
    pit.time = DAY - 3 * MINUTE
    ticket = pit.give(lambda: pit.desk.buy(1, limit=96.0, lasts=GOOD_FOR_THE_DAY))
    pit.show(flat(100.0), flat(100.0))
    assert (pit.time, ticket.state) == (DAY, OrderState.ACCEPTED)
    pit.show(BAR)
    assert (ticket.state, ticket.reason) == (OrderState.EXPIRED, "its time was over")


def test_an_order_for_the_day_that_is_given_at_midnight_works_on_the_day_that_begins():
    pit = Pit()
    pit.time = DAY - MINUTE
    pit.give(lambda: pit.desk.buy(1, limit=96.0, lasts=GOOD_FOR_THE_DAY))
    assert pit.time == DAY
    assert brief(pit.show(flat(100.0), BAR)) == [("buy", 1, 96.0, "inside")]


def test_an_order_works_until_it_is_cancelled():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, limit=90.0))
    pit.show(*[BAR] * 50, then=lambda: pit.desk.cancel(ticket))
    assert (ticket.state, ticket.reason) == (OrderState.CANCELLED, "the strategy took it back")
    assert pit.show(flat(80.0)) == []


# Which candles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turned", [False, True])
def test_orders_fill_on_the_shortest_period_of_the_first_slice_whatever_its_order(turned):
    pit = Pit()
    both = [event("X", flat(100.0), "5MINUTE"), event("X", flat(100.0), "1MINUTE")]
    pit.serve(both[::-1] if turned else both, then=lambda: pit.desk.buy(1))
    assert pit.serve([event("X", flat(101.0), "5MINUTE")]) == []
    assert brief(pit.serve([event("X", flat(102.0), "1MINUTE")])) == [("buy", 1, 102.0, "open")]


def test_the_terms_may_name_the_period_to_fill_on():
    pit = Pit(terms=Terms(period="5MINUTE"))
    pit.serve([event("X", flat(100.0), "5MINUTE")], then=lambda: pit.desk.buy(1))
    assert pit.serve([event("X", flat(101.0), "1MINUTE")]) == []
    assert brief(pit.serve([event("X", flat(102.0), "5MINUTE")])) == [("buy", 1, 102.0, "open")]


def test_a_shorter_period_that_comes_later_is_refused():
    pit = Pit()
    pit.serve([event("X", flat(100.0), "5MINUTE")])
    with pytest.raises(TermsError) as caught:
        pit.serve([event("X", flat(100.0), "1MINUTE")])
    assert str(caught.value) == (
        "'X' was filled on 5MINUTE candles, and now has 1MINUTE candles too: "
        "name the one to fill on in its terms, Terms(period='1MINUTE')"
    )


def test_candles_without_terms_are_let_pass():
    pit = Pit()
    assert pit.serve([event("Y", flat(1.0))]) == []
    assert pit.broker.equity == 100_000.0


# Turns ----------------------------------------------------------------------------------------------------------------


def test_slices_are_opened_and_closed_in_turn():
    broker = Pit().broker
    with pytest.raises(BrokerStateError, match=r"^no slice is open: open_slice comes first$"):
        broker.close_slice()
    broker.open_slice(Slice(7, ()))
    with pytest.raises(BrokerStateError, match=r"^the slice that closes at 7 is open: close_slice comes first$"):
        broker.open_slice(Slice(8, ()))
    broker.close_slice()
    with pytest.raises(BrokerStateError, match=r"^a slice that closes at 7 comes after one that closes at 7$"):
        broker.open_slice(Slice(7, ()))
