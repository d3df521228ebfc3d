"""P9 Two-phase strategies: update, one allocation, evaluate beside the one-phase handlers."""

import re

import pytest
import trio

from tests.portfolio.parts import (
    Boom,
    Says,
    Strategy,
    TwoPhases,
    caught,
    event,
    every_dispatch,
    every_mode,
    nothing,
    serving,
)
from tradedesk.portfolio import Failed, Handled, PortfolioRunner, Refused, Routed, StrategySpec, Updated
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._phases import EVALUATE
from tradedesk.portfolio._sleeves import Sleeve, Sleeves
from tradedesk.portfolio._waves import Allocate, Answer, Failure, Kind, Wave


@every_mode
async def test_it_updates_under_the_old_allocation_and_evaluates_once_under_the_new_one(mode):
    a = TwoPhases(active=True)
    async with serving(mode, {"A": a}) as runner:
        await runner.on_slice([])
        a.calls.clear()
        await runner.set_policy(Says({"A": 5.0}))
        await runner.on_slice([event("A", "HOUR"), event("A"), event("A", "DAY")])
    assert a.calls == [
        ("update", "1MINUTE", 12.0),
        "report",
        ("update", "HOUR", 12.0),
        "report",
        ("update", "DAY", 12.0),
        "report",
        "report",
        ("risk", 5.0),
        ("evaluate", 5.0),
        "report",
    ]


@every_mode
async def test_it_evaluates_once_also_beside_sleeves_with_several_periods_and_unwatched(mode):
    a = TwoPhases()
    async with serving(mode, {"A": a, "B": Strategy()}) as runner:
        await runner.on_slice([event("A"), event("B"), event("B", "HOUR"), event("B", "DAY")])
    assert [call[0] for call in a.parts] == ["update", "evaluate"]


@every_mode
async def test_the_allocation_follows_the_regimes_after_the_updates(mode):
    a = TwoPhases()
    a.at_update = lambda _: setattr(a, "active", True)
    async with serving(mode, {"A": a}, poll_regimes=False) as runner:
        await runner.on_slice([event("A")])
    assert a.parts[-1] == ("evaluate", 12.0)


@every_mode
async def test_the_policy_is_asked_once_for_updates_and_handlers_together(mode):
    asked = []
    strategies = {"A": TwoPhases(), "B": Strategy(), "C": TwoPhases()}
    async with serving(mode, strategies, Says(lambda active: asked.append(active) or {})) as runner:
        await runner.on_slice([event(key, period) for key in "ABC" for period in ("1MINUTE", "DAY")])
    assert asked == [[]]


async def test_evaluations_and_handlers_run_side_by_side(autojump_clock):
    async def slow(_=None):
        await trio.sleep(1)

    strategies = {"A": TwoPhases(at_evaluation=slow), "B": Strategy(at_candle=slow), "C": TwoPhases(at_update=slow)}
    async with serving("actors", strategies) as runner:
        await runner.on_slice([event(key) for key in "ABC"])
    assert trio.current_time() == 2  # all updates, then all evaluations and handlers


@every_mode
@pytest.mark.parametrize("phase", ["at_update", "at_evaluation"])
async def test_a_phase_may_be_async(mode, phase, autojump_clock):
    ended = []

    async def slow(_=None):
        await trio.sleep(1)
        ended.append(phase)

    async with serving(mode, {"A": TwoPhases(**{phase: slow})}) as runner:
        await runner.on_slice([event("A")])
    assert ended == [phase]


@every_mode
@pytest.mark.parametrize("value", [None, True, "text", []])
async def test_what_a_phase_returns_is_of_no_interest_unless_it_can_be_awaited(mode, value):
    a = TwoPhases(at_update=lambda _: value, at_evaluation=lambda: value)
    async with serving(mode, {"A": a}) as runner:
        await runner.on_slice([event("A")])
    assert [call[0] for call in a.parts] == ["update", "evaluate"]


@every_mode
async def test_without_a_candle_of_its_own_it_neither_updates_nor_evaluates(mode):
    a = TwoPhases()
    async with serving(mode, {"A": a, "B": Strategy()}) as runner:
        await runner.on_slice([event("B")])
        await runner.on_slice([])
    assert a.parts == []


@every_mode
async def test_the_trace_shows_routed_updated_and_one_end_for_each_candle(mode):
    trace = []
    strategies = {"A": TwoPhases(), "B": Strategy()}
    async with serving(mode, strategies, trace=trace.append, poll_regimes=False) as runner:
        await runner.on_slice([])
        trace.clear()
        await runner.on_slice([event("A"), event("A", "DAY"), event("B")])
    assert [(type(r).__name__, *([r.sleeve, r.event.period] if hasattr(r, "event") else [])) for r in trace] == [
        ("Routed", "A", "1MINUTE"),
        ("Updated", "A", "1MINUTE"),
        ("Routed", "A", "DAY"),
        ("Updated", "A", "DAY"),
        ("Allocated",),
        ("Routed", "B", "1MINUTE"),
        ("Handled", "A", "1MINUTE"),
        ("Handled", "A", "DAY"),
        ("Handled", "B", "1MINUTE"),
    ]


