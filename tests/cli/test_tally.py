"""The tally against hand-made traces with known answers, and against the runner's own bookkeeping."""

import itertools

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.cli._tally import Tally
from tradedesk.marketdata import Candle, CandleCloseEvent, Slice
from tradedesk.portfolio import (
    Allocated,
    EqualSplitRiskPolicy,
    Failed,
    Handled,
    Instrument,
    PortfolioRunner,
    Quarantined,
    Refused,
    Reported,
    RiskSent,
    Routed,
)

A, B = Instrument("A"), Instrument("B")
CANDLE = Candle("0", 1, 1, 1, 1)


def event(sleeve):
    return CandleCloseEvent(sleeve, "DAY", CANDLE)


class Trace:
    """Writes records by hand; every call is one record of the current slice."""

    def __init__(self, *sleeves, default=1.0):
        self.tally = Tally(sleeves)
        self.number = 0

    def slice(self, **allocation):
        self.number += 1
        self.put(Allocated, allocation, 10.0)

    def put(self, kind, *fields):
        self.tally.take(kind(0, self.number, None, *fields))

    def risk(self, sleeve, amount, *, granted):
        self.put(RiskSent, sleeve, amount, granted)

    def candle(self, sleeve, *, active):
        self.put(Routed, sleeve, event(sleeve))
        self.put(Handled, sleeve, event(sleeve), active)

    def figures(self):
        return self.tally.figures()

    def row(self, sleeve):
        return next(row for row in self.figures().sleeves if row.sleeve == sleeve)


def test_an_empty_trace_gives_nothing():
    figures = Tally((A,)).figures()

    assert (figures.slices, figures.candles, figures.largest_total, figures.budget) == (0, 0, 0.0, None)
    row = figures.sleeves[0]
    assert (row.candles, row.share_active, row.mean_allocation, row.largest_allocation) == (0, None, None, None)


def test_a_report_after_a_candle_counts_from_the_next_slice():
    trace = Trace(A)
    for active in (True, False, True, True):
        trace.slice()
        trace.candle(A, active=active)

    # active before the candles of slices 2 and 4, of four slices
    assert trace.row(A).share_active == 0.5


def test_a_polled_report_counts_for_its_own_slice():
    trace = Trace(A)
    for active in (True, False, False):
        trace.number += 1
        trace.put(Reported, A, active)
        trace.put(Allocated, {}, 10.0)
        trace.candle(A, active=active)

    assert trace.row(A).share_active == pytest.approx(1 / 3)


def test_time_before_the_first_candle_does_not_count():
    trace = Trace(A, B)
    for number in range(1, 5):
        trace.number += 1
        trace.put(Reported, A, True)
        trace.put(Allocated, {}, 10.0)
        if number >= 3:
            trace.candle(A, active=True)

    assert trace.row(A).share_active == 1.0
    assert trace.row(B).share_active is None


def test_the_mean_is_over_the_slices_with_a_grant():
    trace = Trace(A)
    trace.slice(A=6.0)
    trace.risk(A, 6.0, granted=True)
    trace.slice(A=6.0)
    trace.slice(A=3.0)
    trace.risk(A, 3.0, granted=True)
    trace.slice()
    trace.risk(A, 1.0, granted=False)
    trace.slice()

    assert (trace.row(A).mean_allocation, trace.row(A).largest_allocation) == (5.0, 6.0)


def test_the_largest_total_is_taken_between_the_risk_updates_of_a_slice():
    trace = Trace(A, B)
    trace.slice(A=4.0, B=4.0)
    trace.risk(A, 4.0, granted=True)
    trace.risk(B, 4.0, granted=True)
    trace.slice(A=9.0)
    trace.risk(A, 9.0, granted=True)  # before B gives back: 13 for a moment
    trace.risk(B, 1.0, granted=False)

    assert trace.figures().largest_total == 13.0
    assert not trace.figures().within_budget


def test_the_default_risk_is_not_held():
    trace = Trace(A, B, default=50.0)
    trace.slice()
    trace.risk(A, 50.0, granted=False)
    trace.risk(B, 50.0, granted=False)

    assert trace.figures().largest_total == 0.0
    assert trace.row(A).largest_allocation is None


