"""P10 Sleeves that come and go, and another policy, between two slices."""

import re

import pytest
import trio
from trio.testing import wait_all_tasks_blocked

from tests.laws.schedules import Way
from tests.portfolio.parts import Boom, Says, Strategy, caught, equal, event, every_dispatch, every_mode, fail, serving
from tradedesk.marketdata import PeriodError
from tradedesk.portfolio import (
    Added,
    Failed,
    PolicySet,
    PortfolioRunner,
    Quarantine,
    ReentrantCallError,
    Removed,
    Restart,
    RosterError,
    StrategySpec,
    UnknownInstrumentError,
    UnknownSleeveError,
)


def named(instrument, **options):
    class Named(Strategy):
        pass

    strategy = Named(**options)
    strategy.instrument = instrument
    return strategy


@every_mode
async def test_an_added_sleeve_takes_part_from_the_next_slice_on_behind_all_others(mode):
    asked = []
    c = Strategy(True)
    async with serving(
        mode, {"B": Strategy(True), "A": Strategy(True)}, Says(lambda active: asked.append(active) or {})
    ) as runner:
        await runner.on_slice([])
        await runner.add("C", c)
        assert runner.statistics().held == {"B": 0.0, "A": 0.0, "C": 0.0}
        await runner.on_slice([event("C")])
        assert runner.statistics().held == {"B": 0.0, "A": 0.0, "C": 0.0}
        assert list(runner.strategies) == ["B", "A", "C"]
    assert asked == [["B", "A"], ["B", "A", "C"]]
    assert c.calls == ["report", ("risk", 1.0), ("candle", event("C")), "report"]


@every_mode
async def test_a_spec_can_be_added(mode):
    c = Strategy()
    async with serving(mode, {"A": Strategy()}) as runner:
        await runner.add("slow", StrategySpec(c, "A", "HOUR"))
        await runner.on_slice([event("A"), event("A", "HOUR")])
        assert runner.strategies["slow"] == StrategySpec(c, "A", "HOUR")
    assert c.candles == [event("A", "HOUR")]


@every_mode
async def test_a_removed_sleeve_is_told_an_amount_of_0_and_hears_nothing_more(mode):
    a, b = Strategy(True), Strategy(True)
    async with serving(mode, {"A": a, "B": b}) as runner:
        await runner.on_slice([])
        a.calls.clear()
        assert await runner.remove("A") is a
        assert runner.statistics().held == {"B": 6.0}
        await runner.on_slice([event("B")])
        assert (dict(runner.statistics().held), list(runner.strategies)) == ({"B": 12.0}, ["B"])
    assert a.calls == [("risk", 0.0)]
    assert b.risks == [6.0, 12.0]


@every_mode
@pytest.mark.parametrize(("default", "told"), [(0.0, [0.0]), (1.0, [1.0, 0.0])])
async def test_a_removed_sleeve_is_told_0_unless_that_is_what_it_was_told_last(default, told, mode):
    a = Strategy()
    async with serving(mode, {"A": a, "B": Strategy()}, default=default) as runner:
        await runner.on_slice([])
        await runner.remove("A")
    assert a.risks == told


@every_mode
async def test_a_sleeve_can_leave_after_all_that_can_become_of_one(mode):
    """What is known of those behind it moves up."""
    rules = {"A": Quarantine(), "B": Restart(lambda key: Strategy(False), limit=2, warm_up=1), "C": Quarantine()}
    strategies = {
        key: StrategySpec(Strategy(True, at_candle=lambda one: one.candle and fail(one)), on_failure=rule)
        for key, rule in rules.items()
    }
    async with serving(mode, {**strategies, "D": Strategy(True)}) as runner:
        await runner.on_slice([event(key) for key in "ABCD"])
        await runner.on_slice([event(key, candle=key in {"B", "C"}) for key in "ABCD"])
        await runner.on_slice([event(key, candle=1) for key in "ABCD"])
        before = runner.statistics().sleeves
        await runner.remove("A")
        after = runner.statistics()
        assert dict(after.sleeves) == {key: before[key] for key in "BCD"}
        assert (before["B"].restarts, before["C"].refused, before["C"].standing) == (1, 1, "quarantined")
        assert runner.order_refusal("B") == "the sleeve was restarted in slice 3 and has had no grant since"
        assert runner.order_refusal("C").startswith("the sleeve is quarantined since slice 2: ")
        report = await runner.on_slice([event(key) for key in "BCD"])
        assert (dict(report.failures), dict(report.refused)) == ({}, {"C": 1})


