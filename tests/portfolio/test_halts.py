"""The kill switch: no new risk, from anywhere, until it is let go of."""

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.portfolio.parts import (
    BUDGET,
    DEFAULT,
    Boom,
    Says,
    Strategy,
    TwoPhases,
    caught,
    equal,
    event,
    every_dispatch,
    every_mode,
    fail,
    serving,
)
from tradedesk.marketdata import Slice
from tradedesk.portfolio import (
    Allocated,
    AllocationError,
    Facts,
    FactsError,
    Halt,
    Halted,
    PortfolioRunner,
    Quarantine,
    ReentrantCallError,
    Released,
    Restart,
    RiskSent,
    UnknownSleeveError,
)

REFUSAL = "the portfolio is halted: the feed is stale"


async def slowly(_):
    await trio.sleep(10)


def two(**options) -> dict[str, Strategy]:
    return {"A": Strategy(True, **options), "B": Strategy(False)}


# What a halt does ---------------------------------------------------------------------------------------------------


@every_mode
async def test_while_halted_every_sleeve_gets_0_defaults_too_and_every_candle(mode):
    strategies = two()
    async with serving(mode, strategies) as runner:
        await runner.on_slice([event("A"), event("B")])
        runner.halt("the feed is stale")
        await runner.on_slice([event("A"), event("B")])
        await runner.on_slice([event("A"), event("B")])
        assert runner.statistics().held == {"A": 0.0, "B": 0.0}
    assert [strategy.risks for strategy in strategies.values()] == [[BUDGET, 0.0], [DEFAULT, 0.0]]
    assert [len(strategy.candles) for strategy in strategies.values()] == [3, 3]


@every_mode
async def test_after_the_release_the_policy_allocates_again_and_the_default_is_back(mode):
    strategies = two()
    async with serving(mode, strategies) as runner:
        runner.halt("the feed is stale")
        await runner.on_slice([])
        await runner.release()
        assert runner.order_refusal("A") is None
        await runner.on_slice([])
    assert [strategy.risks for strategy in strategies.values()] == [[0.0, BUDGET], [0.0, DEFAULT]]


@every_mode
async def test_a_halt_takes_back_the_default_of_a_portfolio_that_nothing_was_granted_to(mode):
    strategies = {"A": Strategy(False)}
    async with serving(mode, strategies) as runner:
        await runner.on_slice([])
        runner.halt("the feed is stale")
        await runner.on_slice([])
        await runner.release()
        await runner.on_slice([])
    assert strategies["A"].risks == [DEFAULT, 0.0, DEFAULT]


@every_mode
async def test_while_halted_the_policy_is_not_asked_so_that_no_error_of_it_can_hold_candles_up(mode):
    strategies = two()
    async with serving(mode, strategies, Says(Boom())) as runner:
        runner.halt("the feed is stale")
        await runner.on_slice([event("A")])
        await runner.release()
        assert type(await caught(runner.on_slice([event("A")]))) is AllocationError
    assert len(strategies["A"].candles) == 1


@every_mode
async def test_a_halt_holds_for_a_sleeve_that_is_added_and_for_another_policy(mode):
    c, trace = Strategy(True), []
    async with serving(mode, two(), trace=trace.append) as runner:
        runner.halt("the feed is stale")
        await runner.on_slice([])
        await runner.add("C", c)
        await runner.set_policy(equal(50.0))
        await runner.on_slice([])
        assert runner.order_refusal("C") == REFUSAL
        await runner.set_policy(Says({}, None))
        await runner.on_slice([])
    assert c.risks == [0.0]
    assert [record.budget for record in trace if type(record) is Allocated] == [None, 50.0, None]


