"""Orders as they are given, tickets as they live, and every reason for which a broker says no."""

from itertools import product

import pytest

from tests.execution.parts import MINUTE, Pit, brief, event, flat
from tradedesk.execution import (
    BrokerStateError,
    Commission,
    Conversion,
    Order,
    OrderError,
    OrderState,
    PaperBroker,
    Terms,
    Ticket,
    UnknownInstrumentError,
    good_for,
    good_till,
)
from tradedesk.execution._ticket import MOVES

NAN = float("nan")


# Orders that cannot mean anything -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Order("long", 1), "side is 'long'; it must be 'buy' or 'sell'"),
        (lambda: Order("buy", 0), "size is 0; it must be a finite number above 0"),
        (lambda: Order("sell", -1), "size is -1; it must be a finite number above 0"),
        (lambda: Order("buy", NAN), "size is nan; it must be a finite number above 0"),
        (lambda: Order("buy", True), "size is True; it must be a finite number above 0"),
        (lambda: Order("buy", 1, limit=NAN), "limit is nan; it must be a finite number"),
        (lambda: Order("buy", 1, stop="1"), "stop is '1'; it must be a finite number"),
        (lambda: Order("buy", 1, stop_loss=NAN), "stop_loss is nan; it must be a finite number"),
        (
            lambda: Order("buy", 1, stop_loss=2.0, take_profit=1.0),
            "stop_loss is 2.0 and take_profit 1.0; to buy, stop_loss must be below take_profit",
        ),
        (
            lambda: Order("sell", 1, stop_loss=1.0, take_profit=2.0),
            "take_profit is 2.0 and stop_loss 1.0; to sell, take_profit must be below stop_loss",
        ),
        (
            lambda: Order("buy", 1, limit=5.0, stop_loss=5.0),
            "stop_loss is 5.0 and limit or stop 5.0; to buy, stop_loss must be below limit or stop",
        ),
        (
            lambda: Order("sell", 1, stop=5.0, take_profit=6.0),
            "take_profit is 6.0 and limit or stop 5.0; to sell, take_profit must be below limit or stop",
        ),
        (
            lambda: Order("sell", 1, reduce_only=True, stop_loss=6.0),
            "a reduce_only order opens nothing for a stop_loss or take_profit to close; leave them out",
        ),
        (lambda: good_for(0), "good_for: candles is 0; it must be a whole number of at least 1"),
        (lambda: good_for(1.5), "good_for: candles is 1.5; it must be a whole number of at least 1"),
        (lambda: good_till(1e18), "good_till: time is 1e+18; it must be a whole number of nanoseconds since 1970"),
    ],
)
def test_an_order_that_cannot_mean_anything_is_refused_where_it_is_written_down(make, text):
    with pytest.raises(OrderError) as caught:
        make()
    assert str(caught.value) == text


# Rejections -----------------------------------------------------------------------------------------------------------

REJECTIONS = {
    "below the smallest": (
        Terms(min_size=10),
        lambda desk: desk.buy(9),
        "a size of 9 is below the smallest, 10",
    ),
    "above the largest": (
        Terms(max_size=10),
        lambda desk: desk.sell(10.5),
        "a size of 10.5 is above the largest, 10",
    ),
    "no whole lots": (
        Terms(lot_step=0.1),
        lambda desk: desk.buy(0.25),
        "a size of 0.25 is no whole number of lots of 0.1",
    ),
    "too dear at the last close": (
        Terms(),
        lambda desk: desk.buy(1_001),
        "it takes 100100.00 USD and 100000.00 is free",
    ),
    "too dear at its limit": (
        Terms(margin=0.5, commission=Commission(per_trade=1)),
        lambda desk: desk.buy(2_000, limit=100.0),
        "it takes 100001.00 USD and 100000.00 is free",
    ),
    "nothing to reduce": (
        Terms(),
        lambda desk: desk.sell(1, reduce_only=True),
        "it is reduce_only, and the sleeve holds nothing to sell",
    ),
}


@pytest.mark.parametrize("case", REJECTIONS)
def test_an_order_is_rejected_with_the_reason(case):
    terms, order, reason = REJECTIONS[case]
    pit = Pit(terms=terms)
    ticket = pit.give(lambda: order(pit.desk))
    assert (ticket.state, ticket.reason) == (OrderState.REJECTED, reason)
    assert pit.show(flat(100.0)) == []
    assert (pit.broker.statistics().rejected, pit.broker.statistics().working) == (1, 0)


def test_lots_are_counted_in_decimals():
    pit = Pit(terms=Terms(lot_step=0.1))
    assert pit.give(lambda: pit.desk.buy(0.3)).state is OrderState.ACCEPTED


