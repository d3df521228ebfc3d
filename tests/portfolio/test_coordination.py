"""The rules, driven by hand: no trio, no strategies; what each step asks for, and what is believed in between."""

import pytest

from tests.portfolio.parts import DEFAULT, Boom, event
from tradedesk.portfolio._coordination import Coordination
from tradedesk.portfolio._errors import AllocationError
from tradedesk.portfolio._sleeves import Sleeve, Sleeves
from tradedesk.portfolio._waves import Allocate, Answer, Build, Failure, Kind, Wave
from tradedesk.portfolio.types import Quarantine, Restart

KEYS = ("A", "B", "C")


def always():
    return True


class Hand:
    """A coordination of three sleeves, and a hand that carries its waves."""

    def __init__(self, *, poll=False, trace=None, rules=("raise",) * 3):
        sleeves = Sleeves([Sleeve(key, key, None) for key in KEYS], skip_unknown=False)
        self.core = Coordination(sleeves, DEFAULT, rules=rules, poll_regimes=poll, trace=trace)
        self.told = []

    def begin(self, *events, wanted=always):
        self.steps = self.core.slice(self.core.sleeves.plan(events, None), "Policy", wanted)
        return next(self.steps)

    def answer(self, allocation, budget=12.0):
        """The policy's answer, as the service hands it in; returns the next step, or None at the end."""
        return self.send([self.core.accept(Answer(allocation, budget), "Policy")])

    def send(self, outcomes):
        try:
            return self.steps.send(outcomes)
        except StopIteration:
            return None

    def play(self, allocation, *events, active=()):
        """Carry a whole slice out, and note the waves of risk."""
        self.told = []
        step = self.begin(*events)
        while step is not None:
            step = self.answer(allocation) if isinstance(step, Allocate) else self.carry(step, active)
        return self.told

    def carry(self, wave, active=()):
        if wave.kind is Kind.RISK:
            self.told.append(dict(zip((KEYS[place] for place in wave.sleeves), wave.payloads, strict=True)))
            return self.send([None] * len(wave.sleeves))
        return self.send([KEYS[place] in active for place in wave.sleeves])

    def until(self, kind, allocation, *events, active=()):
        """Carry out a slice up to its first wave of a kind, which is not carried; return that wave."""
        step = self.begin(*events)
        while isinstance(step, Allocate) or step.kind is not kind:
            step = self.answer(allocation) if isinstance(step, Allocate) else self.carry(step, active)
        return step


def test_the_steps_of_a_slice_are_poll_allocate_risk_candles():
    hand, kinds = Hand(poll=True), []
    step = hand.begin(event("A"))
    while step is not None:
        kinds.append("allocate" if isinstance(step, Allocate) else step.kind.name)
        step = hand.answer({}) if isinstance(step, Allocate) else hand.carry(step)
    assert kinds == ["POLL", "allocate", "RISK", "CANDLE"]


def test_releases_and_smaller_grants_are_a_wave_before_the_larger_ones():
    hand = Hand()
    hand.play({"A": 12.0})
    assert hand.play({"A": 2.0, "C": 10.0}) == [{"A": 2.0}, {"C": 10.0}]


def test_candles_that_reach_everybody_count_for_everybody_slice_by_slice():
    hand = Hand()
    for _ in range(3):
        hand.play({}, *map(event, KEYS))
    assert [one.handled for one in hand.core.sleeve_statistics().values()] == [3, 3, 3]


def test_before_its_first_report_a_sleeve_is_not_active_and_holds_nothing():
    core = Hand().core
    assert (core.active, core.held) == ((), [0.0, 0.0, 0.0])
    core.admit(Sleeve("D", "D", None), "raise")
    assert (core.active, core.held) == ((), [0.0, 0.0, 0.0, 0.0])
    assert [one.standing for one in core.sleeve_statistics().values()] == ["inactive"] * 4


def test_a_sleeve_that_fails_its_first_report_is_not_active():
    hand, asked = Hand(), []
    hand.begin()
    asked.append(hand.send([Failure(Boom()), True, False]).active)
    assert asked == [["B"]]


def test_what_changes_no_holding_goes_with_what_is_less():
    assert Hand().play({"A": 12.0}) == [{"B": DEFAULT, "C": DEFAULT}, {"A": 12.0}]


def test_who_failed_is_told_nothing_and_those_behind_it_are():
    hand = Hand()
    wave = hand.begin()
    assert wave.kind is Kind.POLL
    hand.send([Failure(Boom()), False, False])
    wave = hand.answer({})
    assert (wave.kind, wave.sleeves, wave.payloads) == (Kind.RISK, [1, 2], [DEFAULT, DEFAULT])


