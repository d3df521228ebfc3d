"""P14 A runner that is embedded: it serves a stream in a task of the host, and ends in good order."""

from contextlib import aclosing
from itertools import count

import pytest
import trio

from tests.laws.schedules import Way
from tests.portfolio.parts import Boom, Strategy, TwoPhases, equal, event, every_dispatch
from tradedesk.marketdata import Slice, SourceOrderError
from tradedesk.portfolio import Handled, PortfolioRunner, collect_slices


def runner_of(mode, strategies, **options):
    return PortfolioRunner(strategies, equal(), 1.0, dispatch=mode, **options)


async def slow(_):
    await trio.sleep(1)


@every_dispatch
async def test_start_returns_when_the_runner_is_ready(mode):
    runner = runner_of(mode, {"A": Strategy()})
    send, receive = trio.open_memory_channel(0)
    async with trio.open_nursery() as nursery:
        serving = await nursery.start(runner.serve, receive)
        assert (serving.stopped, runner.statistics().slices) == (False, 0)
        await send.send(event("A"))
        await send.aclose()
    assert runner.statistics().candles == 1


@every_dispatch
async def test_as_actors_the_strategies_run_in_tasks_of_their_own_until_serve_returns(mode):
    tasks = []
    runner = runner_of(mode, {"A": Strategy(at_candle=lambda _: tasks.append(trio.lowlevel.current_task().name))})
    before = trio.lowlevel.current_statistics().tasks_living
    send, receive = trio.open_memory_channel(1)
    async with send:
        send.send_nowait(event("A"))
    await runner.serve(receive)
    assert (tasks == ["sleeve 'A'"]) == (mode == "actors")
    assert trio.lowlevel.current_statistics().tasks_living == before


@every_dispatch
async def test_a_runner_that_is_entered_serves_in_its_block(mode):
    a = Strategy()
    runner = runner_of(mode, {"A": a})
    async with runner:
        for number in range(2):
            send, receive = trio.open_memory_channel(1)
            async with send:
                send.send_nowait(event("A", candle=number))
            await runner.serve(receive)
        await runner.on_candle_close(event("A", candle=2))
    assert [candle.candle for candle in a.candles] == [0, 1, 2]


@every_dispatch
async def test_it_serves_events_slices_and_clock_ticks(mode):
    a = Strategy()

    async def source():
        yield event("A")
        yield Slice(1, (event("A"), event("A", "HOUR")))
        yield Slice(2, ())

    runner = runner_of(mode, {"A": a})
    await runner.serve(source())
    assert (len(a.candles), runner.statistics().slices) == (3, 3)


@every_dispatch
async def test_the_next_item_is_taken_when_the_slice_before_it_is_done(mode, autojump_clock):
    taken = []

    async def source():
        for number in range(3):
            taken.append((trio.current_time(), number))
            yield event("A", candle=number)

    await runner_of(mode, {"A": Strategy(at_candle=slow)}).serve(source())
    assert taken == [(0, 0), (1, 1), (2, 2)]


@every_dispatch
async def test_a_full_channel_holds_its_sender_back(mode, autojump_clock):
    runner = runner_of(mode, {"A": Strategy(at_candle=slow)})
    send, receive = trio.open_memory_channel(0)
    async with trio.open_nursery() as nursery:
        await nursery.start(runner.serve, receive)
        async with send:
            for _ in range(4):
                await send.send(event("A"))
    assert trio.current_time() == 4


@every_dispatch
async def test_stop_finishes_the_slice_in_hand_and_leaves_the_rest_in_the_channel(mode, autojump_clock):
    a = Strategy(at_candle=slow)
    runner = runner_of(mode, {"A": a, "B": Strategy()})
    send, receive = trio.open_memory_channel(10)
    for number in range(5):
        send.send_nowait(Slice(number, (event("A", candle=number), event("A", "HOUR", number))))
    async with trio.open_nursery() as nursery:
        serving = await nursery.start(runner.serve, receive)
        await trio.sleep(2.5)
        serving.stop()
        assert serving.stopped
    assert (trio.current_time(), len(a.candles), receive.statistics().current_buffer_used) == (4, 4, 3)


@every_dispatch
async def test_stop_while_nothing_comes_ends_at_once(mode, autojump_clock):
    runner = runner_of(mode, {"A": Strategy()})
    _send, receive = trio.open_memory_channel(0)
    async with trio.open_nursery() as nursery:
        serving = await nursery.start(runner.serve, receive)
        await trio.sleep(5)
        serving.stop()
        serving.stop()
    assert trio.current_time() == 5


@every_dispatch
async def test_a_stream_that_was_stopped_can_be_served_on(mode, autojump_clock):
    a = Strategy(at_candle=slow)
    runner = runner_of(mode, {"A": a})
    send, receive = trio.open_memory_channel(10)
    async with send:
        for number in range(3):
            send.send_nowait(event("A", candle=number))
    async with trio.open_nursery() as nursery:
        serving = await nursery.start(runner.serve, receive)
        serving.stop()
    await runner.serve(receive)
    assert [candle.candle for candle in a.candles] == [0, 1, 2]


