"""Every rule refuses the log in which its promise is broken, names itself, and shows the records that do it."""

from collections.abc import Callable

import attrs
import pytest

from actors import DeadLetter
from tests.testing.parts import BUDGET, DEFAULT, mixed, policy, stream
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Allocated,
    Failed,
    Handled,
    Quarantine,
    Quarantined,
    Refused,
    Reported,
    Restarted,
    RiskSent,
    Routed,
    Updated,
)
from tradedesk.testing import (
    Call,
    CrashPoint,
    Premises,
    Run,
    Violation,
    allocate_before_dispatch,
    budget_conserved,
    fifo_per_instrument,
    no_lost_or_duplicated_candles,
    numbered_without_gaps,
    out_is_left_alone,
    quiesces,
    simulate,
)


@pytest.fixture(scope="module")
def run() -> Run:
    """Three sleeves, two periods, a change of allocation in each slice, and one that fails for good in the third."""
    return simulate(
        mixed(),
        policy(),
        stream("AB", 4, periods=("HOUR", "1MINUTE")),
        default_risk_per_trade=DEFAULT,
        on_failure=Quarantine(),
        crashes=[CrashPoint("B", "candle", 5)],
    )


def test_the_log_that_is_mutated_breaks_no_rule_and_holds_what_the_mutations_need(run):
    run.check()
    kinds = {type(item) for item in run.log}
    assert {Reported, Allocated, RiskSent, Routed, Updated, Handled, Failed, Refused, Quarantined, Call} <= kinds
    assert any(isinstance(r, RiskSent) and r.granted and r.amount == BUDGET for r in run.trace)


# Mutations: each takes the log and returns another, in which one thing is wrong ---------------------------------------

Log = list[object]


def numbered(log: Log) -> Log:
    """The same with numbers without gaps, so that only the rule itself can see what is wrong."""
    numbers = iter(range(1, len(log) + 1))
    return [item if isinstance(item, Call | DeadLetter) else attrs.evolve(item, sequence=next(numbers)) for item in log]


def place(log: Log, wanted: Callable[[object], bool], nth: int = 0) -> int:
    return [at for at, item in enumerate(log) if wanted(item)][nth]


def of(kind: type, **fields: object) -> Callable[[object], bool]:
    return lambda item: isinstance(item, kind) and all(getattr(item, name) == value for name, value in fields.items())


def drop(wanted, nth=0):
    def mutate(log: Log) -> Log:
        at = place(log, wanted, nth)
        return numbered(log[:at] + log[at + 1 :])

    return mutate


def double(wanted, nth=0):
    def mutate(log: Log) -> Log:
        at = place(log, wanted, nth)
        return numbered(log[: at + 1] + log[at:])

    return mutate


def move(wanted, before, nth=0, other=0):
    """The item in front of another one."""

    def mutate(log: Log) -> Log:
        at = place(log, wanted, nth)
        item, rest = log[at], log[:at] + log[at + 1 :]
        to = place(rest, before, other)
        return numbered([*rest[:to], item, *rest[to:]])

    return mutate


def swap(wanted, one, other):
    def mutate(log: Log) -> Log:
        first, second = place(log, wanted, one), place(log, wanted, other)
        log = list(log)
        log[first], log[second] = log[second], log[first]
        return numbered(log)

    return mutate


def change(wanted, nth=0, **fields):
    def mutate(log: Log) -> Log:
        at = place(log, wanted, nth)
        return [*log[:at], attrs.evolve(log[at], **fields), *log[at + 1 :]]

    return mutate


def insert(item, before, nth=0):
    def mutate(log: Log) -> Log:
        at = place(log, before, nth)
        return numbered([*log[:at], item, *log[at:]])

    return mutate


def again(wanted, made):
    """Behind an item, another that is made of it."""

    def mutate(log: Log) -> Log:
        at = place(log, wanted)
        return numbered([*log[: at + 1], made(log[at]), *log[at + 1 :]])

    return mutate


def both(one, other):
    return lambda log: other(one(log))


def add(item):
    return lambda log: numbered([*log, item])


def call(sleeve, method, moment, **fields):
    return of(Call, sleeve=sleeve, method=method, moment=moment, **fields)


A_HANDLES = call("A", "on_candle_close", "begins")
A_HANDLED = of(Handled, sleeve="A", slice_number=2)
FIRST_GRANT = of(RiskSent, granted=True)
BOTH_ON_THEIR_WAY = move(of(Routed, sleeve="A", slice_number=1), A_HANDLES, 1)
STRANGER = CandleCloseEvent("A", "DAY", 0)

