"""Those who run inside a slice and reach out of it: into their candle, into the runner, or back into a call of it."""

from collections import Counter
from functools import partial
from operator import delitem, setitem

import attrs
import pytest
import trio

from tests.portfolio.hostile.desk import (
    KEYS,
    Stage,
    as_if_nothing_had_happened,
    every,
    expected,
    play_all,
)
from tests.portfolio.hostile.inputs import Raiser, hangs
from tests.portfolio.hostile.test_strategies import as_promised, cut, met
from tests.portfolio.parts import DEFAULT, MODES, Boom, Strategy, caught, equal, event, fail, serving
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    CandleTimeoutError,
    Facts,
    Quarantine,
    ReentrantCallError,
    Restart,
    RunnerStateError,
    StrategySpec,
)

# With the candle in hand --------------------------------------------------------------------------------------------

NEW = {
    "an unknown instrument": ("instrument", "nobody's"),
    "another sleeve's instrument": ("instrument", "second"),
    "no text for an instrument": ("instrument", ["first"]),
    "an instrument that cannot be shown": ("instrument", Raiser(Boom)),
    "another period": ("period", "DAY"),
    "a period that cannot be shown": ("period", Raiser(Boom)),
    "no candle": ("candle", None),
    "a candle that cannot be shown": ("candle", Raiser(Boom)),
}
GONE = {f"no {name} at all": name for name in ("instrument", "period", "candle")}
ENDINGS = ("goes on", "raises", "hangs")
HANDLERS = {False: ("candle, later",), True: ("update, later", "evaluate, later")}


@attrs.define(eq=False)
class Meddling(Stage):
    """The culprit changes its candle in its handler, and then goes on, raises or hangs; it is mended at the end."""

    changed: CandleCloseEvent | None = None

    def meddle(self):
        name, ending = self.case.what.split(", then it ")
        mine = self.changed = self.event
        if name in NEW:
            setattr(mine, *NEW[name])
        else:
            delattr(mine, GONE[name])
        if ending == "raises":
            raise Boom
        return (hangs if ending == "hangs" else trio.lowlevel.checkpoint)()

    async def play(self, slices=None):
        await super().play(slices)
        for name in GONE.values():
            setattr(self.changed, name, getattr(event(self.case.culprit), name))


def only_its_candle(stage):
    if stage.case.what.endswith("goes on"):
        yield from expected("raised", [error for error in stage.raised.values() if error], [])
        yield from as_if_nothing_had_happened(stage)
    elif stage.case.what.endswith("raises"):
        yield from as_promised(stage)
    else:
        yield from cut(stage)


def meddlers():
    whats = [f"{name}, then it {ending}" for name in (*NEW, *GONE) for ending in ENDINGS]
    stages = []
    for two_phase, where in HANDLERS.items():
        for case in every(where=where, what=whats, two_phase=two_phase):
            stage = Meddling(case, lambda: None, {"candle_timeout": 10.0})
            stage.fault = stage.meddle
            stages.append(stage)
    return stages


def test_a_strategy_that_changes_its_candle_changes_nothing_but_that():
    wrong, cases = play_all(meddlers(), only_its_candle)

    assert wrong[:3] == []
    assert dict(cases) == dict.fromkeys((*HANDLERS[False], *HANDLERS[True]), 11 * 3 * 3 * 3 * 2)


# With the runner ----------------------------------------------------------------------------------------------------


def put(runner, name, value):
    setattr(runner, name, value)


GRABS = {
    "another strategy": (TypeError, lambda stage: setitem(stage.runner.strategies, "first", None)),
    "another policy": (AttributeError, lambda stage: put(stage.runner, "policy", None)),
    "more for itself": (TypeError, lambda stage: setitem(stage.runner.statistics().held, "first", 99.0)),
    "other statistics": (AttributeError, lambda stage: put(stage.runner.statistics(), "slices", 0)),
    "another standing": (TypeError, lambda stage: delitem(stage.runner.statistics().sleeves, "first")),
    "a new field of its candle": (AttributeError, lambda stage: put(stage.event, "seen", True)),
    "to be readmitted": (RunnerStateError, lambda stage: stage.runner.readmit("first")),
    "a halt without a reason": (ValueError, lambda stage: stage.runner.halt(" ")),
}


