"""Rolling volatility, correlation and drawdown, against sums done by hand and against what came before."""

from itertools import pairwise
from math import nan, sqrt
from statistics import fmean

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from tests.portfolio.parts import BUDGET, Strategy, caught, event, every_mode, serving
from tradedesk.marketdata import Candle
from tradedesk.portfolio import (
    Allocated,
    CandleCloseEvent,
    Capped,
    InverseVolatilityPolicy,
    RiskParityPolicy,
    RollingFacts,
    Routed,
    Slice,
    Throttled,
)

closes = st.floats(0.5, 2.0)


def candle(close: float) -> Candle:
    return Candle("0", close, close, close, close)


def routed(period: str = "DAY", **prices: float) -> list[Routed]:
    return [Routed(0, 0, None, name, CandleCloseEvent(name, period, candle(price))) for name, price in prices.items()]


def after(facts: RollingFacts, **series: list[float]):
    """The facts after slices with these closes."""
    known = facts(None, [])
    for number in range(len(next(iter(series.values())))):
        known = facts(number, routed(**{name: prices[number] for name, prices in series.items()}))
    return known


def slices(**series: list[float]) -> list[Slice]:
    count = len(next(iter(series.values())))
    return [
        Slice(number, tuple(CandleCloseEvent(name, "DAY", candle(prices[number])) for name, prices in series.items()))
        for number in range(count)
    ]


# What is known ------------------------------------------------------------------------------------------------------


def test_volatility_is_the_root_of_the_mean_square_of_the_last_returns():
    # returns of +50 %, -20 % and +10 %: the window of two sees the last two
    known = after(RollingFacts(2), A=[1.0, 1.5, 1.2, 1.32])
    assert known.volatility == pytest.approx({"A": sqrt((0.2**2 + 0.1**2) / 2)})


def test_volatility_is_known_once_the_window_is_full():
    facts = RollingFacts(2)
    counts = [len(after(facts, A=[price]).volatility) for price in (1.0, 1.1, 1.2, 1.3)]
    assert counts == [0, 0, 1, 1]


def test_correlation_is_that_of_the_returns_around_zero():
    known = after(RollingFacts(2), A=[1.0, 1.5, 1.2], B=[1.0, 1.1, 1.1 * 1.3])
    (a1, a2), (b1, b2) = (0.5, -0.2), (0.1, 0.3)
    expected = (a1 * b1 + a2 * b2) / sqrt((a1 * a1 + a2 * a2) * (b1 * b1 + b2 * b2))
    assert known.correlation["A", "B"] == pytest.approx(expected)
    assert known.correlation["B", "A"] == known.correlation["A", "B"]
    assert known.correlation["A", "A"] == 1.0
    assert set(known.correlation) == {("A", "A"), ("A", "B"), ("B", "B")}
    assert len(known.correlation) == 3


def test_shrinkage_draws_correlations_to_nothing():
    series = {"A": [1.0, 1.5, 1.2], "B": [1.0, 1.5, 1.2]}
    shrunk = [after(RollingFacts(2, shrinkage=much), **series).correlation["A", "B"] for much in (0.0, 0.25, 1.0)]
    assert shrunk == pytest.approx([1.0, 0.75, 0.0])


def test_a_sleeve_that_never_moved_has_neither_volatility_nor_correlation():
    known = after(RollingFacts(2), A=[1.0, 1.0, 1.0], B=[1.0, 1.1, 1.2])
    assert set(known.volatility) == {"B"}
    assert known.correlation.get(("A", "B")) is None


def test_a_sleeve_without_a_candle_counts_as_not_having_moved():
    facts = RollingFacts(3)
    after(facts, A=[1.0, 1.1], B=[1.0, 1.1])
    known = facts(None, routed(A=1.1 * 1.1))
    assert known.correlation["A", "B"] == pytest.approx(1 / sqrt(2))


def test_volatility_leaves_when_a_price_stands_still_for_a_window():
    facts = RollingFacts(2)
    assert set(after(facts, A=[1.0, 1.1, 1.2]).volatility) == {"A"}
    assert set(after(facts, A=[1.2, 1.2]).volatility) == set()


def test_a_return_from_a_price_of_zero_is_left_out_and_one_from_below_counts_in_its_size():
    rising = after(RollingFacts(2), A=[-2.0, -1.0, -0.5], B=[1.0, 1.5, 2.25])
    assert rising.correlation["A", "B"] == pytest.approx(1.0)
    known = after(RollingFacts(2), A=[-2.0, -1.0, 0.0, 4.0, 6.0])
    assert known.volatility == pytest.approx({"A": sqrt((1.0**2 + 0.5**2) / 2)})


