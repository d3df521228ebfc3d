"""P7 `candle_timeout`: a handler that hangs is cut, and the portfolio goes on without one that cannot be."""

import pytest
import trio

from tests.portfolio.parts import Boom, Strategy, caught, event, every_mode, fail, serving
from tradedesk.portfolio import (
    CandleTimeoutError,
    Failed,
    PortfolioRunner,
    Quarantine,
    Quarantined,
    Refused,
    Restart,
    RunnerStateError,
    SliceReport,
    StrategySpec,
)
from tradedesk.portfolio.policies import EqualSplitRiskPolicy

CUT = (
    "the handler of sleeve 'A' was not done with candle A 1MINUTE None after 2 s: "
    "it was cancelled. Await less in it, or raise candle_timeout."
)
STUCK = (
    "the handler of sleeve 'A' was not done with candle A 1MINUTE None after 2 s, when it was cancelled, "
    "nor after 4 s: it shields itself, swallows the cancellation or has no checkpoint. "
    "The sleeve is quarantined; readmit() brings it back once the handler has ended."
)


async def hang(_):
    await trio.sleep_forever()


def shielded(seconds):
    async def handle(_):
        with trio.CancelScope(shield=True):
            await trio.sleep(seconds)

    return handle


def swallowing(seconds):
    async def handle(_):
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            with trio.CancelScope(shield=True):
                await trio.sleep(seconds)

    return handle


def slow(seconds):
    async def handle(_):
        await trio.sleep(seconds)

    return handle


# The first timeout ----------------------------------------------------------------------------------------------------


@every_mode
async def test_a_handler_that_hangs_is_cancelled_and_has_failed(mode, autojump_clock):
    async with serving(mode, {"A": Strategy(at_candle=hang)}, candle_timeout=2) as runner:
        began = trio.current_time()
        error = await caught(runner.on_candle_close(event("A")))
        assert trio.current_time() - began == 2
    assert type(error) is CandleTimeoutError
    assert (error.sleeve, error.event, error.seconds, error.stuck) == ("A", event("A"), 2, False)
    assert str(error) == CUT
    assert error.__notes__ == ["in sleeve 'A', candle A 1MINUTE None, slice 1"]


@every_mode
async def test_the_others_are_done_and_the_runner_stays_usable(mode, autojump_clock):
    a, b = Strategy(at_candle=hang), Strategy(at_candle=slow(1))
    async with serving(mode, {"A": a, "B": b}, candle_timeout=2) as runner:
        await caught(runner.on_slice([event("A"), event("B")]))
        a.at_candle = slow(1)
        await runner.on_slice([event("A"), event("B")])
    assert (b.candles, b.calls.count("report")) == ([event("B")] * 2, 4)


@every_mode
async def test_a_handler_that_is_done_in_time_is_left_alone(mode, autojump_clock):
    async with serving(mode, {"A": Strategy(at_candle=slow(1.9))}, candle_timeout=2) as runner:
        assert await runner.on_candle_close(event("A")) == SliceReport({}, {})


@every_mode
async def test_what_a_handler_raises_in_time_is_its_failure(mode, autojump_clock):
    async with serving(mode, {"A": Strategy(at_candle=fail)}, candle_timeout=2) as runner:
        assert type(await caught(runner.on_candle_close(event("A")))) is Boom


@every_mode
async def test_what_a_handler_raises_while_it_is_cut_is_the_cause(mode, autojump_clock):
    async def dirty(_):
        try:
            await trio.sleep_forever()
        finally:
            raise Boom

    async with serving(mode, {"A": Strategy(at_candle=dirty)}, candle_timeout=2) as runner:
        error = await caught(runner.on_candle_close(event("A")))
    assert (type(error), type(error.__cause__)) == (CandleTimeoutError, Boom)


@every_mode
@pytest.mark.parametrize("handle", [shielded(3), swallowing(1), slow(2)], ids=["shielded", "swallowing", "just"])
async def test_a_handler_that_ends_late_by_itself_has_failed_all_the_same(handle, mode, autojump_clock):
    async with serving(mode, {"A": Strategy(at_candle=handle)}, candle_timeout=2) as runner:
        error = await caught(runner.on_candle_close(event("A")))
        assert runner.statistics().sleeves["A"].standing == "inactive"
    assert str(error) == CUT


@every_mode
async def test_under_quarantine_a_handler_that_hangs_is_reported(mode, autojump_clock):
    async with serving(mode, {"A": Strategy(at_candle=hang)}, on_failure=Quarantine(), candle_timeout=2) as runner:
        report = await runner.on_candle_close(event("A"))
    assert str(report.failures["A"]) == CUT


