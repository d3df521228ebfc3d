"""P8 Bad input raises before anything is sent."""

import re

import pytest

from tests.portfolio.parts import Says, Strategy, caught, equal, event, every_mode, serving
from tradedesk.marketdata import DuplicateCandleError, PeriodError, Slice, SourceOrderError
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner, StrategySpec, UnknownInstrumentError

SHARED = Strategy()


class Bare:
    def __repr__(self):
        return "<Bare>"


class Half(Bare):
    def is_regime_active(self):
        return True


class Unawaited(Strategy):
    async def set_risk_per_trade(self, value):
        pass

    def __repr__(self):
        return "<Unawaited>"


class Mute(Bare):
    def __repr__(self):
        raise RuntimeError


def odd_instrument(name):
    strategy = Trading()
    strategy.instrument = name
    return strategy


class Trading(Strategy):
    pass


class Unhashable:
    def __hash__(self):
        raise RuntimeError("no hash")


def odd_period(period):
    class Odd(Strategy):
        candle_period = period

    return Odd()


def built(strategies=None, policy=None, default=1.0, **options):
    return lambda: PortfolioRunner(
        {"A": Strategy()} if strategies is None else strategies, policy or equal(), default, **options
    )


NO_OBJECTS = "a portfolio needs at least one strategy: strategies={instrument: strategy}"
BAD_RUNNERS = {
    "no strategies": (built({}), ValueError, NO_OBJECTS),
    "a list of strategies": (
        built([SHARED]),
        TypeError,
        "strategies must map each instrument to its strategy, not be a list: strategies={instrument: strategy}",
    ),
    "no methods": (
        built({"A": Bare()}),
        TypeError,
        "the strategy of sleeve 'A', <Bare>, has no set_risk_per_trade(), is_regime_active(), on_candle_close()",
    ),
    "some methods": (
        built({"A": StrategySpec(Half())}),
        TypeError,
        "the strategy of sleeve 'A', <Half>, has no set_risk_per_trade(), on_candle_close()".replace("Half", "Bare"),
    ),
    "a method that nobody would await": (
        built({"A": Unawaited()}),
        TypeError,
        "set_risk_per_trade() of the strategy of sleeve 'A' is async, and would never run: write def, not async def",
    ),
    "one object in two sleeves": (
        built({"A": SHARED, "B": StrategySpec(SHARED)}),
        ValueError,
        "sleeves 'A' and 'B' share one strategy object: each sleeve runs on its own, so give each an object of its own.",
    ),
    "an instrument that no candle can be looked up by": (
        built({"A": odd_instrument(["EURUSD"])}),
        TypeError,
        "the instrument of sleeve 'A' must be text, not ['EURUSD']",
    ),
    "an instrument whose hash raises": (built({"A": odd_instrument(Unhashable())}), RuntimeError, "no hash"),
    "a period that is no text": (
        built({"A": odd_period(15)}),
        TypeError,
        "the candle_period of sleeve 'A' must be text such as '15MINUTE', not 15",
    ),
    "a period that is none": (
        built({"A": StrategySpec(Strategy(), period="15 MINUTES")}),
        PeriodError,
        (
            "period '15 MINUTES' of sleeve 'A' is not a count and a unit, like 15MINUTE or DAY; "
            "the units are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH"
        ),
    ),
    "a candle_period that is none": (
        built({"A": odd_period("hour")}),
        PeriodError,
        (
            "period 'hour' of sleeve 'A' is not a count and a unit, like 15MINUTE or DAY; "
            "the units are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH"
        ),
    ),
    "a default that is NaN": (
        built(default=float("nan")),
        ValueError,
        "default_risk_per_trade must be finite and not negative, not nan",
    ),
    "a negative default": (
        built(default=-1),
        ValueError,
        "default_risk_per_trade must be finite and not negative, not -1",
    ),
    "an infinite default": (
        built(default=float("inf")),
        ValueError,
        "default_risk_per_trade must be finite and not negative, not inf",
    ),
    "a default beyond floats": (
        built(default=10**400),
        ValueError,
        f"default_risk_per_trade must be finite and not negative, not 1{'0' * 77}...{'0' * 79}",
    ),
    "no default": (built(default=None), ValueError, "default_risk_per_trade must be a number, not None"),
    "a default that is text": (built(default="10"), ValueError, "default_risk_per_trade must be a number, not '10'"),
    "a budget that is NaN": (
        built(policy=Says({}, float("nan"))),
        ValueError,
        "the policy's portfolio_risk_budget must be finite and not negative, not nan",
    ),
    "a negative budget": (
        built(policy=Says({}, -5)),
        ValueError,
        "the policy's portfolio_risk_budget must be finite and not negative, not -5",
    ),
    "an infinite budget": (
        built(policy=Says({}, float("inf"))),
        ValueError,
        "the policy's portfolio_risk_budget must be finite and not negative, not inf",
    ),
    "a policy without its method": (built(policy=Bare()), TypeError, "the policy, <Bare>, has no allocate()"),
    "a dispatch that is none": (
        built(dispatch="threads"),
        ValueError,
        "dispatch must be 'actors' or 'direct', not 'threads'",
    ),
    "an on_failure that is none": (
        built(on_failure="ignore"),
        ValueError,
        "on_failure must be 'raise', Quarantine(...) or Restart(...), not 'ignore'",
    ),
    "an unknown_instruments that is none": (
        built(unknown_instruments=True),
        ValueError,
        "unknown_instruments must be 'raise' or 'ignore', not True",
    ),
}


