"""Laws of money and of fills, on days that nobody chose, held to an account in fractions."""

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.execution.oracle import SlowAccount
from tests.execution.parts import MINUTE
from tests.execution.scenarios import CASH, SLEEVES, Played, Step, days, market_fills, play, terms
from tradedesk.execution import Commission, OrderState, Slippage, Terms
from tradedesk.marketdata import Slice


def near(exact) -> object:
    return pytest.approx(float(exact), rel=1e-11, abs=1e-7)


@given(days, terms, st.sampled_from(["next_open", "next_close"]))
def test_every_book_is_what_the_fills_make_it(day, terms_of_x, market_fill):
    slow = SlowAccount(CASH, SLEEVES, terms_of_x)

    def watch(step: Step, broker, fills):
        closes = {name: bar[3] for name, bar in (("X", step.x), ("Y", step.y)) if bar is not None}
        slow.show(closes, step.rate)
        for fill in fills:
            slow.take(fill)
        assert broker.equity == near(slow.equity())
        for sleeve in SLEEVES:
            assert broker.sleeve(sleeve).profit == near(slow.profit(sleeve))
            assert broker.sleeve(sleeve).size == float(slow.held(sleeve))

    play(day, terms_of_x, market_fill=market_fill, watch=watch)


@given(days, terms, market_fills)
def test_cash_and_what_is_held_are_the_equity(day, terms_of_x, market_fill):
    dollars = [attrs.evolve(step, y=None) for step in day]
    played = play(dollars, terms_of_x, market_fill=market_fill)
    slow = SlowAccount(CASH, SLEEVES, terms_of_x)
    for step in dollars:
        if step.x is not None:
            slow.show({"X": step.x[3]}, step.rate)
    for fill in played.fills + unheard(played):
        slow.take(fill)
    assert played.broker.equity == near(slow.equity_by_cash(["S1", "S2"]))


def unheard(played: Played) -> list:
    """What filled at the last close."""
    heard = played.broker.open_slice(Slice(10**18, ()))
    return sorted((fill for fills in heard.values() for fill in fills), key=lambda fill: fill.number)


@given(days, terms, market_fills)
def test_the_sleeves_add_up_to_the_account(day, terms_of_x, market_fill):
    def watch(step, broker, fills):
        account = broker.account()
        books = [broker.sleeve(sleeve) for sleeve in SLEEVES]
        assert account.equity == near(account.cash + sum(book.profit for book in books))
        assert account.balance == near(account.equity - sum(book.unrealised for book in books))
        assert account.free == near(account.equity - account.margin)
        for instrument in ("X", "Y"):
            held = sum(book.size for book in books if book.instrument == instrument)
            assert account.positions.get(instrument, 0.0) == near(held)

    play(day, terms_of_x, market_fill=market_fill, watch=watch)