@every_mode
async def test_under_restart_a_handler_that_hangs_is_replaced(mode, autojump_clock):
    rule = Restart(lambda _: Strategy())
    async with serving(mode, {"A": Strategy(at_candle=hang)}, on_failure=rule, candle_timeout=2) as runner:
        await runner.on_candle_close(event("A"))
        assert await runner.on_candle_close(event("A")) == SliceReport({}, {})
        assert runner.statistics().sleeves["A"].restarts == 1


@every_mode
async def test_the_timeout_holds_for_each_candle_that_warms(mode, autojump_clock):
    old = Strategy()
    made = iter([Strategy(at_candle=hang), Strategy(at_candle=slow(1.5))])
    rule = Restart(lambda _: next(made), warm_up=3)
    async with serving(mode, {"A": old}, on_failure=rule, candle_timeout=2) as runner:
        for _ in range(3):
            await runner.on_candle_close(event("A"))
        old.at_candle = fail
        await runner.on_candle_close(event("A"))
        report = await runner.on_slice([])
        assert str(report.failures["A"]) == CUT
        began = trio.current_time()
        assert await runner.on_slice([]) == SliceReport({}, {})
        assert trio.current_time() - began == 4.5


@every_mode
async def test_a_sleeve_may_have_a_timeout_of_its_own(mode, autojump_clock):
    strategies = {
        "A": StrategySpec(Strategy(at_candle=slow(5)), candle_timeout=6),
        "B": Strategy(at_candle=slow(3)),
        "C": StrategySpec(Strategy(at_candle=slow(50)), candle_timeout=float("inf")),
    }
    async with serving(mode, strategies, on_failure=Quarantine(), candle_timeout=2) as runner:
        report = await runner.on_slice([event("A"), event("B"), event("C")])
    assert list(report.failures) == ["B"]


@every_mode
async def test_other_sleeves_have_no_limit_where_only_one_has(mode, autojump_clock):
    strategies = {"A": StrategySpec(Strategy(at_candle=hang), candle_timeout=2), "B": Strategy(at_candle=slow(50))}
    async with serving(mode, strategies, on_failure=Quarantine()) as runner:
        assert list((await runner.on_slice([event("A"), event("B")])).failures) == ["A"]
        assert await runner.on_slice([event("B")]) == SliceReport({}, {})


@pytest.mark.parametrize("value", [0, -1, float("nan"), "2"])
def test_a_timeout_that_is_no_time_is_refused(value):
    with pytest.raises(ValueError) as raised:
        PortfolioRunner({"A": Strategy()}, EqualSplitRiskPolicy(1.0), 1.0, candle_timeout=value)
    assert str(raised.value) == f"candle_timeout must be a number of seconds above 0, not {value!r}"


@every_mode
async def test_a_caller_who_is_cancelled_meets_no_timeout(mode, autojump_clock):
    async with serving(mode, {"A": Strategy(at_candle=hang)}, on_failure=Quarantine(), candle_timeout=20) as runner:
        with trio.move_on_after(1) as scope:
            await runner.on_candle_close(event("A"))
        assert scope.cancelled_caught
        # as actors the coordinator finishes the slice
        await runner.on_slice([])
        assert (runner.statistics().sleeves["A"].failures == 1) == (mode == "actors")


@every_mode
async def test_after_a_cut_the_next_handler_has_its_full_time(mode, autojump_clock):
    """Whether the next is another sleeve of the wave or another candle of the sleeve: no scope is used after its end."""
    a, b = Strategy(at_candle=hang), Strategy(at_candle=slow(1.5))
    rule = Restart(lambda _: Strategy(at_candle=slow(1.5)))
    async with serving(mode, {"A": a, "B": b}, on_failure=rule, candle_timeout=2) as runner:
        report = await runner.on_slice([event("A"), event("B")])
        assert [*report.failures] == ["A"]
        for _ in range(2):
            report = await runner.on_slice([event("A"), event("B")])
            assert not report.failures
    assert b.candles == [event("B")] * 3


# The second timeout ---------------------------------------------------------------------------------------------------