@pytest.mark.parametrize("name", BAD_RUNNERS)
def test_a_runner_built_from_a_mistake_says_what_where_and_what_to_do(name):
    build, kind, text = BAD_RUNNERS[name]
    with pytest.raises(kind, match=f"^{re.escape(text)}$"):
        build()


def test_a_strategy_that_lacks_methods_and_cannot_be_shown_is_named_by_its_class():
    with pytest.raises(
        TypeError, match=r"^the strategy of sleeve 'A', <Mute instance at \w+>, has no set_risk_per_trade"
    ):
        built({"A": Mute()})()


@pytest.mark.parametrize("budget", [float("nan"), float("inf"), -1, 10**400, "100", None])
def test_the_equal_split_refuses_a_budget_that_is_no_amount(budget):
    with pytest.raises(ValueError, match=r"^portfolio_risk_budget must be finite and not negative, not "):
        EqualSplitRiskPolicy(budget)


def test_the_equal_split_of_nothing_is_empty_and_of_many_is_equal():
    assert EqualSplitRiskPolicy(100.0).allocate([]) == {}
    assert EqualSplitRiskPolicy(100).allocate(["A", "B"]) == {"A": 50.0, "B": 50.0}


UNKNOWN = (
    "no sleeve trades 'Z'; this portfolio trades 'A', 'B'. "
    "Add a sleeve, or pass unknown_instruments='ignore' to skip such candles."
)


def desk():
    return {"A": Strategy(True), "B": Strategy(True)}


@every_mode
async def test_an_unknown_instrument_is_named_beside_the_known_ones(mode):
    async with serving(mode, desk()) as runner:
        error = await caught(runner.on_slice([event("A"), event("Z")]))
    assert (type(error), str(error)) == (UnknownInstrumentError, UNKNOWN)
    assert (error.instrument, error.known) == ("Z", ("A", "B"))


DUPLICATE = [event("A", candle=1), event("A", candle=2)]
BAD_SLICES = {
    "unknown": [event("A"), event("Z")],
    "duplicate": DUPLICATE,
    "not an event": [event("A"), object()],
    "not even a slice": 5,
    "no text for a period": [event("A", None), event("A", 5)],
}


@every_mode
@pytest.mark.parametrize("name", BAD_SLICES)
async def test_of_a_bad_slice_nothing_is_sent(name, mode):
    trace, strategies = [], desk()
    async with serving(mode, strategies, trace=trace.append) as runner:
        error = await caught(runner.on_slice(BAD_SLICES[name]))
        assert (trace, runner.statistics().slices) == ([], 0)
    assert isinstance(error, Exception)
    assert [strategy.calls for strategy in strategies.values()] == [[], []]


@every_mode
async def test_ignored_unknown_instruments_are_skipped_and_the_others_handled(mode):
    strategies = desk()
    async with serving(mode, strategies, unknown_instruments="ignore") as runner:
        await runner.on_slice([event("Z"), event("A"), event("Y")])
        await runner.on_candle_close(event("Z"))
    assert strategies["A"].candles == [event("A")]


@every_mode
async def test_two_candles_of_one_instrument_and_period_are_refused_with_their_close(mode):
    async with serving(mode, desk()) as runner:
        error = await caught(runner.on_slice(Slice(60_000_000_000, tuple(DUPLICATE))))
    assert type(error) is DuplicateCandleError
    assert (error.instrument, error.period, error.close_time) == ("A", "1MINUTE", 60_000_000_000)


@every_mode
async def test_one_period_written_in_two_ways_is_a_duplicate(mode):
    async with serving(mode, desk()) as runner:
        error = await caught(runner.on_slice([event("A", "HOUR"), event("A", "1HOUR")]))
    assert (type(error), error.period) == (DuplicateCandleError, "1HOUR")


@every_mode
@pytest.mark.parametrize("second", [5, 4])
async def test_time_that_repeats_or_goes_back_in_a_source_is_refused(second, mode):
    strategies = desk()
    source = [Slice(5, (event("A"),)), Slice(second, (event("B"),))]
    async with serving(mode, strategies) as runner:
        error = await caught(runner.run(source))
    assert type(error) is SourceOrderError
    assert strategies["B"].candles == []


@every_mode
async def test_a_source_that_failed_can_be_run_on_behind_the_slice_that_failed(mode):
    strategies = desk()
    strategies["A"].at_candle = lambda event: 1 / event.candle
    source = iter([event("A", candle=1), event("A", candle=0), event("A", candle=2)])
    async with serving(mode, strategies) as runner:
        assert type(await caught(runner.run(source))) is ZeroDivisionError
        await runner.run(source)
    assert [candle.candle for candle in strategies["A"].candles] == [1, 0, 2]


@every_mode
async def test_an_async_source_is_run_to_its_end(mode):
    async def source():
        yield event("A")
        yield Slice(1, (event("A"), event("B")))

    strategies = desk()
    async with serving(mode, strategies) as runner:
        await runner.run(source())
    assert [len(strategy.candles) for strategy in strategies.values()] == [2, 1]


@every_mode
async def test_an_event_of_another_class_is_handed_on_untouched(mode):
    class Theirs:
        instrument, period, candle = "A", "HOUR", None

    theirs, strategies = Theirs(), desk()
    async with serving(mode, strategies) as runner:
        await runner.on_candle_close(theirs)
    assert strategies["A"].candles == [theirs]


@every_mode
@pytest.mark.parametrize("candle", [None, object()])
async def test_the_runner_never_looks_inside_a_candle(candle, mode):
    strategies = desk()
    async with serving(mode, strategies) as runner:
        await runner.on_candle_close(event("A", candle=candle))
    assert strategies["A"].candles[0].candle is candle