@every_dispatch
async def test_a_failure_comes_out_of_serve_and_leaves_the_source_behind_the_slice(mode):
    a = Strategy(at_candle=lambda event: 1 / event.candle)
    runner = runner_of(mode, {"A": a})
    send, receive = trio.open_memory_channel(10)
    async with send:
        for number in (1, 0, 2):
            send.send_nowait(event("A", candle=number))
    with pytest.raises(ZeroDivisionError):
        await runner.serve(receive)
    await runner.serve(receive)
    assert [candle.candle for candle in a.candles] == [1, 0, 2]


@every_dispatch
async def test_time_that_goes_back_in_a_stream_is_refused(mode):
    async def source():
        yield Slice(2, (event("A"),))
        yield Slice(1, (event("A"),))

    async with aclosing(source()) as stream:
        with pytest.raises(SourceOrderError):
            await runner_of(mode, {"A": Strategy()}).serve(stream)


@every_dispatch
async def test_an_error_of_the_stream_comes_out_as_it_is(mode):
    boom = Boom()

    async def source():
        yield event("A")
        raise boom

    with pytest.raises(Boom) as raised:
        await runner_of(mode, {"A": Strategy()}).serve(source())
    assert raised.value is boom


@every_dispatch
async def test_a_live_stream_is_collected_and_served(mode, autojump_clock):
    """Feed, collector, runner: each in its place, and a stop that loses no candle."""
    trace = []
    runner = runner_of(mode, {"A": Strategy(at_candle=slow), "B": Strategy()}, trace=trace.append)
    send, receive = trio.open_memory_channel(0)

    async def feed():
        async with send:
            for minute in range(3):
                for instrument in "AB":
                    await send.send(event(instrument, candle=minute))
                await trio.sleep(60)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(feed)
        async with collect_slices(receive, ["A", "B"], 10, stamp=lambda event: event.candle) as slices:
            await runner.serve(slices)
    assert [r.sleeve for r in trace if type(r) is Handled] == ["A", "B"] * 3
    assert runner.statistics().slices == 3


# Cancelled at every step ----------------------------------------------------------------------------------------------


class StrikeAt(trio.abc.Instrument):
    """Cancels a scope before the n-th step that any task takes."""

    def __init__(self, step: int, scope: trio.CancelScope) -> None:
        self.left = step
        self.scope = scope

    def before_task_step(self, task: object) -> None:
        self.left -= 1
        if self.left == 0:
            self.scope.cancel()


class Life:
    """A served portfolio with one budget that moves to and fro, and a scope around its host."""

    def __init__(self, mode: str, way: Way) -> None:
        self.scope = trio.CancelScope()
        self.running = 0
        self.strategies = {key: Strategy(key == "A", self.handle, at_report=self.turn) for key in "AB"}
        self.strategies["C"] = TwoPhases(active=True, at_update=self.handle, at_evaluation=self.handle)
        self.runner = runner_of(mode, self.strategies, scheduler=way.scheduler())

    def turn(self, strategy: Strategy) -> None:
        strategy.active = not strategy.active

    async def handle(self, _: object = None) -> None:
        self.running += 1
        try:
            await trio.sleep(1)
        finally:
            self.running -= 1

    async def host(self) -> None:
        send, receive = trio.open_memory_channel(0)
        with self.scope:
            async with trio.open_nursery() as nursery:
                await nursery.start(self.runner.serve, receive)
                async with send:
                    for number in range(2):
                        await send.send(Slice(number, (event("A"), event("A", "HOUR"), event("B"), event("C"))))

    @property
    def calls(self) -> dict[str, list[object]]:
        return {key: list(strategy.calls) for key, strategy in self.strategies.items()}


def struck(mode: str, way: Way, step: int) -> Life:
    life = Life(mode, way)

    async def scenario() -> None:
        strike = StrikeAt(step, life.scope)
        trio.lowlevel.add_instrument(strike)
        try:
            await life.host()
        finally:
            trio.lowlevel.remove_instrument(strike)
        met = life.calls
        await trio.sleep(100)
        assert (life.running, life.calls) == (0, met), "something goes on after the end"

    way.run(scenario)
    return life


@pytest.mark.parametrize("mode", ["actors", "direct"])
@pytest.mark.parametrize(
    "way", [Way(seed=1), Way(seed=2), Way(order="controlled", seed=1), Way(order="controlled", seed=2)], ids=str
)
def test_cancelled_before_any_step_a_strategy_has_seen_the_beginning_of_the_flow(mode, way):
    whole = struck(mode, way, -1).calls
    assert {key: len(calls) for key, calls in whole.items()} == {"A": 12, "B": 8, "C": 12}
    for step in count(1):
        life = struck(mode, way, step)
        for key, calls in life.calls.items():
            assert calls == whole[key][: len(calls)], f"step {step}"
        if not life.scope.cancel_called:
            break
    assert step > 10, "the run is over before anything was cut"