@every_mode
async def test_a_policy_without_a_budget_can_be_set(mode):
    trace = []
    async with serving(mode, {"A": Strategy(True)}, trace=trace.append) as runner:
        await runner.set_policy(Unbounded())
        await runner.on_slice([])
        assert runner.statistics().held == {"A": 99.0}
    assert [(record.policy, record.budget) for record in trace if type(record) is PolicySet] == [("Unbounded", None)]


class Unbounded:
    def allocate(self, active_instruments):
        return dict.fromkeys(active_instruments, 99.0)


@every_mode
async def test_candles_of_a_removed_sleeve_are_unknown_unless_another_trades_them(mode):
    slow, fast = named("A"), named("A")
    async with serving(mode, {"slow": slow, "fast": fast, "B": Strategy()}) as runner:
        await runner.remove("slow")
        await runner.on_slice([event("A")])
        await runner.remove("fast")
        error = await caught(runner.on_slice([event("A")]))
    assert (slow.candles, fast.candles) == ([], [event("A")])
    assert (type(error), error.known) == (UnknownInstrumentError, ("B",))


@every_mode
async def test_a_removed_strategy_can_be_added_again_and_starts_anew(mode):
    a = Strategy(True)
    async with serving(mode, {"A": a, "B": Strategy()}) as runner:
        await runner.on_slice([])
        await runner.add("A", await runner.remove("A"))
        await runner.on_slice([event("A")])
        assert list(runner.strategies) == ["B", "A"]
    assert a.risks == [12.0, 0.0, 12.0]


@every_mode
async def test_who_owes_a_report_still_owes_it_when_those_before_it_have_left(mode):
    b = Strategy(at_candle=fail)
    async with serving(mode, {"A": Strategy(), "B": b}, poll_regimes=False) as runner:
        await caught(runner.on_slice([event("B")]))
        b.active = True
        await runner.remove("A")
        await runner.on_slice([])
        assert dict(runner.statistics().held) == {"B": 12.0}


@every_mode
async def test_another_policy_allocates_from_the_next_slice_on_and_what_is_less_goes_first(mode):
    told = []
    strategies = {
        key: Strategy(True, at_risk=lambda value, key=key: told.append((key, value))) for key in ("A", "B", "C")
    }
    async with serving(mode, strategies, Says({"A": 1.0, "B": 11.0})) as runner:
        await runner.on_slice([])
        told.clear()
        small = Says({"A": 4.0, "B": 0.0}, 4.0)
        await runner.set_policy(small)
        assert (runner.policy, dict(runner.statistics().held)) == (small, {"A": 1.0, "B": 11.0, "C": 0.0})
        await runner.on_slice([])
    assert told == [("B", 0.0), ("A", 4.0)]


@every_mode
async def test_the_trace_shows_what_changed_so_that_a_reader_can_add_up_the_budget(mode):
    trace = []
    async with serving(mode, {"A": Strategy(), "B": Strategy()}, trace=trace.append) as runner:
        await runner.on_slice([])
        trace.clear()
        await runner.add("C", StrategySpec(Strategy(), "EURUSD", "HOUR"))
        await runner.remove("A")
        await runner.set_policy(equal(5.0))
    last = 7  # two reports, one allocation, two amounts of risk come first
    assert trace == [
        Added(last - 1, 1, None, "C", "EURUSD", "HOUR"),
        Removed(last, 1, None, "A"),
        PolicySet(last + 1, 1, None, "EqualSplitRiskPolicy", 5.0),
    ]


@every_mode
async def test_the_sink_gets_the_records_of_a_change(mode):
    batches = []

    async def sink(records):
        batches.append(records)

    async with serving(mode, {"A": Strategy(), "B": Strategy()}, sink=sink) as runner:
        await runner.remove("A")
    assert [type(record) for batch in batches for record in batch] == [Removed]