def test_the_smallest_amount_that_a_failed_sleeve_still_holds_keeps_others_from_more():
    hand = Hand()
    hand.play({"A": 0.5})
    hand.until(Kind.RISK, {"B": 0.5})
    assert hand.send([Failure(Boom())]) is None
    assert hand.core.held == [0.5, 0.0, 0.0]


def test_a_larger_grant_is_not_asked_for_until_the_smaller_one_is_acknowledged():
    hand = Hand()
    hand.play({"A": 12.0})
    first = hand.until(Kind.RISK, {"B": 12.0})
    assert (first.sleeves, hand.core.held) == ([0], [12.0, 0.0, 0.0])
    second = hand.send([None])
    assert (second.sleeves, hand.core.held) == ([1], [0.0, 12.0, 0.0])


def test_the_same_amount_is_not_sent_again():
    hand = Hand()
    hand.play({"A": 5.0})
    assert hand.play({"A": 5.0}) == []


def test_the_default_counts_as_nothing_and_an_explicit_zero_is_zero():
    hand = Hand()
    assert hand.play({"A": 0.0}) == [{"A": 0.0, "B": DEFAULT, "C": DEFAULT}]
    assert hand.core.held == [0.0, 0.0, 0.0]


def test_a_grant_that_equals_the_default_moves_what_is_held_and_nothing_is_sent():
    hand = Hand()
    hand.play({})
    assert hand.play({"A": DEFAULT}) == []
    assert hand.core.held == [DEFAULT, 0.0, 0.0]
    assert hand.play({}) == []
    assert hand.core.held == [0.0, 0.0, 0.0]


def test_nothing_is_sent_after_an_allocation_error():
    hand = Hand()
    hand.play({"A": 5.0})
    hand.begin(event("A"))
    with pytest.raises(AllocationError):
        hand.steps.send([Failure(Boom())])
    assert hand.core.held == [5.0, 0.0, 0.0]


def test_a_failed_release_counts_as_still_held_and_ends_the_slice():
    hand = Hand()
    hand.play({"A": 12.0})
    hand.until(Kind.RISK, {"B": 12.0}, event("C"))
    assert hand.send([Failure(Boom())]) is None
    assert hand.core.held == [12.0, 0.0, 0.0]


def test_a_failed_increase_counts_as_taken_and_the_candles_of_others_go_on():
    hand = Hand()
    hand.play({})
    hand.until(Kind.RISK, {"A": 12.0}, event("A"), event("C"))
    wave = hand.send([Failure(Boom())])
    assert (wave.kind, wave.sleeves) == (Kind.CANDLE, [2])
    assert hand.core.held == [12.0, 0.0, 0.0]


def test_a_caller_who_is_not_there_any_more_gets_no_candle_routed():
    hand = Hand()
    step = hand.begin(event("A"), wanted=lambda: False)
    while step is not None:
        assert isinstance(step, Allocate) or step.kind is not Kind.CANDLE
        step = hand.answer({}) if isinstance(step, Allocate) else hand.carry(step)
    assert hand.core.candles == 0


def test_closed_at_the_poll_the_next_slice_polls_again():
    hand = Hand()
    hand.begin()
    hand.steps.close()
    assert hand.begin().sleeves == [0, 1, 2]


def test_closed_at_the_allocation_everything_is_as_before():
    hand = Hand()
    hand.play({"A": 5.0})
    hand.begin()
    hand.steps.close()
    assert (hand.core.held, hand.play({"A": 5.0})) == ([5.0, 0.0, 0.0], [])


def test_closed_at_a_smaller_grant_the_larger_amount_counts_and_it_is_sent_again():
    hand = Hand()
    hand.play({"A": 12.0})
    hand.until(Kind.RISK, {"A": 2.0, "B": 10.0})
    hand.steps.close()
    assert hand.core.held == [12.0, 0.0, 0.0]
    assert hand.play({"A": 12.0}) == [{"A": 12.0}]


def test_closed_at_a_larger_grant_the_larger_amount_counts_and_it_is_sent_again():
    hand = Hand()
    hand.play({})
    hand.until(Kind.RISK, {"A": 12.0})
    hand.steps.close()
    assert hand.core.held == [12.0, 0.0, 0.0]
    assert hand.play({"A": 12.0}) == [{"A": 12.0}]


