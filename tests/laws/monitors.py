"""Read a trace and say which promises it breaks; each function returns the breaches as sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from tests.laws.desk import Desk, Feed
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    Allocated,
    Failed,
    Handled,
    Quarantined,
    Readmitted,
    Refused,
    Reported,
    Restarted,
    Resting,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
)


def over_budget(desk: Desk, trace: Sequence[TraceRecord]) -> Iterator[str]:
    """What is held, step by step; where a strategy failed to take an amount, the larger one counts."""
    held = {plan.key: 0.0 for plan in desk.sleeves}
    due: dict[str, float] = {}
    slice_number = 0
    for record in trace:
        if record.slice_number != slice_number:  # what fails before its allocation failed at the poll
            due, slice_number = {}, record.slice_number
        match record:
            case Allocated(allocation=allocation):
                due = dict(allocation)
            case (
                RiskSent(sleeve=sleeve, amount=amount, granted=granted)
                | RiskTurned(sleeve=sleeve, amount=amount, granted=granted)
            ):
                held[sleeve] = amount if granted else 0.0
            case Failed(sleeve=sleeve, event=None):
                held[sleeve] = max(held[sleeve], due.get(sleeve, 0.0))
            case Quarantined(sleeve=sleeve) | Resting(sleeve=sleeve):
                held[sleeve] = 0.0
        if sum(held.values()) > desk.budget * (1 + 1e-9):
            yield f"{held} is held at record {record.sequence}"


def lost_or_doubled(trace: Sequence[TraceRecord], *, cut: bool = False) -> Iterator[str]:
    """Every routed candle ends handled or failed, once; refused ones were not routed. ``cut``: ends may be missing."""
    routed, ended, refused = Counter[object](), Counter[object](), Counter[object]()
    for record in trace:
        match record:
            case Routed():
                routed[_candle(record)] += 1
            case Handled() | Failed(event=CandleCloseEvent()):
                ended[_candle(record)] += 1
            case Refused():
                refused[_candle(record)] += 1
    yield from (f"{candle} has {times} fates" for candle, times in (ended | refused).items() if times > 1)
    yield from (f"{candle} was routed {times} times" for candle, times in routed.items() if times > 1)
    yield from (f"{candle} ended but was not routed" for candle in ended - routed)
    yield from (f"{candle} was refused and routed" for candle in refused & routed)
    if not cut:
        yield from (f"{candle} was routed and has no end" for candle in routed - ended)


def _candle(record: Routed | Handled | Failed | Refused) -> object:
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
        elif isinstance(record, Routed | Handled | RiskSent) and record.slice_number not in allocated:
            yield f"{record} before the allocation"


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
            case Reported() | RiskSent() | RiskTurned() | Routed() if record.sleeve in down:
                yield f"{record.sleeve} is down at record {record.sequence}: {record}"


def unaccounted(desk: Desk, script: Sequence[Feed], trace: Sequence[TraceRecord]) -> Iterator[str]:
    """Every candle that a sleeve wants is routed to it or refused, in the slice that brings it."""
    fates = Counter(_candle(record) for record in trace if isinstance(record, Routed | Refused))
    wanted = Counter[object](
        (number, plan.key, event.instrument, event.period)
        for number, feed in enumerate(script, 1)
        for event in feed.events
        for plan in desk.sleeves
        if event.instrument == plan.instrument and plan.period in (None, event.period)
    )
    yield from (f"{candle} was neither routed nor refused" for candle in wanted - fates)
    yield from (f"{candle} was not given" for candle in fates - wanted)
