"""`check_strategy`: lawful strategies keep the contract, each planted fault breaks its own law in the smallest case."""

import sys
from functools import cache, partial

import attrs
import pytest

from tests.testing import planted
from tradedesk.marketdata import PeriodError
from tradedesk.strategies import VolatilityRegime
from tradedesk.testing import Bar, LawBroken, StrategyCase, check_strategy, law, strategy_verdicts

LAWS = ["bounded", "total", "deterministic", "no_shared_state", "no_look_ahead"]


EXAMPLES = 40
"""Cases within which every fault is found; some are in fewer."""


@attrs.frozen
class Fault:
    """A planted strategy, and what is to be said of it."""

    law: str
    most: int
    """Cases within which it is found."""
    bars: tuple[Bar, ...]
    problem: str
    options: dict[str, object] = attrs.field(factory=dict)
    cut: int = 0
    risks: tuple[tuple[int, float], ...] = ()


FLAT, UP = Bar(), Bar(gap=1)
SHARED = "after candle 2 it was inactive, and an object with another one beside it was active"

FAULTS = {
    "DividesByTheRange": Fault(
        "total",
        5,
        (FLAT,),
        "on_candle_close() raised ZeroDivisionError: float division by zero (planted.py, line 43), at candle 1",
    ),
    "SaysMaybe": Fault(
        "total", 5, (FLAT,), "is_regime_active() raised TypeError: it returned None, not True or False, at candle 1"
    ),
    "Tosses": Fault(
        "deterministic",
        10,
        (FLAT, FLAT),
        "after candle 1 it was inactive, and another object that was given the same was active",
        cut=1,
    ),
    "Shares": Fault("no_shared_state", 10, (FLAT, FLAT), SHARED, cut=1),
    "SharesADefault": Fault("no_shared_state", 10, (FLAT, FLAT), SHARED, cut=1),
    "SharesAGlobal": Fault("no_shared_state", 10, (FLAT, FLAT), SHARED, cut=1),
    "LooksAhead": Fault(
        "no_look_ahead",
        40,
        (FLAT, UP),
        "after candle 1 it was active, and an object that had been given 1 candle only was inactive",
        cut=1,
    ),
    "Normalises": Fault(
        "no_look_ahead",
        40,
        (FLAT, Bar(gap=-1)),
        "after candle 1 it was active, and an object that had been given 1 candle only was inactive",
        cut=1,
    ),
    "Waits": Fault(
        "bounded", 20, (Bar(gap=-11),), "on_candle_close() waits for something that does not come, at candle 1"
    ),
    "Polls": Fault(
        "bounded", 20, (Bar(gap=-11),), "on_candle_close() was not done after 1,000 checkpoints, at candle 1"
    ),
    "Spins": Fault("bounded", 5, (FLAT,), "on_candle_close() was not done after 100,000 lines, at candle 1"),
    "NeverForgets": Fault(
        "warm_up",
        40,
        (UP, FLAT, FLAT, FLAT, FLAT, FLAT),
        "after candle 6 it was active, and an object that was given the last 5 candles was inactive",
        {"warm_up": 5},
        cut=5,
    ),
    "ForgetsItsState": Fault(
        "restart",
        40,
        (FLAT, UP),
        "after candle 2 it was active, and an object restarted after 1 candle was inactive",
        {"restart": True},
        cut=1,
    ),
    "TradesAtLeastOne": Fault(
        "zero_risk",
        40,
        (FLAT,),
        "at candle 1 it ordered buy 1.0 with a risk of 0",
        {"zero_risk": True},
        risks=((0, 0.0),),
    ),
}

LAWFUL = {
    "one phase": (planted.Lawful, {"warm_up": 5, "restart": True}),
    "a slow handler": (planted.Slow, {"examples": 10}),
    "given its data, and looking back": (planted.KeepsToThePast, {}),
    "two phases with a desk": (planted.TwoPhases, {"zero_risk": True}),
    "hears its fills": (planted.Trades, {"zero_risk": True}),
    "a function": (lambda: planted.Lawful("GBPUSD"), {}),
    "ours": (VolatilityRegime, {"warm_up": 22, "restart": True, "examples": 20}),
    "ours, with other settings": (partial(VolatilityRegime, window=3), {"warm_up": 5}),
}


