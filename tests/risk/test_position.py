"""Positions by average cost: known answers first, among them those that tradedesk 1.6.3 gets wrong (reference material,
trading, section 1b), then laws against a ledger that keeps every fill as a fraction."""

import copy
import pickle
from decimal import Inexact, localcontext
from fractions import Fraction
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.risk.ledger import Ledger, price_of
from tradedesk.marketdata import Candle
from tradedesk.risk import Filled, PositionTracker, RoundTrip


def candle(high: float, low: float) -> Candle:
    return Candle("0", low, high, low, high)


def tracked(*fills: tuple[float, float]) -> tuple[PositionTracker, list[Filled]]:
    tracker = PositionTracker()
    return tracker, [tracker.fill(size, price) for size, price in fills]


# Known answers --------------------------------------------------------------------------------------------------------


def test_defect_4_the_excursions_of_a_long_position_are_not_swapped():
    tracker, _ = tracked((1, 100))
    tracker.mark(candle(high=120, low=95))
    assert (tracker.mfe, tracker.mae) == (20, -5)


def test_defect_4_the_excursions_of_a_short_position_are_the_other_way_round():
    tracker, _ = tracked((-1, 100))
    tracker.mark(candle(high=120, low=95))
    assert (tracker.mfe, tracker.mae) == (5, -20)


def test_defect_5_partial_closes_realise_all_of_the_profit():
    tracker, fills = tracked((2, 100), (-1, 110), (-1, 120))
    assert [fill.realised for fill in fills] == [0, 10, 20]
    assert tracker.realised == 30
    trip = fills[-1].trip
    assert (trip.entry_price, trip.exit_price, trip.size, trip.profit) == (100, 115, 2, 30)


def test_defect_6_a_position_built_in_steps_is_one_round_trip_with_all_of_its_profit():
    tracker, fills = tracked((1, 100), (1, 100), (-2, 110))
    assert [fill.trip is not None for fill in fills] == [False, False, True]
    assert (tracker.realised, fills[-1].trip.profit) == (20, 20)


def test_defect_7_sleeves_keep_their_positions_while_the_account_nets_them():
    one, other, account = PositionTracker(), PositionTracker(), PositionTracker()
    for sleeve, size, price in ((one, 1, 100), (other, -1, 102), (one, -1, 110), (other, 1, 111)):
        sleeve.fill(size, price)
        account.fill(size, price)
        assert one.size + other.size == account.size
        assert one.profit(105) + other.profit(105) == account.profit(105)
    assert (one.realised, other.realised, account.realised) == (10, -9, 1)


def test_defect_7_a_netted_account_is_flat_while_both_sleeves_hold():
    one, other, account = PositionTracker(), PositionTracker(), PositionTracker()
    for sleeve, size in ((one, 1), (other, -1)):
        sleeve.fill(size, 100)
        account.fill(size, 100)
    assert (one.size, other.size, account.size) == (1, -1, 0)


def test_defect_8_the_entry_counts_as_a_peak():
    """A position that was never ahead has been 5 behind its entry, not 2 behind its first loss."""
    tracker, _ = tracked((1, 100))
    tracker.mark(candle(high=97, low=95))
    assert (tracker.mfe, tracker.mae) == (0, -5)


def test_adding_moves_the_average_price_and_closing_leaves_it():
    tracker, fills = tracked((1, 100), (3, 104), (-2, 110))
    assert (tracker.size, tracker.average_price, tracker.side) == (2, 103, "long")
    assert fills[-1] == Filled(closed=2, opened=0, realised=14, trip=None)
    assert (tracker.realised, tracker.unrealised(100), tracker.profit(100)) == (14, -6, 8)


def test_a_fill_beyond_what_is_held_closes_it_and_opens_the_other_side():
    tracker, fills = tracked((2, 100), (-5, 90))
    flip = fills[-1]
    assert (flip.closed, flip.opened, flip.realised, flip.trip.profit) == (2, 3, -20, -20)
    assert (tracker.size, tracker.average_price, tracker.side) == (-3, 90, "short")


def test_a_short_position_gains_when_the_price_falls():
    tracker, _ = tracked((-2, 100))
    assert tracker.unrealised(90) == 20
    assert tracker.fill(1, 95).realised == 5
    assert tracker.close(110) == Filled(
        closed=1,
        opened=0,
        realised=-10,
        trip=RoundTrip("short", 2, 100, 102.5, -5, 10, -5, 5, -10, 0, None, None),
    )


