"""P14 Live slices: a stream of candles, in virtual time."""

import re

import pytest
import trio

from tests.actors.schedules import trio_order
from tests.laws.schedules import Way
from tests.portfolio.parts import Boom, Strategy, caught, equal, event
from tradedesk.marketdata import Candle, DuplicateCandleError, PeriodError, Slice, TimestampError
from tradedesk.portfolio import PortfolioRunner, RunnerStateError, collect_slices


def by_number(candle_event):
    return candle_event.candle


def at(instrument, close_time):
    return event(instrument, candle=close_time)


async def stream(*steps):
    """Yield events; sleep for numbers; raise exceptions."""
    for step in steps:
        if isinstance(step, BaseException):
            raise step
        if isinstance(step, int | float):
            await trio.sleep(step)
        else:
            yield step


async def collected(*steps, expected=("A", "B"), patience=10, stamp=by_number):
    """What comes, and when."""
    async with collect_slices(stream(*steps), expected, patience, stamp=stamp) as slices:
        return [(trio.current_time(), item) async for item in slices]


async def test_a_slice_comes_when_all_that_is_expected_has_arrived(autojump_clock):
    came = await collected(at("A", 1), 3, at("B", 1), 100, at("B", 2), at("A", 2))
    assert came == [(3, Slice(1, (at("A", 1), at("B", 1)))), (103, Slice(2, (at("B", 2), at("A", 2))))]


async def test_what_is_missing_is_waited_for_as_long_as_patience_lasts(autojump_clock):
    came = await collected(5, at("A", 1), 100)
    assert came == [(15, Slice(1, (at("A", 1),)))]


async def test_a_late_candle_comes_at_once_as_the_bare_event(autojump_clock):
    came = await collected(at("A", 1), 11, at("B", 1), 5)
    assert came == [(10, Slice(1, (at("A", 1),))), (11, at("B", 1))]


async def test_the_runner_serves_a_late_candle_as_a_slice_of_one(autojump_clock):
    a, b = Strategy(), Strategy()
    source = stream(at("A", 1), 11, at("B", 1), at("A", 2), at("B", 2))
    async with PortfolioRunner({"A": a, "B": b}, equal(), 1.0) as runner:
        async with collect_slices(source, ["A", "B"], 10, stamp=by_number) as slices:
            await runner.run(slices)
        assert runner.statistics().slices == 3
    assert (a.candles, b.candles) == ([at("A", 1), at("A", 2)], [at("B", 1), at("B", 2)])


async def test_at_the_end_of_the_source_what_is_here_comes_as_it_is(autojump_clock):
    assert await collected(at("B", 2), at("A", 1)) == [(0, Slice(1, (at("A", 1),))), (0, Slice(2, (at("B", 2),)))]


async def test_an_error_of_the_source_comes_out_after_the_candles_before_it(autojump_clock):
    came, boom = [], Boom()
    async with collect_slices(stream(at("A", 1), boom), ["A", "B"], 10, stamp=by_number) as slices:
        with pytest.raises(Boom) as raised:
            async for item in slices:
                came.append(item)  # noqa: PERF401 - what came before the error counts
        assert [item async for item in slices] == []
    assert (came, raised.value) == ([Slice(1, (at("A", 1),))], boom)


async def test_time_spent_on_a_slice_does_not_count_as_waiting(autojump_clock):
    steps = [at("A", 1), at("B", 1), at("A", 2), 1, at("B", 2)]
    came = []
    async with collect_slices(stream(*steps), ["A", "B"], 10, stamp=by_number) as slices:
        async for item in slices:
            came.append(item)
            await trio.sleep(60)
    assert [len(item.events) for item in came] == [2, 2]


async def test_one_candle_is_read_ahead_and_no_more(autojump_clock):
    given = []

    async def source():
        for number in range(10):
            given.append(number)
            yield at("A", number)

    async with collect_slices(source(), ["A"], 10, stamp=by_number) as slices:
        async for item in slices:
            await trio.sleep(1)
            assert len(given) == min(item.close_time + 2, 10)


async def test_a_duplicate_is_refused_and_the_rest_still_comes(autojump_clock):
    source = stream(at("A", 1), at("A", 1), at("B", 1))
    async with collect_slices(source, ["A", "B"], 10, stamp=by_number) as slices:
        with pytest.raises(DuplicateCandleError) as raised:
            await anext(slices)
        assert [item async for item in slices] == [Slice(1, (at("A", 1), at("B", 1)))]
    assert str(raised.value) == ("two candles of A 1MINUTE close at 1; give each instrument and period one source")


async def test_an_iteration_that_is_cancelled_loses_nothing(autojump_clock):
    came = []
    source = stream(at("A", 1), 3, at("B", 1), at("B", 2), 4, at("A", 2))
    async with collect_slices(source, ["A", "B"], 10, stamp=by_number) as slices:
        while len(came) < 2:
            with trio.move_on_after(0.5):
                came.append(await anext(slices))
    assert came == [Slice(1, (at("A", 1), at("B", 1))), Slice(2, (at("B", 2), at("A", 2)))]