def grabbing():
    stages = []
    for case in every(where=("candle",), what=list(GRABS)):
        stage = Stage(case, lambda: None)
        stage.fault = partial(GRABS[case.what][1], stage)
        stages.append(stage)
    return stages


def refused_to_it(stage):
    yield from as_promised(stage)
    error = next(record.error for record in stage.trace if type(record).__name__ == "Failed")
    yield from expected("its failure", issubclass(type(error), GRABS[stage.case.what][0]), True)


def test_what_the_runner_shows_cannot_be_changed_and_who_tries_has_failed():
    wrong, cases = play_all(grabbing(), refused_to_it)

    assert wrong[:3] == []
    assert dict(cases) == {"candle": len(GRABS) * 3 * 3 * 2}


# Back into a call ---------------------------------------------------------------------------------------------------


async def stream():
    yield event("second")


CALLS = {
    "on_slice": lambda runner: runner.on_slice([event("second")]),
    "a tick": lambda runner: runner.on_slice([]),
    "on_candle_close": lambda runner: runner.on_candle_close(event("second")),
    "run": lambda runner: runner.run([event("second")]),
    "run, a stream": lambda runner: runner.run(stream()),
    "serve": lambda runner: runner.serve(stream()),
    "add": lambda runner: runner.add("fourth", Strategy()),
    "remove": lambda runner: runner.remove("second"),
    "set_policy": lambda runner: runner.set_policy(equal()),
    "release": lambda runner: runner.release(),
}
AWAITED = {False: ("candle, later",), True: ("update, later", "evaluate, later")}


def callers():
    stages = []
    for two_phase, where in AWAITED.items():
        for case in every(where=where, what=list(CALLS), two_phase=two_phase):
            stage = Stage(case, lambda: None)
            stage.fault = lambda stage=stage: CALLS[stage.case.what](stage.runner)
            stages.append(stage)
    return stages


def told_so(stage):
    yield from met(stage)
    yield from stage.clean_after()
    error = next(record.error for record in stage.trace if type(record).__name__ == "Failed")
    # served without a block, it would have to start actors in the middle of a call
    kind = RunnerStateError if (stage.case.what, stage.case.mode) == ("serve", "plain") else ReentrantCallError
    yield from expected("it failed with", type(error), kind)
    yield from expected("sleeves", tuple(stage.runner.strategies), KEYS)


def test_a_handler_that_calls_the_runner_and_waits_has_failed_whichever_call_it_is():
    wrong, cases = play_all(callers(), told_so)

    assert wrong[:3] == []
    assert dict(cases) == dict.fromkeys((*AWAITED[False], *AWAITED[True]), 10 * 3 * 3 * 2)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("call", CALLS)
async def test_a_source_of_facts_that_calls_the_runner_is_told_that_it_waits_for_itself(call, mode, autojump_clock):
    async def facts(close_time, routed):
        if runner.statistics().slices == 1:
            await CALLS[call](runner)
        return Facts()

    async with serving(mode, {key: Strategy(True) for key in KEYS}, facts=facts) as runner:
        error = await caught(runner.on_slice([event("first")]))
        kind = RunnerStateError if (call, mode) == ("serve", "plain") else ReentrantCallError
        assert type(error.__cause__) is kind
        report = await runner.on_slice([event("first")])
        assert (report.failures, tuple(runner.strategies)) == ({}, KEYS)


SYNCHRONOUS = ("poll", "risk", "update", "candle", "policy", "facts", "trace", "factory", "warm-up")


class Asking:
    """Somebody inside a slice hands a call of the runner to a task of the host, once, and does not wait for it."""

    def __init__(self, where, ask):
        self.where, self.ask = where, ask

    def may(self, where):
        if where == self.where:
            self.where = None
            self.ask()


def asking_runner(asking, mode):
    def make(key):
        asking.may("factory")
        return Strategy(True, at_candle=lambda _: asking.may("warm-up"))

    def fail_once(_):
        first.at_candle = lambda _: None
        raise Boom

    class Policy:
        def allocate(self, active_instruments):
            asking.may("policy")
            return equal().allocate(active_instruments)

    def facts(close_time, routed):
        asking.may("facts")
        return Facts()

    first = Strategy(True)
    first.at_risk = lambda _: asking.may("risk")
    first.at_report = lambda _: asking.may("poll")
    first.at_candle = lambda candle: asking.may("candle") if candle.candle == 1 else fail_once(candle)
    two = TwoPhasesThatAsk(asking)
    strategies = {"first": StrategySpec(first, on_failure=Restart(make, limit=2, warm_up=1)), "two": two}
    return serving(mode, strategies, Policy(), DEFAULT, facts=facts, trace=lambda _: asking.may("trace"))