def ends(trace):
    return [
        (type(record).__name__, record.event.period)
        for record in trace
        if isinstance(record, Handled | Refused) or (isinstance(record, Failed) and record.event)
    ]


def fail_at(period):
    def update(event):
        if event.period == period:
            raise Boom

    return update


@every_mode
async def test_a_failed_update_ends_the_slice_of_its_sleeve(mode):
    a, trace = TwoPhases(True, at_update=fail_at("HOUR")), []
    async with serving(mode, {"A": a, "B": TwoPhases()}, trace=trace.append) as runner:
        error = await caught(
            runner.on_slice([*(event("A", period) for period in ("1MINUTE", "HOUR", "DAY")), event("B")])
        )
    assert type(error) is Boom
    assert error.__notes__ == ["in sleeve 'A', candle A HOUR None, slice 1"]
    assert a.calls == [("update", "1MINUTE", None), "report", ("update", "HOUR", None)]
    assert ends([record for record in trace if getattr(record, "sleeve", "") == "A"]) == [
        ("Failed", "HOUR"),
        ("Refused", "DAY"),
        ("Refused", "1MINUTE"),
    ]


@every_mode
async def test_a_failed_evaluation_is_the_end_of_all_candles_of_its_sleeve(mode):
    trace = []
    a = TwoPhases(at_evaluation=lambda: 1 / 0)
    async with serving(mode, {"A": a}, trace=trace.append) as runner:
        error = await caught(runner.on_slice([event("A"), event("A", "DAY")]))
    assert type(error) is ZeroDivisionError
    assert error.__notes__ == ["in sleeve 'A', candle A DAY None, slice 1"]
    assert ends(trace) == [("Failed", "1MINUTE"), ("Failed", "DAY")]
    assert [(record.sleeve, record.error) for record in trace if type(record) is Failed] == [("A", error)] * 2


@every_mode
async def test_a_sleeve_that_fails_to_take_its_risk_does_not_evaluate(mode):
    def refuse(_):
        raise Boom

    a, trace = TwoPhases(at_risk=refuse), []
    async with serving(mode, {"A": a}, trace=trace.append) as runner:
        assert type(await caught(runner.on_slice([event("A")]))) is Boom
    assert a.parts == [("update", "1MINUTE", None)]
    assert ends(trace) == [("Refused", "1MINUTE")]


@every_mode
async def test_without_an_allocation_there_is_no_evaluation(mode):
    a, trace = TwoPhases(), []
    async with serving(mode, {"A": a}, Says(Boom()), trace=trace.append) as runner:
        await caught(runner.on_slice([event("A")]))
    assert a.parts == [("update", "1MINUTE", None)]
    assert [(record.event, record.reason) for record in trace if type(record) is Refused] == [
        (event("A"), "the policy raised, or its answer was refused")
    ]


async def test_a_caller_cancelled_before_the_updates_has_nothing_routed(autojump_clock):
    async def slow(_):
        await trio.sleep(2)

    a, trace = TwoPhases(), []
    async with serving("actors", {"A": a, "B": Strategy(at_candle=slow)}, trace=trace.append) as runner:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(runner.on_slice, [event("B")])
            await trio.sleep(1)
            with trio.move_on_after(0.5):
                await runner.on_slice([event("A"), event("B")])
        await runner.on_slice([])
    assert a.parts == []
    assert [type(record) for record in trace if isinstance(record, Routed | Refused)] == [Routed, Refused, Refused]


async def test_a_caller_cancelled_after_an_update_leaves_a_slice_that_is_finished(autojump_clock):
    async def slow(_):
        await trio.sleep(2)

    a, b, trace = TwoPhases(at_update=slow), Strategy(), []
    async with serving("actors", {"A": a, "B": b}, trace=trace.append) as runner:
        with trio.move_on_after(1):
            await runner.on_slice([event("A"), event("B")])
        await runner.on_slice([])
    assert [call[0] for call in a.parts] == ["update", "evaluate"]
    assert [record.sleeve for record in trace if type(record) is Handled] == ["A", "B"]


@every_dispatch
async def test_what_a_host_cut_between_the_phases_is_not_evaluated_later(mode):
    a = TwoPhases()
    with trio.CancelScope() as scope:
        async with serving(mode, {"A": a, "B": Strategy()}) as runner:

            async def cut(_):
                scope.cancel()
                await trio.lowlevel.checkpoint()

            a.at_update = cut
            await runner.on_slice([event("A")])
    a.at_update = nothing
    await runner.on_slice([event("B")])
    await runner.on_slice([event("A")])
    assert [call[0] for call in a.parts] == ["update", "update", "evaluate"]


