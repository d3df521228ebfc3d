"""Orders that fill in parts: a candle gives no more than the terms' share of its volume."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.execution.parts import Pit, Prices, flat
from tradedesk.execution import IOC, Commission, Order, OrderState, Terms, TermsError
from tradedesk.marketdata import Candle, CandleCloseEvent

AT_100 = flat(100.0)
TENTH = Terms(volume_share=0.1)


def traded(prices: Prices, volume: float) -> CandleCloseEvent:
    return CandleCloseEvent("X", "1MINUTE", Candle("", *prices, volume))


def show(pit: Pit, *volumes: float, prices: Prices = AT_100, then=None) -> list[tuple]:
    fills = []
    for place, volume in enumerate(volumes, start=1):
        fills += pit.serve([traded(prices, volume)], then if place == len(volumes) else None)
    return [(fill.side, fill.size, fill.price, fill.moment) for fill in fills]


def test_a_market_order_takes_what_the_volume_gives_and_the_rest_in_the_candles_behind():
    pit = Pit(terms=TENTH)
    ticket = pit.give(lambda: pit.desk.buy(10))
    assert show(pit, 40) == [("buy", 4.0, 100.0, "open")]
    assert (ticket.state, ticket.filled) == (OrderState.ACCEPTED, 4.0)
    assert show(pit, 50) == [("buy", 5.0, 100.0, "open")]
    assert show(pit, 50) == [("buy", 1.0, 100.0, "open")]
    assert (ticket.state, ticket.filled, pit.desk.size) == (OrderState.FILLED, 10.0, 10.0)
    assert pit.told == ["A-1 accepted", "A-1 accepted", "A-1 accepted", "A-1 filled"]


def test_without_a_share_the_volume_is_not_looked_at():
    pit = Pit()
    pit.give(lambda: pit.desk.buy(10))
    assert show(pit, 0) == [("buy", 10, 100.0, "open")]


def test_a_candle_without_volume_fills_nothing():
    pit = Pit(terms=TENTH)
    ticket = pit.give(lambda: pit.desk.buy(10))
    assert show(pit, 0, 0) == []
    assert ticket.state is OrderState.ACCEPTED


def test_all_sleeves_share_the_volume_in_declared_order():
    pit = Pit("A", "B", terms=TENTH)
    first, second = pit.desks
    pit.give(lambda: (second.buy(3), first.buy(3)))
    show(pit, 40)
    assert (first.size, second.size) == (3.0, 1.0)


def test_an_immediate_order_loses_the_rest():
    pit = Pit(terms=TENTH)
    ticket = pit.give(lambda: pit.desk.buy(10, lasts=IOC))
    show(pit, 40)
    assert (ticket.state, ticket.reason) == (OrderState.EXPIRED, "the rest of it did not fill at the open")
    assert pit.desk.size == 4.0


def test_parts_are_whole_lots():
    pit = Pit(terms=Terms(volume_share=0.1, lot_step=1.0))
    pit.give(lambda: pit.desk.buy(10))
    assert show(pit, 47) == [("buy", 4.0, 100.0, "open")]
    assert show(pit, 9) == []


def test_the_rest_of_a_stop_takes_what_it_gets_at_the_next_open():
    pit = Pit(terms=TENTH)
    pit.give(lambda: pit.desk.buy(10, stop=105.0))
    assert show(pit, 40, prices=(100.0, 110.0, 100.0, 110.0)) == [("buy", 4.0, 105.0, "inside")]
    assert show(pit, 100, prices=flat(101.0)) == [("buy", 6.0, 101.0, "open")]


def test_the_rest_of_a_limit_keeps_its_price():
    pit = Pit(terms=TENTH)
    pit.give(lambda: pit.desk.buy(10, limit=95.0))
    assert show(pit, 40, prices=(100.0, 100.0, 94.0, 100.0)) == [("buy", 4.0, 95.0, "inside")]
    assert show(pit, 100) == []
    assert show(pit, 100, prices=(100.0, 100.0, 95.0, 100.0)) == [("buy", 6.0, 95.0, "inside")]


def test_every_part_pays_its_commission():
    pit = Pit(terms=Terms(volume_share=0.1, commission=Commission(per_trade=1.0)))
    pit.give(lambda: pit.desk.buy(10))
    show(pit, 40, 100)
    assert pit.broker.sleeve("A").commission == 2.0


def test_a_bracket_grows_with_its_entry():
    pit = Pit(terms=TENTH)
    entry = pit.give(lambda: pit.desk.buy(10, stop_loss=90.0, take_profit=120.0))
    show(pit, 40)
    assert (entry.stop_loss.order.size, entry.take_profit.order.size) == (4.0, 4.0)
    show(pit, 100)
    assert (entry.stop_loss.order.size, entry.take_profit.order.size) == (10.0, 10.0)
    assert show(pit, 1_000, prices=(100.0, 100.0, 80.0, 80.0)) == [("sell", 10.0, 90.0, "inside")]
    assert entry.take_profit.state is OrderState.CANCELLED


def test_a_bracket_that_closes_what_was_filled_takes_the_rest_of_its_entry_back():
    pit = Pit(terms=TENTH)
    entry = pit.give(lambda: pit.desk.buy(10, limit=100.0, stop_loss=90.0))
    show(pit, 40)
    assert show(pit, 1_000, prices=(101.0, 101.0, 101.0, 101.0)) == []
    assert show(pit, 1_000, prices=(85.0, 85.0, 85.0, 85.0)) == [
        ("buy", 6.0, 85.0, "open"),
        ("sell", 10.0, 85.0, "open"),
    ]
    assert entry.state is OrderState.FILLED
    pit = Pit(terms=TENTH)
    entry = pit.give(lambda: pit.desk.buy(10, limit=100.0, take_profit=105.0))
    show(pit, 40)
    assert show(pit, 1_000, prices=flat(106.0)) == [("sell", 4.0, 106.0, "open")]
    assert (entry.state, entry.reason) == (OrderState.CANCELLED, "its bracket has closed what was filled of it")


def test_what_one_half_of_a_bracket_closed_in_part_the_other_does_not_close_again():
    pit = Pit("A", terms=TENTH)
    entry = pit.give(lambda: pit.desk.buy(10, stop_loss=90.0, take_profit=110.0))
    show(pit, 1_000, then=lambda: pit.desk.buy(5))
    show(pit, 1_000)
    assert show(pit, 60, prices=flat(111.0)) == [("sell", 6.0, 111.0, "open")]
    assert show(pit, 1_000, prices=flat(89.0)) == [("sell", 4.0, 89.0, "open")]
    assert entry.take_profit.state is OrderState.CANCELLED
    assert pit.desk.size == 5.0


def test_an_order_cut_to_what_has_filled_is_over():
    pit = Pit(terms=TENTH)
    ticket = pit.give(lambda: pit.desk.buy(10))
    show(pit, 40, then=lambda: pit.desk.replace(ticket, size=4))
    assert (ticket.state, ticket.reason) == (OrderState.CANCELLED, "all of its new size has filled")


def test_a_share_is_above_0():
    with pytest.raises(TermsError, match=r"^Terms.volume_share is 0; it must be a finite number above 0$"):
        Terms(volume_share=0)


@settings(max_examples=50)
@given(
    st.lists(st.integers(0, 60), min_size=3, max_size=15),
    st.lists(st.tuples(st.sampled_from(["buy", "sell"]), st.integers(1, 90)), min_size=1, max_size=4),
)
def test_parts_add_up_to_the_order_and_no_candle_gives_more_than_its_share(volumes, orders):
    pit = Pit("A", "B", terms=Terms(volume_share=0.1, margin=0))
    pit.serve([traded(flat(100.0), 0)])
    tickets = [pit.desks[place % 2].submit(Order(side, tenths / 10)) for place, (side, tenths) in enumerate(orders)]
    pit.serve([])
    filled = dict.fromkeys((ticket.id for ticket in tickets), 0)
    for volume in volumes:
        fills = pit.serve([traded(flat(100.0), volume)])
        assert sum(round(fill.size * 10) for fill in fills) <= volume
        for fill in fills:
            filled[fill.order_id] += round(fill.size * 10)
    for ticket, (_, tenths) in zip(tickets, orders, strict=True):
        assert round(ticket.filled * 10) == filled[ticket.id] <= tenths
        assert (ticket.state is OrderState.FILLED) == (filled[ticket.id] == tenths)