def candle(timestamp):
    return Candle(timestamp, 1.0, 1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("stamp", "close_time"), [("open", 1_709_283_900_000_000_000), ("close", 1_709_283_600_000_000_000)]
)
async def test_a_timestamp_marks_the_open_or_the_close(stamp, close_time, autojump_clock):
    given = event("A", "5MINUTE", candle("2024-03-01T09:00Z"))
    assert await collected(given, stamp=stamp) == [(0, Slice(close_time, (given,)))]


@pytest.mark.parametrize(
    ("bad", "error"),
    [(event("A", "5MINUTE", candle("noon")), TimestampError), (event("A", "5 min", candle("2024-03-01")), PeriodError)],
)
async def test_a_candle_without_a_close_is_refused_and_named_and_the_rest_still_comes(bad, error, autojump_clock):
    good = event("B", "5MINUTE", candle("2024-03-01"))
    async with collect_slices(stream(bad, good), ["B"], 10) as slices:
        with pytest.raises(error) as raised:
            await anext(slices)
        assert [item.events async for item in slices] == [(good,)]
    assert raised.value.__notes__ == [f"at a candle of A {bad.period}; iterate on to skip it"]


async def test_periods_are_expected_at_the_instants_at_which_they_close(autojump_clock):
    def due(close_time):
        return [("A", "1MINUTE"), ("A", "HOUR")] if close_time % 60 == 0 else [("A", "1MINUTE")]

    hour = event("A", "HOUR", 60)
    came = await collected(at("A", 59), at("A", 60), 5, hour, expected=due)
    assert came == [(0, Slice(59, (at("A", 59),))), (5, Slice(60, (at("A", 60), hour)))]


async def test_an_exception_of_the_block_leaves_it_as_it_is(autojump_clock):
    boom = Boom()

    async def block():
        async with collect_slices(stream(5, at("A", 1)), ["A"], 10, stamp=by_number):
            raise boom

    assert await caught(block()) is boom


async def test_a_group_of_the_block_leaves_it_as_it_is(autojump_clock):
    group = ExceptionGroup("two", [Boom(), Boom()])

    async def block():
        async with collect_slices(stream(5, at("A", 1)), ["A"], 10, stamp=by_number):
            raise group

    assert await caught(block()) is group


async def test_leaving_the_block_ends_the_task_that_reads(autojump_clock):
    before = trio.lowlevel.current_statistics().tasks_living
    with trio.move_on_after(1):
        async with collect_slices(stream(100, at("A", 1)), ["A"], 10, stamp=by_number) as slices:
            await anext(slices)
    assert (trio.current_time(), trio.lowlevel.current_statistics().tasks_living) == (1, before)


def test_the_order_of_tasks_changes_nothing():
    async def scenario():
        return await collected(at("A", 1), 3, at("B", 1), at("B", 2), at("B", 3), 9, at("A", 3), at("A", 2), 20)

    outcomes = []
    for seed in range(50):
        with trio_order(seed):
            outcomes.append(Way(seed=seed).run(scenario))
    assert outcomes == [outcomes[0]] * 50


FORMS = "expected must be instruments, pairs of instrument and period, or a function from a close time to those, not "
BAD_ARGUMENTS = {
    "a source that is a list": (
        {"source": [at("A", 1)]},
        TypeError,
        "source must be an async iterable of events, not ",
    ),
    "an instrument alone": ({"expected": "EURUSD"}, TypeError, f"{FORMS}'EURUSD'"),
    "a number": ({"expected": 3}, TypeError, f"{FORMS}3"),
    "nothing expected": (
        {"expected": []},
        ValueError,
        "expected is empty: name the instruments that make a slice complete",
    ),
    "no patience": (
        {"patience": 0},
        ValueError,
        "patience must be a finite number of seconds, more than 0, not 0",
    ),
    "endless patience": (
        {"patience": float("inf")},
        ValueError,
        "patience must be a finite number of seconds, more than 0, not inf",
    ),
    "a stamp that is none": (
        {"stamp": "middle"},
        TypeError,
        "stamp must be 'open', 'close' or a function from an event to its close time, not 'middle'",
    ),
}


@pytest.mark.parametrize("name", BAD_ARGUMENTS)
def test_a_bad_argument_is_refused_at_the_call(name):
    changed, kind, text = BAD_ARGUMENTS[name]
    arguments = {"source": stream(), "expected": ["A"], "patience": 1.0, **changed}
    with pytest.raises(kind, match=f"^{re.escape(text)}"):
        collect_slices(**arguments)


async def test_it_must_be_entered_and_once(autojump_clock):
    slices = collect_slices(stream(), ["A"], 1)
    for use in (anext(slices), slices.__aexit__(None, None, None)):
        error = await caught(use)
        assert (type(error), str(error)) == (
            RunnerStateError,
            "enter it first: async with collect_slices(...) as slices.",
        )
    async with slices:
        error = await caught(slices.__aenter__())
    assert str(error) == "collect_slices() is entered once: make another one for another block."
