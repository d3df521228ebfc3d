"""P7 Failure, for "raise"."""

import attrs
import pytest
import trio

from tests.portfolio.parts import DEFAULT, Boom, Says, Strategy, caught, event, every_dispatch, every_mode, serving
from tradedesk.portfolio import AllocationError, Failed, Refused


def raising(error):
    def act(_):
        raise error

    return act


@every_mode
async def test_the_exception_of_a_strategy_comes_out_as_the_same_object(mode):
    boom = Boom()
    async with serving(mode, {"A": Strategy(at_candle=raising(boom))}) as runner:
        assert await caught(runner.on_candle_close(event("A"))) is boom


@every_mode
async def test_its_note_names_sleeve_candle_and_slice(mode):
    async with serving(mode, {"A": Strategy(at_candle=raising(Boom()))}) as runner:
        error = await caught(runner.on_candle_close(event("A", "HOUR", "a candle")))
    assert error.__notes__ == ["in sleeve 'A', candle A HOUR 'a candle', slice 1"]


@every_mode
async def test_the_other_strategies_of_the_slice_are_done_first(mode, autojump_clock):
    done = []

    async def slow(event):
        await trio.sleep(3)
        done.append(event.instrument)

    strategies = {"A": Strategy(at_candle=raising(Boom())), "B": Strategy(at_candle=slow)}
    async with serving(mode, strategies) as runner:
        await caught(runner.on_slice([event("A"), event("B")]))
        assert done == ["B"]


@every_mode
async def test_several_failures_come_as_a_group_in_declared_order(mode):
    first, second = Boom(1), Boom(2)
    strategies = {"B": Strategy(at_candle=raising(first)), "A": Strategy(at_candle=raising(second))}
    async with serving(mode, strategies) as runner:
        error = await caught(runner.on_slice([event("A"), event("B")]))
    assert type(error) is ExceptionGroup
    assert (error.message, error.exceptions) == ("2 failures in the portfolio", (first, second))


@every_mode
@pytest.mark.parametrize("where", ["at_candle", "at_risk", "at_report"])
async def test_the_runner_is_usable_after_a_failure_wherever_it_was(where, mode):
    a = Strategy(True, **{where: raising(Boom())})
    async with serving(mode, {"A": a}) as runner:
        assert type(await caught(runner.on_candle_close(event("A")))) is Boom
        a.at_candle = a.at_risk = a.at_report = lambda _: None
        a.calls.clear()
        await runner.on_candle_close(event("A"))
    assert a.candles == [event("A")]


@every_mode
@pytest.mark.parametrize("where", ["at_risk", "at_report"])
async def test_a_sleeve_that_failed_before_its_candle_gets_none_and_the_others_theirs(where, mode):
    trace = []
    a, b = Strategy(**{where: raising(Boom())}), Strategy()
    async with serving(mode, {"A": a, "B": b}, trace=trace.append) as runner:
        error = await caught(runner.on_slice([event("A"), event("B")]))
    assert (a.candles, b.candles) == ([], [event("B")])
    assert error.__notes__ == ["in sleeve 'A', before any candle of the slice, slice 1"]
    assert [r.reason for r in trace if type(r) is Refused] == ["the sleeve failed earlier in this slice"]


@every_mode
async def test_a_failed_release_stops_the_slice_before_any_increase_or_candle(mode):
    trace = []
    a, b = Strategy(True), Strategy()
    async with serving(mode, {"A": a, "B": b}, trace=trace.append) as runner:
        await runner.on_slice([])
        a.active, b.active, a.at_risk = False, True, raising(Boom())
        assert type(await caught(runner.on_slice([event("A"), event("B")]))) is Boom
    assert (a.candles, b.candles, b.risks) == ([], [], [DEFAULT])
    assert {r.reason for r in trace if type(r) is Refused} == {
        "a sleeve that failed still holds risk that others were to get"
    }


@every_mode
async def test_a_failed_increase_leaves_the_other_candles_alone(mode):
    a, b = Strategy(True, at_risk=raising(Boom())), Strategy(True)
    async with serving(mode, {"A": a, "B": b}) as runner:
        await caught(runner.on_slice([event("A"), event("B")]))
    assert (a.candles, b.candles) == ([], [event("B")])


@every_mode
async def test_a_sleeve_that_failed_keeps_its_last_report_until_it_reports_again(mode):
    a = Strategy(True)
    async with serving(mode, {"A": a}) as runner:
        await runner.on_slice([])
        a.active, a.at_report = False, raising(Boom())
        await caught(runner.on_slice([]))
        assert runner.statistics().active == ("A",)


@every_mode
async def test_a_strategy_that_failed_in_a_slice_with_a_bad_answer_is_met_beside_the_allocation_error(mode):
    boom = Boom()
    async with serving(mode, {"A": Strategy(at_report=raising(boom))}, Says(None)) as runner:
        error = await caught(runner.on_slice([]))
    assert [type(one) for one in error.exceptions] == [Boom, AllocationError]


class Raising:
    """Compares as a tensor does."""

    def __eq__(self, other):
        raise RuntimeError("Boolean value of Tensor is ambiguous")

    def __repr__(self):
        return "tensor([1, 0])"

    __hash__ = None


NONSENSE = [None, "yes", float("nan"), 2, [], Raising()]


