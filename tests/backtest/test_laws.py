"""Identities of a whole run, on days that nobody chose."""

from math import fsum

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.backtest.desk import played
from tests.execution.scenarios import days, market_fills, terms
from tradedesk.metrics import closed_trades

polls = st.booleans()


def near(number: float) -> object:
    return pytest.approx(number, rel=1e-9, abs=1e-7)


@settings(max_examples=40, deadline=None)
@given(days, terms, market_fills, polls)
def test_sleeves_trips_fills_and_costs_add_up(day, terms_of_x, market_fill, poll):
    result, players = played(day, terms_of_x, market_fill=market_fill, poll=poll)
    profits = {sleeve: result.profit_of(sleeve) for sleeve in result.sleeves}
    for place, equity in enumerate(result.equity):
        assert equity - result.start == near(fsum(profit[place] for profit in profits.values()))
    for sleeve, book in result.sleeves.items():
        fills = [fill for fill in result.fills if fill.sleeve == sleeve]
        trips = [trip for trip in result.round_trips if trip.sleeve == sleeve]
        assert profits[sleeve][-1] == near(book.profit)
        assert book.commission == near(fsum(fill.commission for fill in fills))
        assert book.realised == near(fsum(fill.realised for fill in fills))
        if not book.size:
            assert book.profit == near(fsum(trip.profit for trip in trips))
            assert book.commission == near(fsum(trip.commission for trip in trips))
        assert [fill for fill in players[sleeve].heard if fill not in fills] == []
    assert fsum(result.traded) == near(fsum(fill.value for fill in result.fills))
    assert result.account.equity == result.equity[-1]
    assert [fill.number for fill in result.fills] == list(range(1, len(result.fills) + 1))


@settings(max_examples=40, deadline=None)
@given(days, terms, market_fills)
def test_trips_are_right_about_themselves(day, terms_of_x, market_fill):
    result, _ = played(day, terms_of_x, market_fill=market_fill)
    for trip in result.round_trips:
        assert trip.entry_time <= trip.exit_time
        assert trip.mae <= min(0.0, trip.realised) + 1e-9
        assert trip.mfe >= -1e-9
        assert trip.profit == near(trip.realised - trip.commission - trip.financing)
    assert [trade.pnl for trade in closed_trades(result.round_trips)] == [trip.profit for trip in result.round_trips]


@settings(max_examples=40, deadline=None)
@given(days, terms, market_fills, st.permutations(("X", "Y", "USDJPY")), st.booleans())
def test_a_hash_does_not_know_who_dispatched_nor_how_the_sources_stood(day, terms_of_x, market_fill, order, turned):
    one, _ = played(day, terms_of_x, market_fill=market_fill)
    for options in ({"dispatch": "actors"}, {"order": order, "turned": turned}, {"poll": False}):
        other, _ = played(day, terms_of_x, market_fill=market_fill, **options)
        assert other.run_hash == one.run_hash
        assert (other.coverage, other.refused, other.round_trips) == (one.coverage, one.refused, one.round_trips)


@settings(max_examples=40, deadline=None)
@given(days, terms, polls)
def test_series_of_risk_say_what_the_allocations_say(day, terms_of_x, poll):
    result, _ = played(day, terms_of_x, poll=poll)
    at = 0
    for place in range(len(result.close_times)):
        while at + 1 < len(result.allocations) and result.allocations[at + 1].place <= place:
            at += 1
        one = result.allocations[at]
        assert {key: result.allocation_of(key)[place] for key in one.sleeves} == dict(
            zip(one.sleeves, one.held, strict=True)
        )
        assert [key for key in one.sleeves if result.active_of(key)[place]] == list(one.active)
        assert result.active_count()[place] == len(one.active)
        assert result.utilisation()[place] == pytest.approx(1.0 if one.active else 0.0)