@every_mode
async def test_a_zero_under_a_halt_is_no_grant_to_a_sleeve_that_came_back(mode):
    a = Strategy(True, at_candle=fail)
    async with serving(mode, {"A": a, "B": Strategy()}, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        runner.halt("the feed is stale")
        runner.readmit("A", Strategy(False))
        await runner.on_slice([])
        await runner.release()
        assert runner.order_refusal("A") == "the sleeve was readmitted in slice 2 and has had no grant since"


@every_mode
async def test_strategies_in_two_phases_evaluate_under_0(mode):
    a = TwoPhases(True)
    async with serving(mode, {"A": a}) as runner:
        await runner.on_slice([event("A")])
        runner.halt("the feed is stale")
        await runner.on_slice([event("A")])
    assert a.parts[-2:] == [("update", "1MINUTE", BUDGET), ("evaluate", 0.0)]


@every_mode
async def test_a_halted_portfolio_restarts_its_strategies_as_ever(mode):
    new = Strategy(True)
    entries = {"A": Strategy(True, at_candle=fail)}
    async with serving(mode, entries, on_failure=Restart(lambda _: new)) as runner:
        runner.halt("the feed is stale")
        await runner.on_slice([event("A")])
        await runner.on_slice([event("A")])
        assert runner.statistics().sleeves["A"].restarts == 1
    assert (new.risks, new.candles) == ([0.0, 0.0], [event("A")])


# When it takes effect -----------------------------------------------------------------------------------------------


@every_mode
async def test_orders_are_refused_from_the_moment_of_the_halt(mode):
    seen = []

    def pull(_):
        runner.halt("the feed is stale")
        seen.append(runner.order_refusal("A"))

    async with serving(mode, two(at_candle=pull)) as runner:
        assert runner.order_refusal("A") is None
        await runner.on_slice([event("A")])
        assert runner.order_refusal("B") == REFUSAL
    assert seen == [REFUSAL]


@every_mode
async def test_an_order_that_reduces_passes_a_halt_and_nothing_else(mode):
    strategies = {"A": Strategy(at_candle=fail), "B": Strategy()}
    async with serving(mode, strategies, on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        runner.halt("the feed is stale")
        assert runner.order_refusal("B", reduces=True) is None
        assert runner.order_refusal("A", reduces=True) == "the sleeve is quarantined since slice 1: Boom()"


@every_mode
async def test_a_question_about_a_sleeve_that_is_none_is_refused_in_a_halt_too(mode):
    async with serving(mode, two()) as runner:
        runner.halt("the feed is stale")
        with pytest.raises(UnknownSleeveError):
            runner.order_refusal("Z")


@every_mode
async def test_a_strategy_that_halts_in_its_handler_finishes_it_and_the_next_slice_allocates_nothing(mode):
    strategies = two(at_candle=lambda _: runner.halt("the feed is stale"))
    async with serving(mode, strategies) as runner:
        await runner.on_slice([event("A")])
        assert runner.statistics().held["A"] == BUDGET
        await runner.on_slice([])
    assert strategies["A"].risks == [BUDGET, 0.0]


@every_mode
async def test_a_halt_that_is_pulled_at_the_poll_is_in_force_for_the_same_slice(mode):
    strategies = two(at_report=lambda _: runner.halt("the feed is stale"))
    async with serving(mode, strategies) as runner:
        await runner.on_slice([event("A")])
        assert runner.statistics().halt == Halt("the feed is stale", 1)
    assert strategies["A"].risks == [0.0]


@every_mode
async def test_a_halt_that_the_policy_pulls_overrules_what_it_then_says(mode):
    def answer(active):
        runner.halt("the feed is stale")
        return dict.fromkeys(active, BUDGET)

    strategies = two()
    async with serving(mode, strategies, Says(answer)) as runner:
        await runner.on_slice([event("A")])
    assert (strategies["A"].risks, len(strategies["A"].candles)) == ([0.0], 1)


@every_mode
async def test_a_policy_that_halts_and_then_raises_is_not_forgiven(mode):
    def answer(_):
        runner.halt("the feed is stale")
        raise Boom

    strategies = two()
    async with serving(mode, strategies, Says(answer)) as runner:
        error = await caught(runner.on_slice([event("A")]))
        assert (type(error), str(error)) == (AllocationError, "Says.allocate: raised Boom()")
        await runner.on_slice([event("A")])
    assert (strategies["A"].risks, len(strategies["A"].candles)) == ([0.0], 1)


@every_dispatch
async def test_a_halt_does_not_queue_behind_slices_that_wait(mode, autojump_clock):
    strategies = two(at_candle=slowly)
    async with serving(mode, strategies) as runner, trio.open_nursery() as nursery:
        for _ in range(3):
            nursery.start_soon(runner.on_slice, [event("A")])
        await wait_all_tasks_blocked()
        runner.halt("the feed is stale")
    assert strategies["A"].risks == [BUDGET, 0.0]
    assert strategies["A"].calls[4:7] == ["report", ("risk", 0.0), ("candle", event("A"))]


@every_mode
async def test_another_thread_can_halt(mode):
    async with serving(mode, two()) as runner:
        await trio.to_thread.run_sync(lambda: trio.from_thread.run_sync(runner.halt, "the feed is stale"))
        assert runner.order_refusal("A") == REFUSAL


# Release ------------------------------------------------------------------------------------------------------------


@every_mode
async def test_a_handler_may_halt_and_not_release(mode):
    async def act(_):
        runner.halt("the feed is stale")
        await runner.release()

    async with serving(mode, two(at_candle=act)) as runner:
        assert type(await caught(runner.on_slice([event("A")]))) is ReentrantCallError
        assert runner.order_refusal("B") == REFUSAL


@every_dispatch
async def test_a_release_does_not_let_go_of_a_halt_that_came_after_it_was_asked_for(mode, autojump_clock):
    strategies = two(at_candle=slowly)
    async with serving(mode, strategies) as runner:
        runner.halt("the feed is stale")
        async with trio.open_nursery() as nursery:
            nursery.start_soon(runner.on_slice, [event("A")])
            await wait_all_tasks_blocked()
            nursery.start_soon(runner.release)
            await wait_all_tasks_blocked()
            runner.halt("and stale it is")
        assert runner.order_refusal("A") == REFUSAL
        await runner.release()
        assert runner.order_refusal("A") is None


class OnceOnly:
    """A rule that wants a halt at its first look, and counts how often it is told to begin anew."""

    looks = told = 0

    def judge(self, facts):
        self.looks += 1
        return "enough" if self.looks == 1 else None

    def begin_anew(self):
        self.told += 1


@every_mode
async def test_the_rule_behind_a_halt_that_is_not_let_go_of_hears_nothing(mode, autojump_clock):
    rule = OnceOnly()
    strategies = two(at_candle=slowly)
    options = {"facts": lambda close_time, routed: Facts(), "halt_rules": [rule]}
    async with serving(mode, strategies, **options) as runner, trio.open_nursery() as nursery:
        nursery.start_soon(runner.on_slice, [event("A")])
        await wait_all_tasks_blocked()
        nursery.start_soon(runner.release)
        await wait_all_tasks_blocked()
        runner.halt("somebody else, too")
    assert (runner.statistics().halt.reason, rule.told) == ("enough", 0)
    await runner.release()
    assert (runner.statistics().halt, rule.told) == (None, 1)


@every_mode
async def test_halting_and_releasing_twice_is_fine_and_the_first_reason_stays(mode):
    trace = []
    async with serving(mode, two(), trace=trace.append) as runner:
        await runner.release()
        runner.halt("the feed is stale")
        await runner.on_slice([])
        runner.halt("another reason")
        await runner.on_slice([])
        assert runner.statistics().halt == Halt("the feed is stale", 1)
        await runner.release()
        await runner.release()
        assert runner.statistics().halt is None
    changes = [(type(r), r.slice_number, r.reason) for r in trace if isinstance(r, Halted | Released)]
    assert changes == [(Halted, 1, "the feed is stale"), (Released, 2, "the feed is stale")]


@pytest.mark.parametrize("reasons", [("b", "a"), ("a", "b")])
@every_mode
async def test_of_reasons_that_come_within_one_slice_the_least_text_is_kept(mode, reasons):
    one, other = (Strategy(at_candle=lambda _, reason=reason: runner.halt(reason)) for reason in reasons)
    async with serving(mode, {"A": one, "B": other}) as runner:
        await runner.on_slice([event("A"), event("B")])
        assert runner.statistics().halt == Halt("a", None)


@every_mode
@pytest.mark.parametrize(
    ("reason", "error", "text"),
    [
        (None, TypeError, "reason must be text that says why, not None"),
        (" ", ValueError, "reason is empty: say why, for whoever is going to wonder"),
    ],
)
async def test_a_halt_says_why(mode, reason, error, text):
    async with serving(mode, two()) as runner:
        with pytest.raises(error) as caught_:
            runner.halt(reason)
        assert str(caught_.value) == text
        assert runner.statistics().halt is None


# Seen ---------------------------------------------------------------------------------------------------------------


@every_mode
async def test_the_trace_says_when_the_halt_began_what_it_did_and_when_it_ended(mode):
    trace = []
    async with serving(mode, {"A": Strategy(True)}, poll_regimes=False, trace=trace.append) as runner:
        await runner.on_slice(Slice(60, ()))
        runner.halt("the feed is stale")
        await runner.on_slice(Slice(120, ()))
        await runner.release()
        await runner.on_slice(Slice(180, ()))
    assert trace[3:] == [
        Halted(4, 2, 120, "the feed is stale"),
        Allocated(5, 2, 120, {}, BUDGET),
        RiskSent(6, 2, 120, "A", 0.0, False),
        Released(7, 2, 120, "the feed is stale"),
        Allocated(8, 3, 180, {"A": BUDGET}, BUDGET),
        RiskSent(9, 3, 180, "A", BUDGET, True),
    ]


@every_mode
async def test_a_halt_between_two_slices_that_is_released_at_once_is_in_the_trace(mode):
    trace, batches = [], []

    async def sink(records):
        batches.append([type(record) for record in records])

    async with serving(mode, {"A": Strategy()}, trace=trace.append, sink=sink) as runner:
        runner.halt("a slip")
        await runner.release()
    assert trace == [Halted(1, 0, None, "a slip"), Released(2, 0, None, "a slip")]
    assert batches == [[Halted, Released]]


async def test_a_runner_that_was_never_fed_can_be_halted_and_says_so():
    runner = PortfolioRunner(two(), equal(), DEFAULT)
    runner.halt("the feed is stale")
    assert runner.statistics().halt == Halt("the feed is stale", None)


# Beside facts -------------------------------------------------------------------------------------------------------


@every_mode
async def test_while_halted_the_source_of_facts_is_asked_and_told_what_was_routed(mode):
    told = []

    def facts(_, routed):
        told.append([record.sleeve for record in routed])
        return Facts()

    async with serving(mode, two(), facts=facts) as runner:
        runner.halt("the feed is stale")
        for _ in range(2):
            await runner.on_slice([event("A")])
    assert told == [[], ["A"]]


@every_mode
async def test_an_error_of_the_facts_comes_out_of_a_halted_call_and_holds_no_candle_up(mode):
    strategies = two()

    def facts(_, __):
        raise Boom

    async with serving(mode, strategies, facts=facts) as runner:
        runner.halt("the feed is stale")
        assert type(await caught(runner.on_slice([event("A")]))) is FactsError
    assert (strategies["A"].risks, len(strategies["A"].candles)) == ([0.0], 1)