@given(days, terms, market_fills)
def test_no_fill_is_outside_its_candle(day, terms_of_x, market_fill):
    played = play(day, terms_of_x, market_fill=market_fill)
    for fill in played.fills:
        step = day[fill.close_time // MINUTE - 1]
        opens, high, low, close = step.x if fill.instrument == "X" else step.y
        assert low <= fill.quote <= high
        assert fill.moment != "open" or fill.quote == opens
        assert fill.moment != "close" or fill.quote == close


@given(days, terms, market_fills)
def test_no_price_is_better_than_the_quote_of_its_side_or_worse_than_the_costs_say(day, terms_of_x, market_fill):
    for fill in play(day, terms_of_x, market_fill=market_fill).fills:
        sign = 1 if fill.side == "buy" else -1
        offset = terms_of_x.ask_offset if sign > 0 else -terms_of_x.bid_offset
        worse = (fill.price - fill.quote) * sign
        assert offset - 1e-9 <= worse <= offset + terms_of_x.slippage.points + 1e-9


@given(days, terms)
def test_costs_are_the_difference_that_they_make(day, terms_of_x):
    """The same fills at their quotes, without commission, gain as much more as the costs say."""
    played = play(day, attrs.evolve(terms_of_x, margin=0.0), market_fill="next_open")
    worth = terms_of_x.value_per_point
    bare = SlowAccount(CASH, SLEEVES, Terms(value_per_point=worth))
    dollars = [fill for fill in played.fills if fill.instrument == "X"]
    for step in day:
        if step.x is not None:
            bare.show({"X": step.x[3]}, step.rate)
    for fill in dollars:
        bare.take(attrs.evolve(fill, price=fill.quote))
    costs = sum(abs(fill.price - fill.quote) * fill.size * worth + fill.commission for fill in dollars)
    profit = sum(played.broker.sleeve(sleeve).profit for sleeve in ("S1", "S2"))
    assert profit == near(float(bare.equity_by_cash(["S1", "S2"])) - CASH - costs)


@given(days, terms, market_fills)
def test_no_order_fills_in_the_candle_it_was_given_in_but_for_its_close(day, terms_of_x, market_fill):
    played = play(day, terms_of_x, market_fill=market_fill)
    for fill in played.fills:
        accepted, filled = played.accepted.get(fill.order_id), fill.close_time // MINUTE
        at_the_same_close = market_fill == "same_close" and fill.moment == "close" and filled == accepted
        assert accepted is None or filled > accepted or at_the_same_close


@given(days, terms, market_fills)
def test_who_calls_first_and_how_a_slice_stands_changes_nothing(day, terms_of_x, market_fill):
    one = play(day, terms_of_x, market_fill=market_fill)
    for options in ({"sleeves_backwards": True}, {"events_backwards": True}):
        other = play(day, terms_of_x, market_fill=market_fill, **options)
        assert (other.fills, other.equities, other.told) == (one.fills, one.equities, one.told)
        assert other.broker.account() == one.broker.account()


@given(days, market_fills)
def test_a_market_turned_upside_down_turns_buyers_into_sellers_and_nothing_else(day, market_fill):
    friction = Terms(margin=0, spread=0.5, slippage=Slippage(points=0.25), commission=Commission(per_unit=0.5))
    one = play(day, friction, market_fill=market_fill)
    other = play(day, friction, market_fill=market_fill, turned=True)
    assert [(f.order_id, f.size, f.price, f.moment) for f in one.fills] == [
        (f.order_id, f.size, -f.price, f.moment) for f in other.fills
    ]
    assert one.equities == near_all(other.equities)
    assert one.told == [(order, state, sides_turned(reason)) for order, state, reason in other.told]


def sides_turned(reason: str) -> str:
    """A reason may name the side."""
    ends = {"holds nothing to buy": "holds nothing to sell", "holds nothing to sell": "holds nothing to buy"}
    return next((reason.replace(mine, theirs) for mine, theirs in ends.items() if reason.endswith(mine)), reason)


def near_all(numbers: list[float]) -> object:
    return pytest.approx(numbers, rel=1e-12)


@given(days, market_fills)
def test_the_free_money_is_never_spent_twice(day, market_fill):
    """With full margin and no costs, what is opened never binds more than there was when it filled."""
    terms_of_x = Terms(margin=1.0)

    def watch(step, broker, fills):
        for fill in fills:
            assert fill.opened * fill.quote <= 400.0 + 1e-9 or fill.closed

    day = [attrs.evolve(step, y=None, x=step.x and (100.0, 100.0, 100.0, 100.0)) for step in day]
    played = play(day, terms_of_x, cash=400.0, market_fill=market_fill, watch=watch)
    account = played.broker.account()
    assert account.margin <= account.equity + 1e-9
    assert account.equity == near(400.0)


@given(days, terms, market_fills)
def test_every_order_ends_once_and_says_why(day, terms_of_x, market_fill):
    played = play(day, terms_of_x, market_fill=market_fill)
    final = {state.value for state in OrderState} - {"submitted", "waiting", "accepted"}
    ended = [order_id for order_id, state, _ in played.told if state in final]
    assert len(ended) == len(set(ended))
    assert all(reason for _, state, reason in played.told if state in ("rejected", "cancelled", "expired"))
    assert played.broker.statistics().fills == len([state for _, state, _ in played.told if state == "filled"])
