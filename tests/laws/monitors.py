"""Read a trace and say which promises it breaks; each function returns the breaches as sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise, zip_longest

from tests.laws.desk import Desk, Feed, Join, Leave, Step, traded
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Allocated,
    Failed,
    Handled,
    PolicySet,
    Quarantined,
    Readmitted,
    Refused,
    Removed,
    Reported,
    Restarted,
    Resting,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
    Updated,
)


def over_budget(desk: Desk, trace: Sequence[TraceRecord]) -> Iterator[str]:
    """What is held, step by step; where a strategy failed to take an amount, the larger one counts."""
    held: dict[str, float] = {}
    due: dict[str, float] = {}
    limit = target = desk.budget  # after it shrank, what is held may only fall
    slice_number = 0
    for record in _without_last_words(trace):
        if record.slice_number != slice_number:  # what fails before its allocation failed at the poll
            due, slice_number = {}, record.slice_number
        match record:
            case Removed(sleeve=sleeve):
                held.pop(sleeve, None)
            case PolicySet(budget=budget):
                due, limit, target = {}, max(budget, sum(held.values())), budget
            case Allocated(allocation=allocation):
                due = dict(allocation)
            case (
                RiskSent(sleeve=sleeve, amount=amount, granted=granted)
                | RiskTurned(sleeve=sleeve, amount=amount, granted=granted)
            ):
                held[sleeve] = amount if granted else 0.0
            case Failed(sleeve=sleeve, event=None):
                held[sleeve] = max(held.get(sleeve, 0.0), due.get(sleeve, 0.0))
            case Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                held[sleeve] = 0.0
        total = sum(held.values())
        if total > limit * (1 + 1e-9):
            yield f"{held} is held at record {record.sequence}"
        limit = max(target, min(limit, total))


def _without_last_words(trace: Sequence[TraceRecord]) -> Iterator[TraceRecord]:
    """All but the failures of sleeves that were told 0 on their way out: no amount was to come."""
    yield from (
        record
        for record, following in zip_longest(trace, trace[1:])
        if not (isinstance(record, Failed) and isinstance(following, Removed))
    )


def lost_or_doubled(trace: Sequence[TraceRecord], *, cut: bool = False) -> Iterator[str]:
    """Every routed candle has one end: handled, failed, or, if it was updated with, refused. ``cut``: or none."""
    routed, updated, ended, refused = (Counter[object]() for _ in range(4))
    for record in trace:
        match record:
            case Routed():
                routed[_candle(record)] += 1
            case Updated():
                updated[_candle(record)] += 1
            case Handled() | Failed(event=CandleCloseEvent()):
                ended[_candle(record)] += 1
            case Refused():
                refused[_candle(record)] += 1
    yield from (f"{candle} has {times} fates" for candle, times in (ended + refused).items() if times > 1)
    yield from (f"{candle} was routed {times} times" for candle, times in routed.items() if times > 1)
    yield from (f"{candle} ended but was not routed" for candle in ended - routed)
    yield from (f"{candle} was refused and routed" for candle in (refused & routed) - updated)
    if not cut:
        yield from (f"{candle} was routed and has no end" for candle in routed - ended - refused)


def unended(trace: Sequence[TraceRecord]) -> set[int]:
    """The slices with a candle that was routed and has no end."""
    open_ = {_candle(record): record.slice_number for record in trace if isinstance(record, Routed)}
    for record in trace:
        if isinstance(record, Handled | Failed | Refused) and record.event is not None:
            open_.pop(_candle(record), None)
    return set(open_.values())


def _candle(record: Routed | Updated | Handled | Failed | Refused) -> object:
    assert record.event is not None
    return record.slice_number, record.sleeve, record.event.instrument, record.event.period


def out_of_turn(desk: Desk, trace: Sequence[TraceRecord]) -> Iterator[str]:
    """Within a slice: updates, reports, one allocation, risk, candles; numbers without gaps; slices that do not mix."""
    yield from (f"record {r.sequence} stands at {place}" for place, r in enumerate(trace, 1) if r.sequence != place)
    if any(a.slice_number > b.slice_number for a, b in pairwise(trace)):
        yield "slices mix"
    allocations = Counter(r.slice_number for r in trace if isinstance(r, Allocated))
    yield from (f"slice {number} was allocated {times} times" for number, times in allocations.items() if times > 1)
    two_phase = {plan.key for plan in desk.known if plan.two_phase}
    allocated: set[int] = set()
    for record in trace:
        early = record.slice_number not in allocated
        match record:
            case Allocated():
                allocated.add(record.slice_number)
            case Handled() | RiskSent() | RiskTurned() if early:
                yield f"{record} before the allocation"
            case Routed(sleeve=sleeve) | Updated(sleeve=sleeve) if early != (sleeve in two_phase):
                yield f"{record} on the wrong side of the allocation"


def met_while_down(trace: Sequence[TraceRecord]) -> Iterator[str]:
    """A sleeve that is quarantined or rests is asked, told and routed nothing, until it comes back."""
    down: set[str] = set()
    for record in trace:
        match record:
            case Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                down.add(sleeve)
            case Restarted(sleeve=sleeve) | Readmitted(sleeve=sleeve):
                if sleeve not in down:
                    yield f"{sleeve} came back and was not away at record {record.sequence}"
                down.discard(sleeve)
            case Removed(sleeve=sleeve):
                down.discard(sleeve)
            case Reported() | RiskSent() | RiskTurned() | Routed() if record.sleeve in down:
                yield f"{record.sleeve} is down at record {record.sequence}: {record}"


def unaccounted(desk: Desk, script: Sequence[Step], trace: Sequence[TraceRecord]) -> Iterator[str]:
    """Every candle that a sleeve wants is routed to it or refused, in the slice that brings it.

    A slice with a candle that nobody trades is no slice. A two-phase candle may be both: routed, then refused.
    """
    fates = {_candle(record) for record in trace if isinstance(record, Routed | Refused)}
    wanted = set(_wanted(desk, script))
    yield from (f"{candle} was neither routed nor refused" for candle in wanted - fates)
    yield from (f"{candle} was not given" for candle in fates - wanted)


def _wanted(desk: Desk, script: Sequence[Step]) -> Iterator[object]:
    present = {plan.key: plan for plan in desk.sleeves}
    number = 0
    for step in script:
        match step:
            case Join(plan=plan):
                present.setdefault(plan.key, plan)
            case Leave(key=key) if len(present) > 1:
                present.pop(key, None)
            case Feed(events=events) if desk.skip_unknown or traded(events, present.values()):
                number += 1
                for event in events:
                    takers = [key for key, plan in present.items() if plan.wants(event)]
                    yield from ((number, key, event.instrument, event.period) for key in takers)
