"""A portfolio as a state machine, and driven step by step from a test that is not async."""

from contextlib import contextmanager
from typing import ClassVar

import pytest
import trio
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import rule, run_state_machine_as_test

from actors.testing import Schedule
from tests.testing.faulty_runners import UnacknowledgedDecrease, planted
from tests.testing.parts import DEFAULT, Flipping, InTwo, flipping, policy, stream
from tradedesk.portfolio import AllocationError, Handled, Instrument, Quarantine, Restart, RosterError, RunnerStateError
from tradedesk.testing import DeskMachine, LiveDesk, Options, PlannedCrash, Violation, budget_conserved
from tradedesk.testing._session import Session

A, B, C, D = map(Instrument, "ABCD")

few = settings(
    max_examples=40,
    stateful_step_count=12,
    database=None,
    derandomize=True,
    print_blob=False,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
)


class Desk(DeskMachine):
    def strategies(self):
        return {key: Flipping() for key in (A, B)}

    def spare(self):
        return {key: Flipping() for key in (C, D)}

    def policy(self):
        return policy()


class BuiltAnew(Desk):
    options: ClassVar[Options] = {"on_failure": Restart(lambda _: Flipping(), limit=2, warm_up=2), "dispatch": "direct"}


class WithErrors(Desk):
    options: ClassVar[Options] = {"on_failure": "raise", "default_risk_per_trade": DEFAULT}

    @rule()
    def tick(self):
        assert self.desk.feed([]).failures == {}


@pytest.mark.parametrize("machine", [Desk, BuiltAnew, WithErrors])
def test_a_portfolio_keeps_its_promises_whatever_happens_to_it(machine):
    run_state_machine_as_test(machine, settings=few)


# Planted faults -------------------------------------------------------------------------------------------------------


NOT_RULES = ("state.begin", "state.keeps_its_promises", "state.teardown")
short = settings(few, max_examples=150, stateful_step_count=8)


def steps_of(machine, error_type):
    """The rules of the smallest failing run, as Hypothesis prints them."""
    with pytest.raises(error_type) as caught:
        run_state_machine_as_test(machine, settings=short)
    text = "\n".join(caught.value.__notes__)
    lines = [line.partition("(")[0] for line in text.splitlines() if line.startswith("state.")]
    return [line.removeprefix("state.") for line in lines if line not in NOT_RULES]


class Remembering:
    """A policy that never forgets a sleeve, which goes well until one is removed."""

    portfolio_risk_budget = 100.0

    def __init__(self):
        self.known = set()

    def allocate(self, active):
        self.known |= set(active)
        if not self.known:
            return {}
        return dict.fromkeys(self.known, 100.0 / len(self.known))


class Small(Desk):
    def spare(self):
        return {}


class WithAFaultyPolicy(Small):
    def policy(self):
        return Remembering()


def test_a_policy_that_remembers_is_found_and_shrinks_to_few_rules():
    steps = steps_of(WithAFaultyPolicy, AllocationError)
    assert "remove" in steps
    assert len(steps) <= 4


class TakingTurns(Small):
    keeps = (budget_conserved,)

    def strategies(self):
        return flipping(2)


def test_a_fault_of_the_runner_that_only_some_schedules_show_shrinks_to_few_rules():
    with planted(UnacknowledgedDecrease):
        steps = steps_of(TakingTurns, Violation)
    assert steps.count("feed") >= 2
    assert len(steps) <= 4


# A desk, step by step -------------------------------------------------------------------------------------------------


@contextmanager
def live(strategies=None, **options):
    desk = LiveDesk(strategies or {key: Flipping() for key in (A, B)}, policy(), **options)
    try:
        yield desk
    finally:
        desk.close()


def handled(desk):
    return [record.sleeve for record in desk.log if isinstance(record, Handled)]


def test_each_call_is_served_when_it_returns():
    with live() as desk:
        for events in stream("AB", 2):
            desk.feed(events)
        assert handled(desk) == ["A", "B", "A", "B"]
        assert desk.statistics().held == {"A": 50.0, "B": 50.0}