@cache
def found(name):
    return strategy_verdicts(getattr(planted, name), examples=EXAMPLES, **FAULTS[name].options)


@pytest.mark.parametrize("name", LAWFUL)
def test_a_lawful_strategy_keeps_all_laws(name):
    factory, options = LAWFUL[name]
    verdicts = check_strategy(factory, **{"examples": 15, **options})
    more = [law_ for law_ in ("warm_up", "restart", "zero_risk") if law_ in options]
    assert [verdict.law for verdict in verdicts] == LAWS + more
    assert not any("hardly tested" in note for note in verdicts.notes)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_breaks_its_law_in_the_smallest_case(name):
    fault, verdict = FAULTS[name], found(name).of(FAULTS[name].law)
    assert verdict.problem == fault.problem
    assert (tuple(verdict.witness.bars), verdict.witness.cut) == (fault.bars, fault.cut)
    assert tuple(verdict.witness.risks) == fault.risks
    assert 1 <= verdict.tried <= fault.most


@pytest.mark.parametrize("name", FAULTS)
def test_no_other_law_is_broken_by_it(name):
    assert [verdict.law for verdict in found(name).broken] == [FAULTS[name].law]


def test_the_error_shows_the_candles_and_how_to_try_them_again():
    with pytest.raises(LawBroken) as caught:
        check_strategy(planted.LooksAhead, examples=EXAMPLES)
    assert str(caught.value).splitlines() == [
        "LooksAhead breaks no_look_ahead: does the same whatever candles come later",
        "after candle 1 it was active, and an object that had been given 1 candle only was inactive",
        "  candle 1   2024-01-01T00:00:00Z  open 100.0  high 100.0  low 100.0  close 100.0  risk 10.0  active",
        "  candle 2   2024-01-01T00:01:00Z  open 100.1  high 100.1  low 100.1  close 100.1  risk 10.0  inactive",
        "  again      cases=[StrategyCase([Bar(), Bar(gap=1)], cut=1)]",
    ]
    assert caught.value.witness == StrategyCase((FLAT, UP), cut=1)


def test_the_verdicts_are_a_table_that_says_what_was_not_judged():
    assert str(found("Spins")).splitlines() == [
        "Spins",
        "BROKEN  bounded          is done with every call after so many lines and checkpoints",
        "        on_candle_close() was not done after 100,000 lines, at candle 1",
        "          candle 1   2024-01-01T00:00:00Z  open 100.0  high 100.0  low 100.0  close 100.0  risk 10.0  -",
        "          again      cases=[StrategyCase([Bar()], cut=0)]",
        "open    total            not judged while bounded is broken",
        "open    deterministic    not judged while bounded is broken",
        "open    no_shared_state  not judged while bounded is broken",
        "open    no_look_ahead    not judged while bounded is broken",
    ]
    assert [verdict.presupposes for verdict in found("Tosses")] == ["", "", "", "deterministic", "deterministic"]


def test_a_long_witness_is_shown_from_its_end():
    case = StrategyCase((FLAT,) * 19 + (Bar(gap=-11),))
    verdict = strategy_verdicts(planted.Waits, cases=[case], examples=1).of("bounded")
    assert verdict.problem == "on_candle_close() waits for something that does not come, at candle 20"
    assert verdict.story[0] == "...        8 candles before"
    assert len(verdict.story) == 14
    assert verdict.tried == 1


def test_what_cannot_be_repeated_is_shown_as_it_was():
    verdict = strategy_verdicts(planted.TossesAlone, examples=EXAMPLES).of("deterministic")
    assert "another object that was given the same was" in verdict.problem


def test_an_object_that_cannot_be_pickled_cannot_be_restarted():
    problem = strategy_verdicts(planted.CannotBePickled, restart=True, examples=5).of("restart").problem
    assert problem.startswith(
        "an object restarted after 0 candles had trouble: the restart raised AttributeError: Can't"
    )


