"""Candles from ticks, beside an oracle that groups a whole list by integer division."""

import tracemalloc
from collections import deque
from itertools import groupby, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.marketdata import (
    Candle,
    MarketDataError,
    PeriodError,
    Quote,
    TickError,
    Trade,
    aggregate,
    candles_from_ticks,
    format_timestamp,
)

SECOND = 10**9
MINUTE = 60 * SECOND
START = 1_577_836_800 * SECOND  # 2020-01-01


def build(ticks, period="MINUTE", **options):
    slices = candles_from_ticks(ticks, period, instrument="A", **options)
    return [(one.close_time, event.candle) for one in slices for event in one.events]


def trades(*pairs):
    return [Trade(START + int(second * SECOND), price, 1.5) for second, price in pairs]


def flat(minute, price):
    return START + (minute + 1) * MINUTE, Candle(format_timestamp(START + minute * MINUTE), price, price, price, price)


@st.composite
def streams(draw):
    """Trades and quotes in order of time; several may share one."""
    times = sorted(draw(st.lists(st.integers(-600, 600), min_size=1, max_size=60)))
    prices = st.floats(-1e6, 1e6)
    ticks = []
    for time in times:
        low, high = sorted((draw(prices), draw(prices)))
        trade = Trade(time * SECOND, low, float(draw(st.integers(0, 1000))))
        ticks.append(draw(st.sampled_from([trade, Quote(time * SECOND, low, high)])))
    return ticks


def price_of(tick, side):
    if isinstance(tick, Trade):
        return tick.price
    return {"bid": tick.bid, "ask": tick.ask, "mid": (tick.bid + tick.ask) / 2}[side]


def oracle(ticks, side, length):
    for number, group in groupby(ticks, key=lambda tick: tick.time // length):
        ticks_in = list(group)
        prices = [price_of(tick, side) for tick in ticks_in]
        volume = sum(tick.volume for tick in ticks_in if isinstance(tick, Trade))
        text = format_timestamp(number * length)
        one = Candle(text, prices[0], max(prices), min(prices), prices[-1], volume, len(prices))
        yield (number + 1) * length, one


@given(streams(), st.sampled_from(["mid", "bid", "ask"]), st.sampled_from([(30, "30SECOND"), (60, "MINUTE")]))
def test_candles_are_those_of_the_oracle(ticks, side, long):
    assert build(ticks, long[1], side=side, incomplete="keep") == list(oracle(ticks, side, long[0] * SECOND))


@given(streams())
def test_the_edges_are_left_out_unless_the_first_tick_opens_its_candle(ticks):
    expected = list(oracle(ticks, "mid", MINUTE))[:-1]
    if expected and ticks[0].time % MINUTE:
        expected = expected[1:]

    assert build(ticks) == expected


@given(streams())
def test_empty_periods_repeat_the_last_price_and_leave_no_gap(ticks):
    filled = build(ticks, incomplete="keep", empty="repeat")

    assert [one for one in filled if one[1].tick_count] == list(oracle(ticks, "mid", MINUTE))
    assert all(other[0] - one[0] == MINUTE for one, other in pairwise(filled))
    for (_, before), (_, one) in pairwise(filled):
        if not one.tick_count:
            assert (one.open, one.high, one.low, one.close, one.volume) == (*[before.close] * 4, 0.0)


@given(streams())
def test_longer_candles_from_ticks_are_those_from_shorter_candles(ticks):
    shorter = candles_from_ticks(ticks, "30SECOND", instrument="A", incomplete="keep")

    assert list(aggregate(shorter, "2MINUTE", incomplete="keep")) == list(
        candles_from_ticks(ticks, "2MINUTE", instrument="A", incomplete="keep")
    )


@given(streams())
def test_a_candle_comes_out_with_the_first_tick_after_it(ticks):
    read = []

    def watched():
        for tick in ticks:
            read.append(tick.time)
            yield tick

    for one in candles_from_ticks(watched(), "MINUTE", instrument="A"):
        assert read[-1] >= one.close_time
        assert read[-2] < one.close_time


def test_a_tick_on_the_boundary_begins_the_next_candle():
    ticks = trades((0, 1.0), (59.999, 2.0), (60, 3.0), (120, 4.0))

    assert build(ticks) == [
        (START + MINUTE, Candle("2020-01-01T00:00:00Z", 1.0, 2.0, 1.0, 2.0, 3.0, 2)),
        (START + 2 * MINUTE, Candle("2020-01-01T00:01:00Z", 3.0, 3.0, 3.0, 3.0, 1.5, 1)),
    ]


def test_a_period_without_ticks_is_skipped_unless_it_is_to_repeat():
    ticks = trades((0, 1.0), (60, 2.0), (240, 3.0), (300, 4.0))

    assert [end for end, _ in build(ticks)] == [START + minute * MINUTE for minute in (1, 2, 5)]
    assert build(ticks, empty="repeat")[2:4] == [flat(2, 2.0), flat(3, 2.0)]


def test_anchor_and_stamp_move_the_grid_and_the_text():
    ((end, one),) = build(trades((20, 1.0), (80, 1.0)), anchor="2000-01-01T00:00:20Z", stamp="close")

    assert (end, one.timestamp) == (START + 80 * SECOND, "2020-01-01T00:01:20Z")


def test_no_ticks_make_no_candles():
    assert build([], incomplete="keep", empty="repeat") == []


@pytest.mark.parametrize(
    ("tick", "rule"),
    [
        (Trade(START - 1, 1.0), f"its time {START - 1} is before {START}, that of the tick before; sort the ticks"),
        (Trade(START, float("nan")), "its price nan is not finite"),
        (Trade(START, 1.0, -1.0), "its volume -1.0 must be finite and not negative"),
        (Trade(START, 1.0, float("inf")), "its volume inf must be finite and not negative"),
        (Quote(START, 2.0, 1.0), "bid 2.0 is above ask 1.0, or one is no number"),
        (Quote(START, float("nan"), 1.0), "bid nan is above ask 1.0, or one is no number"),
        (Quote(START, 1.0, float("inf")), "its price inf is not finite"),
    ],
)
def test_a_tick_that_is_none_is_refused_by_its_number(tick, rule):
    with pytest.raises(TickError) as caught:
        build([Trade(START, 1.0), tick])
    assert str(caught.value) == f"tick 2: {rule}"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"side": "last"}, "side is 'last'; it must be one of 'mid', 'bid', 'ask'"),
        ({"empty": "fill"}, "empty is 'fill'; it must be one of 'skip', 'repeat'"),
        ({"incomplete": "drop"}, "incomplete is 'drop'; it must be one of 'drop_edges', 'keep'"),
        ({"stamp": "end"}, "stamp is 'end'; it must be 'open' or 'close', the end of the candle that is stamped"),
    ],
)
def test_arguments_are_checked_at_the_call(options, text):
    with pytest.raises(MarketDataError) as caught:
        candles_from_ticks([], "MINUTE", instrument="A", **options)
    assert str(caught.value) == text
    with pytest.raises(PeriodError):
        candles_from_ticks([], "1m", instrument="A")


def test_memory_depends_neither_on_ticks_nor_on_the_length_of_a_silence():
    def peak(count):
        ticks = (Trade(place * SECOND * (1_000 if place > 10 else 1), 1.0) for place in range(count))
        tracemalloc.start()
        deque(candles_from_ticks(ticks, "MINUTE", instrument="A", empty="repeat"), maxlen=0)
        return tracemalloc.get_traced_memory()[1], tracemalloc.stop()

    peak(20)
    assert peak(500)[0] < peak(50)[0] + 2_000
