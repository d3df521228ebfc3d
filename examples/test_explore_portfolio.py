"""How to explore a portfolio: rules for every run, schedules, crashes, and what one strategy does alone.

Run it with: python -m pytest -q test_explore_portfolio.py
"""

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from actors.testing import Exhaustive, Lab, Schedule, explored
from actors.testing.hypothesis import schedules
from tradedesk.marketdata import Candle, CandleCloseEvent
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument, Quarantine
from tradedesk.testing import (
    CrashPoint,
    DeskMachine,
    Run,
    StrategyHarness,
    budget_conserved,
    crash_points,
    isolation,
    schedule_independent,
    simulate,
    simulate_in,
)

EURUSD, GBPUSD = Instrument("EURUSD"), Instrument("GBPUSD")


class Rising:
    """Active after a candle that closed above its open."""

    def __init__(self) -> None:
        self.risk = 0.0
        self._rising = False

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self._rising

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self._rising = event.candle.close > event.candle.open


def candle(change: int) -> Candle:
    return Candle("2024-03-01T09:00Z", open=10, high=max(10, 10 + change), low=min(10, 10 + change), close=10 + change)


def stream(changes: list[tuple[int, int]]) -> list[list[CandleCloseEvent]]:
    """For each pair a slice with a candle of both instruments."""
    return [
        [
            CandleCloseEvent(sleeve, "HOUR", candle(change))
            for sleeve, change in zip((EURUSD, GBPUSD), pair, strict=True)
        ]
        for pair in changes
    ]


def strategies() -> dict[Instrument, Rising]:
    return {EURUSD: Rising(), GBPUSD: Rising()}


def policy() -> EqualSplitRiskPolicy:
    return EqualSplitRiskPolicy(portfolio_risk_budget=100.0)


# One strategy, alone: no portfolio, and nothing async.


def test_a_candle_that_rises_makes_the_regime() -> None:
    harness = StrategyHarness(Rising())
    harness.candle(candle(+1))
    assert harness.regime
    harness.candle(candle(-1))
    assert not harness.regime


# A portfolio under any schedule: candles and schedule are arguments, and shrink together.

CHANGES: SearchStrategy[list[tuple[int, int]]] = st.lists(st.tuples(st.integers(-1, 1), st.integers(-1, 1)), max_size=6)


@settings(max_examples=50)
@given(changes=CHANGES, schedule=schedules())
def test_every_run_keeps_its_promises(changes: list[tuple[int, int]], schedule: Schedule) -> None:
    run = simulate(strategies(), policy(), stream(changes), schedule=schedule)
    run.check()  # all rules
    run.check(budget_conserved, nobody_gets_more_than_is_there)


def nobody_gets_more_than_is_there(run: Run) -> None:
    """A rule of your own is a function of the run."""
    amounts = [call.value for call in run.calls(EURUSD) if call.method == "set_risk_per_trade"]
    assert all(amount in (0.0, 50.0, 100.0) for amount in amounts)


# Every schedule: what the portfolio comes to does not depend on who goes first.


THREE = stream([(+1, -1), (-1, +1), (+1, +1)])
DIRECTLY = simulate(strategies(), policy(), THREE, dispatch="direct")  # without actors there is no order to choose


@explored(search=Exhaustive(), exhausted=True)
async def test_no_order_of_things_changes_the_result(lab: Lab) -> None:
    run = await simulate_in(lab, strategies(), policy(), THREE)
    run.check()
    run.check(schedule_independent(than=DIRECTLY))


# A crash anywhere: it changes nothing for the other sleeve but its share.


@settings(max_examples=50)
@given(changes=CHANGES, point=crash_points([EURUSD], calls=["candle"], last=6))
def test_a_crash_is_the_problem_of_one_sleeve(changes: list[tuple[int, int]], point: CrashPoint) -> None:
    run = simulate(strategies(), policy(), stream(changes), on_failure=Quarantine(), crashes=[point])
    run.check()
    run.check(isolation(EURUSD, than=simulate(strategies(), policy(), stream(changes))))


# Whatever happens, step by step: candles, regimes, crashes, sleeves that come and go, halts.


class Desk(DeskMachine):
    def strategies(self) -> dict[Instrument, Rising]:
        return strategies()

    def spare(self) -> dict[Instrument, Rising]:
        return {Instrument("USDJPY"): Rising()}

    def policy(self) -> EqualSplitRiskPolicy:
        return policy()

    def candles(self) -> SearchStrategy[object]:
        return st.integers(-1, 1).map(candle)


TestDesk = Desk.TestCase
TestDesk.settings = settings(max_examples=20, stateful_step_count=10)
