"""P11 One core, two dispatchers; P12 Trace. The law is in `tests/laws/test_order.py`; here is one run in full."""

import attrs
import pytest
import trio

from tests.portfolio.parts import DEFAULT, Boom, Says, Strategy, caught, equal, event, every_mode, fail, serving
from tradedesk import portfolio
from tradedesk.marketdata import Slice
from tradedesk.portfolio import (
    Allocated,
    Failed,
    Handled,
    ReentrantCallError,
    Reported,
    RiskSent,
    RiskTurned,
    Routed,
    TraceRecord,
    _trace,
)


@every_mode
async def test_a_slice_is_written_down_in_the_order_of_the_flow(mode):
    trace = []
    a, b = event("A"), event("B")
    strategies = {"A": Strategy(True), "B": Strategy(at_candle=fail)}
    async with serving(mode, strategies, trace=trace.append) as runner:
        boom = await caught(runner.on_slice(Slice(60, (b, a))))
    assert trace == [
        Reported(1, 1, 60, "A", True),
        Reported(2, 1, 60, "B", False),
        Allocated(3, 1, 60, {"A": 12.0}, 12.0),
        RiskSent(4, 1, 60, "B", DEFAULT, False),
        RiskSent(5, 1, 60, "A", 12.0, True),
        Routed(6, 1, 60, "A", a),
        Routed(7, 1, 60, "B", b),
        Handled(8, 1, 60, "A", a, True),
        Failed(9, 1, 60, "B", b, boom),
    ]


@every_mode
async def test_an_amount_that_turns_into_a_grant_and_back_is_written_down_and_not_sent(mode):
    trace, a = [], Strategy()
    async with serving(mode, {"A": a}, equal(5.0), default=5.0, trace=trace.append) as runner:
        for a.active in (False, True, False):
            await runner.on_slice([])
    assert a.risks == [5.0]
    assert [trace[5], trace[8]] == [RiskTurned(6, 2, None, "A", 5.0, True), RiskTurned(9, 3, None, "A", 5.0, False)]


@every_mode
async def test_equal_runs_have_equal_traces(mode):
    traces = []
    for _ in range(2):
        traces.append([])
        async with serving(mode, {"A": Strategy(True), "B": Strategy()}, trace=traces[-1].append) as runner:
            await runner.run([Slice(1, (event("A"), event("B"))), Slice(2, (event("B"),))])
    assert traces[0] == traces[1] != []


@every_mode
async def test_the_sink_is_awaited_once_a_slice_with_the_records_of_the_trace(mode):
    trace, batches = [], []

    async def sink(records):
        await trio.lowlevel.checkpoint()
        batches.append(list(records))

    async with serving(mode, {"A": Strategy(True)}, trace=trace.append, sink=sink) as runner:
        for _ in range(3):
            await runner.on_candle_close(event("A"))
    assert [{r.slice_number for r in batch} for batch in batches] == [{1}, {2}, {3}]
    assert [record for batch in batches for record in batch] == trace


@every_mode
async def test_the_sink_works_without_a_trace(mode):
    batches = []

    async def sink(records):
        batches.append(len(records))

    async with serving(mode, {"A": Strategy()}, sink=sink) as runner:
        await runner.on_candle_close(event("A"))
    assert batches == [5]


@every_mode
async def test_an_error_of_the_trace_comes_out_of_the_call_after_the_slice_is_done(mode):
    a, boom = Strategy(True), Boom()

    def trace(record):
        if type(record) is Allocated:
            raise boom

    async with serving(mode, {"A": a}, trace=trace) as runner:
        assert await caught(runner.on_candle_close(event("A"))) is boom
        await caught(runner.on_candle_close(event("A")))
    assert a.candles == [event("A")] * 2


@every_mode
async def test_a_trace_that_raises_still_gets_every_record(mode):
    seen = []

    def trace(record):
        seen.append(record.sequence)
        raise Boom

    async with serving(mode, {"A": Strategy(True)}, trace=trace) as runner:
        error = await caught(runner.on_candle_close(event("A")))
    assert seen == [1, 2, 3, 4, 5]
    assert len(error.exceptions) == 5


@every_mode
async def test_a_trace_that_raises_changes_no_allocation(mode):
    strategies = {"A": Strategy(True), "B": Strategy()}

    def trace(record):
        if type(record) is RiskSent:
            raise Boom

    async with serving(mode, strategies, Says({"A": 5.0}), trace=trace) as runner:
        await caught(runner.on_slice([]))
        await runner.on_slice([])
        assert runner.statistics().held == {"A": 5.0, "B": 0.0}
    assert (strategies["A"].risks, strategies["B"].risks) == ([5.0], [DEFAULT])


@every_mode
async def test_an_error_of_the_sink_comes_out_of_the_call_beside_that_of_a_strategy(mode):
    async def sink(_):
        raise OSError("disk full")

    async with serving(mode, {"A": Strategy(at_candle=fail)}, sink=sink) as runner:
        error = await caught(runner.on_candle_close(event("A")))
        again = await caught(runner.on_slice([]))
    assert [type(one) for one in error.exceptions] == [Boom, OSError]
    assert type(again) is OSError