def test_an_explicit_grant_of_nothing_is_a_grant():
    trace = Trace(A)
    trace.slice(A=0.0)
    trace.risk(A, 0.0, granted=True)

    assert (trace.row(A).mean_allocation, trace.row(A).largest_allocation) == (0.0, 0.0)


@pytest.mark.parametrize(("excess", "within"), [(1e-10, True), (1e-6, False)])
def test_the_budget_allows_for_rounding_and_no_more(excess, within):
    trace = Trace(A)
    trace.slice(A=10.0)
    trace.risk(A, 10.0 * (1 + excess), granted=True)

    assert trace.figures().within_budget is within


def test_failed_and_refused_candles_are_not_counted():
    trace = Trace(A)
    trace.slice()
    trace.put(Routed, A, event(A))
    trace.put(Failed, A, event(A), ValueError())
    trace.put(Refused, A, event(A), "why not")

    assert (trace.figures().candles, trace.figures().slices) == (0, 1)


class Scripted:
    """Active as its script says, slice by slice."""

    def __init__(self, script):
        self.script = iter(script)
        self.active = False

    def set_risk_per_trade(self, value): ...

    def is_regime_active(self):
        return self.active

    async def on_candle_close(self, event):
        self.active = next(self.script)


SCRIPTS = st.integers(1, 12).flatmap(
    lambda length: st.lists(st.lists(st.booleans(), min_size=length, max_size=length), min_size=1, max_size=4)
)


@given(scripts=SCRIPTS, default=st.sampled_from([0.0, 3.0, 4.0, 6.0, 12.0]), poll=st.booleans())
def test_the_tally_agrees_with_the_runners_own_bookkeeping(scripts, default, poll):
    """Defaults that equal a grant are the hard part: the runner sends nothing where the amount stays the same."""
    names = [Instrument(name) for name in "ABCD"[: len(scripts)]]
    tally = Tally(names)
    runner = PortfolioRunner(
        dict(zip(names, map(Scripted, scripts), strict=True)),
        EqualSplitRiskPolicy(portfolio_risk_budget=12.0),
        default,
        dispatch="direct",
        poll_regimes=poll,
        trace=tally.take,
    )
    held, active = [], []

    async def run():
        for number in range(len(scripts[0])):
            active.append(runner.statistics().active)
            await runner.on_slice(Slice(number, tuple(map(event, names))))
            held.append(dict(runner.statistics().held))

    trio.run(run)
    figures = tally.figures()
    assert figures.largest_total == pytest.approx(max(sum(each.values()) for each in held))
    assert figures.within_budget
    for row, name in zip(figures.sleeves, names, strict=True):
        amounts = [each[name] for each in held if each[name]]
        assert row.mean_allocation == (pytest.approx(sum(amounts) / len(amounts)) if amounts else None)
        assert row.largest_allocation == max(amounts, default=None)
        assert row.share_active == sum(name in each for each in active) / len(active)
        assert row.candles == len(scripts[0])


def test_what_the_tally_keeps_does_not_grow_with_the_run():
    trace = Trace(A, B)
    sizes = []
    for _ in range(3):
        for active in itertools.islice(itertools.cycle((True, False, False)), 300):
            trace.slice(**({"A": 5.0} if active else {}))
            trace.risk(A, 5.0 if active else 1.0, granted=active)
            trace.candle(A, active=active)
        sizes.append([len(value) for value in vars(trace.tally).values() if hasattr(value, "__len__")])

    assert sizes[0] == sizes[1] == sizes[2]


def test_a_quarantined_sleeve_holds_nothing_is_inactive_and_is_remembered():
    trace = Trace(A, B)
    for _ in range(2):
        trace.slice(A=5.0, B=5.0)
        for sleeve in (A, B):
            trace.put(Reported, sleeve, True)
            trace.risk(sleeve, 5.0, granted=True)
            trace.candle(sleeve, active=True)
    error = LookupError("gone")
    trace.put(Quarantined, A, error, "hold")
    for _ in range(2):
        trace.slice(B=10.0)
        trace.risk(B, 10.0, granted=True)
        trace.candle(B, active=True)

    assert trace.figures().largest_total == 10.0
    assert (trace.row(A).share_active, trace.row(A).mean_allocation, trace.row(A).largest_allocation) == (0.5, 5.0, 5.0)
    assert [(each.sleeve, each.error) for each in trace.figures().quarantined] == [(A, error)]