def test_sleeves_come_and_go_and_the_objects_are_yours():
    mine = Flipping()
    with live() as desk:
        desk.add(C, mine)
        desk.feed(stream("C", 1)[0])
        assert desk.sleeves == ("A", "B", "C")
        assert desk.remove(C) is mine
        assert desk.sleeves == ("A", "B")
        assert mine.seen == [0]


def test_what_is_refused_changes_nothing():
    with live() as desk:
        with pytest.raises(RosterError):
            desk.add(A, InTwo())
        with pytest.raises(RunnerStateError):
            desk.readmit(B, InTwo())
        desk.feed(stream("AB", 1)[0])
        assert handled(desk) == ["A", "B"]


def test_a_sleeve_that_fails_on_its_way_out_is_out():
    with live() as desk:
        desk.feed([])
        desk.crash(A, "risk")
        with pytest.raises(PlannedCrash):
            desk.remove(A)
        assert desk.sleeves == ("B",)
        desk.feed(stream("B", 1)[0])


def test_a_planted_crash_comes_out_of_the_call_and_a_sleeve_comes_back():
    with live(on_failure=Quarantine()) as desk:
        desk.crash(A)
        desk.crash(B, "report", late=True)
        report = desk.feed(stream("AB", 1)[0])
        assert {sleeve: str(error) for sleeve, error in report.failures.items()} == {
            "A": "planned: 'A' crashes at the beginning of candle 1",
            "B": "planned: 'B' crashes at the end of report 1",
        }
        desk.readmit(A)
        desk.feed(stream("AB", 1)[0])
        assert handled(desk) == ["A"]
    with live() as desk:
        desk.crash(A, "risk")
        with pytest.raises(PlannedCrash, match="risk 1"):
            desk.feed([])


def test_what_a_sleeve_says_can_be_put_into_its_mouth():
    with live() as desk:
        desk.say(A, active=False)
        desk.feed([])
        assert desk.statistics().active == ("B",)
        desk.say(A, active=None)
        desk.feed([])
        assert desk.statistics().active == ("A", "B")


def test_a_policy_is_set_and_a_halt_let_go_of():
    with live() as desk:
        desk.halt("enough")
        desk.feed([])
        assert desk.statistics().held == {"A": 0.0, "B": 0.0}
        desk.release()
        desk.set_policy(Remembering())
        desk.feed([])
        assert desk.statistics().held == {"A": 50.0, "B": 50.0}


def test_the_schedule_decides_who_goes_first():
    def first_to_act(schedule):
        strategies = {key: Flipping(pause=trio.lowlevel.checkpoint) for key in (A, B)}
        with live(strategies, schedule=schedule) as desk:
            desk.feed(stream("AB", 1)[0])
            return next(item.sleeve for item in desk.log if getattr(item, "method", "") == "on_candle_close")

    assert first_to_act(None) == "A"
    assert first_to_act(Schedule(slow=["sleeve 'A'"])) == "B"


def test_a_call_that_hangs_says_so_and_the_session_is_over():
    desk = LiveDesk({A: Flipping(pause=trio.sleep_forever)}, policy())
    with pytest.raises(AssertionError) as caught:
        desk.feed(stream("A", 1)[0])
    assert str(caught.value) == "hangs: after 1e+06 s of virtual time the call has not ended"
    with pytest.raises(RuntimeError, match="this session is over"):
        desk.feed([])


def test_what_entering_or_leaving_the_block_raises_comes_out():
    class Block:
        def __init__(self, enters):
            self.enters = enters

        async def __aenter__(self):
            if not self.enters:
                raise OSError("no way in")

        async def __aexit__(self, *_):
            raise OSError("no way out")

    with pytest.raises(OSError, match="no way in"):
        Session(Block(enters=False))
    session = Session(Block(enters=True))
    with pytest.raises(OSError, match="no way out"):
        session.close()
    session.close()


@pytest.mark.parametrize("missing", ["strategies", "policy"])
def test_what_a_machine_lacks_is_named(missing):
    with pytest.raises(NotImplementedError, match=rf"^DeskMachine has no {missing}\(\): return "):
        getattr(DeskMachine(), missing)()
