"""P1 The flow; P2 Allocate before dispatch; P4 what a slice is for."""

import pytest
import trio

from tests.portfolio.parts import DEFAULT, Says, Strategy, equal, event, every_mode, serving


@every_mode
async def test_a_slice_is_polled_then_allocated_then_told_then_handled(mode):
    order = []
    a = Strategy(
        True, lambda _: order.append("candle"), lambda _: order.append("risk"), lambda _: order.append("report")
    )
    async with serving(mode, {"A": a}, Says(lambda _: order.append("allocate") or {"A": 1.5})) as runner:
        await runner.on_candle_close(event("A"))
    assert order == ["report", "allocate", "risk", "candle", "report"]


@every_mode
async def test_the_policy_sees_the_active_sleeves_in_declared_order(mode):
    seen = []
    strategies = {"C": Strategy(True), "A": Strategy(False), "B": Strategy(True)}
    async with serving(mode, strategies, Says(lambda active: seen.append(active) or {})) as runner:
        await runner.on_slice([event("A"), event("B"), event("C")])
    assert seen == [["C", "B"]]


@every_mode
async def test_sleeves_outside_the_allocation_get_the_default(mode):
    strategies = {"A": Strategy(True), "B": Strategy(False)}
    async with serving(mode, strategies) as runner:
        await runner.on_candle_close(event("A"))
    assert (strategies["A"].risks, strategies["B"].risks) == ([12.0], [DEFAULT])


@every_mode
async def test_releases_come_before_larger_grants_in_whatever_order_they_are_declared(mode):
    told = []
    strategies = {
        key: Strategy(active, at_risk=lambda value, key=key: told.append((key, value)))
        for key, active in {"A": False, "B": True, "C": True}.items()
    }
    async with serving(mode, strategies) as runner:
        await runner.on_slice([])
        told.clear()
        strategies["A"].active, strategies["C"].active = True, False
        strategies["B"].active = False
        await runner.on_slice([])
    assert sorted(told[:2]) == [("B", DEFAULT), ("C", DEFAULT)]
    assert told[2:] == [("A", 12.0)]


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
async def test_a_slice_waits_for_every_report_before_the_next_begins(dispatch, autojump_clock):
    order = []

    async def slow(event):
        order.append(f"begin {event.candle}")
        await trio.sleep(5)
        order.append(f"end {event.candle}")

    async with serving(dispatch, {"A": Strategy(at_candle=slow), "B": Strategy()}) as runner:
        await runner.run([event("A", candle=1), event("A", candle=2)])
    assert order == ["begin 1", "end 1", "begin 2", "end 2"]


async def test_as_actors_the_candles_of_a_slice_are_handled_side_by_side(autojump_clock):
    async def slow(_):
        await trio.sleep(5)

    strategies = {key: Strategy(at_candle=slow) for key in "ABC"}
    async with serving("actors", strategies) as runner:
        await runner.on_slice([event(key) for key in "ABC"])
    assert trio.current_time() == 5


@every_mode
async def test_an_empty_slice_is_a_clock_tick_that_moves_risk_and_no_candle(mode):
    a = Strategy(True)
    async with serving(mode, {"A": a}) as runner:
        await runner.on_slice([])
    assert a.calls == ["report", ("risk", 12.0)]


def turning_active(*keys):
    """Strategies that turn active with their first candle."""
    strategies = {key: Strategy() for key in keys}
    for strategy in strategies.values():
        strategy.at_candle = lambda _, strategy=strategy: setattr(strategy, "active", True)
    return strategies


@every_mode
async def test_one_at_a_time_three_that_turn_active_on_one_close_get_all_then_half_then_a_third(mode):
    strategies = turning_active("A", "B", "C")
    async with serving(mode, strategies, equal(12.0)) as runner:
        for _ in range(2):
            for key in "ABC":
                await runner.on_candle_close(event(key))
    # A is alone when B's candle comes, two are active at C's, and three from the second close on
    assert [strategies[key].risks for key in "ABC"] == [[1.0, 12.0, 6.0, 4.0], [1.0, 6.0, 4.0], [1.0, 4.0]]


@every_mode
async def test_in_a_slice_three_that_turn_active_on_one_close_get_a_third_each(mode):
    strategies = turning_active("A", "B", "C")
    async with serving(mode, strategies, equal(12.0)) as runner:
        for _ in range(2):
            await runner.on_slice([event(key) for key in "ABC"])
    assert [strategies[key].risks for key in "ABC"] == [[1.0, 4.0]] * 3


@every_mode
async def test_one_at_a_time_three_active_after_their_own_candles_trade_on_more_than_the_budget(mode):
    """What the guide's loop does: each candle is handled under the allocation of its own moment."""
    used = []
    strategies = turning_active("A", "B", "C")
    async with serving(mode, strategies, equal(12.0)) as runner:
        for key in "ABC":
            await runner.on_candle_close(event(key))
            await runner.on_slice([])
            used.append(strategies[key].risks[-1])
    assert used == [12.0, 6.0, 4.0]
