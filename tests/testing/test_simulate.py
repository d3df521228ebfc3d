"""A simulation plays the real runner, under one schedule, and says all that happened."""

import attrs
import pytest
import trio
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from actors.testing import Schedule, ScheduleDoesNotFit, explore
from actors.testing.hypothesis import schedules
from tests.testing.parts import BUDGET, DEFAULT, Flipping, InTwo, flipping, mixed, policy, stream
from tradedesk.marketdata import CandleCloseEvent, Slice
from tradedesk.portfolio import (
    CandleTimeoutError,
    Instrument,
    PortfolioRunner,
    Quarantine,
    Restart,
    Restarted,
    StrategySpec,
    UnknownInstrumentError,
)
from tradedesk.testing import (
    Call,
    CrashPoint,
    PlannedCrash,
    Violation,
    budget_conserved,
    crash_equivalent,
    isolation,
    schedule_independent,
    simulate,
    simulate_in,
)

A, B = Instrument("A"), Instrument("B")


def methods(run, sleeve, moment="begins"):
    return [call.method for call in run.calls(sleeve) if call.moment == moment]


# What is played -------------------------------------------------------------------------------------------------------


def test_a_simulation_is_what_a_runner_does():
    run = simulate(flipping(2), policy(), stream("AB", 3), default_risk_per_trade=DEFAULT)
    records = []

    async def by_hand():
        runner = PortfolioRunner(flipping(2), policy(), DEFAULT, trace=records.append)
        async with runner:
            for events in stream("AB", 3):
                await runner.on_slice(events)
        return runner.statistics()

    assert run.statistics == trio.run(by_hand)
    assert run.trace == records
    run.check()


def test_items_are_candles_slices_or_candles_of_one_instant():
    (one, other), third = stream("AB", 1)[0], CandleCloseEvent(A, "HOUR", 9)
    run = simulate(flipping(2), policy(), iter([one, Slice(7, (other,)), [third]]))
    assert [run.strategies[sleeve].seen for sleeve in run.strategies] == [[0, 9], [0]]
    assert next(record.close_time for record in run.trace if record.slice_number == 2) == 7
    assert list(run.reports) == [0, 1, 2]


def test_specs_attributes_and_two_phases_count_as_they_do_for_the_runner():
    class Own(Flipping):
        instrument = B
        candle_period = "HOUR"

    run = simulate({**mixed(), "own": Own()}, policy(), stream("AB", 2, ("HOUR", "1MINUTE")))
    run.check()
    assert methods(run, "T")[:4] == ["update_state", "is_regime_active", "is_regime_active", "set_risk_per_trade"]
    assert methods(run, "T").count("update_state") == methods(run, "T").count("evaluate_signals") == 2
    assert methods(run, "own").count("on_candle_close") == 2
    assert type(run.strategies["T"]) is InTwo


@pytest.mark.parametrize("strategy", ["no strategy", object(), StrategySpec(3)])
def test_what_the_runner_refuses_is_refused_with_its_own_words(strategy):
    with pytest.raises(TypeError) as ours:
        simulate({A: strategy}, policy(), [])
    with pytest.raises(TypeError) as theirs:
        PortfolioRunner({A: strategy}, policy(), 0.0)
    assert str(ours.value) == str(theirs.value)


def test_one_object_in_two_sleeves_is_refused():
    strategy = Flipping()
    with pytest.raises(ValueError, match="share one strategy object"):
        simulate({A: strategy, B: strategy}, policy(), [])


async def test_inside_of_trio_it_says_what_to_call():
    with pytest.raises(RuntimeError) as caught:
        simulate(flipping(1), policy(), [])
    assert str(caught.value) == (
        "simulate() runs trio by itself: call it before the scenario, or simulate_in(lab, ...) in it"
    )


def test_no_callers_are_too_few():
    with pytest.raises(ValueError, match="callers must be at least 1, not 0"):
        simulate(flipping(1), policy(), [], callers=0)


def test_several_callers_feed_by_turns():
    run = simulate(flipping(2), policy(), stream("AB", 4), callers=3)
    run.check()
    assert sorted(run.reports) == [0, 1, 2, 3]


# Failures -------------------------------------------------------------------------------------------------------------


def test_what_a_call_raises_comes_out_or_is_kept():
    candles = [*stream("AX", 1), *stream("AB", 1)]
    with pytest.raises(UnknownInstrumentError):
        simulate(flipping(2), policy(), candles)
    run = simulate(flipping(2), policy(), candles, keep_errors=True)
    run.check()
    assert {place: type(error) for place, error in run.errors.items()} == {0: UnknownInstrumentError}
    assert list(run.reports) == [1]


