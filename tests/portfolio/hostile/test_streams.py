"""P14: sources that no slices should be made of; what came before is served, nothing is lost, nobody is left behind."""

from contextlib import suppress

import pytest
import trio

from tests.portfolio.hostile.inputs import ERRORS, Raiser
from tests.portfolio.parts import Boom, Strategy, caught, equal, event
from tradedesk.marketdata import DuplicateCandleError, Slice
from tradedesk.portfolio import PortfolioRunner, collect_slices

PATIENCE = 10


def at(instrument, close_time, period="1MINUTE"):
    return event(instrument, period, candle=close_time)


def number_of(candle):
    return candle.candle


def slices_of(source, expected=("A", "B")):
    return collect_slices(source, expected, PATIENCE, stamp=number_of)


class Source:
    """Gives what it is told: sleeps for numbers, raises exceptions and calls functions; counts its calls."""

    def __init__(self, *steps):
        self.steps = iter(steps)
        self.asked = 0

    def __aiter__(self):
        return self

    async def __anext__(self):
        self.asked += 1
        for step in self.steps:
            if issubclass(type(step), BaseException):
                raise step
            if isinstance(step, int | float):
                await trio.sleep(step)
            elif callable(step):
                await step()
            else:
                return step
        raise StopAsyncIteration


async def drawn(slices, into, mishaps):
    """Iterate to the end; note each error and iterate on."""
    while True:
        try:
            into.append(await anext(slices))
        except StopAsyncIteration:
            return
        except Exception as error:
            mishaps.append(error)


async def all_of(source, expected=("A", "B")):
    came, mishaps = [], []
    async with slices_of(source, expected) as slices:
        await drawn(slices, came, mishaps)
    return came, mishaps


# It raises, ends, or never ends -------------------------------------------------------------------------------------

ENDS_EARLY = [(), (at("A", 1),), (at("A", 1), at("B", 1)), (at("A", 1), at("B", 1), at("B", 2), at("A", 3))]


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("given", ENDS_EARLY, ids=len)
async def test_whatever_a_source_raises_comes_out_behind_all_that_it_gave(name, given, autojump_clock):
    error = ERRORS[name]()
    came, mishaps = await all_of(Source(*given, error))
    assert {candle for one in came for candle in one.events} == set(given)
    if issubclass(type(error), StopAsyncIteration):
        assert mishaps == []
    else:
        [met] = mishaps
        assert met is error or met.__cause__ is error


@pytest.mark.parametrize("given", ENDS_EARLY, ids=len)
async def test_a_source_that_ends_in_the_middle_leaves_nothing_behind(given, autojump_clock):
    came, mishaps = await all_of(Source(*given))
    assert [candle for one in came for candle in one.events] == sorted(given, key=number_of)
    assert mishaps == []


class NoIterator:
    def __aiter__(self):
        raise Boom


async def test_a_source_that_cannot_be_iterated_says_so_where_it_is_entered(autojump_clock):
    before = trio.lowlevel.current_statistics().tasks_living
    slices = slices_of(NoIterator())
    assert isinstance(await caught(slices.__aenter__()), Boom)
    assert trio.lowlevel.current_statistics().tasks_living == before


@pytest.mark.parametrize("fatal", [KeyboardInterrupt, SystemExit])
async def test_what_is_no_exception_ends_the_block_and_is_not_lost(fatal, autojump_clock):
    with pytest.RaisesGroup(fatal):
        async with slices_of(Source(at("A", 1), fatal())) as slices:
            await anext(slices)
            await anext(slices)


async def shielded():
    with trio.CancelScope(shield=True):
        await trio.sleep(5)


async def stubborn():
    with suppress(trio.Cancelled):
        await trio.sleep_forever()


async def ends_in_an_error():
    try:
        await trio.sleep_forever()
    finally:
        raise Boom


NEVER_ENDS = {
    "it waits": (trio.sleep_forever, 3),
    "it shields itself": (shielded, 5),
    "it swallows its cancellation": (stubborn, 3),
    "it raises when it is cancelled": (ends_in_an_error, 3),
}


@pytest.mark.parametrize("name", NEVER_ENDS)
async def test_a_source_that_never_ends_is_cut_with_its_block_and_what_came_before_was_served(name, autojump_clock):
    wait, ended = NEVER_ENDS[name]
    a = Strategy(True)
    before = trio.lowlevel.current_statistics().tasks_living
    async with PortfolioRunner({"A": a}, equal(), 1.0) as runner:
        with trio.move_on_after(3):
            async with slices_of(Source(at("A", 1), at("A", 2), wait), ["A"]) as slices:
                await runner.serve(slices)
        assert trio.current_time() == ended
        assert a.candles == [at("A", 1), at("A", 2)]
        await runner.on_candle_close(at("A", 3))
    assert trio.lowlevel.current_statistics().tasks_living == before