def test_a_restart_of_the_users_own_is_used():
    def same(strategy):
        return strategy

    check_strategy(planted.CannotBePickled, restart=same, examples=20)


def test_a_warm_up_that_is_too_short_by_one_is_found():
    case = StrategyCase((UP, UP, FLAT, FLAT, FLAT), cut=4)
    verdict = strategy_verdicts(planted.Lawful, warm_up=4, examples=1, cases=[case]).of("warm_up")
    assert "an object that was given the last 4 candles was inactive" in verdict.problem


# What is seen, and what is left as it was -----------------------------------------------------------------------------


def test_what_the_user_observes_must_obey_too():
    verdict = strategy_verdicts(planted.LooksAhead, observe=lambda strategy: len(strategy.data), examples=20).of(
        "no_look_ahead"
    )
    assert verdict.problem == "after candle 1 it showed 2, and an object that had been given 1 candle only showed 1"


def test_orders_are_seen_of_those_with_a_desk():
    verdicts = check_strategy(planted.Trades, examples=20)
    active, ordered = verdicts.notes
    assert active.startswith("It was active in ")
    assert ordered.startswith("It had orders in ")
    assert not ordered.startswith("It had orders in 0")


def test_a_strategy_that_is_never_active_is_not_taken_for_proven():
    assert strategy_verdicts(planted.Waits, skip=["bounded"], examples=3).notes == (
        "It was active in 0 of 3 cases.",
        "A strategy that is never active is hardly tested: give it more candles, candles=..., or other ones.",
    )


@law
def rises_only(lived):
    """is active on rises only"""
    for before, step, event in zip([None, *lived.candles], lived.alone.steps, lived.candles, strict=False):
        assert not step.after or before is None or event.candle.close > before.candle.close, "it was active on a fall"


def test_a_law_of_the_users_own_is_a_function():
    verdict = strategy_verdicts(planted.Lawful, extra=[rises_only], examples=EXAMPLES).of("rises_only")
    assert (verdict.says, verdict.problem) == ("is active on rises only", "it was active on a fall")
    assert verdict.witness.bars == (UP, UP, Bar()) or len(verdict.witness.bars) <= 4


def test_shared_state_is_put_back():
    strategy_verdicts(planted.Shares, examples=5)
    strategy_verdicts(planted.SharesADefault, examples=5)
    strategy_verdicts(planted.SharesAGlobal, examples=5)
    assert planted.Shares.seen == []
    assert planted.SharesADefault().seen == []
    assert planted.COUNTED == 0


def test_shared_state_in_a_closure_is_found_and_put_back():
    seen = []

    def make():
        strategy = planted.Shares()
        strategy.seen = seen
        return strategy

    assert [verdict.law for verdict in strategy_verdicts(make, examples=EXAMPLES).broken] == ["no_shared_state"]


@pytest.mark.parametrize("fault", [planted.SharesAnIndicator, planted.SharesARecord])
def test_shared_objects_are_found_as_shared_and_put_back(fault):
    verdicts = strategy_verdicts(fault, examples=EXAMPLES)
    assert [verdict.law for verdict in verdicts.broken] == ["no_shared_state"]
    assert "could not be made smaller" not in str(verdicts)
    assert not fault().active
    assert planted.RECORD.count == 0


def test_a_strategy_that_writes_into_its_candles_spoils_them_for_its_neighbour():
    verdicts = strategy_verdicts(planted.RewritesCandles, examples=EXAMPLES)
    assert [verdict.law for verdict in verdicts.broken] == ["no_shared_state"]
    assert verdicts.of("no_shared_state").witness.bars == (FLAT,)


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (planted.TakesItsRiskLater, "set_risk_per_trade() raised TypeError: it is async, and would never run: write "),
        (
            planted.ReportsLater,
            "is_regime_active() raised TypeError: it is async, and would never run: write def, not ",
        ),
        (planted.Quits, "on_candle_close() raised SystemExit: 0 (planted.py, line "),
    ],
)
def test_what_a_portfolio_would_not_take_breaks_the_law(fault, problem):
    assert strategy_verdicts(fault, examples=10).of("total").problem.startswith(problem)


