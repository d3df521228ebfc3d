"""P7 Failure, for `Quarantine` and `Restart`: what the call gets, what the sleeve holds, where its candles go."""

import pytest
import trio

from tests.portfolio.parts import (
    BUDGET,
    DEFAULT,
    Boom,
    Says,
    Strategy,
    caught,
    event,
    every_dispatch,
    every_mode,
    fail,
    nothing,
    serving,
)
from tradedesk.portfolio import (
    AllocationError,
    Failed,
    Handled,
    Instrument,
    Quarantine,
    Quarantined,
    Readmitted,
    Refused,
    Restart,
    Restarted,
    Resting,
    RiskSent,
    Routed,
    RunnerStateError,
    SliceReport,
    StrategySpec,
    UnknownSleeveError,
)

PLACES = ("at_report", "at_risk", "at_candle")
every_place = pytest.mark.parametrize("where", PLACES)


def broken(where):
    return Strategy(True, **{where: fail})


def mend(strategy):
    strategy.at_report = strategy.at_risk = strategy.at_candle = nothing


def of(trace, *kinds):
    return [record for record in trace if type(record) in kinds]


def brief(record):
    """A record without its number and times."""
    name, *fields = type(record).__name__, *(getattr(record, f) for f in type(record).__match_args__[3:])
    return name, *fields


def restart(factory, limit=3, within=100, **options):
    return Restart(factory, limit, within, **options)


# What the call gets ---------------------------------------------------------------------------------------------------


@every_mode
@every_place
async def test_under_quarantine_the_call_does_not_raise_and_reports_the_failure(where, mode):
    async with serving(mode, {"A": broken(where), "B": Strategy()}, on_failure=Quarantine()) as runner:
        report = await runner.on_slice([event("A"), event("B")])
    assert [(key, type(error)) for key, error in report.failures.items()] == [("A", Boom)]
    assert report.refused == ({} if where == "at_candle" else {"A": 1})


@every_mode
async def test_a_slice_without_trouble_reports_none(mode):
    async with serving(mode, {"A": Strategy()}, on_failure=Quarantine()) as runner:
        assert await runner.on_candle_close(event("A")) == SliceReport({}, {})


@every_mode
async def test_a_sleeve_whose_rule_is_raise_raises_beside_one_that_is_quarantined(mode):
    strategies = {"A": StrategySpec(broken("at_candle"), on_failure="raise"), "B": broken("at_candle")}
    async with serving(mode, strategies, on_failure=Quarantine()) as runner:
        error = await caught(runner.on_slice([event("A"), event("B")]))
        standings = {key: one.standing for key, one in runner.statistics().sleeves.items()}
    assert error.__notes__ == ["in sleeve 'A', candle A 1MINUTE None, slice 1"]
    assert standings == {"A": "active", "B": "quarantined"}


@every_mode
async def test_a_rule_of_its_own_goes_before_that_of_the_runner(mode):
    async with serving(mode, {"A": StrategySpec(broken("at_candle"), on_failure=Quarantine("flatten"))}) as runner:
        await runner.on_candle_close(event("A"))
        assert runner.statistics().sleeves["A"].positions == "flatten"


async def test_a_failure_under_a_rule_whose_caller_left_is_nobody_elses_business(autojump_clock):
    async def slow(_):
        await trio.sleep(2)
        raise Boom

    async with serving("actors", {"A": Strategy(at_candle=slow)}, on_failure=Quarantine()) as runner:
        with trio.move_on_after(1):
            await runner.on_candle_close(event("A"))
        await runner.on_slice([])
        assert runner.statistics().unmet == 0
        assert runner.statistics().sleeves["A"].standing == "quarantined"


# Quarantine -----------------------------------------------------------------------------------------------------------