def test_an_order_before_the_first_candle_is_rejected():
    pit = Pit()
    ticket = pit.desk.buy(1)
    pit.serve([])
    assert ticket.reason == "no candle of 'X' has been seen, so there is no price to check the order against"


def test_an_order_in_a_currency_of_unknown_worth_is_rejected():
    pit = Pit(instruments={"X": Terms(currency="EUR"), "EURUSD": Terms()}, conversions={"EUR": Conversion("EURUSD")})
    ticket = pit.give(lambda: pit.desk.buy(1))
    assert ticket.reason == "it is not known yet what EUR, the currency of 'X', is worth"


def test_what_the_gate_says_is_the_reason():
    pit = Pit(
        "A",
        "B",
        gate=lambda sleeve, *, reduces: "the sleeve is quarantined since slice 3: oops" if sleeve == "A" else None,
    )
    tickets = pit.give(lambda: [desk.buy(1) for desk in pit.desks])
    assert [ticket.state for ticket in tickets] == [OrderState.REJECTED, OrderState.ACCEPTED]
    assert tickets[0].reason == "the sleeve is quarantined since slice 3: oops"


def test_the_gate_is_asked_again_before_a_position_is_opened_and_not_before_one_is_closed():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, stop_loss=95.0))
    entry = pit.give(lambda: pit.desk.buy(1, limit=99.0))
    pit.broker.ask_first(lambda _, *, reduces: "no more")
    assert brief(pit.show((100.0, 101.0, 94.0, 95.0))) == [("sell", 1, 95.0, "inside")]
    assert (entry.state, entry.reason) == (OrderState.REJECTED, "no more")


def test_a_gate_is_told_whether_an_order_can_only_reduce():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(2))
    pit.show(flat(100.0))
    pit.broker.ask_first(lambda _, *, reduces: None if reduces else "halted")
    tickets = pit.give(lambda: (pit.desk.sell(1), pit.desk.sell(1, reduce_only=True)))
    assert [(ticket.state, ticket.reason) for ticket in tickets] == [
        (OrderState.REJECTED, "halted"),
        (OrderState.ACCEPTED, ""),
    ]
    assert brief(pit.show(flat(101.0))) == [("sell", 1, 101.0, "open")]


def test_an_order_that_a_gap_made_too_dear_is_rejected_when_it_would_fill():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1_000, stop_loss=90.0))
    assert ticket.state is OrderState.ACCEPTED
    assert pit.show(flat(101.0)) == []
    assert (ticket.state, ticket.reason) == (OrderState.REJECTED, "it takes 101000.00 USD and 100000.00 is free")
    assert (ticket.stop_loss.state, ticket.stop_loss.reason) == (OrderState.CANCELLED, "its entry was rejected")


def test_money_goes_to_the_sleeves_in_declared_order():
    pit = Pit("A", "B")
    first, second = pit.desks
    tickets = pit.give(lambda: (second.buy(600), first.buy(600)))
    pit.show(flat(100.0))
    assert [ticket.state for ticket in tickets] == [OrderState.REJECTED, OrderState.FILLED]
    assert tickets[0].reason == "it takes 60000.00 USD and 40000.00 is free"


def test_what_takes_from_the_net_position_is_never_too_dear():
    pit = Pit("A", "B")
    long, short = pit.desks
    pit.give(lambda: long.buy(1_000))
    pit.show(flat(100.0), then=lambda: short.sell(900))
    pit.show(flat(50.0))
    assert short.size == -900.0


def test_a_way_out_is_open_whatever_the_limits_on_size():
    pit = Pit(terms=Terms(min_size=2, lot_step=1))
    pit.give(lambda: pit.desk.buy(3))
    pit.show(flat(100.0), then=lambda: pit.desk.sell(0.5, reduce_only=True))
    assert brief(pit.show(flat(100.0))) == [("sell", 0.5, 100.0, "open")]


def test_terms_without_margin_ask_for_nothing():
    pit = Pit(terms=Terms(margin=0), cash=0.0)
    pit.give(lambda: pit.desk.buy(1_000_000))
    assert brief(pit.show(flat(100.0))) == [("buy", 1_000_000, 100.0, "open")]