@every_mode
@pytest.mark.parametrize("rule", ["raise", Quarantine(), Restart(Strategy)], ids=["raise", "quarantine", "restart"])
@pytest.mark.parametrize("handle", [shielded(30), swallowing(30), shielded(4)], ids=["shielded", "swallowing", "just"])
async def test_a_handler_that_cannot_be_cut_is_quarantined_in_every_mode(handle, rule, mode, autojump_clock):
    trace = []
    b = Strategy(True)
    async with serving(
        mode, {"A": Strategy(True, handle), "B": b}, on_failure=rule, candle_timeout=2, trace=trace.append
    ) as runner:
        began = trio.current_time()
        error = await caught(runner.on_slice([event("A"), event("B")]))
        if mode == "actors":  # nobody waits for it; the caller's own task cannot be freed
            assert trio.current_time() - began == 4
        assert (type(error) is CandleTimeoutError) == (rule == "raise")
        one = runner.statistics().sleeves["A"]
        report = await runner.on_slice([event("A"), event("B")])
    assert (one.standing, one.positions, one.failures, str(one.error)) == ("quarantined", "hold", 1, STUCK)
    assert one.error.stuck
    assert report == SliceReport({}, {"A": 1})
    assert [type(r).__name__ for r in trace if isinstance(r, Failed | Quarantined | Refused)] == [
        "Failed",
        "Quarantined",
        "Refused",
    ]
    assert b.candles == [event("B")] * 2


async def test_the_block_waits_for_a_handler_that_shields_itself_and_leaves_no_task(autojump_clock):
    tasks = trio.lowlevel.current_statistics().tasks_living
    began = trio.current_time()
    async with serving(
        "actors", {"A": Strategy(at_candle=shielded(30))}, on_failure=Quarantine(), candle_timeout=2
    ) as runner:
        await runner.on_candle_close(event("A"))
    assert trio.current_time() - began == 30
    assert trio.lowlevel.current_statistics().tasks_living == tasks


async def test_what_a_stuck_handler_says_in_the_end_is_heard_by_nobody(autojump_clock):
    async def handle(_):
        with trio.CancelScope(shield=True):
            await trio.sleep(30)
        raise Boom

    async with serving(
        "actors", {"A": Strategy(at_candle=handle)}, on_failure=Quarantine(), candle_timeout=2
    ) as runner:
        await runner.on_candle_close(event("A"))
        await trio.sleep(50)
        one = runner.statistics().sleeves["A"]
    assert (one.failures, str(one.error)) == (1, STUCK)


async def test_a_sleeve_is_readmitted_once_its_stuck_handler_has_ended(autojump_clock):
    a = Strategy(at_candle=shielded(30))
    async with serving("actors", {"A": a}, candle_timeout=2) as runner:
        await caught(runner.on_candle_close(event("A")))
        with pytest.raises(RunnerStateError) as raised:
            runner.readmit("A")
        assert str(raised.value) == "the handler of sleeve 'A' has not ended yet: readmit it when it has."
        await trio.sleep(50)
        a.at_candle = slow(1)
        runner.readmit("A")
        assert await runner.on_candle_close(event("A")) == SliceReport({}, {})
    assert a.candles == [event("A")] * 2


@every_mode
async def test_a_handler_without_a_checkpoint_is_judged_by_the_clock_too(mode, mock_clock):
    async with serving(
        mode,
        {"A": Strategy(at_candle=lambda _: mock_clock.jump(3)), "B": Strategy(at_candle=lambda _: mock_clock.jump(5))},
        on_failure=Quarantine(),
        candle_timeout=2,
    ) as runner:
        report = await runner.on_candle_close(event("A"))
        assert (type(report.failures["A"]), report.failures["A"].stuck) == (CandleTimeoutError, False)
        report = await runner.on_candle_close(event("B"))
        assert (type(report.failures["B"]), report.failures["B"].stuck) == (CandleTimeoutError, True)


@every_mode
async def test_a_warm_up_that_cannot_be_cut_is_quarantined(mode, autojump_clock):
    old, trace = Strategy(), []
    rule = Restart(lambda _: Strategy(at_candle=shielded(30)), warm_up=1)
    async with serving(mode, {"A": old}, on_failure=rule, candle_timeout=2, trace=trace.append) as runner:
        await runner.on_candle_close(event("A"))
        old.at_candle = fail
        await runner.on_candle_close(event("A"))
        report = await runner.on_slice([])
        assert runner.statistics().sleeves["A"].standing == "quarantined"
        assert runner.strategies["A"] is old
    assert str(report.failures["A"]) == STUCK
    assert report.failures["A"].__notes__ == [
        "in sleeve 'A', while a new object was warmed with candle A 1MINUTE None, slice 3"
    ]