def test_equity_and_its_peak_are_read_once_per_slice():
    worth = iter([100.0, 120.0, 90.0])
    facts = RollingFacts(2, equity=lambda: next(worth))
    seen = [facts(None, []) for _ in range(3)]
    assert [(known.equity, known.peak_equity) for known in seen] == [(100.0, 100.0), (120.0, 120.0), (90.0, 120.0)]
    assert seen[-1].drawdown == 0.25


def test_an_equity_that_is_no_number_is_refused_and_forgotten():
    worth = iter([nan, 100.0])
    facts = RollingFacts(2, equity=lambda: next(worth))
    with pytest.raises(ValueError, match=r"^equity must be a finite number, not nan$"):
        facts(None, [])
    assert facts(None, []).peak_equity == 100.0


def test_what_was_said_does_not_change_afterwards():
    facts, twin = RollingFacts(2), RollingFacts(2)
    series = {"A": [1.0, 1.5, 1.2], "B": [1.0, 1.1, 1.5]}
    known, same = after(facts, **series), after(twin, **series)
    after(facts, A=[3.0, 1.0], B=[0.2, 9.0])
    # looked up only now, since a correlation is computed when it is looked up
    assert (dict(known.volatility), dict(known.correlation)) == (dict(same.volatility), dict(same.correlation))


@given(st.lists(st.tuples(closes, closes, closes), min_size=4, max_size=30), st.integers(2, 6))
def test_rolling_is_what_a_computation_from_scratch_finds(prices, window):
    series = dict(zip("ABC", map(list, zip(*prices, strict=True)), strict=True))
    known = after(RollingFacts(window), **series)
    returns = {name: [(new - old) / old for old, new in pairwise(each)][-window:] for name, each in series.items()}
    if len(prices) <= window:
        assert known.volatility == {}
        return
    expected = {name: sqrt(fmean(move * move for move in each)) for name, each in returns.items()}
    assert known.volatility == pytest.approx({name: each for name, each in expected.items() if each > 0})
    for pair, value in known.correlation.items():
        product = fmean(a * b for a, b in zip(*(returns[name] for name in pair), strict=True))
        assert value * expected[pair[0]] * expected[pair[1]] == pytest.approx(product, abs=1e-12)


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys("ABCD", closes)), min_size=12, max_size=20))
def test_shrunk_correlations_suit_risk_parity_whichever_candles_are_missing(rows):
    facts = RollingFacts(10, shrinkage=0.1)
    for row in rows:
        known = facts(None, routed(**row))
    active = sorted(known.volatility)
    amounts = RiskParityPolicy(BUDGET).allocate_with(active, known)
    assert sum(amounts.values()) == pytest.approx(BUDGET if active else 0.0)


@pytest.mark.parametrize("size", [1e-300, 1e-12, 1e12, 1e300])
def test_prices_of_any_size_have_a_volatility(size):
    known = after(RollingFacts(2), A=[size, 1.5 * size, 1.2 * size], B=[1.0, 1.5, 1.2])
    assert known.volatility["A"] == pytest.approx(known.volatility["B"])
    assert known.correlation["A", "B"] == pytest.approx(1.0)


def test_a_return_beyond_all_floats_is_left_out():
    known = after(RollingFacts(2), A=[1e-300, 1e300, 1.1e300, 1.21e300])
    assert known.volatility == pytest.approx({"A": 0.1})


def test_memory_does_not_grow_with_the_run():
    facts = RollingFacts(5)
    for number in range(1_000):
        facts(None, routed(A=1.0 + number % 7, B=2.0 + number % 5))
    assert (len(facts._rows), [len(each) for each in facts._returns.values()]) == (5, [5, 5])


# Candles that it cannot use -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "shown"),
    [(None, "None"), (type("Odd", (), {"close": nan, "__repr__": lambda _: "odd"})(), "odd")],
)
def test_a_candle_without_a_close_is_named_and_the_others_are_learnt(bad, shown):
    facts = RollingFacts(2)
    after(facts, A=[1.0, 1.1], B=[1.0, 1.1])
    records = [Routed(0, 0, None, "A", CandleCloseEvent("A", "DAY", bad)), *routed(B=1.2)]
    with pytest.raises(ValueError) as caught_error:
        facts(None, records)
    assert str(caught_error.value) == f"the candle of 'A' has no close that is a finite number: {shown}"
    assert set(facts(None, []).volatility) == {"B"}


