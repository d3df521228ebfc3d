"""Candles that are none, slices that cannot be, sources whose time goes back: refused by name, before anything is sent."""

from itertools import product
from math import inf, nan

import pytest

from actors.testing import run
from tests.portfolio.hostile.inputs import ERRORS, Raiser
from tests.portfolio.parts import MODES, Boom, Strategy, caught, equal, event, serving
from tradedesk.marketdata import Candle, CandleError, DuplicateCandleError, Slice, SourceOrderError
from tradedesk.portfolio import PortfolioRunner, UnknownInstrumentError

KEYS = ("first", "second", "third")
FIELDS = ("open", "high", "low", "close", "volume", "tick_count")
NO_NUMBERS = (nan, inf, -inf, None, "1", b"1", 1j, object(), [], {}, (1.0,), Boom())


@pytest.mark.parametrize("field", FIELDS)
def test_a_candle_with_what_is_no_finite_number_is_refused_by_field(field):
    fine = {"open": 1.0, "high": 1.0, "low": 1.0, "close": 1.0, "volume": 1.0, "tick_count": 1}
    for value in NO_NUMBERS:
        with pytest.raises(CandleError) as caught_error:
            Candle("2024-01-01T00:00:00Z", **{**fine, field: value})
        assert caught_error.value.field == field, value


def test_a_candle_is_refused_exactly_when_it_is_crossed_or_negative():
    cases = list(product(range(4), range(4), range(4), range(4), (-1, 0), (-1, 0)))
    for open_, high, low, close, volume, ticks in cases:
        lawful = low <= open_ <= high and low <= close <= high and volume >= 0 and ticks >= 0
        try:
            Candle("2024-01-01T00:00:00Z", open_, high, low, close, volume, ticks)
        except CandleError:
            assert not lawful
        else:
            assert lawful
    assert len(cases) == 1_024


EVENTS = {
    "a stranger": (lambda: event("nobody"), UnknownInstrumentError),
    "nobody at all": (lambda: event(None), UnknownInstrumentError),
    "a number": (lambda: event(1), UnknownInstrumentError),
    "not a number": (lambda: event(nan), UnknownInstrumentError),
    "what is in no mapping": (lambda: event([]), TypeError),
    "what cannot be compared": (lambda: event(Raiser(Boom)), TypeError),
    "no event": (lambda: None, AttributeError),
    "text": (lambda: "first", AttributeError),
    "the first again": (lambda: event("first"), DuplicateCandleError),
    "the last again": (lambda: event("third"), DuplicateCandleError),
    "the last again, with another candle": (lambda: event("third", candle=1), DuplicateCandleError),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_slice_with_one_bad_event_is_refused_whole_and_the_next_one_is_served(mode):
    places = [(name, place, before) for name in EVENTS for place in range(4) for before in (0, 1)]

    async def scenario():
        for name, place, before in places:
            make, error = EVENTS[name]
            trace = []
            async with serving(mode, {key: Strategy(active=True) for key in KEYS}, trace=trace.append) as runner:
                events = [event(key) for key in KEYS]
                for _ in range(before):
                    await runner.on_slice(events)
                seen = len(trace)
                raised = await caught(runner.on_slice([*events[:place], make(), *events[place:]]))
                assert type(raised) is error, name
                assert len(trace) == seen, name
                await runner.on_slice(events)
                assert [type(one).__name__ for one in trace[-3:]] == ["Handled"] * 3, name

    run(scenario)
    assert len(places) == 11 * 4 * 2


def sources():
    """Close times of three slices; every one that does not rise at one place at least."""
    return [times for times in product(range(4), repeat=3) if not times[0] < times[1] < times[2]]


async def asynchronous(items):
    for item in items:
        yield item


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", [iter, asynchronous])
def test_time_that_goes_back_or_repeats_ends_the_run_there_and_what_came_before_is_served(mode, kind):
    async def scenario():
        for times in sources():
            good = 1 if times[1] <= times[0] else 2
            strategy = Strategy(active=True)
            async with serving(mode, {"first": strategy}) as runner:
                slices = [Slice(time, (event("first", candle=number),)) for number, time in enumerate(times)]
                source = kind(slices)
                assert isinstance(await caught(runner.run(source)), SourceOrderError)
                assert [one.candle for one in strategy.candles] == list(range(good))
                await caught(runner.run(source))  # whatever is left; an async generator that raised has ended
                assert len({one.candle for one in strategy.candles}) == len(strategy.candles)

    run(scenario)
    assert len(sources()) == 64 - 4


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("kind", ["iterable", "async iterable"])
def test_what_a_source_raises_comes_out_behind_the_slices_before_it(mode, kind):
    async def scenario():
        for name, make in ERRORS.items():
            for good in (0, 1, 2):
                strategy, error = Strategy(active=True), make()
                async with serving(mode, {"first": strategy}) as runner:
                    source = Failing(good, error) if kind == "iterable" else AsyncFailing(good, error)
                    raised = await caught(runner.run(source))
                    ends = StopIteration if kind == "iterable" else StopAsyncIteration
                    fine = (
                        raised is None
                        if issubclass(type(error), ends)
                        else raised is error or raised.__cause__ is error
                    )
                    assert fine, name
                    assert len(strategy.candles) == good
                    await runner.on_candle_close(event("first"))

    run(scenario)
    assert len(ERRORS) == 17


class Failing:
    def __init__(self, good, error):
        self.good, self.error, self.given = good, error, 0

    def __iter__(self):
        return self

    def __next__(self):
        if self.given == self.good:
            raise self.error
        self.given += 1
        return Slice(self.given, (event("first", candle=self.given),))


class AsyncFailing(Failing):
    __iter__ = None

    def __aiter__(self):
        return self

    async def __anext__(self):
        if self.given == self.good:
            raise self.error
        self.given += 1
        return Slice(self.given, (event("first", candle=self.given),))


# Construction -------------------------------------------------------------------------------------------------------

METHODS = ("set_risk_per_trade", "is_regime_active", "on_candle_close")


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("what", [None, 1, "text", [], object()])
def test_a_strategy_without_a_method_is_refused_by_sleeve_and_method(method, what):
    strategy = Strategy()
    odd = type("Odd", (), {name: getattr(strategy, name) for name in METHODS} | {method: what})()

    with pytest.raises(TypeError) as caught_error:
        PortfolioRunner({"fine": Strategy(), "odd": odd}, equal(), 1.0)

    assert "'odd'" in str(caught_error.value)
    assert f"{method}()" in str(caught_error.value)