@every_mode
async def test_a_sink_that_calls_the_runner_is_told_that_it_waits_for_itself(mode, autojump_clock):
    async def sink(_):
        await runner.on_slice([])

    with trio.fail_after(5):
        async with serving(mode, {"A": Strategy()}, sink=sink) as runner:
            assert type(await caught(runner.on_slice([]))) is ReentrantCallError


@pytest.mark.parametrize("mode", ["plain", "direct"])
async def test_failures_of_a_slice_whose_sink_is_cancelled_are_met_by_the_next_call(mode, autojump_clock):
    async def sink(_):
        await trio.sleep(5)

    boom = Boom()

    def act(_):
        raise boom

    async with serving(mode, {"A": Strategy(at_candle=act)}, sink=sink) as runner:
        with trio.move_on_after(1):
            await runner.on_candle_close(event("A"))
        assert await caught(runner.on_slice([])) is boom


@every_mode
async def test_statistics_can_be_read_in_mid_slice(mode):
    seen = []
    strategies = {"A": Strategy(True, at_candle=lambda _: seen.append(runner.statistics()))}
    async with serving(mode, strategies) as runner:
        await runner.on_candle_close(event("A"))
    (during,) = seen
    assert (during.slices, during.candles, during.active, during.held) == (1, 1, ("A",), {"A": 12.0})


# The records, and who waits for whom --------------------------------------------------------------------------------


def test_every_record_is_in_the_union_public_and_begins_with_the_same_three_fields():
    kinds = [
        thing for thing in vars(_trace).values() if isinstance(thing, type) and thing.__module__ == _trace.__name__
    ]
    assert set(kinds) == set(TraceRecord.__args__)
    assert {kind.__name__ for kind in kinds} <= set(portfolio.__all__)
    common = [[field.name for field in attrs.fields(kind)][:3] for kind in kinds]
    assert common == [["sequence", "slice_number", "close_time"]] * len(kinds)


def test_a_record_is_a_value_that_holds_nothing_that_a_reader_could_change():
    assert Handled(1, 1, None, "A", event("A"), True) == Handled(1, 1, None, "A", event("A"), True)
    assert hash(Handled(1, 1, None, "A", event("A"), True)) == hash(Handled(1, 1, None, "A", event("A"), True))


@every_mode
async def test_the_allocation_in_the_trace_cannot_be_changed_by_who_reads_it(mode):
    seen = []

    def trace(record):
        if isinstance(record, Allocated):
            with pytest.raises(TypeError):
                record.allocation["A"] = 99.0
            seen.append(dict(record.allocation))

    async with serving(mode, {"A": Strategy(True)}, trace=trace) as runner:
        await runner.on_slice([])
        runner.halt("enough")
        await runner.on_slice([])
    assert seen == [{"A": 12.0}, {}]


@every_mode
async def test_a_slow_sink_slows_the_feed_and_nothing_piles_up(mode, autojump_clock):
    taken, batches = [], []

    async def sink(records):
        await trio.sleep(10)
        batches.append(records)

    def source():
        for number in range(1, 4):
            taken.append((number, len(batches)))
            yield Slice(number, (event("A"),))

    async with serving(mode, {"A": Strategy()}, sink=sink) as runner:
        began = trio.current_time()
        await runner.run(source())
        assert trio.current_time() - began == 30
    assert taken == [(1, 0), (2, 1), (3, 2)]  # no slice is taken before the sink is done with the one before


@every_mode
async def test_a_batch_at_which_the_sink_fails_is_not_handed_to_it_again(mode):
    batches = []

    async def sink(records):
        batches.append([record.slice_number for record in records])
        if len(batches) == 1:
            raise Boom

    async with serving(mode, {"A": Strategy()}, sink=sink) as runner:
        assert type(await caught(runner.on_slice([]))) is Boom
        await runner.on_slice([])
    assert [set(batch) for batch in batches] == [{1}, {2}]


async def test_as_actors_a_caller_who_is_cancelled_in_the_sink_leaves_the_sink_to_its_end(autojump_clock):
    batches = []

    async def sink(records):
        await trio.sleep(5)
        batches.append(len(records))

    async with serving("actors", {"A": Strategy()}, sink=sink) as runner:
        with trio.move_on_after(1) as scope:
            await runner.on_slice([event("A")])
        await runner.on_slice([])
    assert (scope.cancelled_caught, batches) == (True, [5, 2])


@pytest.mark.parametrize("mode", ["plain", "direct"])
async def test_in_the_callers_task_a_sink_that_is_cut_has_had_its_batch_and_gets_the_next_one(mode, autojump_clock):
    batches = []

    async def sink(records):
        batches.append({record.slice_number for record in records})
        await trio.sleep(5)

    async with serving(mode, {"A": Strategy()}, sink=sink) as runner:
        with trio.move_on_after(1):
            await runner.on_slice([event("A")])
        await runner.on_slice([])
    assert batches == [{1}, {2}]