def test_candles_of_two_periods_are_refused_until_one_is_chosen():
    mixed = [*routed("DAY", A=1.0), *routed("HOUR", B=1.0)]
    sentence = (
        "'B' gets candles of 'HOUR' and the portfolio has others of 'DAY', "
        "whose volatilities do not compare: choose one, RollingFacts(period=...)"
    )
    with pytest.raises(ValueError) as refused:
        RollingFacts(2)(None, mixed)
    assert str(refused.value) == sentence
    chosen = RollingFacts(2, period="HOUR")
    for price in (1.0, 1.1, 1.3):
        known = chosen(None, [*routed("DAY", A=price, B=price), *routed("HOUR", B=price)])
    assert set(known.volatility) == {"B"}


@every_mode
async def test_a_candle_that_it_cannot_use_comes_out_of_the_next_call(mode):
    facts = RollingFacts(2)
    async with serving(
        mode, {"A": Strategy(True)}, InverseVolatilityPolicy(1.0, unknown="zero"), facts=facts
    ) as runner:
        await runner.on_candle_close(event("A"))
        error = await caught(runner.on_slice([]))
        await runner.on_slice([])
    assert str(error).startswith("RollingFacts, the source of facts for InverseVolatilityPolicy, raised ValueError(")


# In a portfolio -----------------------------------------------------------------------------------------------------


async def allocations(mode: str, source: list[Slice], policy, facts) -> list[dict[str, float]]:
    records = []
    strategies = {name: Strategy(True) for name in ("A", "B")}
    async with serving(mode, strategies, policy, facts=facts, trace=records.append) as runner:
        await runner.run(source)
    return [dict(record.allocation) for record in records if type(record) is Allocated]


@every_mode
async def test_a_slice_is_allocated_by_the_closes_before_it(mode):
    policy = InverseVolatilityPolicy(12.0, unknown="zero")
    source = slices(A=[1.0, 1.1, 1.21, 1.331, 1.0], B=[1.0, 1.3, 1.69, 2.197, 1.0])
    nothing, split = {"A": 0.0, "B": 0.0}, pytest.approx({"A": 9.0, "B": 3.0})
    assert await allocations(mode, source, policy, RollingFacts(2)) == [nothing, nothing, nothing, split, split]


@given(st.lists(st.tuples(closes, closes), min_size=2, max_size=12), st.data())
def test_what_comes_later_changes_no_earlier_allocation(prices, data):
    cut = data.draw(st.integers(1, len(prices) - 1))
    others = data.draw(st.lists(st.tuples(closes, closes), min_size=len(prices) - cut, max_size=len(prices) - cut))

    def run(rows):
        a, b = map(list, zip(*rows, strict=True))
        policy = Capped(InverseVolatilityPolicy(12.0, unknown="zero"), per_sleeve=8.0)
        return trio.run(allocations, "direct", slices(A=a, B=b), policy, RollingFacts(2))

    # the slice at the cut has other candles already, and its allocation is still the same
    assert run(prices)[: cut + 1] == run([*prices[:cut], *others])[: cut + 1]


@every_mode
async def test_the_order_of_candles_in_a_slice_changes_no_allocation(mode):
    forth = slices(A=[1.0, 1.1, 1.3, 1.2], B=[1.0, 1.3, 1.1, 1.6])
    back = [Slice(each.close_time, each.events[::-1]) for each in forth]
    policy = RiskParityPolicy(12.0, unknown="zero")
    one = await allocations(mode, forth, policy, RollingFacts(2, shrinkage=0.5))
    assert one == await allocations(mode, back, policy, RollingFacts(2, shrinkage=0.5))
    assert sum(one[-1].values()) == pytest.approx(12.0)


@every_mode
async def test_a_throttle_follows_the_equity_of_the_run(mode):
    worth = iter([100.0, 90.0, 80.0, 120.0])
    policy = Throttled(InverseVolatilityPolicy(12.0, {"A": 1.0, "B": 1.0}), start=0.0, end=0.4)
    given_out = await allocations(
        mode, slices(A=[1.0] * 4, B=[1.0] * 4), policy, RollingFacts(2, equity=lambda: next(worth))
    )
    assert [sum(each.values()) for each in given_out] == pytest.approx([12.0, 9.0, 6.0, 12.0])
