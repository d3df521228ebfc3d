"""P6 Reports."""

from tests.portfolio.parts import DEFAULT, Strategy, caught, event, every_mode, fail, serving


def polls(strategy: Strategy) -> int:
    return strategy.calls.count("report")


@every_mode
async def test_a_strategy_reports_after_each_candle(mode):
    a = Strategy()
    async with serving(mode, {"A": a}, poll_regimes=False) as runner:
        await runner.on_candle_close(event("A"))
        a.calls.clear()
        await runner.on_candle_close(event("A"))
    assert a.calls == [("candle", event("A")), "report"]


@every_mode
async def test_polled_every_strategy_is_asked_before_each_allocation(mode):
    a, b = Strategy(), Strategy()
    async with serving(mode, {"A": a, "B": b}) as runner:
        for _ in range(3):
            await runner.on_candle_close(event("A"))
    assert (polls(a), polls(b)) == (6, 3)


@every_mode
async def test_polled_a_regime_that_changes_from_outside_is_seen(mode):
    a = Strategy()
    async with serving(mode, {"A": a}) as runner:
        await runner.on_slice([])
        a.active = True
        await runner.on_slice([])
    assert a.risks == [DEFAULT, 12.0]


@every_mode
async def test_unpolled_the_first_slice_asks_everybody_and_no_later_one_does(mode):
    a, b = Strategy(True), Strategy(True)
    async with serving(mode, {"A": a, "B": b}, poll_regimes=False) as runner:
        for _ in range(3):
            await runner.on_slice([])
    assert (polls(a), polls(b)) == (1, 1)
    assert (a.risks, b.risks) == ([6.0], [6.0])


@every_mode
async def test_unpolled_a_regime_that_changes_from_outside_is_not_seen_until_the_next_candle(mode):
    a = Strategy()
    async with serving(mode, {"A": a}, poll_regimes=False) as runner:
        await runner.on_slice([])
        a.active = True
        await runner.on_slice([])
        assert a.risks == [DEFAULT]
        await runner.on_candle_close(event("A"))
        await runner.on_slice([])
    assert a.risks == [DEFAULT, 12.0]


@every_mode
async def test_unpolled_a_sleeve_that_failed_is_asked_again_and_only_that_one(mode):
    a, b = Strategy(at_candle=fail), Strategy()
    async with serving(mode, {"A": a, "B": b}, poll_regimes=False) as runner:
        await caught(runner.on_candle_close(event("A")))
        a.active = b.active = True
        await runner.on_slice([])
        assert runner.statistics().active == ("A",)
    assert (polls(a), polls(b)) == (2, 1)


@every_mode
async def test_the_last_report_of_a_slice_counts(mode):
    a = Strategy()
    a.at_candle = lambda event: setattr(a, "active", event.period == "1MINUTE")
    async with serving(mode, {"A": a}, poll_regimes=False) as runner:
        await runner.on_slice([event("A", "DAY"), event("A")])
        assert runner.statistics().active == ()
