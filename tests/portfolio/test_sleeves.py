"""P5 Exactly once; P10 Sleeves."""

import pytest

from tests.portfolio.parts import Says, Strategy, event, every_mode, serving
from tradedesk.portfolio import StrategySpec


def trading(instrument, **fields):
    class Named(Strategy):
        pass

    strategy = Named()
    strategy.instrument = instrument
    for name, value in fields.items():
        setattr(strategy, name, value)
    return strategy


@every_mode
async def test_without_a_name_of_its_own_a_strategy_trades_the_key(mode):
    a = Strategy()
    async with serving(mode, {"A": a}) as runner:
        await runner.on_candle_close(event("A"))
    assert a.candles == [event("A")]


@every_mode
async def test_the_instrument_attribute_comes_before_the_key(mode):
    a = trading("EURUSD")
    async with serving(mode, {"slow": a}) as runner:
        await runner.on_candle_close(event("EURUSD"))
    assert a.candles == [event("EURUSD")]


@every_mode
async def test_the_spec_comes_before_the_attribute(mode):
    a = trading("EURUSD", candle_period="DAY")
    async with serving(mode, {"slow": StrategySpec(a, "GBPUSD", "HOUR")}) as runner:
        await runner.on_slice([event("GBPUSD", "HOUR"), event("GBPUSD", "DAY")])
    assert a.candles == [event("GBPUSD", "HOUR")]


@every_mode
async def test_an_instrument_attribute_of_none_is_no_name(mode):
    a = trading(None)
    async with serving(mode, {"A": a}) as runner:
        await runner.on_candle_close(event("A"))
    assert a.candles == [event("A")]


@every_mode
async def test_the_instrument_is_read_once(mode):
    class Moody(Strategy):
        names = iter(["EURUSD"])

        @property
        def instrument(self):
            return next(self.names)

    a = Moody()
    async with serving(mode, {"A": a}) as runner:
        await runner.on_candle_close(event("EURUSD"))
    assert a.candles == [event("EURUSD")]


@every_mode
async def test_several_sleeves_trade_one_instrument_each_with_its_own_share(mode):
    slow, fast = trading("EURUSD"), trading("EURUSD")
    async with serving(mode, {"slow": slow, "fast": fast}, Says({"slow": 5.0, "fast": 7.0})) as runner:
        await runner.on_candle_close(event("EURUSD"))
    assert (slow.candles, fast.candles) == ([event("EURUSD")], [event("EURUSD")])
    assert (slow.risks, fast.risks) == ([5.0], [7.0])


@every_mode
@pytest.mark.parametrize("spec", [True, False])
async def test_a_sleeve_with_a_period_gets_only_candles_of_it(spec, mode):
    a = Strategy() if spec else trading("A", candle_period="HOUR")
    async with serving(mode, {"A": StrategySpec(a, period="HOUR") if spec else a}) as runner:
        await runner.on_slice([event("A"), event("A", "HOUR"), event("A", "DAY")])
    assert a.candles == [event("A", "HOUR")]


@every_mode
async def test_a_bare_period_attribute_is_an_indicators_setting(mode):
    a = trading("A", period=14)
    async with serving(mode, {"A": a}) as runner:
        await runner.on_candle_close(event("A"))
    assert a.candles == [event("A")]


@every_mode
async def test_a_sleeve_gets_its_periods_shortest_first_under_one_allocation(mode):
    asked = []
    a = Strategy(True)
    async with serving(mode, {"A": a}, Says(lambda _: asked.append(1) or {})) as runner:
        await runner.on_slice([event("A", period) for period in ("WEEK?", "DAY", "HOUR", "5MINUTE", "1MINUTE")])
    assert [candle.period for candle in a.candles] == ["1MINUTE", "5MINUTE", "HOUR", "DAY", "WEEK?"]
    assert len(asked) == 1


@every_mode
async def test_candles_of_a_sleeve_are_handled_in_the_order_given(mode):
    a = Strategy()
    given = [event("A", candle=number) for number in range(5)]
    async with serving(mode, {"A": a, "B": Strategy()}) as runner:
        await runner.run(given)
    assert a.candles == given


@every_mode
async def test_strategies_that_all_compare_equal_are_told_apart(mode):
    class Same(Strategy):
        def __eq__(self, other):
            return True

        def __hash__(self):
            return 1

    a, b = Same(), Same()
    async with serving(mode, {"A": a, "B": b}) as runner:
        await runner.on_candle_close(event("B"))
    assert (a.candles, b.candles) == ([], [event("B")])


@every_mode
async def test_keys_need_not_be_text(mode):
    strategies = {1: Strategy(True), ("EUR", "USD"): Strategy(), None: Strategy()}
    async with serving(mode, strategies) as runner:
        await runner.on_slice([event(("EUR", "USD")), event(1), event(None)])
        assert runner.statistics().held == {1: 12.0, ("EUR", "USD"): 0.0, None: 0.0}


@every_mode
@pytest.mark.parametrize(("wanted", "given"), [("1HOUR", "HOUR"), ("HOUR", "1HOUR"), ("1HOUR", "1HOUR")])
async def test_a_period_of_one_unit_may_be_written_with_its_count_or_without(wanted, given, mode):
    a = Strategy()
    async with serving(mode, {"A": StrategySpec(a, period=wanted)}) as runner:
        await runner.on_slice([event("A", given), event("A", "15MINUTE"), event("A", "5MINUTE")])
    assert a.candles == [event("A", given)]
