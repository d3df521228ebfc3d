"""The protocol of a broker is enough: another broker takes the paper broker's place, and nobody else notices."""

import pytest

from tests.backtest.second_broker import SecondBroker
from tests.execution.parts import MINUTE
from tests.execution.test_running import NAMES, desk_with, slices
from tradedesk.backtest import run_backtest
from tradedesk.execution import PaperBroker, Terms, WorkedStream
from tradedesk.portfolio import Quarantine


class Stream:
    """Slices, one after the other, as an async iterable."""

    def __init__(self, source):
        self.rest = iter(source)

    def __aiter__(self):
        return self

    async def __anext__(self):
        for slice_ in self.rest:
            return slice_
        raise StopAsyncIteration


def brief(fills):
    return [(fill.order_id, fill.side, fill.size, fill.price, fill.close_time, fill.opened) for fill in fills]


async def outcome(broker, **options):
    broker, players, runner = desk_with(broker=broker, **options)
    async with runner:
        result = await run_backtest(runner, broker, slices(8))
    calls = [player.calls for player in players.values()]
    refused = [(order.close_time, order.sleeve, order.reason) for order in result.refused]
    return calls, brief(result.fills), list(result.equity), refused, list(result.exposure)


@pytest.mark.parametrize(
    "options", [{}, {"EURUSD": {"fails_at": 3}, "on_failure": Quarantine(positions="flatten")}, {"poll": False}]
)
async def test_another_broker_gives_the_same_run(options):
    paper = PaperBroker(dict.fromkeys(NAMES, Terms(margin=0)), cash=1_000.0)
    assert await outcome(SecondBroker(1_000.0), **options) == await outcome(paper, **options)


async def test_a_stream_is_worked_like_a_source():
    expected = await outcome(SecondBroker(1_000.0))
    broker, players, runner = desk_with(broker=SecondBroker(1_000.0))
    equity = []

    class Watched(WorkedStream):
        async def __anext__(self):
            if self._is_open:
                equity.append(broker.equity)
            return await super().__anext__()

    async with runner:
        await runner.run(Watched(Stream(slices(8)), broker, runner.poll))
    assert [player.calls for player in players.values()] == expected[0]
    assert equity == expected[2]


async def test_a_stream_closes_its_slice_before_it_waits_for_the_next():
    broker, players, runner = desk_with(broker=PaperBroker(NAMES, cash=1_000.0))
    stream = WorkedStream(Stream(slices(1)), broker)
    async with runner:
        await runner.run(stream)
    assert players["EURUSD"].tickets[0].state.value == "accepted"
    assert broker.open_slice(slices(2)[1])["EURUSD"][0].close_time == 2 * MINUTE