def test_a_round_trip_knows_its_candles_and_its_times():
    tracker = PositionTracker()
    tracker.mark(candle(1, 1))
    tracker.fill(1, 100, time=5)
    tracker.fill(1, 101, time=6)
    for _ in range(3):
        tracker.mark(candle(101, 100))
    assert tracker.candles == 3
    trip = tracker.close(102, time=9).trip
    assert (trip.opened_at, trip.closed_at, trip.candles) == (5, 9, 3)
    assert tracker.candles == 0


def test_what_was_closed_early_counts_in_the_excursions_of_the_whole():
    tracker, _ = tracked((2, 100), (-1, 110))
    tracker.mark(candle(high=112, low=80))
    assert (tracker.mfe, tracker.mae) == (22, -10)


def test_the_price_of_a_fill_counts_as_seen():
    _, fills = tracked((1, 100), (-1, 130))
    assert (fills[-1].trip.mfe, fills[-1].trip.mae) == (30, 0)


def test_a_candle_marked_before_the_entry_does_not_count():
    tracker = PositionTracker()
    tracker.mark(candle(200, 1))
    tracker.fill(1, 100)
    assert (tracker.mfe, tracker.mae) == (0, 0)


def test_a_new_position_begins_with_no_excursion():
    tracker, _ = tracked((1, 100))
    tracker.mark(candle(150, 50))
    tracker.fill(-2, 100)
    assert (tracker.mfe, tracker.mae) == (0, 0)


def test_points_are_measured_from_the_average_entry_of_the_moment():
    tracker, _ = tracked((1, 100))
    tracker.mark(candle(high=110, low=99))
    tracker.fill(1, 110)  # average 105
    tracker.mark(candle(high=112, low=101))
    trip = tracker.close(105).trip
    assert (trip.mfe_points, trip.mae_points) == (10, -4)
    assert (trip.mfe, trip.mae) == (14, -8)


def test_money_is_points_times_size_times_the_value_of_a_point():
    tracker = PositionTracker(value_per_point=50)
    tracker.fill(2, 4_000)
    tracker.mark(candle(4_010, 3_999))
    assert (tracker.mfe, tracker.mae, tracker.unrealised(4_001), tracker.profit(4_001)) == (1_000, -100, 100, 100)
    closed = tracker.close(4_002)
    assert (closed.realised, closed.trip.profit, tracker.realised) == (200, 200, 200)
    assert (closed.trip.mfe, closed.trip.mfe_points) == (1_000, 10)


def test_prices_may_be_zero_or_negative():
    _, fills = tracked((1, 0), (1, -37.63), (-2, 10))
    assert fills[-1].realised == 57.63
    assert fills[-1].trip.entry_price == -18.815


def test_the_cost_is_what_is_held_at_its_average_entry():
    tracker = PositionTracker()
    assert tracker.cost == 0.0
    tracker.fill(3.0, 10.1)
    tracker.fill(1.0, 10.5)
    assert tracker.cost == 40.8
    tracker.fill(-2.0, 11.0)
    assert tracker.cost == 20.4
    tracker.fill(-4.0, 9.0)
    assert tracker.cost == -18.0


def test_flat_there_is_nothing_to_see():
    tracker = PositionTracker()
    assert (tracker.size, tracker.side, tracker.average_price) == (0, None, None)
    assert (tracker.realised, tracker.unrealised(5), tracker.profit(5), tracker.mfe, tracker.mae) == (0, 0, 0, 0, 0)
    assert repr(tracker) == "<PositionTracker: flat, realised 0.0>"


def test_its_repr_says_what_is_held():
    tracker, _ = tracked((2, 100), (-1, 110))
    assert repr(tracker) == "<PositionTracker: 1.0 at 100.0, realised 10.0>"


# Exactness ------------------------------------------------------------------------------------------------------------


def test_sizes_that_do_not_add_up_in_floats_close_exactly():
    tracker, fills = tracked((0.1, 100), (0.2, 100), (-0.3, 110))
    assert (tracker.size, tracker.side, tracker.realised) == (0.0, None, 3.0)
    assert fills[-1].trip.size == 0.3


def test_a_size_added_up_in_floats_by_the_caller_closes_too():
    total = 0.1 + 0.2
    assert total != 0.3
    tracker, fills = tracked((0.1, 100), (0.2, 100), (-total, 110))
    assert (tracker.size, fills[-1].opened, tracker.realised) == (0.0, 0.0, 3.0)


def test_three_thirds_close_one():
    tracker, fills = tracked((1, 100), *[(-1 / 3, 101)] * 3)
    assert tracker.side is None
    assert fills[-1].trip.profit == 1.0


def test_a_remainder_that_is_no_rounding_error_stays():
    tracker, _ = tracked((1, 100), (-0.99999999999, 100))
    assert (tracker.size, tracker.side) == (1e-11, "long")