def test_closed_at_a_larger_grant_it_is_released_before_anybody_else_gets_it():
    hand = Hand()
    hand.play({})
    hand.until(Kind.RISK, {"A": 12.0})
    hand.steps.close()
    assert hand.play({"B": 12.0}) == [{"A": DEFAULT}, {"B": 12.0}]


def test_closed_at_the_candles_the_next_slice_polls_everybody_and_sends_no_risk_again():
    hand = Hand()
    hand.play({"A": 5.0})
    hand.until(Kind.CANDLE, {"A": 5.0}, event("A"))
    hand.steps.close()
    step = hand.begin()
    assert isinstance(step, Wave)
    assert (step.kind, list(step.sleeves)) == (Kind.POLL, [0, 1, 2])
    assert hand.play({"A": 5.0}) == []
    assert isinstance(hand.begin(), Allocate)  # everybody has been asked, and reports are trusted again


def test_an_unpolled_sleeve_that_failed_is_polled_again_and_only_that_one():
    hand = Hand()
    hand.play({})
    hand.until(Kind.CANDLE, {}, event("A"), event("B"))
    hand.send([True, Failure(Boom())])
    assert list(hand.begin().sleeves) == [1]
    hand.send([True])
    hand.play({})
    assert isinstance(hand.begin(), Allocate)  # it has reported, and owes nothing any more


def test_the_records_of_a_slice_are_numbered_without_gaps():
    trace = []
    hand = Hand(poll=True, trace=trace.append)
    hand.play({"A": 5.0}, event("A"), event("B"))
    hand.play({"B": 5.0}, event("A"))
    assert [record.sequence for record in trace] == list(range(1, len(trace) + 1))


# Rules of failure -----------------------------------------------------------------------------------------------------


def restarting(**options):
    return Hand(rules=(Restart(str, 2, 9, **options), Quarantine(), "raise"), poll=True)


def fail_at_the_candle(hand):
    hand.until(Kind.CANDLE, {}, event("A"))
    hand.send([Failure(Boom())])


def test_a_new_object_is_asked_for_before_anybody_is_polled():
    hand = restarting()
    fail_at_the_candle(hand)
    wave = hand.begin()
    assert (wave.kind, wave.sleeves, wave.payloads) == (Kind.BUILD, [0], [Build(str)])
    wave = hand.send([None])
    assert (wave.kind, list(wave.sleeves)) == (Kind.POLL, [0, 1, 2])


def test_a_sleeve_that_could_not_be_built_is_left_out_of_the_slice():
    hand = restarting()
    fail_at_the_candle(hand)
    hand.begin(event("A"))
    wave = hand.send([Failure(Boom())])
    assert (wave.kind, list(wave.sleeves)) == (Kind.POLL, [1, 2])


def test_closed_while_a_new_object_is_built_the_next_slice_asks_for_it_again():
    hand = restarting()
    fail_at_the_candle(hand)
    hand.begin()
    hand.steps.close()
    assert hand.begin().kind is Kind.BUILD
    assert hand.core.standing.statistics(0, active=False).standing == "resting"


def test_the_candles_for_a_warm_up_are_those_that_were_handled_and_no_more_than_asked_for():
    hand = restarting(warm_up=2)
    for number in range(3):
        hand.play({}, event("A", candle=number))
    fail_at_the_candle(hand)
    assert hand.begin().payloads == [Build(str, (event("A", candle=1), event("A", candle=2)))]


def test_a_release_that_fails_in_a_quarantined_sleeve_frees_what_it_held_for_others():
    hand = restarting()
    hand.play({"B": 12.0})
    hand.until(Kind.RISK, {"C": 12.0})
    larger = hand.send([Failure(Boom())])
    assert (larger.kind, larger.sleeves, hand.core.held) == (Kind.RISK, [2], [0.0, 0.0, 12.0])


def test_nothing_is_kept_of_candles_where_no_rule_asks_for_them():
    hand = restarting()
    hand.play({}, event("A"), event("B"), event("C"))
    assert hand.core.standing.memories == {}


def test_a_sleeve_that_went_down_as_it_took_its_risk_is_not_active_in_the_next_slice():
    hand = restarting()
    hand.play({}, active=("A", "B"))
    hand.until(Kind.RISK, {"B": 12.0}, active=("A", "B"))
    hand.send([Failure(Boom())])
    hand.begin()
    assert hand.send([True, False]).active == ["A"]


def test_a_sleeve_that_goes_down_at_the_poll_is_not_active_for_the_allocation_behind_it():
    hand = restarting()
    hand.play({}, active=("A", "B"))
    hand.begin()
    assert hand.send([True, Failure(Boom()), False]).active == ["A"]
