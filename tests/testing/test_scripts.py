"""Scripts: who is active when, and which call crashes."""

from random import Random

import pytest
import trio
from hypothesis import Phase, find, given, settings

from tradedesk.marketdata import merge
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner, Quarantine
from tradedesk.testing import (
    CrashPoint,
    PlannedCrash,
    ScriptedStrategy,
    crash_points,
    regime_scripts,
    scripted,
    streams,
)


def smallest(strategy):
    return find(strategy, lambda _: True, settings=settings(database=None, phases=[Phase.generate]), random=Random(0))


def played(strategies, stream, **options):
    """Run the stream and return the error, if there was one."""

    async def run():
        async def source():
            for slice_ in merge(stream):
                yield slice_

        runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(12.0), 1.0, **options)
        try:
            await runner.run(source())
        except PlannedCrash as error:
            return error
        return None

    return trio.run(run)


def test_the_smallest_script_is_never_active():
    assert smallest(regime_scripts(["A", "B"])) == {"A": (False,), "B": (False,)}


def test_the_smallest_crash_is_at_the_first_candle():
    assert smallest(crash_points(["A", "B"])) == CrashPoint("A", "candle", 1)


@settings(max_examples=30)
@given(regime_scripts(["A", "B"], max_size=4), streams(["A", "B"], max_size=6))
def test_a_script_is_played_candle_by_candle_and_its_last_word_holds(scripts, stream):
    strategies = scripted(scripts)
    assert played(strategies, stream) is None
    for name, strategy in strategies.items():
        candles, script = 0, scripts[name]
        for call, subject in strategy.calls:
            if call == "report":
                assert subject == script[min(candles, len(script) - 1)]
            candles += call == "candle"
        assert candles == sum(event.instrument == name for slice_ in stream for event in slice_.events)


@settings(max_examples=30)
@given(crash_points(["A", "B"], last=3), streams(["A", "B"], min_size=4, max_size=4, ties="all"))
def test_the_call_that_is_named_crashes_and_nobody_elses(point, stream):
    strategies = scripted({"A": (True,), "B": (True, False)}, [point])
    played(strategies, stream, on_failure=Quarantine())
    crashed = strategies[point.sleeve].calls
    of_its_kind = [call for call, _ in crashed if call == point.call]
    assert len(of_its_kind) <= point.number
    if len(of_its_kind) == point.number:
        assert crashed[-1][0] == point.call
    other = strategies["B" if point.sleeve == "A" else "A"]
    assert sum(call == "candle" for call, _ in other.calls) == 4


def test_a_crash_says_that_it_was_planned():
    strategy = ScriptedStrategy(crashes=[CrashPoint("A", "report", 2)])
    strategy.is_regime_active()
    with pytest.raises(PlannedCrash, match=r"^call 2 of report fails, as planned$"):
        strategy.is_regime_active()