def test_a_sleeve_has_so_many_calls_and_orders_and_no_more():
    pit = Pit()
    pit.show(flat(100.0))
    tickets = [pit.desk.buy(1, limit=50.0, stop_loss=40.0) for _ in range(1_001)]
    assert (tickets[-1].state, tickets[-1].reason) == (
        OrderState.REJECTED,
        "the sleeve has 1000 calls waiting for the slice to close, the most it may have",
    )
    assert tickets[-1].stop_loss.reason == "its entry was rejected"
    with pytest.raises(BrokerStateError, match=r"^the sleeve has 1000 calls waiting for the slice to close"):
        pit.desk.cancel(tickets[0])
    late = pit.give(lambda: pit.desk.buy(1))
    assert late.state is OrderState.REJECTED
    last = pit.give(lambda: pit.desk.buy(1))
    assert last.reason == "the sleeve has 1000 orders at work, the most it may have"


# Desks ----------------------------------------------------------------------------------------------------------------


def test_an_instrument_without_terms_has_no_desk():
    broker = PaperBroker(["X", "Y"], cash=1.0)
    with pytest.raises(UnknownInstrumentError) as caught:
        broker.desk("Z")
    assert str(caught.value) == "there are no terms for 'Z', only for 'X', 'Y': give the broker its terms."


def test_a_sleeve_has_one_desk_which_is_opened_once():
    broker = PaperBroker(["X", "Y"], cash=1.0)
    assert broker.desk("fast", "X") is broker.desk("fast")
    with pytest.raises(BrokerStateError, match=r"^sleeve 'fast' has a desk for 'X', and none for 'Y'$"):
        broker.desk("fast", "Y")


def test_a_sleeve_without_a_desk_has_no_book():
    broker = PaperBroker(["X"], cash=1.0)
    with pytest.raises(BrokerStateError, match=r"^sleeve 'A' has no desk; those with one are none$"):
        broker.sleeve("A")


def test_a_ticket_of_another_sleeve_is_refused():
    pit = Pit("A", "B")
    ticket = pit.give(lambda: pit.desks[0].buy(1))
    with pytest.raises(BrokerStateError) as caught:
        pit.desks[1].cancel(ticket)
    assert str(caught.value) == "order A-1 is sleeve 'A''s, and this is 'B''s desk"


def test_a_desk_shows_what_is_open():
    pit = Pit()
    entry = pit.give(lambda: pit.desk.buy(1, stop_loss=95.0, take_profit=110.0))
    assert pit.desk.orders == (entry, entry.stop_loss, entry.take_profit)
    pit.show(flat(100.0))
    assert pit.desk.orders == (entry.stop_loss, entry.take_profit)
    fresh = pit.desk.buy(1)
    assert pit.desk.orders[-1] is fresh
    assert pit.desk.close() is not None


def test_a_flat_desk_has_nothing_to_close():
    pit = Pit()
    assert pit.desk.close() is None
    assert pit.desk.average_price is None


# Cancel and replace ---------------------------------------------------------------------------------------------------


def test_a_cancelled_entry_takes_its_bracket_along():
    pit = Pit()
    entry = pit.give(lambda: pit.desk.buy(1, limit=95.0, stop_loss=90.0, take_profit=110.0))
    pit.show(flat(100.0), then=pit.desk.cancel_all)
    assert [ticket.state for ticket in (entry, entry.stop_loss, entry.take_profit)] == [OrderState.CANCELLED] * 3
    assert entry.stop_loss.reason == "its entry was cancelled"


def test_an_order_may_be_taken_back_in_the_handler_that_gave_it():
    pit = Pit()
    pit.show(flat(100.0))
    ticket = pit.desk.buy(1)
    pit.desk.cancel(ticket)
    pit.show(flat(100.0), flat(100.0))
    assert ticket.state is OrderState.CANCELLED
    assert pit.desk.size == 0.0


def test_to_cancel_what_is_over_changes_nothing():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1))
    pit.show(flat(100.0), then=lambda: pit.desk.cancel(ticket))
    pit.show(flat(100.0))
    assert ticket.state is OrderState.FILLED


def test_a_replaced_order_fills_at_its_new_price():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, limit=90.0))
    pit.show(flat(100.0), then=lambda: pit.desk.replace(ticket, limit=95.0, size=2))
    assert brief(pit.show((100.0, 101.0, 90.0, 100.0))) == [("buy", 2, 95.0, "inside")]


def test_a_stop_loss_can_be_trailed():
    pit = Pit()
    entry = pit.give(lambda: pit.desk.buy(1, stop_loss=90.0))
    pit.show(flat(100.0), then=lambda: pit.desk.replace(entry.stop_loss, stop=98.0))
    assert brief(pit.show((100.0, 101.0, 95.0, 100.0))) == [("sell", 1, 98.0, "inside")]