def test_what_is_raised_when_it_is_observed_is_said_of_that():
    problem = strategy_verdicts(planted.Lawful, observe=lambda _: 1 / 0, examples=10).of("total").problem
    assert problem.startswith("observe() raised ZeroDivisionError: division by zero (test_contract.py, line ")


def test_the_trace_hook_is_free_again_and_is_left_to_others():
    assert sys.gettrace() is None
    check_strategy(planted.Lawful, examples=2)
    assert sys.gettrace() is None

    def tracer(frame, what, argument):
        return None

    sys.settrace(tracer)
    try:
        problem = (
            strategy_verdicts(planted.Polls, examples=1, cases=[StrategyCase((Bar(gap=-11),))]).of("bounded").problem
        )
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(None)
    assert problem == "on_candle_close() was not done after 1,000 checkpoints, at candle 1"


# What cannot be checked -----------------------------------------------------------------------------------------------


class Mute:
    def set_risk_per_trade(self, value): ...


class Hasty(planted.Lawful):
    def on_candle_close(self, event):
        self.take(event.candle.close)


class Refuses(planted.Lawful):
    def __init__(self):
        raise ValueError("not today")


class Needy(planted.Lawful):
    def __init__(self, threshold, level=2.0):
        super().__init__()


ONE = planted.Lawful()


@pytest.mark.parametrize(
    ("call", "kind", "text"),
    [
        (
            lambda: check_strategy(3),
            TypeError,
            "3 makes no strategies: give the class, or a function that makes one",
        ),
        (
            lambda: check_strategy(Needy),
            TypeError,
            "Needy needs threshold: give a function that makes one, such as lambda: Needy(threshold=...)",
        ),
        (
            lambda: check_strategy(Mute),
            TypeError,
            "a Mute is no strategy: it has no is_regime_active(), on_candle_close()",
        ),
        (
            lambda: check_strategy(lambda: ONE),
            ValueError,
            (
                "the factory gave the same object twice, and every play needs a new one: give the class, or a function that "
                "makes one each time"
            ),
        ),
        (
            lambda: check_strategy(planted.Trades, restart=True),
            ValueError,
            "restart: a desk cannot be taken along; test the strategy's restart without one",
        ),
        (
            lambda: check_strategy(planted.Lawful, warm_up=0),
            ValueError,
            "warm_up must be a whole number of at least 1, not 0",
        ),
        (
            lambda: check_strategy(planted.Lawful, candles=0),
            ValueError,
            "candles must be a whole number of at least 1, not 0",
        ),
        (
            lambda: check_strategy(planted.made_later),
            TypeError,
            "made_later is async; what makes strategies is not: write def, not async def",
        ),
        (
            lambda: check_strategy(planted.Lawful, skip="totl"),
            ValueError,
            f"skip names 'totl', which is no law here; there are {', '.join(LAWS)}",
        ),
    ],
)
def test_what_cannot_be_checked_is_refused(call, kind, text):
    with pytest.raises(kind) as caught:
        call()
    assert str(caught.value) == text


def test_a_period_that_is_none_is_refused():
    with pytest.raises(PeriodError):
        check_strategy(planted.Lawful, period="minute")


def test_a_constructor_that_raises_breaks_the_law():
    problem = strategy_verdicts(Refuses, examples=1).of("total").problem
    assert problem.startswith("the factory raised ValueError: not today (test_contract.py, line ")


def test_a_handler_that_is_not_async_breaks_the_law():
    problem = strategy_verdicts(Hasty, examples=10).of("total").problem
    assert problem == (
        "on_candle_close() raised TypeError: it returned None, which cannot be awaited: write async def, at candle 1"
    )


async def test_inside_trio_it_says_to_call_it_from_outside():
    with pytest.raises(RuntimeError, match=r"^check_strategy runs trio itself: call it from def, not from async def$"):
        check_strategy(planted.Lawful)