@attrs.define(eq=False)
class TwoPhasesThatAsk:
    asking: Asking

    def set_risk_per_trade(self, value):
        pass

    def is_regime_active(self):
        return True

    def update_state(self, event):
        self.asking.may("update")

    def evaluate_signals(self):
        pass


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("where", SYNCHRONOUS)
async def test_a_call_that_is_handed_to_a_task_of_the_host_is_served_after_the_slice(where, mode, autojump_clock):
    served = []

    async def later():
        await runner.on_slice([event("two", candle="later")])
        served.append(runner.statistics().slices)

    async with trio.open_nursery() as nursery:
        asking = Asking(where, lambda: nursery.start_soon(later))
        async with asking_runner(asking, mode) as runner:
            for number in (1, 2, 3):
                await runner.on_slice([event(key, candle=number) for key in ("first", "two")])
            with trio.fail_after(1):
                while not served:
                    await trio.lowlevel.checkpoint()
    assert asking.where is None
    assert runner.statistics().slices == 4
    assert runner.statistics().sleeves["two"].handled == 4


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("where", SYNCHRONOUS)
async def test_whoever_runs_inside_a_slice_may_ask_halt_and_look(where, mode, autojump_clock):
    seen = []

    def look():
        runner.halt("enough")
        seen.append((runner.order_refusal("first"), runner.statistics().halt.reason))

    async with asking_runner(Asking(where, look), mode) as runner:
        for number in (1, 2, 3, 4):
            await runner.on_slice([event(key, candle=number) for key in ("first", "two")])
    [(refusal, reason)] = seen
    assert (refusal, reason) in [
        ("the portfolio is halted: enough", "enough"),
        ("the sleeve rests until slice 3: Boom()", "enough"),
    ]
    assert dict(runner.statistics().held) == {"first": 0.0, "two": 0.0}


# While a new object is built ----------------------------------------------------------------------------------------

WARM_UPS = {
    "raises": "candle",
    "raises later": "candle, later",
    "answers nonsense": "report",
    "hangs": "candle, later",
    "hangs and cannot be cut": "candle, later",
    "calls the runner": "candle, later",
    "changes its candle": "candle",
    "refuses its first amount": "risk",
}


async def shielded():
    with trio.CancelScope(shield=True):
        await trio.sleep(25.0)


@attrs.define(eq=False)
class Warming(Stage):
    """The culprit fails in slice 2; the object that is built in slice 3 misbehaves with candle 1, the next one not."""

    made: int = 0

    def make(self, key):
        self.made += 1
        if self.made > 1:
            return self.player(key)
        place = WARM_UPS[self.case.what]
        player = self.player(key, self.misbehave)
        player.stage = attrs.evolve(self, case=attrs.evolve(self.case, where=place, slice=3), now=3)
        return player

    def misbehave(self):
        match self.case.what:
            case "raises" | "raises later" | "refuses its first amount":
                raise Boom
            case "answers nonsense":
                return "perhaps"
            case "hangs":
                return hangs()
            case "hangs and cannot be cut":
                return shielded()
            case "calls the runner":
                return self.runner.on_slice([])
            case "changes its candle":
                self.event.candle = Raiser(Boom)
                raise Boom


OF_A_WARM_UP = {
    "answers nonsense": TypeError,
    "hangs": CandleTimeoutError,
    "hangs and cannot be cut": CandleTimeoutError,
    "calls the runner": ReentrantCallError,
}


def one_more_failure(stage):
    yield from expected("raised", [error for error in stage.raised.values() if error], [])
    stuck = "cannot be cut" in stage.case.what
    error = stage.reports[3].failures["first"]
    yield from expected("it failed with", type(error), OF_A_WARM_UP.get(stage.case.what, Boom))
    if (
        stage.case.what != "refuses its first amount"
        and "while a new object was warmed with candle" not in error.__notes__[0]
    ):
        yield f"its note says {error.__notes__}"
    fate = "Refused" if stuck else "Handled"
    wanted = {1: "Handled", 2: "Failed", 3: "Refused", 4: fate}
    yield from expected("its fates", {number: fates["first"] for number, fates in stage.fates.items()}, wanted)
    yield from expected(
        "others",
        Counter(fate for fates in stage.fates.values() for key, fate in fates.items() if key != "first"),
        {"Handled": 8},
    )
    yield from expected("it stands", stage.standings()["first"], "quarantined" if stuck else "active")


