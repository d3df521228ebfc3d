"""Read a trace and say which promises it breaks; each function returns the breaches as sentences."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.laws_of_changes.desk import Desk
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Allocated,
    Failed,
    Handled,
    PolicySet,
    Refused,
    Removed,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
    Updated,
)


def over_budget(desk: Desk, trace: Sequence[TraceRecord]) -> Iterator[str]:
    """What is held, step by step; where a strategy failed to take an amount, the larger one counts."""
    held: defaultdict[str, float] = defaultdict(float)
    due: dict[str, float] = {}
    limit = target = desk.budget  # after it shrank, what is held may only fall
    slice_number = 0
    for record in trace:
        if record.slice_number != slice_number:  # what fails before its allocation failed at the poll
            due, slice_number = {}, record.slice_number
        match record:
            case Removed(sleeve=sleeve):
                held.pop(sleeve, None)
            case PolicySet(budget=budget):
                limit, target = max(budget, sum(held.values())), budget
            case Allocated(allocation=allocation):
                due = dict(allocation)
            case (
                RiskSent(sleeve=sleeve, amount=amount, granted=granted)
                | RiskTurned(sleeve=sleeve, amount=amount, granted=granted)
            ):
                held[sleeve] = amount if granted else 0.0
            case Failed(sleeve=sleeve, event=None):
                held[sleeve] = max(held[sleeve], due.get(sleeve, 0.0))
        total = sum(held.values())
        if total > limit * (1 + 1e-9):
            yield f"{held} is held at record {record.sequence}"
        limit = max(target, min(limit, total))


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


def _candle(record: Routed | Updated | Handled | Failed | Refused) -> object:
    assert record.event is not None
    return record.slice_number, record.sleeve, record.event.instrument, record.event.period


def out_of_turn(trace: Sequence[TraceRecord]) -> Iterator[str]:
    """Within a slice: reports, one allocation, risk, candles; numbers without gaps; slices that do not mix."""
    yield from (f"record {r.sequence} stands at {place}" for place, r in enumerate(trace, 1) if r.sequence != place)
    if any(a.slice_number > b.slice_number for a, b in pairwise(trace)):
        yield "slices mix"
    allocations = Counter(r.slice_number for r in trace if isinstance(r, Allocated))
    yield from (f"slice {number} was allocated {times} times" for number, times in allocations.items() if times > 1)
    allocated: set[int] = set()
    for record in trace:
        if isinstance(record, Allocated):
            allocated.add(record.slice_number)
        elif isinstance(record, Handled | RiskSent) and record.slice_number not in allocated:
            yield f"{record} before the allocation"