def test_what_is_held_can_be_closed_by_its_size():
    tracker, _ = tracked((3.3333333333333335, 100), (0.000000000123, 101), (7e-7, 99))
    tracker.fill(-tracker.size, 100)
    assert tracker.side is None


def test_the_decimal_context_of_the_caller_does_not_matter():
    with localcontext(prec=3, traps=[Inexact]):
        tracker, _ = tracked((1.2345, 100.01), (2.3456, 101.23), (-1.5, 99.87))
        tracker.mark(candle(102.345, 98.765))
        closed = tracker.close(100.55)
    plain, _ = tracked((1.2345, 100.01), (2.3456, 101.23), (-1.5, 99.87))
    plain.mark(candle(102.345, 98.765))
    assert closed == plain.close(100.55)


def test_a_hundred_thousand_fills_leave_no_drift():
    tracker = PositionTracker()
    for place in range(25_000):
        tenths = 1_000 + place % 7
        for size, dearer in ((0.1, 0), (0.7, 1), (-0.2, 2), (-0.6, 3)):
            tracker.fill(size, (tenths + dearer) / 10)
    assert tracker.size == 0.0
    # each time -0.1 * 0.0 - 0.7 * 0.1 + 0.2 * 0.2 + 0.6 * 0.3, whatever the price
    assert tracker.realised == 3_750


# Laws -----------------------------------------------------------------------------------------------------------------

sizes = st.integers(-40, 40).filter(bool).map(lambda number: number / 10)
points = st.integers(-200, 2_000).map(lambda number: number / 100)
fills = st.tuples(st.just("fill"), sizes, points)
marks = st.tuples(st.just("mark"), points, points)
histories = st.lists(fills | marks, max_size=30)


def play(history, tracker: PositionTracker | Ledger) -> list:
    answers = []
    for what, one, other in history:
        if what == "fill":
            answers.append(tracker.fill(one, other))
        else:
            tracker.mark(candle(max(one, other), min(one, other)))
    return answers


@given(history=histories, price=points)
def test_it_agrees_with_a_ledger_that_keeps_every_fill(history, price: float):
    tracker, ledger = PositionTracker(), Ledger()
    assert play(history, tracker) == play(history, ledger)
    assert (tracker.size, tracker.average_price) == (ledger.size, ledger.average_price)
    assert (tracker.realised, tracker.unrealised(price)) == (ledger.realised, ledger.unrealised(price))
    assert (tracker.mfe, tracker.mae) == (ledger.mfe, ledger.mae)


@given(history=histories, price=points)
def test_realised_and_unrealised_are_the_cash_flows_and_the_mark(history, price: float):
    tracker = PositionTracker()
    play(history, tracker)
    cash = -sum(price_of(one) * price_of(other) for what, one, other in history if what == "fill")
    held = sum(price_of(one) for what, one, _ in history if what == "fill")
    assert tracker.size == float(held)
    assert tracker.profit(price) == float(cash + held * price_of(price))
    assert tracker.realised + tracker.unrealised(price) == pytest.approx(tracker.profit(price), rel=1e-12, abs=1e-9)


@given(history=histories, last=points)
def test_round_trips_add_up_to_all_that_was_realised(history, last: float):
    tracker = PositionTracker()
    answers = play(history, tracker)
    if tracker.side is not None:
        answers.append(tracker.close(last))
    trips = [answer.trip.profit for answer in answers if answer.trip]
    assert sum(map(price_of, trips)) == pytest.approx(price_of(tracker.realised), abs=1e-9)
    assert sum(answer.realised for answer in answers) == pytest.approx(tracker.realised, abs=1e-9)


@given(history=histories, last=points)
def test_excursions_hold_zero_and_the_profit_between_them(history, last: float):
    tracker = PositionTracker()
    answers = play(history, tracker)
    assert tracker.mae <= 0 <= tracker.mfe
    if tracker.side is not None:
        answers.append(tracker.close(last))
    for trip in (answer.trip for answer in answers if answer.trip):
        assert trip.mae <= min(0, trip.profit) <= max(0, trip.profit) <= trip.mfe
        assert trip.mae_points <= 0 <= trip.mfe_points