@every_mode
async def test_a_strategy_that_has_on_candle_close_is_called_through_it(mode):
    class Both(Strategy):
        def update_state(self, event):
            raise AssertionError

        evaluate_signals = update_state

    both = Both()
    async with serving(mode, {"A": StrategySpec(both)}) as runner:
        await runner.on_slice([event("A")])
    assert both.candles == [event("A")]


def test_half_of_the_two_phases_is_refused():
    class Half(TwoPhases):
        evaluate_signals = None

        def __repr__(self):
            return "<Half>"

    text = "the strategy of sleeve 'A', <Half>, has no evaluate_signals()"
    with pytest.raises(TypeError, match=f"^{re.escape(text)}$"):
        PortfolioRunner({"A": Half()}, Says({}), 1.0)


@every_mode
async def test_updated_candles_are_counted_once(mode):
    async with serving(mode, {"A": TwoPhases()}) as runner:
        await runner.on_slice([event("A"), event("A", "DAY")])
        assert runner.statistics().candles == 2


async def test_updated_is_a_record_of_its_own():
    trace = []
    async with serving("plain", {"A": TwoPhases(active=True)}, trace=trace.append) as runner:
        await runner.on_slice([event("A")])
    assert [record.active for record in trace if type(record) in (Updated, Handled)] == [True, True]


# The rules, driven by hand: closed where only a cancelled host closes them ---------------------------------------------


def core_of(*two_phase):
    sleeves = [Sleeve(key, key, None, key in two_phase) for key in "AB"]
    return Coordination(Sleeves(sleeves, skip_unknown=False), 1.0, rules=["raise"] * 2, poll_regimes=False, trace=None)


def begin(core, *events):
    return core.slice(core.sleeves.plan(events, None), "Policy", lambda: True)


def settle(core, steps, step):
    """Carry a slice out to its end; every sleeve reports False."""
    waves = []
    while True:
        waves.append(step)
        outcome = (
            [core.accept(Answer({}, None), "Policy")] if isinstance(step, Allocate) else [False] * len(step.sleeves)
        )
        try:
            step = steps.send(outcome)
        except StopIteration:
            return waves


def test_a_slice_closed_between_update_and_evaluation_leaves_nothing_to_evaluate():
    core = core_of("A")
    steps = begin(core, event("A"))
    assert next(steps).payloads == [event("A")]
    steps.send([True])
    steps.close()
    steps = begin(core, event("B"))
    waves = settle(core, steps, next(steps))
    candles = [wave.payloads for wave in waves if isinstance(wave, Wave) and wave.kind is Kind.CANDLE]
    assert candles == [(event("B"),)]


def test_a_slice_closed_at_its_candles_is_followed_by_a_poll_of_everybody_also_behind_updates():
    core = core_of("A")
    steps = begin(core)
    settle(core, steps, next(steps))
    steps = begin(core, event("B"))
    assert isinstance(next(steps), Allocate)
    assert steps.send([core.accept(Answer({}, None), "Policy")]).kind is Kind.CANDLE
    steps.close()
    steps = begin(core, event("A"))
    assert next(steps).payloads == [event("A")]
    poll = steps.send([True])
    assert (poll.kind, list(poll.sleeves)) == (Kind.POLL, [0, 1])


def test_unpolled_the_report_of_an_update_counts_for_the_allocation():
    core = core_of("A")
    steps = begin(core)
    settle(core, steps, next(steps))
    steps = begin(core, event("A"))
    next(steps)
    assert steps.send([True]).active == ["A"]


def test_a_slice_closed_at_its_evaluations_is_followed_by_a_poll_of_everybody():
    core = core_of("A")
    steps = begin(core)
    settle(core, steps, next(steps))
    steps = begin(core, event("A"))
    next(steps)
    assert isinstance(steps.send([True]), Allocate)
    assert steps.send([core.accept(Answer({}, None), "Policy")]).payloads == [EVALUATE]
    steps.close()
    poll = next(begin(core))
    assert (poll.kind, list(poll.sleeves)) == (Kind.POLL, [0, 1])


def test_a_slice_whose_evaluations_are_all_refused_leaves_nobody_to_poll():
    core = core_of("A")
    steps = begin(core)
    settle(core, steps, next(steps))
    steps = begin(core, event("A"))
    next(steps)
    assert isinstance(steps.send([True]), Allocate)
    steps.send([core.accept(Answer({"A": 5.0}, None), "Policy")])
    with pytest.raises(StopIteration):
        steps.send([Failure(Boom())])
    poll = next(begin(core))
    assert (poll.kind, list(poll.sleeves)) == (Kind.POLL, [0])


def test_what_was_cut_between_the_phases_leaves_with_its_sleeve():
    core = core_of("A")
    steps = begin(core, event("A"))
    next(steps)
    steps.send([True])
    steps.close()
    core.dismiss(0, None)
    steps = begin(core)
    waves = settle(core, steps, next(steps))
    assert [wave.kind for wave in waves if isinstance(wave, Wave)] == [Kind.POLL, Kind.RISK]