class Unnamed(Strategy):
    @property
    def instrument(self):
        raise RuntimeError("no instrument today")


class Unhandled(Strategy):
    @property
    def on_candle_close(self):
        raise RuntimeError("no handler today")


MISTAKES = {
    "a key that is there": (
        lambda runner: runner.add("A", Strategy()),
        RosterError,
        "sleeve 'A' is in this portfolio already: remove it first, or choose another key.",
    ),
    "an object that is there": (
        lambda runner: runner.add("C", StrategySpec(runner.strategies["A"])),
        RosterError,
        "sleeves 'A' and 'C' would share one strategy object: each sleeve runs on its own, so give each an object of its own.",
    ),
    "a key that is not there": (
        lambda runner: runner.remove("C"),
        UnknownSleeveError,
        "this portfolio has no sleeve 'C'; its sleeves are 'A', 'B'.",
    ),
    "no strategy": (
        lambda runner: runner.add("C", 5),
        TypeError,
        "the strategy of sleeve 'C', 5, has no set_risk_per_trade(), is_regime_active(), on_candle_close()",
    ),
    "no period": (
        lambda runner: runner.add("C", StrategySpec(Strategy(), period="5 min")),
        PeriodError,
        (
            "period '5 min' of sleeve 'C' is not a count and a unit, like 15MINUTE or DAY; "
            "the units are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH"
        ),
    ),
    "an instrument that no candle can be looked up by": (
        lambda runner: runner.add("C", StrategySpec(Strategy(), instrument=["EURUSD"])),
        TypeError,
        "the instrument of sleeve 'C' must be text, not ['EURUSD']",
    ),
    "an instrument that raises": (lambda runner: runner.add("C", Unnamed()), RuntimeError, "no instrument today"),
    "a handler that raises": (lambda runner: runner.add("C", Unhandled()), RuntimeError, "no handler today"),
    "no policy": (lambda runner: runner.set_policy(5), TypeError, "the policy, 5, has no allocate()"),
    "a budget that is none": (
        lambda runner: runner.set_policy(Says({}, -1)),
        ValueError,
        "the policy's portfolio_risk_budget must be finite and not negative, not -1",
    ),
}


@every_mode
@pytest.mark.parametrize("name", MISTAKES)
async def test_a_change_that_is_a_mistake_changes_nothing(name, mode):
    change, kind, text = MISTAKES[name]
    trace = []
    async with serving(mode, {"A": Strategy(), "B": Strategy()}, trace=trace.append) as runner:
        before = dict(runner.strategies), runner.policy
        with pytest.raises(kind, match=f"^{re.escape(text)}$"):
            await change(runner)
        assert (dict(runner.strategies), runner.policy, trace) == (*before, [])
        await runner.on_slice([event("A"), event("B")])


@every_mode
async def test_the_last_sleeve_stays(mode):
    async with serving(mode, {"A": Strategy()}) as runner:
        error = await caught(runner.remove("A"))
    assert (type(error), str(error)) == (
        RosterError,
        "sleeve 'A' is the last one, and a portfolio needs one: add another one first.",
    )


@every_mode
async def test_a_strategy_that_raises_on_its_way_out_is_out_all_the_same(mode):
    trace = []
    a = Strategy(True)
    async with serving(mode, {"A": a, "B": Strategy()}, trace=trace.append) as runner:
        await runner.on_slice([])
        a.at_risk = fail
        error = await caught(runner.remove("A"))
        assert (type(error), error.__notes__) == (
            Boom,
            ["in sleeve 'A', told an amount of 0 on its way out; it is removed"],
        )
        assert list(runner.strategies) == ["B"]
        await runner.on_slice([event("B")])
    failed, removed = (record for record in trace if isinstance(record, Failed | Removed))
    assert (failed.sleeve, failed.event, failed.error) == ("A", None, error)
    assert removed.sleeve == "A"


# In the order of the calls, and never in the middle of a slice --------------------------------------------------------


async def slow(_):
    await trio.sleep(1)