@given(history=histories)
def test_a_mirrored_market_gives_the_same_profit_with_the_sides_changed(history):
    """Every price below zero and every buy a sale: a long position becomes a short one with the same life."""
    other = {"long": "short", "short": "long"}
    mirrored = [(what, -one, -other_one) for what, one, other_one in history]
    one_way, other_way = PositionTracker(), PositionTracker()
    for here, there in zip(play(history, one_way), play(mirrored, other_way), strict=True):
        assert (here.closed, here.opened, here.realised) == (there.closed, there.opened, there.realised)
        if here.trip or there.trip:
            assert (here.trip.side, here.trip.mfe, here.trip.mae) == (
                other[there.trip.side],
                there.trip.mfe,
                there.trip.mae,
            )
    assert (one_way.mfe, one_way.mae) == (other_way.mfe, other_way.mae)


@given(history=histories, size=sizes, price=points)
def test_a_flip_is_a_close_and_an_open(history, size: float, price: float):
    at_once, in_two = PositionTracker(), PositionTracker()
    play(history, at_once)
    play(history, in_two)
    held = at_once.size
    if held * size < 0 and abs(size) > abs(held):
        flip = at_once.fill(size, price)
        closed = in_two.close(price)
        opened = in_two.fill(float(price_of(size) + price_of(held)), price)
        assert flip == Filled(closed.closed, opened.opened, closed.realised, closed.trip)
        assert (at_once.size, at_once.average_price) == (in_two.size, in_two.average_price)


@given(parts=st.lists(st.tuples(st.integers(1, 9), points), min_size=1, max_size=6), data=st.data(), entry=points)
def test_the_order_of_partial_closes_does_not_change_what_they_realise(parts, data, entry: float):
    shuffled = data.draw(st.permutations(parts))
    realised = []
    for order in (parts, shuffled):
        tracker = PositionTracker()
        tracker.fill(sum(size for size, _ in parts) / 10, entry)
        answers = {}
        for size, price in order:
            answers.setdefault((size, price), []).append(tracker.fill(-size / 10, price).realised)
        assert tracker.side is None
        realised.append((answers, tracker.realised))
    assert realised[0] == realised[1]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda tracker: pickle.loads(pickle.dumps(tracker))])  # noqa: S301
@given(history=histories, place=st.integers(0, 30))
def test_a_copy_taken_at_any_moment_goes_on_as_the_original_does(history, duplicate, place: int):
    original = PositionTracker(value_per_point=2.5)
    play(history[:place], original)
    twin = duplicate(original)
    alone = play(history[place:], twin)
    assert alone == play(history[place:], original)
    assert repr(twin) == repr(original)
    assert (twin.mfe, twin.mae) == (original.mfe, original.mae)


# Refusals -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "price", "sentence"),
    [
        (0, 100, "size is 0; a fill is from 1e-18 to 1e+15 in size, below 0 to sell"),
        (-1e16, 100, "size is -1e+16; a fill is from 1e-18 to 1e+15 in size, below 0 to sell"),
        (1e-19, 100, "size is 1e-19; a fill is from 1e-18 to 1e+15 in size, below 0 to sell"),
        (nan, 100, "size is nan; it must be a finite number"),
        (True, 100, "size is True; it must be a finite number"),
        (1, inf, "price is inf; it must be a finite number"),
        (1, None, "price is None; it must be a finite number"),
        (1, "100", "price is '100'; it must be a finite number"),
        (1, 10**400, "price is an int beyond the largest float; it must be a finite number"),
        (1, -1e16, "price is -1e+16; it must be at most 1e+15 in size"),
    ],
)
def test_a_fill_that_is_none_is_refused_and_changes_nothing(size, price, sentence):
    tracker, _ = tracked((2, 100))
    with pytest.raises(ValueError) as refused:
        tracker.fill(size, price)
    assert str(refused.value) == sentence
    assert (tracker.size, tracker.average_price) == (2, 100)


def test_closing_what_is_not_held_is_refused():
    with pytest.raises(ValueError, match=r"^the position is flat; there is nothing to close$"):
        PositionTracker().close(100)


@pytest.mark.parametrize("ask", [PositionTracker.unrealised, PositionTracker.profit, PositionTracker.close])
def test_a_price_that_is_none_is_refused_also_when_flat(ask):
    with pytest.raises(ValueError, match=r"^price is nan; it must be a finite number$"):
        ask(PositionTracker(), nan)


@pytest.mark.parametrize(
    ("worth", "rule"), [(0, "more than 0"), (-1, "more than 0"), (nan, "a finite number"), ("1", "a finite number")]
)
def test_a_point_is_worth_something(worth, rule: str):
    with pytest.raises(ValueError) as refused:
        PositionTracker(value_per_point=worth)
    assert str(refused.value) == f"value_per_point is {worth!r}; it must be {rule}"


def test_the_ledger_works_in_fractions():
    ledger = Ledger()
    ledger.fill(0.3, 0.1)
    assert ledger.legs == [(Fraction(3, 10), Fraction(1, 10))]