@every_mode
@pytest.mark.parametrize("regime", NONSENSE, ids=repr)
async def test_a_regime_that_is_neither_true_nor_false_is_a_type_error_that_names_the_method(regime, mode):
    async with serving(mode, {"A": Strategy(regime)}) as runner:
        error = await caught(runner.on_slice([]))
    assert type(error) is TypeError
    assert str(error) == f"is_regime_active() must return True or False, not {regime!r}"


@every_mode
@pytest.mark.parametrize(("regime", "active"), [(1, ("A",)), (0, ()), (1.0, ("A",))])
async def test_a_regime_that_equals_true_or_false_is_taken_as_such(regime, active, mode):
    async with serving(mode, {"A": Strategy(regime)}) as runner:
        await runner.on_slice([])
        assert runner.statistics().active == active


@pytest.mark.parametrize("mode", ["plain", "direct"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
async def test_what_is_no_exception_passes_through_a_caller_s_task_as_it_is(error, mode):
    trace = []
    with pytest.raises(error):
        async with serving(mode, {"A": Strategy(at_candle=raising(error()))}, trace=trace.append) as runner:
            await runner.on_candle_close(event("A"))
    assert [r for r in trace if type(r) is Failed] == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
async def test_what_is_no_exception_ends_the_block_of_the_actors_alone(error):
    trace = []
    with pytest.RaisesGroup(error, flatten_subgroups=True):
        async with serving("actors", {"A": Strategy(at_candle=raising(error()))}, trace=trace.append) as runner:
            await runner.on_candle_close(event("A"))
    assert [r for r in trace if type(r) is Failed] == []


@every_mode
async def test_stop_iteration_comes_out_as_python_lets_it_out_of_a_coroutine(mode):
    stop = StopIteration("enough")
    async with serving(mode, {"A": Strategy(at_risk=raising(stop))}) as runner:
        error = await caught(runner.on_slice([]))
    assert type(error) is RuntimeError
    assert error.__cause__ is stop


@every_mode
async def test_stop_async_iteration_ends_no_actor(mode):
    stop = StopAsyncIteration("enough")
    async with serving(mode, {"A": Strategy(at_risk=raising(stop))}) as runner:
        for _ in range(2):
            assert await caught(runner.on_slice([])) is stop


@every_mode
async def test_an_exception_that_nobody_may_change_takes_its_note(mode):
    class Frozen(Exception):
        def __setattr__(self, name, value):
            raise AttributeError(name)

    frozen = Frozen()
    async with serving(mode, {"A": Strategy(at_risk=raising(frozen))}) as runner:
        assert await caught(runner.on_slice([])) is frozen
    assert frozen.__notes__ == ["in sleeve 'A', before any candle of the slice, slice 1"]


@every_mode
async def test_an_exception_that_takes_no_note_comes_out_without(mode):
    class Full(Exception):
        __notes__ = "none"

    full = Full()
    async with serving(mode, {"A": Strategy(at_risk=raising(full))}) as runner:
        assert await caught(runner.on_slice([])) is full
    assert full.__notes__ == "none"


@every_mode
async def test_a_note_is_added_to_those_that_an_exception_has(mode):
    boom = Boom()
    boom.add_note("of its own")
    async with serving(mode, {"A": Strategy(at_risk=raising(boom))}) as runner:
        await caught(runner.on_slice([]))
    assert boom.__notes__ == ["of its own", "in sleeve 'A', before any candle of the slice, slice 1"]


@every_mode
async def test_one_exception_object_raised_by_two_sleeves_is_met_twice(mode):
    boom = Boom()
    strategies = {key: Strategy(at_risk=raising(boom)) for key in "AB"}
    async with serving(mode, strategies) as runner:
        error = await caught(runner.on_slice([]))
    assert error.exceptions == (boom, boom)


@attrs.define
class BareEvent:
    """An event of somebody else's class, without a period."""

    instrument: str


class MuteCandle:
    def __repr__(self):
        raise Boom("repr")


@every_mode
async def test_a_note_needs_nothing_of_an_event_that_is_not_ours(mode):
    async with serving(mode, {"A": Strategy(at_candle=raising(Boom()))}) as runner:
        error = await caught(runner.on_candle_close(BareEvent("A")))
    assert error.__notes__ == ["in sleeve 'A', candle BareEvent(instrument='A'), slice 1"]


@every_mode
async def test_a_candle_whose_repr_raises_is_noted_by_its_class(mode):
    async with serving(mode, {"A": Strategy(at_candle=raising(Boom()))}) as runner:
        error = await caught(runner.on_candle_close(event("A", candle=MuteCandle())))
    assert error.__notes__[0].startswith("in sleeve 'A', candle A 1MINUTE <MuteCandle instance at ")


@every_mode
async def test_a_handler_that_times_out_by_its_own_hand_has_failed_and_was_not_cancelled(mode, autojump_clock):
    async def impatient(_):
        with trio.fail_after(1):
            await trio.sleep(2)

    async with serving(mode, {"A": Strategy(at_candle=impatient)}) as runner:
        assert type(await caught(runner.on_candle_close(event("A")))) is trio.TooSlowError


@every_dispatch
async def test_an_exception_of_the_body_leaves_the_block_as_it_is(mode):
    boom = Boom()
    with pytest.raises(Boom) as raised:
        async with serving(mode, {"A": Strategy()}):
            raise boom
    assert raised.value is boom