@every_mode
async def test_changes_are_served_in_call_order_with_slices(mode, autojump_clock):
    a, c = Strategy(at_candle=slow), Strategy()
    raised = []

    async def call(number, make):
        await trio.sleep(number / 100)
        raised.append((number, type(await caught(make()))))

    async with serving(mode, {"A": a, "B": Strategy()}) as runner, trio.open_nursery() as nursery:
        calls = [
            lambda: runner.on_slice([event("A", candle=1)]),
            lambda: runner.add("C", c),
            lambda: runner.on_slice([event("A", candle=2), event("C", candle=2)]),
            lambda: runner.remove("A"),
            lambda: runner.on_slice([event("A", candle=3)]),
            lambda: runner.on_slice([event("C", candle=4), event("B")]),
            lambda: runner.remove("C"),
            lambda: runner.on_slice([event("B")]),
        ]
        for number, make in enumerate(calls):
            nursery.start_soon(call, number, make)
    none = type(None)
    assert sorted(raised, key=lambda row: row[0]) == [
        *((number, none) for number in range(4)),
        (4, UnknownInstrumentError),
        *((number, none) for number in range(5, 8)),
    ]
    assert [candle.candle for candle in a.candles] == [1, 2]
    assert [candle.candle for candle in c.candles] == [2, 4]


@every_mode
async def test_a_slice_planned_before_a_change_reaches_the_right_sleeves_after_it(mode, autojump_clock):
    """Those behind a removed sleeve move up while the slice waits in line."""
    a, b, c = Strategy(at_candle=slow), Strategy(), Strategy()
    async with serving(mode, {"A": a, "B": b, "C": c}) as runner, trio.open_nursery() as nursery:
        nursery.start_soon(runner.on_slice, [event("A")])
        await wait_all_tasks_blocked()
        nursery.start_soon(runner.remove, "B")
        await wait_all_tasks_blocked()
        await runner.on_slice([event("C")])
    assert (b.candles, c.candles) == ([], [event("C")])


@every_mode
async def test_a_source_meets_the_changes_that_are_made_while_it_runs(mode, autojump_clock):
    a, c = Strategy(at_candle=slow), Strategy()

    async def change(runner):
        await trio.sleep(1.5)
        await runner.add("C", c)

    async with serving(mode, {"A": a}, unknown_instruments="ignore") as runner, trio.open_nursery() as nursery:
        nursery.start_soon(change, runner)
        await runner.run([event(key, candle=number) for number in range(4) for key in "AC"])
    assert [candle.candle for candle in c.candles] == [1, 2, 3]


@every_mode
@pytest.mark.parametrize("name", ["add", "remove", "set_policy"])
async def test_a_change_from_inside_a_handler_raises(name, mode):
    a = Strategy()
    async with serving(mode, {"A": a, "B": Strategy()}) as runner:
        arguments = {"add": ("C", Strategy()), "remove": ("B",), "set_policy": (equal(),)}[name]
        a.at_candle = lambda _: getattr(runner, name)(*arguments)
        assert type(await caught(runner.on_slice([event("A")]))) is ReentrantCallError
        a.at_candle = lambda _: None
        await runner.on_slice([event("A")])
        assert list(runner.strategies) == ["A", "B"]


async def test_a_change_from_inside_the_sink_raises():
    async def sink(_):
        await runner.remove("B")

    async with serving("actors", {"A": Strategy(), "B": Strategy()}, sink=sink) as runner:
        assert type(await caught(runner.remove("A"))) is ReentrantCallError
        assert list(runner.strategies) == ["B"]


async def test_a_change_whose_caller_leaves_the_line_is_not_made(autojump_clock):
    a = Strategy(at_candle=slow)
    async with serving("actors", {"A": a, "B": Strategy()}) as runner, trio.open_nursery() as nursery:
        nursery.start_soon(runner.on_slice, [event("A")])
        await wait_all_tasks_blocked()
        with trio.move_on_after(0.5):
            await runner.remove("B")
        await runner.on_slice([event("B")])
        assert list(runner.strategies) == ["A", "B"]


# The actors ------------------------------------------------------------------------------------------------------------


