"""What a runner counts about itself: exact over all slices, in bounded memory."""

from collections import Counter
from fractions import Fraction
from functools import partial
from math import inf

import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st

from tests.portfolio.parts import (
    BUDGET,
    Boom,
    Says,
    Strategy,
    TwoPhases,
    caught,
    equal,
    event,
    every_mode,
    fail,
    serving,
)
from tradedesk.portfolio import HandlerTimes, Quarantine, Restart, Utilisation
from tradedesk.portfolio._meters import POINTS, ActiveMeter, UtilisationMeter

RUNS = st.lists(st.tuples(st.integers(1, 900), st.integers(0, 4)), max_size=12)
"""So many slices, with so many active sleeves."""


# The meters alone ---------------------------------------------------------------------------------------------------


@given(RUNS, st.booleans())
@example([(POINTS - 1, 1), (1, 2), (1, 3), (POINTS, 4)], True)
def test_active_sleeves_are_counted_exactly_and_sampled_evenly_within_bounds(runs, looked_at_often):
    meter, counts = ActiveMeter(), []
    for slices, count in runs:
        meter.change(len(counts) + 1, count)
        counts += [count] * slices
        if looked_at_often:
            meter.statistics(len(counts))
    seen = meter.statistics(len(counts))
    assert seen.slices == Counter(counts)
    assert len(seen.series) <= POINTS
    assert seen.series == tuple((at + 1, counts[at]) for at in range(0, len(counts), seen.every))


def test_looking_in_mid_slice_counts_the_slice_as_it_stands_and_only_once():
    meter = ActiveMeter()
    meter.change(1, 2)
    meter.statistics(2)  # the second slice has begun, and is about to change
    meter.change(2, 5)
    assert meter.statistics(2).series == ((1, 2), (2, 5))
    assert meter.statistics(2).slices == {2: 1, 5: 1}


PARTS = st.tuples(st.integers(1, 50), st.integers(0, 12), st.sampled_from([None, 0.0, 12.0, 24.0]))


@given(st.lists(PARTS, max_size=12))
def test_utilisation_is_the_mean_maximum_and_last_of_the_slices_that_have_a_budget(runs):
    meter, parts = UtilisationMeter(), []
    for slices, held, budget in runs:
        meter.change(len(parts) + 1, held, budget)
        parts += [Fraction(held, int(budget)) if budget else None] * slices
    measured = [part for part in parts if part is not None]
    seen = meter.statistics(len(parts))
    if not measured:
        assert seen is None
    else:
        last = None if parts[-1] is None else pytest.approx(float(parts[-1]))
        mean, most = float(sum(measured) / len(measured)), float(max(measured))
        assert seen == Utilisation(pytest.approx(mean), pytest.approx(most), last, len(measured))


# In a portfolio -----------------------------------------------------------------------------------------------------


@every_mode
async def test_a_runner_counts_its_slices_by_the_number_of_active_sleeves(mode):
    a, b = Strategy(True), Strategy(True)
    async with serving(mode, {"A": a, "B": b}) as runner:
        assert runner.statistics().active_count.slices == {}
        for b.active in (True, False, False):
            await runner.on_slice([])
        seen = runner.statistics().active_count
    assert (seen.series, seen.every, seen.slices) == (((1, 2), (2, 1), (3, 1)), 1, {1: 2, 2: 1})


@every_mode
async def test_utilisation_is_what_is_held_of_the_budget_while_candles_are_handled(mode):
    a = Strategy(True)
    answers = iter([{"A": 6.0}, {"A": 12.0}, {}])
    seen = []
    async with serving(mode, {"A": a, "B": Strategy()}, Says(lambda _: next(answers))) as runner:
        for _ in range(3):
            await runner.on_slice([])
            seen.append(runner.statistics().utilisation)
    assert seen == [
        Utilisation(0.5, 0.5, 0.5, 1),
        Utilisation(0.75, 1.0, 1.0, 2),
        Utilisation(0.5, 1.0, 0.0, 3),
    ]


@every_mode
@pytest.mark.parametrize("budget", [None, 0.0])
async def test_without_a_budget_there_is_no_utilisation(mode, budget):
    async with serving(mode, {"A": Strategy(True)}, Says({"A": 0.0}, budget)) as runner:
        await runner.on_slice([])
        assert runner.statistics().utilisation is None


@every_mode
async def test_the_slices_of_a_policy_without_a_budget_are_left_out_of_the_mean(mode):
    async with serving(mode, {"A": Strategy(True)}) as runner:
        await runner.on_slice([])
        await runner.set_policy(Says({"A": 1.0}, None))
        await runner.on_slice([])
        assert runner.statistics().utilisation == Utilisation(1.0, 1.0, None, 1)


