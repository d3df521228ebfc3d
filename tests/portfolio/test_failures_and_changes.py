"""P7 with P9 and P10: sleeves that are down while the portfolio changes, and strategies in two phases that fail."""

import pytest
import trio

from tests.portfolio.parts import Boom, Says, Strategy, caught, event, every_mode, fail, serving
from tradedesk.portfolio import (
    CandleTimeoutError,
    Handled,
    PortfolioRunner,
    Quarantine,
    Refused,
    Restart,
    Restarted,
    RosterError,
    StrategySpec,
    UnknownSleeveError,
    Updated,
)

ALL = {"A": 4.0, "B": 3.0, "C": 2.0, "D": 1.0}


class TwoPhases:
    """Writes down its parts; raises in the one that ``fails`` names."""

    def __init__(self, fails=()):
        self.parts = []
        self.fails = set(fails)

    def set_risk_per_trade(self, value):
        self.parts.append(value)

    def is_regime_active(self):
        return True

    def do(self, part):
        self.parts.append(part)
        if part in self.fails:
            raise Boom

    def update_state(self, event):
        self.do(f"update {event.candle}")

    async def evaluate_signals(self):
        await trio.lowlevel.checkpoint()
        self.do("evaluate")


@every_mode
async def test_places_move_up_behind_a_sleeve_that_goes_also_for_those_that_are_down(mode):
    strategies = {key: Strategy(active=True) for key in "ABCD"}
    strategies["C"] = Strategy(active=True, at_candle=fail)
    async with serving(mode, strategies, Says(ALL, 10.0), on_failure=Quarantine()) as runner:
        await runner.on_slice([event(key) for key in "ABCD"])
        await runner.remove("A")
        runner.policy.answer = {"B": 3.0, "D": 1.0}
        report = await runner.on_slice([event(key) for key in "BCD"])
        sleeves = runner.statistics().sleeves
    assert dict(report.refused) == {"C": 1}
    assert {key: one.standing for key, one in sleeves.items()} == {"B": "active", "C": "quarantined", "D": "active"}
    assert [(one.failures, one.refused) for one in sleeves.values()] == [(0, 0), (1, 1), (0, 0)]


@every_mode
async def test_a_sleeve_that_is_down_goes_without_being_told(mode):
    a = Strategy(active=True, at_candle=fail)
    async with serving(mode, {"A": a, "B": Strategy()}, Says({"A": 4.0}), on_failure=Quarantine()) as runner:
        await runner.on_slice([event("A")])
        told = list(a.risks)
        assert await runner.remove("A") is a
        assert a.risks == told
        with pytest.raises(UnknownSleeveError):
            runner.order_refusal("A")


async def test_a_handler_that_never_ends_does_not_hold_up_its_removal(autojump_clock):
    async def shielded(_):
        with trio.CancelScope(shield=True):
            await trio.sleep(100)

    hung = Strategy(active=True, at_candle=shielded)
    async with serving("actors", {"A": hung, "B": Strategy()}, on_failure=Quarantine(), candle_timeout=1.0) as runner:
        await runner.on_slice([event("A")])
        with trio.fail_after(1):
            assert await runner.remove("A") is hung
            await runner.on_slice([event("B")])


@every_mode
async def test_a_sleeve_that_is_added_brings_its_own_rule(mode):
    async with serving(mode, {"A": Strategy()}) as runner:
        await runner.add("B", StrategySpec(Strategy(at_candle=fail), on_failure=Quarantine()))
        report = await runner.on_slice([event("A"), event("B")])
        assert list(report.failures) == ["B"]
        assert runner.statistics().sleeves["B"].standing == "quarantined"


@every_mode
async def test_a_sleeve_that_is_added_has_the_runners_rule(mode):
    made = []

    def factory(key):
        made.append(Strategy())
        return made[-1]

    async with serving(mode, {"A": Strategy()}, on_failure=Restart(factory)) as runner:
        await runner.add("B", Strategy(at_candle=fail))
        await runner.remove("A")
        for _ in range(3):
            await runner.on_slice([event("B")])
        assert runner.strategies["B"] is made[0]
        assert runner.order_refusal("B") is not None


@every_mode
@pytest.mark.parametrize("part", ["update 2", "evaluate"])
async def test_a_strategy_in_two_phases_is_built_anew_and_warmed_by_its_updates(mode, part):
    first, made, trace = TwoPhases(), [], []

    def factory(_):
        made.append(TwoPhases())
        return made[-1]

    rule = Restart(factory, warm_up=3)
    async with serving(mode, {"A": first}, Says({"A": 1.0}), on_failure=rule, trace=trace.append) as runner:
        await runner.on_slice([event("A", candle=1)])
        first.fails.add(part)
        report = await runner.on_slice([event("A", candle=2)])
        assert type(report.failures["A"]) is Boom
        await runner.on_slice([event("A", candle=3)])
        assert runner.strategies["A"] is made[0]
    assert made[0].parts == [0.0, "update 1", "update 3", 1.0, "evaluate"]
    assert [record.candles for record in trace if type(record) is Restarted] == [1]
    assert [record.event.candle for record in trace if type(record) is Handled] == [1, 3]