async def test_a_flood_is_held_back_and_read_one_candle_ahead(autojump_clock):
    source = Source(*(at("A", number) for number in range(1_000)))
    async with slices_of(source, ["A"]) as slices:
        for number in range(10):
            assert await anext(slices) == Slice(number, (at("A", number),))
            await trio.sleep(1)
            assert source.asked == number + 2
    assert source.asked == 11


# Candles twice, late, and of no time --------------------------------------------------------------------------------


@pytest.mark.parametrize("pause", [0, 3, 9.5])
async def test_a_duplicate_within_patience_is_refused_and_its_slice_waits_no_longer_for_it(pause, autojump_clock):
    came, mishaps = [], []
    async with slices_of(Source(at("A", 1), pause, at("A", 1), 100)) as slices:
        await drawn(slices, came, mishaps)
        assert came == [Slice(1, (at("A", 1),))]
    assert [type(one) for one in mishaps] == [DuplicateCandleError]


async def test_a_duplicate_waits_for_its_slice_no_longer_than_the_first_one(autojump_clock):
    times = []
    async with slices_of(Source(at("A", 1), 6, at("A", 1), 6, at("B", 1))) as slices:
        while len(times) < 3:
            with suppress(DuplicateCandleError):
                await anext(slices)
            times.append(trio.current_time())
    assert times == [6, 10, 12]


@pytest.mark.parametrize("again", [("1MINUTE", "MINUTE"), ("MINUTE", "1MINUTE")])
async def test_one_period_written_in_two_ways_is_a_duplicate_and_is_expected_as_one(again, autojump_clock):
    first, second = (at("A", 1, period) for period in again)
    came, mishaps = await all_of(Source(first, second), expected=[("A", again[1])])
    assert came == [Slice(1, (first,))]
    assert [type(one) for one in mishaps] == [DuplicateCandleError]


async def test_a_late_candle_overtakes_a_newer_slice_that_waits_and_neither_is_lost(autojump_clock):
    source = Source(at("A", 1), 11, at("A", 2), 1, at("B", 1), 1, at("B", 2))
    async with slices_of(source) as slices:
        came = [(trio.current_time(), one) async for one in slices]
    assert came == [
        (10, Slice(1, (at("A", 1),))),
        (12, at("B", 1)),
        (13, Slice(2, (at("A", 2), at("B", 2)))),
    ]


async def test_a_late_candle_that_comes_twice_is_a_duplicate(autojump_clock):
    came, mishaps = await all_of(Source(at("A", 1), 11, at("B", 1), at("B", 1)))
    assert came == [Slice(1, (at("A", 1),)), at("B", 1)]
    assert [type(one) for one in mishaps] == [DuplicateCandleError]


async def test_time_that_runs_backwards_makes_slices_in_order_while_patience_lasts(autojump_clock):
    came, mishaps = await all_of(Source(*(at("A", number) for number in (5, 4, 3, 2, 1))))
    assert [one.close_time for one in came] == [1, 2, 3, 4, 5]
    assert mishaps == []


class Unstamped:
    @property
    def candle(self):
        raise Boom

    instrument, period = "A", "1MINUTE"


@pytest.mark.parametrize(
    ("odd", "error"),
    [
        (None, AttributeError),
        ("A", AttributeError),
        (event([], candle=1), TypeError),
        (event(Raiser(Boom), candle=1), TypeError),
        (event("A", [], candle=1), TypeError),
        (Unstamped(), Boom),
    ],
    ids=["None", "text", "a list for an instrument", "no hash", "a list for a period", "a candle that raises"],
)
async def test_what_is_no_candle_comes_out_as_an_error_and_costs_no_other_candle(odd, error, autojump_clock):
    came, mishaps = await all_of(Source(at("A", 1), odd, at("B", 1)))
    assert came == [Slice(1, (at("A", 1), at("B", 1)))]
    assert [type(one) for one in mishaps] == [error]


@pytest.mark.parametrize("instants", [2, 40])
async def test_wherever_an_iteration_is_cancelled_no_candle_is_lost_or_doubled(instants, autojump_clock):
    steps = [step for number in range(instants) for step in (at("A", number), 0.75, at("B", number), 0.25)]
    came = []
    async with slices_of(Source(*steps)) as slices:
        while len(came) < instants:
            with trio.move_on_after(0.1 * (1 + len(came) % 7)):
                came.append(await anext(slices))
    assert came == [Slice(number, (at("A", number), at("B", number))) for number in range(instants)]
