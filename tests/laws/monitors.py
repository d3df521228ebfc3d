"""Read a trace and say which promises it breaks, as sentences: the public rules, with what these laws know of a desk."""

from collections.abc import Iterator, Sequence

from tests.laws.desk import DEFAULT, Desk, Feed, Join, Leave, Step, traded
from tradedesk.portfolio import Failed, Handled, Refused, Routed, TraceRecord, Updated
from tradedesk.testing import (
    Premises,
    allocate_before_dispatch,
    budget_conserved,
    fifo_per_instrument,
    no_lost_or_duplicated_candles,
    numbered_without_gaps,
    out_is_left_alone,
)


def over_budget(desk: Desk, trace: Sequence[TraceRecord]) -> Iterator[str]:
    """What is held, step by step."""
    return budget_conserved.broken(trace, Premises(desk.budget))


def lost_or_doubled(trace: Sequence[TraceRecord], *, cut: bool = False) -> Iterator[str]:
    """Every routed candle has one end. ``cut``: or none."""
    return no_lost_or_duplicated_candles.broken(trace, Premises(cut=cut))


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


def out_of_turn(desk: Desk, trace: Sequence[TraceRecord], default: float = DEFAULT) -> Iterator[str]:
    """Within a slice: updates, reports, one allocation, risk, candles; numbers without gaps; slices that do not mix."""
    premises = Premises(default_risk=default, two_phase=frozenset(plan.key for plan in desk.known if plan.two_phase))
    for rule in (numbered_without_gaps, allocate_before_dispatch, fifo_per_instrument):
        yield from rule.broken(trace, premises)


def met_while_down(trace: Sequence[TraceRecord]) -> Iterator[str]:
    """A sleeve that is quarantined or rests is left alone."""
    return out_is_left_alone.broken(trace, Premises())


def unaccounted(desk: Desk, script: Sequence[Step], trace: Sequence[TraceRecord]) -> Iterator[str]:
    """Every candle that a sleeve wants is routed to it or refused, in the slice that brings it.

    A slice with a candle that nobody trades is no slice. A two-phase candle may be both: routed, then refused.
    """
    fates = {
        (record.slice_number, record.sleeve, record.event.instrument, record.event.period)
        for record in trace
        if isinstance(record, Routed | Refused)
    }
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