FAULTS = {
    # numbers
    "a number is missing": (
        numbered_without_gaps,
        lambda log: [item for item in log if getattr(item, "sequence", 0) != 5],
        "record 6 stands behind 4",
    ),
    "a number comes twice": (
        numbered_without_gaps,
        lambda log: [item for item in log for _ in range(2 if getattr(item, "sequence", 0) == 5 else 1)],
        "record 5 stands behind 5",
    ),
    "a record of the slice before": (
        numbered_without_gaps,
        change(of(Handled, slice_number=2), slice_number=1),
        "slice 1 goes on after slice 2 began",
    ),
    # allocate before dispatch
    "allocated twice": (allocate_before_dispatch, double(of(Allocated)), "slice 1 was allocated twice"),
    "not allocated": (allocate_before_dispatch, drop(of(Allocated), 1), "B was given risk before its slice was allocated"),
    "routed before the allocation": (
        allocate_before_dispatch,
        move(of(Routed, sleeve="A", slice_number=2), of(Allocated, slice_number=2)),
        "A met its candle before its slice was allocated",
    ),
    "handled before the allocation": (
        allocate_before_dispatch,
        move(A_HANDLED, of(Allocated, slice_number=2)),
        "a candle was handled before its slice was allocated",
    ),
    "an update behind the allocation": (
        allocate_before_dispatch,
        move(of(Updated, slice_number=2), of(RiskSent, slice_number=2)),
        "T met its candle after its slice was allocated",
    ),
    "risk behind the candle": (
        allocate_before_dispatch,
        move(of(RiskSent, sleeve="A", slice_number=3), of(Handled, sleeve="A", slice_number=3)),
        "A got a candle and was not given the risk for it",
    ),
    "risk again behind the candle": (
        allocate_before_dispatch,
        insert(RiskSent(0, 3, None, "A", 7.0, granted=False), of(Handled, sleeve="A", slice_number=3)),
        "A was given risk behind its candle",
    ),
    "another amount than allocated": (
        allocate_before_dispatch,
        change(FIRST_GRANT, amount=49.0),
        "A was given what is not its allocation",
    ),
    "a grant that is none": (
        allocate_before_dispatch,
        change(FIRST_GRANT, granted=False),
        "A was given what is not its allocation",
    ),
    "another default": (
        allocate_before_dispatch,
        change(of(RiskSent, granted=False), amount=8.0),
        "T was given 8, and is outside the allocation: the default is 7",
    ),
    "risk not sent": (
        allocate_before_dispatch,
        drop(of(RiskSent, sleeve="A", slice_number=3)),
        "A got a candle and was not given the risk for it",
    ),
    "risk in mid-handler": (
        allocate_before_dispatch,
        insert(Call("A", "set_risk_per_trade", "begins", 1.0), call("A", "on_candle_close", "ends")),
        "the risk of A changed while it handled a candle",
    ),
    "risk not taken": (
        allocate_before_dispatch,
        drop(call("A", "set_risk_per_trade", "ends"), 1),
        "A handles a candle under another risk than it was given",
    ),
    "risk taken later": (
        allocate_before_dispatch,
        move(call("A", "set_risk_per_trade", "ends"), call("A", "on_candle_close", "ends"), 1, 4),
        "A handles a candle under another risk than it was given",
    ),
    # order
    "two candles swapped on their way": (
        fifo_per_instrument,
        both(BOTH_ON_THEIR_WAY, swap(of(Routed, sleeve="A", slice_number=1), 0, 1)),
        "a candle of A overtook another on its way to A",
    ),
    "two candles swapped in the handling": (
        fifo_per_instrument,
        both(BOTH_ON_THEIR_WAY, swap(of(Handled, sleeve="A", slice_number=1), 0, 1)),
        "a candle of A overtook another on its way to A",
    ),
    "two candles swapped before the strategy": (
        fifo_per_instrument,
        both(BOTH_ON_THEIR_WAY, swap(A_HANDLES, 0, 1)),
        "a candle of A overtook another on its way to A",
    ),
    "two candles at a time": (
        fifo_per_instrument,
        move(call("A", "on_candle_close", "ends"), call("A", "on_candle_close", "ends"), 0, 1),
        "A handles two candles at a time",
    ),
    # candles
    "a routed record dropped": (
        no_lost_or_duplicated_candles,
        drop(of(Routed, sleeve="A")),
        "the candle of A 1MINUTE for A met its strategy, and was not routed",
    ),
    "routed twice": (
        no_lost_or_duplicated_candles,
        double(of(Routed, sleeve="A")),
        "the candle of A 1MINUTE for A was routed twice",
    ),
    "a handled record dropped": (
        no_lost_or_duplicated_candles,
        drop(of(Handled, sleeve="A")),
        "the candle of A 1MINUTE for A was routed and has no end",
    ),
    "handled twice": (
        no_lost_or_duplicated_candles,
        double(of(Handled, sleeve="A")),
        "the candle of A 1MINUTE for A has two fates",
    ),
    "refused twice": (
        no_lost_or_duplicated_candles,
        double(of(Refused, slice_number=4)),
        "the candle of B 1MINUTE for B has two fates",
    ),
    "routed, then refused": (
        no_lost_or_duplicated_candles,
        again(of(Routed, sleeve="A"), lambda routed: Refused(0, 1, None, "A", routed.event, "so")),
        "the candle of A 1MINUTE for A was routed, and refused",
    ),
    "refused, then routed": (
        no_lost_or_duplicated_candles,
        again(of(Refused, slice_number=4), lambda refused: Routed(0, 4, None, "B", refused.event)),
        "the candle of B 1MINUTE for B was refused, and routed",
    ),
    "met twice": (
        no_lost_or_duplicated_candles,
        double(A_HANDLES),
        "the candle of A 1MINUTE for A met its strategy twice",
    ),
    "never met": (
        no_lost_or_duplicated_candles,
        drop(A_HANDLES),
        "the candle of A 1MINUTE for A is said to be handled, and the strategy never met it",
    ),
    "handled and not routed": (
        no_lost_or_duplicated_candles,
        insert(Handled(0, 2, None, "A", STRANGER, active=True), A_HANDLED),
        "the candle of A DAY for A came to its end, and was not routed",
    ),
    "updated and not routed": (
        no_lost_or_duplicated_candles,
        insert(Updated(0, 2, None, "T", STRANGER, active=True), of(Updated, slice_number=2)),
        "the candle of A DAY for T was updated with, and not routed",
    ),
    "a refused record dropped": (
        no_lost_or_duplicated_candles,
        drop(of(Refused, slice_number=4)),
        "was given, and neither routed nor refused",
    ),
    # budget
    "more than the budget is taken": (
        budget_conserved,
        change(call("A", "set_risk_per_trade", "ends"), value=BUDGET),
        "{'A': 100.0, 'B': 50.0} is held, more than 100",
    ),
    "an increase before the decrease": (
        budget_conserved,
        move(call("B", "set_risk_per_trade", "begins", value=BUDGET), call("A", "set_risk_per_trade", "begins"), 0, 1),
        "{'T': 50.0, 'A': 50.0, 'B': 100.0} is held, more than 100",
    ),
    "more than the budget is said to be sent": (
        budget_conserved,
        change(FIRST_GRANT, amount=BUDGET),
        "is held, more than 100",
    ),
    # out
    "asked while it is out": (
        out_is_left_alone,
        insert(Reported(0, 4, None, "B", active=True), of(Reported, slice_number=4)),
        "B is out, and is not left alone",
    ),
    "routed while it is out": (
        out_is_left_alone,
        add(Routed(0, 4, None, "B", STRANGER)),
        "B is out, and is not left alone",
    ),
    "back and never away": (
        out_is_left_alone,
        add(Restarted(0, 4, None, "A", 0)),
        "A came back and was not away",
    ),
    # the end
    "a handler at work": (quiesces, drop(call("A", "on_candle_close", "ends"), -1), "A is still at work"),
    "a candle on its way": (quiesces, drop(of(Handled, sleeve="A"), -1), "a candle is still on its way to A"),
    "a dead letter": (
        quiesces,
        add(DeadLetter("sleeve 'A'", "a message", "it was dropped")),
        "nobody took a message to sleeve 'A'",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_breaks_the_rule_that_is_named_for_it(run, name):
    rule, mutate, what = FAULTS[name]
    with pytest.raises(Violation) as caught:
        rule.check(mutate(list(run.log)), run.premises)
    violation = caught.value
    assert violation.rule == rule.name
    assert what in violation.what
    assert len(violation.because) <= 3
    assert str(violation).startswith(f"{rule.name}: ")


def test_a_violation_reads_like_this(run):
    with pytest.raises(Violation) as caught:
        no_lost_or_duplicated_candles.check(double(of(Handled, sleeve="A"))(list(run.log)), run.premises)
    assert str(caught.value).splitlines() == [
        "no_lost_or_duplicated_candles: the candle of A 1MINUTE for A has two fates",
        "  record 12, slice 1: Handled A (event=A 1MINUTE, active=False)",
        "  record 13, slice 1: Handled A (event=A 1MINUTE, active=False)",
    ]


@pytest.mark.parametrize("name", ["routed twice", "a handled record dropped", "allocated twice", "risk not sent"])
def test_a_trace_without_calls_is_enough_to_see_it(run, name):
    """As production writes it: ``trace=records.append``."""
    rule, mutate, what = FAULTS[name]
    premises = Premises(BUDGET, DEFAULT, run.premises.two_phase)
    rule.check(run.trace, premises)
    with pytest.raises(Violation, match=what):
        rule.check(mutate(run.trace), premises)