@every_mode
@every_place
async def test_a_quarantined_sleeve_holds_nothing_from_its_failure_on(where, mode):
    a = Strategy(True)
    async with serving(mode, {"A": a}, on_failure=Quarantine()) as runner:
        await runner.on_slice([])
        setattr(a, where, fail)
        a.active = where != "at_risk"  # so that it is told something
        await runner.on_slice([event("A")])
        assert runner.statistics().held == {"A": 0.0}
        assert runner.statistics().active == ()


@every_mode
async def test_its_risk_goes_to_the_others_with_the_next_allocation(mode):
    a, b = broken("at_candle"), Strategy(True)
    async with serving(mode, {"A": a, "B": b}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        assert b.risks == [BUDGET / 2]
        await runner.on_slice([])
        assert b.risks == [BUDGET / 2, BUDGET]


@every_mode
async def test_a_sleeve_that_fails_at_its_report_is_not_in_the_allocation_that_follows(mode):
    seen = []
    policy = Says(lambda active: seen.append(active) or {})
    async with serving(
        mode, {"A": broken("at_report"), "B": Strategy(True)}, policy, on_failure=Quarantine()
    ) as runner:
        await runner.on_slice([])
    assert seen == [["B"]]


@every_mode
async def test_a_quarantined_sleeve_meets_no_call_at_all(mode):
    a = broken("at_candle")
    async with serving(mode, {"A": a}, Says({"A": 5.0}), on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        a.calls.clear()
        for _ in range(3):
            await runner.on_slice([event("A")])
        assert runner.statistics().held == {"A": 0.0}
    assert a.calls == []


@every_mode
async def test_candles_of_a_quarantined_sleeve_are_refused_written_down_and_counted(mode):
    trace = []
    async with serving(mode, {"A": broken("at_candle")}, on_failure=Quarantine(), trace=trace.append) as runner:
        await runner.on_slice([event("A")])
        report = await runner.on_slice([event("A"), event("A", "HOUR")])
        statistics = runner.statistics()
    assert [r.reason for r in of(trace, Refused)] == ["the sleeve is quarantined since slice 1"] * 2
    assert report == SliceReport({}, {"A": 2})
    assert statistics.sleeves["A"].refused == 2
    assert statistics.candles == 1


@every_mode
async def test_the_other_candles_of_a_sleeve_that_failed_in_this_slice_are_refused(mode):
    trace = []
    async with serving(mode, {"A": broken("at_candle")}, on_failure=Quarantine(), trace=trace.append) as runner:
        report = await runner.on_slice([event("A"), event("A", "HOUR")])
    assert [(r.event.period, r.reason) for r in of(trace, Refused)] == [
        ("HOUR", "the sleeve failed earlier in this slice")
    ]
    assert report.refused == {"A": 1}


@every_mode
async def test_a_failed_release_of_a_quarantined_sleeve_does_not_hold_up_the_slice(mode):
    a, b = Strategy(True), Strategy()
    async with serving(mode, {"A": a, "B": b}, on_failure=Quarantine()) as runner:
        await runner.on_slice([])
        a.active, b.active, a.at_risk = False, True, fail
        await runner.on_slice([event("A"), event("B")])
        assert runner.statistics().held == {"A": 0.0, "B": BUDGET}
    assert (a.candles, b.candles, b.risks) == ([], [event("B")], [DEFAULT, BUDGET])


@every_mode
async def test_the_records_of_a_quarantine_follow_the_failure(mode):
    trace = []
    async with serving(
        mode, {"A": broken("at_candle"), "B": Strategy()}, on_failure=Quarantine("flatten"), trace=trace.append
    ) as runner:
        await runner.on_slice([event("A"), event("B")])
    failed, quarantined, handled = trace[-3:]
    assert brief(failed) == ("Failed", "A", event("A"), failed.error)
    assert brief(quarantined) == ("Quarantined", "A", failed.error, "flatten")
    assert brief(handled) == ("Handled", "B", event("B"), False)


@every_mode
async def test_all_sleeves_may_be_quarantined_and_the_portfolio_goes_on(mode):
    async with serving(mode, {"A": broken("at_report"), "B": broken("at_report")}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        assert (await runner.on_slice([event("A"), event("B")])).refused == {"A": 1, "B": 1}


@every_mode
async def test_statistics_show_standing_error_and_counts(mode):
    a = broken("at_candle")
    async with serving(mode, {"A": a, "B": Strategy(True)}, on_failure=Quarantine()) as runner:
        report = await runner.on_slice([event("A")])
        await runner.on_slice([event("A")])
        one, other = runner.statistics().sleeves.values()
    assert (one.standing, one.error, one.until, one.positions) == ("quarantined", report.failures["A"], None, "hold")
    assert (one.failures, one.refused, one.restarts) == (1, 1, 0)
    assert (other.standing, other.error, other.failures) == ("active", None, 0)


@every_mode
async def test_failures_are_counted_under_raise_too(mode):
    async with serving(mode, {"A": broken("at_candle")}) as runner:
        for _ in range(2):
            await caught(runner.on_candle_close(event("A")))
        assert runner.statistics().sleeves["A"].failures == 2


# Restart --------------------------------------------------------------------------------------------------------------


@every_mode
@every_place
async def test_a_new_object_takes_the_place_of_one_that_failed_with_the_next_slice(where, mode):
    new, asked = Strategy(True), []
    rule = restart(lambda key: asked.append(key) or new)
    async with serving(mode, {"A": broken(where)}, on_failure=rule) as runner:
        await runner.on_slice([event("A", candle=1)])
        assert asked == []
        report = await runner.on_slice([event("A", candle=2)])
        assert runner.strategies["A"] is new
        assert runner.statistics().held == {"A": BUDGET}
        assert runner.statistics().sleeves["A"].restarts == 1
    assert asked == ["A"]
    assert report == SliceReport({}, {})
    assert new.calls == [("risk", 0.0), "report", ("risk", BUDGET), ("candle", event("A", candle=2)), "report"]


@every_mode
async def test_the_present_object_is_seen_in_its_spec(mode):
    new = Strategy()
    spec = StrategySpec(broken("at_candle"), "EURUSD", on_failure=restart(lambda _: new))
    async with serving(mode, {"A": spec}) as runner:
        await runner.on_slice([event("EURUSD")])
        await runner.on_slice([])
        assert runner.strategies["A"] == StrategySpec(new, "EURUSD", on_failure=spec.on_failure)


@every_mode
async def test_backoff_counts_the_slices_that_the_sleeve_sits_out(mode):
    new, trace = Strategy(True), []
    rule = restart(lambda _: new, backoff=2)
    async with serving(mode, {"A": broken("at_candle")}, on_failure=rule, trace=trace.append) as runner:
        for number in range(5):
            await runner.on_slice([event("A", candle=number)])
            if number == 0:
                one = runner.statistics().sleeves["A"]
                assert (one.standing, one.until, type(one.error)) == ("resting", 4, Boom)
    assert [candle.candle for candle in new.candles] == [3, 4]
    assert [(r.event.candle, r.reason) for r in of(trace, Refused)] == [
        (1, "the sleeve rests until slice 4"),
        (2, "the sleeve rests until slice 4"),
    ]
    assert [brief(r) for r in of(trace, Resting, Restarted)] == [("Resting", "A", 4), ("Restarted", "A", 0)]


@every_mode
async def test_the_new_object_is_warmed_with_the_last_candles_that_were_handled_and_holds_nothing_meanwhile(mode):
    new, held, trace = Strategy(True), [], []
    new.at_candle = lambda event: held.append(runner.statistics().held["A"])
    old = Strategy(True)
    rule = restart(lambda _: new, warm_up=2)
    async with serving(mode, {"A": old}, on_failure=rule, trace=trace.append) as runner:
        for number in range(4):
            await runner.on_slice([event("A", candle=number)])
        old.at_candle = fail
        await runner.on_slice([event("A", candle="bad")])
        await runner.on_slice([])
    assert new.calls[:5] == [
        ("risk", 0.0),
        *(("candle", event("A", candle=2)), "report"),
        *(("candle", event("A", candle=3)), "report"),
    ]
    assert held == [0.0, 0.0]
    assert [brief(r) for r in of(trace, Restarted)] == [("Restarted", "A", 2)]
    assert len(of(trace, Routed)) == 5, "a candle that warms is not routed"


@every_mode
async def test_warming_with_nothing_yet_seen_is_no_mistake(mode):
    new = Strategy()
    async with serving(mode, {"A": broken("at_report")}, on_failure=restart(lambda _: new, warm_up=5)) as runner:
        await runner.on_slice([])
        await runner.on_slice([event("A")])
    assert new.candles == [event("A")]


@every_mode
async def test_the_new_object_reports_and_is_told_even_if_regimes_are_not_polled(mode):
    new = Strategy(True)
    async with serving(
        mode, {"A": broken("at_candle"), "B": Strategy()}, on_failure=restart(lambda _: new), poll_regimes=False
    ) as runner:
        await runner.on_slice([event("A")])
        await runner.on_slice([])
        assert runner.statistics().held == {"A": BUDGET, "B": 0.0}
    assert new.calls == [("risk", 0.0), "report", ("risk", BUDGET)]


@every_mode
async def test_an_object_that_comes_back_to_the_same_answer_is_told_it(mode):
    new = Strategy(True)
    async with serving(
        mode, {"A": broken("at_candle"), "B": Strategy()}, Says({"A": 5.0}), on_failure=restart(lambda _: new)
    ) as runner:
        for _ in range(2):
            await runner.on_slice([event("A")])
        assert runner.statistics().held == {"A": 5.0, "B": 0.0}
    assert new.risks == [0.0, 5.0]


def failing_factory(_):
    raise Boom("factory")


def bad_object(_):
    return object()


def not_warm(_):
    return broken("at_candle")


@every_mode
@pytest.mark.parametrize(
    ("factory", "error", "note"),
    [
        (failing_factory, Boom, "in sleeve 'A', while a new object was built, slice 3"),
        (bad_object, TypeError, "in sleeve 'A', while a new object was built, slice 3"),
        (lambda _: broken("at_risk"), Boom, "in sleeve 'A', while a new object was built, slice 3"),
        (not_warm, Boom, "in sleeve 'A', while a new object was warmed with candle A 1MINUTE 1, slice 3"),
    ],
    ids=["the factory raises", "no strategy", "it takes no risk", "the warm-up fails"],
)
async def test_a_failure_while_building_counts_and_leaves_the_old_object_in_its_place(factory, error, note, mode):
    old, trace = Strategy(True), []
    rule = restart(factory, limit=2, warm_up=1)
    async with serving(mode, {"A": old, "B": Strategy()}, on_failure=rule, trace=trace.append) as runner:
        await runner.on_slice([event("A", candle=1)])
        old.at_candle = fail
        await runner.on_slice([event("A", candle=2)])
        report = await runner.on_slice([event("A", candle=3), event("B")])
        assert runner.strategies["A"] is old
        assert runner.statistics().sleeves["A"].standing == "resting"
        assert runner.statistics().sleeves["A"].failures == 2
        await runner.on_slice([])
        assert runner.statistics().sleeves["A"].standing == "quarantined"
    assert type(report.failures["A"]) is error
    assert report.failures["A"].__notes__ == [note]
    assert report.refused == {"A": 1}
    assert [record.event for record in of(trace, Failed)] == [event("A", candle=2), None, None]


@every_mode
async def test_past_the_limit_within_so_many_slices_it_is_quarantined_with_all_causes(mode):
    booms = [Boom(number) for number in range(3)]
    left = iter(booms)

    def again(_):
        raise next(left)

    rule = restart(lambda _: Strategy(True, again), limit=2, within=10, positions="flatten")
    trace = []
    async with serving(mode, {"A": Strategy(True, again)}, on_failure=rule, trace=trace.append) as runner:
        for _ in range(4):
            await runner.on_slice([event("A")])
        one = runner.statistics().sleeves["A"]
    assert (one.standing, one.positions, one.failures, one.restarts, one.refused) == ("quarantined", "flatten", 3, 2, 1)
    assert type(one.error) is ExceptionGroup
    assert one.error.message == "sleeve 'A' failed 3 times within 10 slices, limit 2"
    assert one.error.exceptions == tuple(booms)
    assert [brief(r) for r in of(trace, Quarantined)] == [("Quarantined", "A", one.error, "flatten")]


@every_mode
async def test_failures_further_apart_than_within_are_borne_for_ever(mode):
    strategies = []

    def factory(_):
        strategies.append(Strategy(True, lambda event: fail(event) if event.candle == "bad" else None))
        return strategies[-1]

    rule = restart(factory, limit=1, within=2)
    async with serving(mode, {"A": factory("A")}, on_failure=rule) as runner:
        for number in range(9):
            await runner.on_slice([event("A", candle="bad" if number % 2 == 0 else "good")])
        one = runner.statistics().sleeves["A"]
    assert (one.standing, one.failures, one.restarts) == ("resting", 5, 4)


@every_mode
async def test_a_factory_that_returns_an_object_in_use_has_failed(mode):
    a, b = broken("at_candle"), Strategy()
    for taken, owner in ((a, "A"), (b, "B")):
        a.at_candle = fail
        async with serving(mode, {"A": a, "B": b}, on_failure=restart(lambda _, taken=taken: taken)) as runner:
            await runner.on_slice([event("A")])
            report = await runner.on_slice([])
        assert str(report.failures["A"]) == (
            f"the factory of sleeve 'A' returned the object that sleeve {owner!r} has already: return a new one each time."
        )


async def test_as_actors_the_new_object_is_built_and_warmed_in_the_task_of_its_sleeve():
    tasks = []

    def note(_):
        tasks.append(trio.lowlevel.current_task().name)

    def factory(key):
        note(key)
        return Strategy(True, note, note, note)

    old = Strategy(True, fail)
    async with serving("actors", {"A": old, "B": Strategy()}, on_failure=restart(factory, warm_up=1)) as runner:
        for _ in range(2):
            await runner.on_slice([event("A")])
    assert set(tasks) == {"sleeve 'A'"}


@every_mode
async def test_a_call_out_of_a_factory_is_told_that_it_waits_for_itself(mode):
    errors = []

    async def handle(_):
        errors.append(type(await caught(runner.on_slice([]))).__name__)

    old = Strategy(True, handle)
    rule = restart(lambda _: Strategy(True, handle), warm_up=1)
    async with serving(mode, {"A": old}, on_failure=rule) as runner:
        await runner.on_slice([event("A")])
        old.at_candle = fail
        await runner.on_slice([event("A")])
        await runner.on_slice([])
    assert errors == ["ReentrantCallError"] * 2


@pytest.mark.parametrize("mode", ["plain", "direct"])
async def test_a_call_cut_in_mid_warm_up_leaves_the_sleeve_resting_and_the_next_slice_builds_it(mode, autojump_clock):
    async def slow(_):
        await trio.sleep(5)

    old, made = Strategy(True), []
    rule = restart(lambda _: made.append(Strategy(True, slow)) or made[-1], warm_up=1)
    async with serving(mode, {"A": old}, on_failure=rule) as runner:
        await runner.on_slice([event("A")])
        old.at_candle = fail
        await runner.on_slice([event("A")])
        with trio.move_on_after(1):
            await runner.on_slice([])
        assert runner.strategies["A"] is old
        assert runner.statistics().sleeves["A"].standing == "resting"
        await runner.on_slice([])
        assert runner.strategies["A"] is made[1]


@every_mode
async def test_a_sleeve_is_built_anew_without_disturbing_the_calls_of_another(mode):
    calls = []
    for rule in (Quarantine(), restart(lambda _: broken("at_candle"), limit=9, warm_up=2)):
        b = Strategy()
        async with serving(mode, {"A": broken("at_candle"), "B": b}, on_failure=rule) as runner:
            for number in range(6):
                await runner.on_slice([event("A", candle=number), event("B", candle=number)])
        calls.append(b.calls)
    assert calls[0] == calls[1] != []


# Readmission ----------------------------------------------------------------------------------------------------------


@every_mode
async def test_a_readmitted_sleeve_is_polled_and_told_afresh_with_the_next_slice(mode):
    a, trace = broken("at_candle"), []
    async with serving(
        mode, {"A": a, "B": Strategy(True)}, on_failure=Quarantine(), trace=trace.append, poll_regimes=False
    ) as runner:
        for _ in range(2):
            await runner.on_slice([event("A")])
        mend(a)
        a.calls.clear()
        runner.readmit("A")
        assert a.calls == []
        assert runner.order_refusal("A") == "the sleeve rests until slice 3: Boom()"
        standing = runner.statistics().sleeves["A"]
        assert (standing.standing, standing.until, standing.positions) == ("resting", 3, None)
        await runner.on_slice([event("A")])
        assert runner.statistics().held == {"A": BUDGET / 2, "B": BUDGET / 2}
    assert a.calls == ["report", ("risk", BUDGET / 2), ("candle", event("A")), "report"]
    assert [brief(r) for r in of(trace, Readmitted)] == [("Readmitted", "A", False)]


@every_mode
async def test_a_readmitted_sleeve_may_have_another_object(mode):
    new, trace = Strategy(True), []
    async with serving(mode, {"A": broken("at_candle")}, on_failure=Quarantine(), trace=trace.append) as runner:
        await runner.on_slice([event("A")])
        runner.readmit("A", new)
        await runner.on_slice([event("A")])
        assert runner.strategies["A"] is new
    assert new.calls == [("risk", 0.0), "report", ("risk", BUDGET), ("candle", event("A")), "report"]
    assert [brief(r) for r in of(trace, Readmitted)] == [("Readmitted", "A", True)]


@every_mode
async def test_the_failures_of_a_readmitted_sleeve_are_forgotten(mode):
    rule = restart(lambda _: broken("at_candle"), limit=1)
    async with serving(mode, {"A": broken("at_candle")}, on_failure=rule) as runner:
        for _ in range(2):
            await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].standing == "quarantined"
        runner.readmit("A")
        await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].standing == "resting"


@every_mode
async def test_the_object_it_had_may_be_handed_in_again(mode):
    a = broken("at_candle")
    async with serving(mode, {"A": a}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        mend(a)
        runner.readmit("A", a)
        assert await runner.on_slice([event("A")]) == SliceReport({}, {})


@every_mode
async def test_an_object_that_fails_on_its_way_in_is_quarantined_again(mode):
    async with serving(mode, {"A": broken("at_candle")}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        runner.readmit("A", broken("at_risk"))
        report = await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].standing == "quarantined"
    assert type(report.failures["A"]) is Boom


@every_mode
async def test_under_raise_too_an_object_that_fails_on_its_way_in_is_quarantined_again(mode, autojump_clock):
    async def shielded(_):
        with trio.CancelScope(shield=True):
            await trio.sleep(5)

    async with serving(mode, {"A": Strategy(at_candle=shielded)}, candle_timeout=2) as runner:
        await caught(runner.on_slice([event("A")]))
        await trio.sleep(5)
        runner.readmit("A", broken("at_risk"))
        assert type(await caught(runner.on_slice([event("A")]))) is Boom
        assert runner.statistics().sleeves["A"].standing == "quarantined"
        assert await runner.on_slice([event("A")]) == SliceReport({}, {"A": 1})


@every_mode
async def test_what_cannot_be_readmitted_is_refused(mode):
    b = Strategy()
    async with serving(mode, {"A": broken("at_candle"), "B": b}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        for call, kind, text in [
            (
                lambda: runner.readmit("C"),
                UnknownSleeveError,
                "this portfolio has no sleeve 'C'; its sleeves are 'A', 'B'.",
            ),
            (
                lambda: runner.readmit("B"),
                RunnerStateError,
                "sleeve 'B' is inactive: only a quarantined sleeve can be readmitted.",
            ),
            (
                lambda: runner.readmit("A", b),
                ValueError,
                "sleeve 'B' has this object already: give sleeve 'A' one of its own.",
            ),
        ]:
            with pytest.raises(kind) as raised:
                call()
            assert str(raised.value) == text
        with pytest.raises(TypeError, match=r"^the strategy of sleeve 'A', .*, has no set_risk_per_trade\(\), "):
            runner.readmit("A", object())
        assert runner.statistics().sleeves["A"].standing == "quarantined"


@every_dispatch
async def test_a_sleeve_readmitted_in_mid_slice_comes_back_with_the_next(mode):
    a, b = broken("at_candle"), Strategy()
    async with serving(mode, {"A": a, "B": b}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        mend(a)
        a.calls.clear()
        b.at_candle = lambda _: runner.readmit("A")
        report = await runner.on_slice([event("A"), event("B")])
        assert (a.calls, report.refused) == ([], {"A": 1})
        b.at_candle = nothing
        await runner.on_slice([event("A")])
    assert a.candles == [event("A")]


# Orders ---------------------------------------------------------------------------------------------------------------


@every_mode
async def test_orders_of_a_sleeve_in_good_standing_may_go(mode):
    async with serving(mode, {"A": Strategy()}, on_failure=Quarantine()) as runner:
        assert runner.order_refusal("A") is None
        await runner.on_slice([event("A")])
        assert runner.order_refusal("A") is None


@every_mode
async def test_orders_of_a_quarantined_sleeve_are_refused(mode):
    async with serving(mode, {"A": broken("at_candle")}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        assert runner.order_refusal("A") == "the sleeve is quarantined since slice 1: Boom()"


@every_mode
async def test_orders_of_a_resting_sleeve_are_refused(mode):
    rule = restart(lambda _: Strategy(), backoff=1)
    async with serving(mode, {"A": broken("at_candle")}, on_failure=rule) as runner:
        await runner.on_slice([event("A")])
        assert runner.order_refusal("A") == "the sleeve rests until slice 3: Boom()"


@every_mode
@pytest.mark.parametrize("how", ["restarted", "readmitted"])
async def test_orders_of_a_sleeve_that_came_back_wait_for_its_next_grant(how, mode):
    new = Strategy()
    rule = restart(lambda _: new) if how == "restarted" else Quarantine()
    async with serving(mode, {"A": broken("at_candle")}, on_failure=rule) as runner:
        await runner.on_slice([event("A")])
        if how == "readmitted":
            runner.readmit("A", new)
        await runner.on_slice([event("A")])
        assert new.risks == [0.0, DEFAULT]
        assert runner.order_refusal("A") == f"the sleeve was {how} in slice 2 and has had no grant since"
        new.active = True
        await runner.on_slice([])
        assert runner.order_refusal("A") is None


@every_mode
async def test_a_grant_that_equals_the_default_lets_orders_go_too(mode):
    new = Strategy()
    policy = Says(lambda active: dict.fromkeys(active, DEFAULT))
    async with serving(mode, {"A": broken("at_candle")}, policy, on_failure=restart(lambda _: new)) as runner:
        for new.active in (False, False, True):
            await runner.on_slice([event("A")])
        assert (new.risks, runner.order_refusal("A")) == ([0.0, DEFAULT], None)


@every_mode
async def test_orders_during_a_warm_up_are_refused(mode):
    seen = []
    new = Strategy(True, lambda _: seen.append(runner.order_refusal("A")))
    old = Strategy(True)
    async with serving(mode, {"A": old}, on_failure=restart(lambda _: new, warm_up=1)) as runner:
        await runner.on_slice([event("A")])
        old.at_candle = fail
        await runner.on_slice([event("A")])
        await runner.on_slice([event("A")])
    assert seen == ["the sleeve rests until slice 3: Boom()", None]


@every_mode
async def test_a_question_about_an_unknown_sleeve_is_an_error(mode):
    async with serving(mode, {"A": Strategy()}) as runner:
        with pytest.raises(UnknownSleeveError):
            runner.order_refusal("B")


# Every candle has one end ---------------------------------------------------------------------------------------------


@every_mode
async def test_candles_of_a_slice_whose_answer_is_refused_are_refused(mode):
    trace = []
    async with serving(mode, {"A": Strategy()}, Says(None), trace=trace.append) as runner:
        assert type(await caught(runner.on_candle_close(event("A")))) is AllocationError
        assert runner.statistics().sleeves["A"].refused == 1
    assert [r.reason for r in of(trace, Refused)] == ["the policy raised, or its answer was refused"]


@every_mode
async def test_a_restart_is_written_down_in_full(mode):
    trace = []
    new = Strategy(True)
    async with serving(
        mode, {"A": broken("at_candle")}, on_failure=restart(lambda _: new), trace=trace.append
    ) as runner:
        await runner.on_slice([event("A", candle=1)])
        await runner.on_slice([event("A", candle=2)])
    assert [brief(r)[0] for r in trace] == [
        *("Reported", "Allocated", "RiskSent", "Routed", "Failed", "Resting"),
        *("Restarted", "Reported", "Allocated", "RiskSent", "Routed", "Handled"),
    ]
    assert len(of(trace, RiskSent, Handled)) == 3


# What the rules refuse ------------------------------------------------------------------------------------------------

MISTAKES = {
    "positions": (lambda: Quarantine("close"), ValueError, "positions must be 'hold' or 'flatten', not 'close'"),
    "a factory": (
        lambda: Restart(Strategy()),
        TypeError,
        "factory must be a function from sleeve to new strategy, not Strategy(active=False, at_candle=<funct...",
    ),
    "a limit": (lambda: Restart(Strategy, 0), ValueError, "limit must be a whole number, 1 or more, not 0"),
    "a window": (lambda: Restart(Strategy, 1, 2.5), ValueError, "within must be a whole number, 1 or more, not 2.5"),
    "a backoff": (
        lambda: Restart(Strategy, backoff=-1),
        ValueError,
        "backoff must be a whole number, 0 or more, not -1",
    ),
    "a warm-up": (
        lambda: Restart(Strategy, warm_up=True),
        ValueError,
        "warm_up must be a whole number, 0 or more, not True",
    ),
}


@pytest.mark.parametrize(("build", "kind", "text"), MISTAKES.values(), ids=MISTAKES)
def test_a_rule_built_from_a_mistake_says_what_is_wrong(build, kind, text):
    with pytest.raises(kind) as raised:
        build()
    assert str(raised.value)[:70] == text[:70]


def test_an_async_factory_is_refused():
    async def factory(_):
        return Strategy()

    with pytest.raises(TypeError) as raised:
        Restart(factory)
    assert str(raised.value) == "factory is async, and a slice waits for it: write def, and await elsewhere"


async def test_a_rule_of_a_sleeve_that_is_none_is_refused():
    with pytest.raises(ValueError) as raised:
        async with serving("plain", {"A": StrategySpec(Strategy(), on_failure="ignore")}):
            pass
    assert str(raised.value) == (
        "on_failure of sleeve 'A' must be 'raise', Quarantine(...) or Restart(...), not 'ignore'"
    )


def test_rules_are_values():
    assert Quarantine() == Quarantine("hold") != Quarantine("flatten")
    assert Restart(Instrument) == Restart(Instrument)