def test_the_bracket_of_an_entry_that_waits_can_be_moved():
    pit = Pit()
    entry = pit.give(lambda: pit.desk.buy(1, limit=95.0, stop_loss=80.0))
    pit.show(flat(100.0), then=lambda: pit.desk.replace(entry.stop_loss, stop=93.0))
    assert [fill.price for fill in pit.show((100.0, 101.0, 90.0, 100.0))] == [95.0, 93.0]


def test_two_changes_of_one_order_in_one_handler_both_count():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, limit=90.0))
    pit.show(flat(100.0))
    pit.desk.replace(ticket, limit=95.0)
    pit.desk.replace(ticket, size=3)
    pit.show(flat(100.0))
    assert (ticket.order.limit, ticket.order.size) == (95.0, 3)


def test_an_order_may_be_changed_in_the_handler_that_gave_it():
    pit = Pit()
    pit.show(flat(100.0))
    ticket = pit.desk.buy(1, limit=90.0)
    pit.desk.replace(ticket, limit=95.0)
    pit.show(flat(100.0))
    assert (ticket.state, ticket.order.limit) == (OrderState.ACCEPTED, 95.0)


def test_a_change_that_is_refused_leaves_the_order_as_it_was():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, limit=90.0))
    pit.show(flat(100.0), then=lambda: pit.desk.replace(ticket, size=5_000))
    assert ticket.reason == (
        "it stays as it was, for the change was refused: it takes 450000.00 USD and 100000.00 is free"
    )
    assert brief(pit.show(flat(90.0))) == [("buy", 1, 90.0, "open")]


def test_a_change_that_cannot_mean_anything_raises():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, limit=90.0, stop_loss=80.0))
    with pytest.raises(OrderError, match=r"^stop_loss is 80.0 and limit or stop 70.0; to buy, stop_loss must be below"):
        pit.desk.replace(ticket, limit=70.0)


# Closing a sleeve out -------------------------------------------------------------------------------------------------


def test_a_sleeve_can_be_closed_out_against_its_gate():
    pit = Pit("A", "B")
    entry = pit.give(lambda: pit.desk.buy(2, stop_loss=90.0))
    pit.show(flat(100.0))
    waiting = pit.desk.buy(1)
    pit.broker.ask_first(lambda _, *, reduces: "quarantined")
    ticket = pit.broker.close_out("A")
    assert brief(pit.show(flat(99.0))) == [("sell", 2, 99.0, "open")]
    assert ticket.order.tag == "close_out"
    assert [each.reason for each in (entry.stop_loss, waiting)] == ["the sleeve is closed out"] * 2
    assert pit.broker.close_out("A") is None


# Tickets --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("state", "then"), list(product(OrderState, OrderState)))
def test_a_ticket_moves_as_the_table_says(state, then):
    ticket = Ticket("A-1", "A", "X", Order("buy", 1), state)
    if then in MOVES[state]:
        ticket.move(then, "because")
        assert (ticket.state, ticket.reason) == (then, "because")
    else:
        with pytest.raises(BrokerStateError, match=rf"^order A-1 is {state.value} and cannot become {then.value}$"):
            ticket.move(then)


def test_whoever_asked_is_told_of_each_change():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(1, stop_loss=95.0, take_profit=110.0))
    pit.show(flat(100.0), (100.0, 111.0, 100.0, 105.0))
    assert pit.told == ["A-1 accepted", "A-1 filled", "A-2 accepted", "A-3 accepted", "A-3 filled", "A-2 cancelled"]


def test_orders_are_counted():
    pit = Pit()
    pit.give(lambda: (pit.desk.buy(1), pit.desk.buy(9_999), pit.desk.buy(1, limit=50.0)))
    pit.show(flat(100.0))
    statistics = pit.broker.statistics()
    assert (statistics.slices, statistics.orders, statistics.rejected) == (2, 3, 1)
    assert (statistics.working, statistics.fills) == (1, 1)


def test_a_fill_says_what_it_is_of():
    pit = Pit()
    ticket = pit.give(lambda: pit.desk.buy(1, tag="breakout"))
    (fill,) = pit.show(flat(100.0))
    assert ticket.fill is fill
    assert (fill.number, fill.order_id, fill.sleeve, fill.instrument, fill.tag) == (1, "A-1", "A", "X", "breakout")
    assert fill.close_time == 2 * MINUTE


def test_an_event_of_another_instrument_marks_nothing():
    pit = Pit(instruments={"X": Terms(), "Y": Terms()})
    pit.give(lambda: pit.desk.buy(1))
    pit.show(flat(100.0))
    pit.serve([event("Y", flat(1.0))])
    assert pit.broker.equity == 100_000.0