@every_mode
async def test_what_a_quarantined_or_removed_sleeve_held_is_used_no_more(mode):
    strategies = {"A": Strategy(True, at_candle=fail), "B": Strategy(True), "C": Strategy(True)}
    policy = Says({"A": 3.0, "B": 3.0})
    async with serving(mode, strategies, policy, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        assert runner.statistics().utilisation.last == 0.5
        await runner.on_slice([])
        assert runner.statistics().utilisation.last == 0.25
        policy.answer = {}
        await runner.remove("B")
        await runner.on_slice([])
        assert runner.statistics().utilisation.last == 0.0


@every_mode
async def test_a_halted_portfolio_uses_nothing_of_its_budget(mode):
    async with serving(mode, {"A": Strategy(True)}) as runner:
        await runner.on_slice([])
        runner.halt("lunch")
        await runner.on_slice([])
        assert runner.statistics().utilisation == Utilisation(0.5, 1.0, 0.0, 2)


def handled(runner) -> dict[str, int]:
    return {key: one.handled for key, one in runner.statistics().sleeves.items()}


@every_mode
@pytest.mark.parametrize("watched", [False, True])
async def test_candles_handled_are_counted_for_each_sleeve(mode, watched):
    strategies = {"A": Strategy(), "B": Strategy(), "C": TwoPhases()}
    async with serving(mode, strategies, trace=(lambda _: None) if watched else None) as runner:
        await runner.on_slice([event("A"), event("C"), event("C", "HOUR")])
        assert handled(runner) == {"A": 1, "B": 0, "C": 2}
        await runner.remove("C")
        await runner.on_slice([event("A"), event("B")])
        await runner.add("D", Strategy())
        await runner.on_slice([event("B"), event("D")])
        assert handled(runner) == {"A": 2, "B": 2, "D": 1}
        await runner.remove("A")
        assert handled(runner) == {"B": 2, "D": 1}


@every_mode
async def test_a_candle_that_a_strategy_fails_at_is_not_handled(mode):
    strategies = {"A": Strategy(at_candle=fail), "B": Strategy(), "C": TwoPhases(at_evaluation=lambda: fail(None))}
    async with serving(mode, strategies, on_failure=Quarantine()) as runner:
        for _ in range(2):
            await runner.on_slice([event("A"), event("B"), event("C")])
        sleeves = runner.statistics().sleeves
    assert [(one.handled, one.failures, one.refused) for one in sleeves.values()] == [(0, 1, 1), (2, 0, 0), (0, 1, 1)]


# Time in handlers ---------------------------------------------------------------------------------------------------


def waits(*seconds):
    pauses = iter(seconds)

    async def handler(_):
        await trio.sleep(next(pauses))

    return handler


@every_mode
async def test_the_time_in_handlers_is_counted_summed_and_its_longest_kept(mode, autojump_clock):
    strategies = {"A": Strategy(at_candle=waits(2, 5, 1)), "B": Strategy()}
    async with serving(mode, strategies, time_handlers=True, clock=trio.current_time) as runner:
        for _ in range(3):
            await runner.on_slice([event("A"), event("B")])
        times = [one.times for one in runner.statistics().sleeves.values()]
    assert times == [HandlerTimes(3, 8.0, 5.0), HandlerTimes(3, 0.0, 0.0)]


@every_mode
async def test_nobody_looks_at_the_clock_unless_asked_to(mode):
    def clock():
        raise AssertionError("somebody looked")

    async with serving(mode, {"A": Strategy()}, clock=clock) as runner:
        await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].times is None


@every_mode
async def test_handlers_that_fail_or_are_cut_count_and_warming_up_does_not(mode, autojump_clock):
    async def act(_):
        await trio.sleep(inf if broken.calls.count(("candle", event("A"))) == 2 else 1)

    broken, new = Strategy(at_candle=act), Strategy(at_candle=waits(7, 2))
    rule = Restart(lambda _: new, warm_up=1)
    options = {"on_failure": rule, "candle_timeout": 10.0, "time_handlers": True, "clock": trio.current_time}
    async with serving(mode, {"A": broken}, **options) as runner:
        for _ in range(3):
            await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].times == HandlerTimes(3, 13.0, 10.0)


@every_mode
async def test_both_parts_of_a_strategy_in_two_phases_count(mode, autojump_clock):
    a = TwoPhases(at_update=waits(1), at_evaluation=partial(waits(3), None))
    async with serving(mode, {"A": a}, time_handlers=True, clock=trio.current_time) as runner:
        await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].times == HandlerTimes(2, 4.0, 3.0)


@every_mode
async def test_a_sleeve_that_is_added_is_timed_from_its_own_beginning(mode, autojump_clock):
    a = Strategy(at_candle=waits(4, 2))
    options = {"time_handlers": True, "clock": trio.current_time}
    async with serving(mode, {"A": a, "B": Strategy()}, **options) as runner:
        await runner.on_slice([event("A")])
        await runner.remove("A")
        await runner.add("A", a)
        assert runner.statistics().sleeves["A"].times == HandlerTimes(0, 0.0, 0.0)
        await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].times == HandlerTimes(1, 2.0, 2.0)


@every_mode
async def test_a_timed_strategy_raises_what_it_raises(mode):
    a = Strategy(True, at_candle=fail)
    async with serving(mode, {"A": a}, equal(BUDGET), time_handlers=True) as runner:
        assert type(await caught(runner.on_slice([event("A")]))) is Boom
        assert runner.strategies["A"] is a
        times = runner.statistics().sleeves["A"].times
    assert (times.count, times.total == times.max >= 0) == (1, True)