async def test_the_actor_of_a_removed_sleeve_ends_and_that_of_an_added_one_runs():
    tasks = []
    before = trio.lowlevel.current_statistics().tasks_living
    async with serving("actors", {"A": Strategy(), "B": Strategy()}) as runner:
        entered = trio.lowlevel.current_statistics().tasks_living
        await runner.remove("A")
        assert trio.lowlevel.current_statistics().tasks_living == entered - 1
        await runner.add("A", Strategy(at_candle=lambda _: tasks.append(trio.lowlevel.current_task().name)))
        await runner.on_slice([event("A")])
    assert tasks == ["sleeve 'A'"]
    assert trio.lowlevel.current_statistics().tasks_living == before


@every_dispatch
async def test_changes_made_in_a_block_and_outside_of_it_stay(mode):
    strategies = {key: Strategy() for key in "ABCDE"}
    runner = PortfolioRunner({"A": strategies["A"], "B": strategies["B"]}, equal(), 1.0, dispatch=mode)
    await runner.add("C", strategies["C"])
    async with runner:
        await runner.add("D", strategies["D"])
        await runner.remove("A")
    await runner.add("E", strategies["E"])
    await runner.remove("B")
    async with runner:
        await runner.on_slice([event(key) for key in "CDE"])
    assert {key: len(strategy.candles) for key, strategy in strategies.items()} == {
        "A": 0,
        "B": 0,
        "C": 1,
        "D": 1,
        "E": 1,
    }


@every_mode
async def test_keys_that_print_alike_are_sleeves_of_their_own(mode):
    class Key:
        def __repr__(self):
            return "<key>"

    keys = [Key() for _ in range(4)]
    strategies = {key: Strategy() for key in keys}
    async with serving(mode, dict(list(strategies.items())[:3])) as runner:
        await runner.add(keys[3], strategies[keys[3]])
        await runner.remove(keys[1])
        await runner.add(keys[1], strategies[keys[1]])
        await runner.on_slice([event(key) for key in keys])
    assert [len(strategies[key].candles) for key in keys] == [1] * 4


def test_calls_that_are_queued_when_the_block_ends_reach_also_sleeves_that_were_added_in_it():
    for way in [Way(seed=seed) for seed in range(10)] + [Way(order="controlled", seed=seed) for seed in range(10)]:
        c = Strategy()

        async def scenario(c=c, way=way):
            runner = PortfolioRunner(
                {"A": Strategy(at_candle=slow), "B": Strategy()}, equal(), 1.0, scheduler=way.scheduler()
            )
            async with trio.open_nursery() as nursery, runner:
                await runner.add("C", c)
                nursery.start_soon(runner.on_slice, [event("A")])
                await wait_all_tasks_blocked()
                nursery.start_soon(runner.on_slice, [event("C")])
                await wait_all_tasks_blocked()

        way.run(scenario)
        assert c.candles == [event("C")]


@pytest.mark.parametrize("strike", range(12))
def test_a_host_that_is_cancelled_in_a_change_leaves_it_made_or_not_made(strike):
    for seed in range(8):
        way = Way(order="controlled" if seed % 2 else "trio", seed=seed)
        strategies = {key: Strategy(True) for key in "ABC"}
        runner = PortfolioRunner({"A": strategies["A"], "B": strategies["B"]}, equal(), 1.0, scheduler=way.scheduler())

        async def cut(scope):
            for _ in range(strike):
                await trio.lowlevel.checkpoint()
            scope.cancel()

        async def scenario(strategies=strategies, runner=runner, cut=cut):
            async with trio.open_nursery() as nursery:
                with trio.CancelScope() as scope:
                    async with runner:
                        await runner.on_slice([])
                        nursery.start_soon(cut, scope)
                        await runner.remove("A")
                        await runner.add("C", strategies["C"])
                        await trio.sleep_forever()
            there = list(runner.strategies)
            assert there in (["A", "B"], ["B"], ["B", "C"])
            await runner.on_slice([event(key) for key in there])
            assert list(runner.statistics().held.values()) == [12.0 / len(there)] * len(there)

        way.run(scenario)