@pytest.mark.parametrize(
    ("point", "failed"),
    [
        (CrashPoint("A", "candle", 2), "on_candle_close"),
        (CrashPoint("A", "report", 3, late=True), "is_regime_active"),
        (CrashPoint("A", "risk", 1), "set_risk_per_trade"),
    ],
)
def test_a_crash_comes_at_the_call_that_is_named(point, failed):
    run = simulate(flipping(2), policy(), stream("AB", 3), on_failure=Quarantine(), crashes=[point])
    run.check()
    assert methods(run, "A", "fails") == [failed]
    assert run.statistics.sleeves["A"].standing == "quarantined"
    assert run.missed == []


@pytest.mark.parametrize("rule", ["raise", Quarantine(), Restart(lambda _: Flipping(), warm_up=1)])
@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_whatever_call_fails_in_a_mixed_portfolio_every_rule_holds(rule, dispatch):
    """In two phases and in one, with two periods; a sleeve in two phases cannot be built anew in one."""
    candles = stream("AB", 3, ("HOUR", "1MINUTE"))
    points = [
        CrashPoint(sleeve, call, number, late)
        for sleeve in "ABT"
        for call, last in (("candle", 6), ("report", 6), ("risk", 3))
        for number in range(1, last + 1)
        for late in (False, True)
    ]
    came = 0
    for point in points:
        strategies = mixed()
        own = attrs.evolve(strategies["T"], on_failure=Quarantine() if isinstance(rule, Restart) else rule)
        run = simulate(
            {**strategies, "T": own},
            policy(),
            candles,
            on_failure=rule,
            crashes=[point],
            keep_errors=True,
            dispatch=dispatch,
            default_risk_per_trade=DEFAULT,
        )
        run.check()
        came += not run.missed
    assert came > len(points) / 2


def test_a_crash_that_never_came_is_named():
    point = CrashPoint("A", "candle", 9)
    assert simulate(flipping(2), policy(), stream("AB", 3), crashes=[point]).missed == [point]


def test_the_calls_of_a_new_object_count_on():
    rule = Restart(lambda _: Flipping(), warm_up=1)
    points = [CrashPoint("A", "candle", 1), CrashPoint("A", "candle", 3)]
    run = simulate(flipping(2), policy(), stream("AB", 5), on_failure=rule, crashes=points)
    run.check()
    assert len([record for record in run.trace if isinstance(record, Restarted)]) == 2


def test_a_handler_that_is_cut_is_written_down():
    run = simulate(
        {A: Flipping(pause=trio.sleep_forever)}, policy(), stream("A", 1), candle_timeout=5.0, keep_errors=True
    )
    assert methods(run, "A", "is cut") == ["on_candle_close"]
    assert type(run.errors[0]) is CandleTimeoutError
    run.check()


# Schedules ------------------------------------------------------------------------------------------------------------


class Sharing(Flipping):
    """Shares what it has seen with others of its kind, which no strategy should."""

    def __init__(self, shared):
        super().__init__()
        self.shared = shared

    def is_regime_active(self):
        return len(self.shared) % 2 == 0

    async def on_candle_close(self, event):
        self.shared.append(event.instrument)


def sharing():
    shared = []
    return {key: Sharing(shared) for key in (A, B)}


def test_the_schedule_of_a_report_plays_the_same_again():
    expected = simulate(sharing(), policy(), stream("AB", 2), dispatch="direct")
    logs = []

    async def scenario(lab):
        run = await simulate_in(lab, sharing(), policy(), stream("AB", 2))
        logs.append(run.log)
        run.check(schedule_independent(than=expected))

    failure = explore(scenario).failure
    word, last = failure.schedule, simulate(sharing(), policy(), stream("AB", 2), schedule=failure.schedule)
    assert last.log in logs
    with pytest.raises(Violation, match="schedule_independent: came to another result"):
        last.check(schedule_independent(than=expected))
    with pytest.raises(ScheduleDoesNotFit):
        simulate(flipping(1), policy(), stream("A", 1), schedule=word)


def test_input_and_schedule_shrink_together():
    examples = []

    @settings(
        max_examples=200, database=None, derandomize=True, print_blob=False, phases=[Phase.generate, Phase.shrink]
    )
    @given(slices=st.lists(st.sets(st.sampled_from("AB")), max_size=6), schedule=schedules())
    def law(slices, schedule):
        examples.append((slices, schedule))
        candles = [[CandleCloseEvent(Instrument(key), "HOUR", 0) for key in sorted(keys)] for keys in slices]
        expected = simulate(sharing(), policy(), candles, dispatch="direct")
        run = simulate(sharing(), policy(), candles, schedule=schedule)
        run.check(schedule_independent(lambda run: run.statistics.active, than=expected))

    with pytest.raises(Violation):
        law()
    slices, schedule = examples[-1]
    assert slices == [{"A", "B"}]
    assert len(schedule.slow) + len(schedule.demote) == 1
    assert len(examples) < 400


