"""What comes before what: fills, reports, the allocation, candles."""

import pytest

from tests.actors.schedules import every_schedule
from tests.execution.parts import MINUTE, event, flat
from tests.execution.test_running import NAMES, Player, desk_with, slices
from tradedesk.backtest import Backtest, run_backtest
from tradedesk.execution import HearsFills, HearsFillsInPhases, PaperBroker, worked
from tradedesk.marketdata import Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, OrderGates, PortfolioRunner, UnknownSleeveError

every_dispatch = pytest.mark.parametrize("dispatch", ["actors", "direct"])


@every_dispatch
async def test_without_polls_fills_still_come_before_the_report_and_the_allocation(dispatch):
    broker, players, runner = desk_with(dispatch, poll=False)
    async with runner:
        await run_backtest(runner, broker, slices(3))
    assert players["EURUSD"].calls == [
        ("report", 0.0),
        ("risk", 1.0),
        ("candle", 101.0),
        ("report", 0.0),
        ("fill", "buy", 102.0),
        ("report", 1.0),
        ("risk", 4.0),
        ("candle", 102.0),
        ("report", 1.0),
        ("fill", "sell", 103.0),
        ("report", 0.0),
        ("risk", 1.0),
        ("candle", 103.0),
        ("report", 0.0),
    ]


async def test_a_worked_source_has_the_runner_poll_who_filled():
    broker, players, runner = desk_with(poll=False)
    async with runner:
        await runner.run(worked(slices(2), broker, runner.poll))
    assert players["GBPUSD"].calls[4:7] == [("fill", "buy", 104.0), ("report", 1.0), ("risk", 4.0)]


async def test_who_did_not_fill_is_not_polled():
    broker, players, runner = desk_with(poll=False)
    quiet = players["EURGBP"]
    quiet.on_candle_close = _nothing
    async with runner:
        await run_backtest(runner, broker, slices(4))
    assert [name for name, *_ in quiet.calls].count(
        "report"
    ) == 5  # the first slice polls, each candle is followed by one


async def _nothing(_):
    pass


async def outcome(dispatch, **options):
    broker, players, runner = desk_with(dispatch, poll=False, **options)
    async with runner:
        result = await run_backtest(runner, broker, slices(5))
    return result.run_hash, [player.calls for player in players.values()]


@every_schedule
async def test_no_schedule_changes_a_run_that_does_not_poll(scheduler):
    assert await outcome("actors", scheduler=scheduler) == await outcome("direct")


def test_only_sleeves_can_be_polled():
    _, _, runner = desk_with()
    with pytest.raises(
        UnknownSleeveError, match=r"^this portfolio has no sleeve 'X'; its sleeves are 'EURUSD', 'GBPUSD', 'EURGBP'.$"
    ):
        runner.poll(["EURUSD", "X"])


class PhasedPlayer(Player):
    def update_state(self, event):
        self.calls.append(("update", event.candle.close))

    def evaluate_signals(self):
        self.calls.append(("evaluate", self.desk.size))
        if self.desk.close() is None:
            self.desk.buy(1)


@every_dispatch
@pytest.mark.parametrize("poll", [True, False])
async def test_a_strategy_in_two_phases_hears_of_its_fills_before_it_updates(dispatch, poll):
    broker = PaperBroker(NAMES[:1], cash=1_000.0)
    player = PhasedPlayer(broker.desk("EURUSD"))
    runner = PortfolioRunner(
        {"EURUSD": HearsFillsInPhases(player, player.desk)},
        EqualSplitRiskPolicy(12.0),
        default_risk_per_trade=1.0,
        dispatch=dispatch,
        poll_regimes=poll,
    )
    async with runner:
        await run_backtest(runner, broker, [Slice(one.close_time, one.events[:1]) for one in slices(2)])
    second = player.calls[player.calls.index(("fill", "buy", 102.0)) :]
    assert second[:2] == [("fill", "buy", 102.0), ("update", 102.0)]
    assert second[-3:] == [("risk", 12.0), ("evaluate", 1.0), ("report", 1.0)]


# Gates ----------------------------------------------------------------------------------------------------------------


class Largest:
    def __init__(self, size):
        self.size = size

    def refuse(self, ticket):
        return f"{ticket.order.size:g} is more than {self.size:g}" if ticket.order.size > self.size else None


async def test_the_brokers_own_gates_are_asked_behind_the_portfolio():
    class Eager(Player):
        async def on_candle_close(self, event):
            self.tickets.append(self.desk.buy(3 if self.candles else 1))
            self.candles += 1

    broker = PaperBroker(NAMES[:1], cash=1_000.0, order_gate=OrderGates(Largest(5.0), Largest(2.0)))
    player = Eager(broker.desk("EURUSD"))
    strategies = {"EURUSD": HearsFills(player, player.desk)}
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(12.0), default_risk_per_trade=1.0)
    source = [Slice(number * MINUTE, (event("EURUSD", flat(100.0)),)) for number in range(1, 5)]
    async with runner:
        run = Backtest(runner, broker)
        await run.run(source[:3])
        runner.halt("enough")
        result = await run.run(source[3:])
    assert [(order.close_time // MINUTE, order.order.size, order.reason) for order in result.refused] == [
        (2, 3, "3 is more than 2"),
        (3, 3, "3 is more than 2"),
        (4, 3, "the portfolio is halted: enough"),
    ]
    assert [(halt.reason, halt.since, halt.until) for halt in result.halts] == [("enough", 4 * MINUTE, None)]


async def test_a_gate_that_says_no_at_the_fill_rejects_what_would_open():
    gate = Largest(2.0)
    broker = PaperBroker(NAMES, cash=1_000.0, order_gate=gate)
    broker, players, runner = desk_with(broker=broker)

    def closing_in():
        for number, slice_ in enumerate(slices(2)):
            gate.size = 2.0 if number == 0 else 0.5
            yield slice_

    async with runner:
        result = await run_backtest(runner, broker, closing_in())
    assert result.fills == ()
    assert players["EURUSD"].tickets[0].reason == "1 is more than 0.5"
    assert [order.close_time for order in result.refused] == [2 * MINUTE] * 6


async def test_a_replacement_is_shown_to_the_gate_as_it_would_be():
    broker = PaperBroker(["X"], cash=1_000.0, order_gate=Largest(2.0))
    desk = broker.desk("X")
    broker.open_slice(Slice(MINUTE, (event("X", flat(100.0)),)))
    ticket = desk.buy(1, limit=90.0)
    broker.close_slice()
    broker.open_slice(Slice(2 * MINUTE, (event("X", flat(100.0)),)))
    desk.replace(ticket, size=3)
    broker.close_slice()
    assert ticket.reason == "it stays as it was, for the change was refused: 3 is more than 2"