def warming():
    stages = []
    for case in every(where=("candle",), what=list(WARM_UPS)):
        if (case.rule, case.slice) == ("restart", 2):
            stage = Warming(case, lambda: None, {"candle_timeout": 10.0}, warm_up=1)
            stage.fault = partial(fail, None)
            stages.append(stage)
    return stages


def test_a_warm_up_that_fails_is_one_more_failure_of_its_sleeve_alone():
    wrong, cases = play_all(warming(), one_more_failure, slices=4)

    assert wrong[:3] == []
    assert dict(cases) == {"candle": len(WARM_UPS) * 3}


# One object in two places -------------------------------------------------------------------------------------------

AT_WORK = (
    "the factory of sleeve 'B' returned an object that is at work: it is warmed for another sleeve, or has not ended "
    "a handler that was given up. Return a new one each time."
)


async def one_second(_):
    await trio.sleep(1)


def failing_at(number, then=one_second):
    async def handle(candle):
        await then(candle)
        if candle.candle == number:
            raise Boom

    return handle


async def test_an_object_that_is_warmed_for_one_sleeve_is_not_given_to_another(autojump_clock):
    shared = Strategy(True, one_second)
    rule = Restart(lambda key: shared, limit=9, warm_up=1)
    strategies = {key: Strategy(True, failing_at(2)) for key in "AB"}
    async with serving("actors", strategies, on_failure=rule) as runner:
        for number in (1, 2):
            await runner.on_slice([event(key, candle=number) for key in "AB"])
        report = await runner.on_slice([])
        assert {key: str(error) for key, error in report.failures.items()} in [
            {"B": AT_WORK},
            {"A": AT_WORK.replace("'B'", "'A'")},
        ]
        assert list(runner.strategies.values()).count(shared) == 1


async def test_an_object_whose_handler_was_given_up_is_not_taken_for_another_sleeve(autojump_clock):
    async def hangs_long(_):
        with trio.CancelScope(shield=True):
            await trio.sleep(100)

    stuck = Strategy(True, hangs_long)
    strategies = {
        "A": stuck,
        "B": StrategySpec(Strategy(True, failing_at(1)), on_failure=Restart(lambda key: stuck, limit=9, backoff=0)),
        "C": Strategy(True, failing_at(1)),
    }
    async with serving("actors", strategies, on_failure="raise", candle_timeout=5.0) as runner:
        await caught(runner.on_slice([event("A"), event("B", candle=1)]))
        await runner.remove("A")
        report = await runner.on_slice([])
        assert str(report.failures["B"]) == AT_WORK
        runner.halt("so that nothing else moves")
        await trio.sleep(200)
        assert (await runner.on_slice([])).failures == {}
        assert runner.strategies["B"].strategy is stuck


async def test_an_object_whose_handler_was_given_up_cannot_be_added_or_readmitted_elsewhere(autojump_clock):
    async def hangs_long(_):
        with trio.CancelScope(shield=True):
            await trio.sleep(100)

    stuck = Strategy(True, hangs_long)
    ill = StrategySpec(Strategy(True, fail), on_failure=Quarantine())
    async with serving("actors", {"A": stuck, "B": ill, "C": Strategy(True)}, candle_timeout=5.0) as runner:
        await caught(runner.on_slice([event("A"), event("B")]))
        await runner.remove("A")
        refused = await caught(runner.add("D", stuck))
        assert str(refused).startswith("a handler of the strategy of sleeve 'D' has not ended yet")
        with pytest.raises(RunnerStateError) as raised:
            runner.readmit("B", stuck)
        assert str(raised.value) == (
            "a handler of this object has not ended yet, though it was given up: readmit sleeve 'B' with it when it has, "
            "or with another object."
        )
        await trio.sleep(100)
        runner.readmit("B", stuck)
        assert (await runner.on_slice([])).failures == {}
        assert runner.strategies["B"].strategy is stuck