def test_strategies_that_share_nothing_come_to_the_same_under_every_schedule():
    expected = simulate(flipping(3), policy(), stream("ABC", 4), dispatch="direct")

    @settings(max_examples=50)
    @given(schedule=schedules(), callers=st.integers(1, 2))
    def law(schedule, callers):
        run = simulate(flipping(3), policy(), stream("ABC", 4), schedule=schedule, callers=callers)
        run.check()
        if callers == 1:
            run.check(schedule_independent(than=expected))

    law()


# Comparisons: each refuses what it is there to refuse -----------------------------------------------------------------


def test_another_result_names_both_and_the_records_at_which_the_traces_part():
    expected = simulate(sharing(), policy(), stream("AB", 2))
    other = simulate(sharing(), policy(), stream("AB", 2), schedule=Schedule(slow=["sleeve 'A'"]))
    with pytest.raises(Violation) as caught:
        other.check(schedule_independent(lambda run: run.statistics.active, than=expected))
    assert str(caught.value).splitlines() == [
        "schedule_independent: came to ('A',), and under the other schedule to ('B',)",
        "  record 8, slice 1: Handled A (event=A HOUR, active=True)",
        "  record 8, slice 1: Handled A (event=A HOUR, active=False)",
    ]


def ill_and_well(strategies, **options):
    crashes = [CrashPoint("A", "candle", 1)]
    ill = simulate(strategies(), policy(), stream("AB", 3), on_failure=Quarantine(), crashes=crashes, **options)
    return ill, simulate(strategies(), policy(), stream("AB", 3), **options)


def test_a_crash_that_reaches_another_sleeve_is_refused():
    ill, well = ill_and_well(sharing)
    with pytest.raises(Violation) as caught:
        ill.check(isolation("A", than=well))
    assert caught.value.what == (
        "B meets something else when A fails: B.is_regime_active ends (False), not B.is_regime_active ends (True)"
    )
    assert [type(record).__name__ for record in caught.value.because] == ["Failed"]


def test_what_another_sleeve_is_given_may_differ():
    ill, well = ill_and_well(lambda: {key: Flipping() for key in (A, B)})
    ill.check(isolation(["A"], than=well))
    assert [call.value for call in ill.calls("B") if call.method == "set_risk_per_trade"][-1] == BUDGET


def test_a_call_too_few_is_seen():
    ill, _ = ill_and_well(lambda: {key: Flipping() for key in (A, B)})
    longer = simulate({key: Flipping() for key in (A, B)}, policy(), stream("AB", 4))
    with pytest.raises(
        Violation, match=r"B meets something else when A fails: nothing, not B\.is_regime_active begins"
    ):
        ill.check(isolation("A", than=longer))


def test_a_restart_that_forgets_is_refused_and_so_is_a_run_without_one():
    def result(run):
        return run.strategies["A"].seen

    well = simulate(flipping(2), policy(), stream("AB", 3))
    rule, crashes = Restart(lambda _: Flipping()), [CrashPoint("A", "candle", 1)]
    ill = simulate(flipping(2), policy(), stream("AB", 3), on_failure=rule, crashes=crashes)
    with pytest.raises(Violation) as caught:
        ill.check(crash_equivalent(result, than=well))
    assert caught.value.what == "after a restart it comes to [1, 2], and without one to [0, 1, 2]"
    with pytest.raises(Violation, match="nobody was built anew in this run, so there is nothing to compare"):
        well.check(crash_equivalent(result, than=well))


def test_any_function_of_a_run_is_a_rule():
    run = simulate(flipping(2), policy(), stream("AB", 3))

    def nobody_is_rich(run):
        assert max(call.value for call in run.calls("A") if call.method == "set_risk_per_trade") < BUDGET / 2

    run.check(budget_conserved, lambda run: None)
    with pytest.raises(AssertionError):
        run.check(nobody_is_rich)


def test_a_log_holds_calls_between_the_records_where_they_happened():
    log = simulate({A: Flipping()}, policy(), stream("A", 1)).log
    kinds = [item.method if isinstance(item, Call) else type(item).__name__ for item in log]
    report, risk, candle = ["is_regime_active"] * 2, ["set_risk_per_trade"] * 2, ["on_candle_close"] * 2
    assert kinds == [*report, "Reported", "Allocated", *risk, "RiskSent", "Routed", *candle, *report, "Handled"]


def test_what_a_planted_crash_says():
    with pytest.raises(PlannedCrash) as caught:
        simulate(flipping(2), policy(), stream("AB", 1), crashes=[CrashPoint("B", "candle", 1, late=True)])
    assert str(caught.value) == "planned: 'B' crashes at the end of candle 1"


def test_an_option_that_is_misspelt_is_refused():
    with pytest.raises(
        TypeError, match=r"^no option on_failur; there are default_risk_per_trade, dispatch, poll_regimes, "
    ):
        simulate(flipping(1), policy(), [], on_failur="raise")