@every_mode
async def test_a_strategy_in_two_phases_that_rests_is_refused_its_updates(mode):
    trace = []
    rule = Restart(lambda _: TwoPhases(), backoff=1)
    a = TwoPhases(fails={"update 1"})
    async with serving(mode, {"A": a, "B": TwoPhases()}, on_failure=rule, trace=trace.append) as runner:
        await runner.on_slice([event("A", candle=1), event("B", candle=1)])
        await runner.on_slice([event("A", candle=2), event("B", candle=2)])
    assert [(record.sleeve, record.event.candle) for record in trace if type(record) is Refused] == [("A", 2)]
    assert [(record.sleeve, record.event.candle) for record in trace if type(record) is Updated] == [("B", 1), ("B", 2)]


@every_mode
async def test_an_object_of_the_other_kind_cannot_take_the_place(mode):
    rule = Restart(lambda _: TwoPhases(), limit=1, within=10)
    async with serving(mode, {"A": Strategy(at_candle=fail), "B": Strategy()}, on_failure=rule) as runner:
        await runner.on_slice([event("A")])
        report = await runner.on_slice([event("B")])
        (error,) = [one for one in report.failures["A"].args if isinstance(one, str)]
        assert error.startswith("sleeve 'A' is played in one phase, and <")
        assert error.endswith("plays in two phases: to change that, remove the sleeve and add it anew.")
        with pytest.raises(TypeError, match="is played in one phase"):
            runner.readmit("A", TwoPhases())


async def test_a_timeout_of_an_evaluation_names_the_candle_that_was_updated_with(autojump_clock):
    class Slow(TwoPhases):
        async def evaluate_signals(self):
            await trio.sleep(5)

    runner = PortfolioRunner({"A": Slow()}, Says({}), 1.0, candle_timeout=1.0)
    async with runner:
        with pytest.raises(Exception, match="candle A 1MINUTE 7 after 1 s"):
            await runner.on_slice([event("A", candle=7)])


async def removed_while_it_hangs(runner):
    """Sleeve A is given up, and removed while its handler still runs."""
    assert isinstance(await caught(runner.on_slice([event("A"), event("B")])), CandleTimeoutError)
    return await runner.remove("A")


async def sleeps_for_a_hundred_seconds(_):
    with trio.CancelScope(shield=True):
        await trio.sleep(100)


def hanging_pair():
    return {"A": Strategy(True, sleeps_for_a_hundred_seconds), "B": Strategy(True)}


async def test_a_key_whose_last_handler_still_runs_can_be_given_to_another_strategy(autojump_clock):
    async with serving("actors", hanging_pair(), candle_timeout=5.0) as runner:
        await removed_while_it_hangs(runner)
        other = Strategy(True)
        await runner.add("A", other)
        await runner.on_slice([event("A"), event("B")])
        assert trio.current_time() < 100
        assert other.calls == ["report", ("risk", 6.0), ("candle", event("A")), "report"]


async def test_a_strategy_whose_handler_still_runs_cannot_be_added_until_it_has_ended(autojump_clock):
    async with serving("actors", hanging_pair(), candle_timeout=5.0) as runner:
        strategy = await removed_while_it_hangs(runner)
        error = await caught(runner.add("C", strategy))
        assert isinstance(error, RosterError)
        assert str(error) == (
            "a handler of the strategy of sleeve 'C' has not ended yet, though it was given up: "
            "add it when it has, or add another object."
        )
        await trio.sleep(100)
        await runner.add("C", strategy)
        assert list(runner.strategies) == ["B", "C"]


@every_mode
async def test_a_sleeve_that_came_back_and_does_not_report_is_not_active_for_what_it_said_before(mode, autojump_clock):
    ill = Strategy(True, sleeps_for_a_hundred_seconds)
    async with serving(mode, {"A": ill, "B": Strategy(True)}, candle_timeout=5.0) as runner:
        await caught(runner.on_slice([event("A"), event("B")]))
        await trio.sleep(100)
        ill.at_report = fail
        runner.readmit("A")
        assert isinstance(await caught(runner.on_slice([event("B")])), Boom)
        assert runner.statistics().active == ("B",)
        assert dict(runner.statistics().held) == {"A": 0.0, "B": 12.0}
