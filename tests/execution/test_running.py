"""A broker beside a portfolio: orders from handlers, fills before reports, whoever runs first."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.actors.schedules import every_schedule
from tests.execution.parts import MINUTE, Pit, event, flat
from tradedesk.execution import HearsFills, OrderState, PaperBroker, Terms, worked
from tradedesk.marketdata import Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner, Quarantine

NAMES = ("EURUSD", "GBPUSD", "EURGBP")


class Boom(Exception):
    """What strategies in these tests fail with."""


class Player:
    """Buys when it holds nothing and sells when it does; writes down what it is told."""

    def __init__(self, desk, *, fails_at=None, fails_on_fill=False):
        self.desk = desk
        self.calls = []
        self.tickets = []
        self.candles = 0
        self.fails_at = fails_at
        self.fails_on_fill = fails_on_fill

    def set_risk_per_trade(self, value):
        self.calls.append(("risk", value))

    def is_regime_active(self):
        self.calls.append(("report", self.desk.size))
        return self.desk.size != 0

    def on_fill(self, fill):
        self.calls.append(("fill", fill.side, fill.price))
        if self.fails_on_fill:
            raise Boom

    async def on_candle_close(self, event):
        self.candles += 1
        self.calls.append(("candle", event.candle.close))
        self.tickets.append(self.desk.close() or self.desk.buy(1))
        if self.candles == self.fails_at:
            raise Boom


def slices(count):
    return [
        Slice(
            number * MINUTE, tuple(event(name, flat(100.0 + number * (place + 1))) for place, name in enumerate(NAMES))
        )
        for number in range(1, count + 1)
    ]


def desk_with(dispatch="actors", *, broker=None, on_failure="raise", poll=True, **options):
    broker = broker or PaperBroker(NAMES, cash=1_000.0)
    players = {name: Player(broker.desk(name), **options.pop(name, {})) for name in NAMES}
    runner = PortfolioRunner(
        {name: HearsFills(player, player.desk) for name, player in players.items()},
        EqualSplitRiskPolicy(12.0),
        default_risk_per_trade=1.0,
        dispatch=dispatch,
        on_failure=on_failure,
        poll_regimes=poll,
        **options,
    )
    broker.ask_first(runner.order_refusal)
    return broker, players, runner


async def test_fills_reach_a_strategy_before_it_reports():
    broker, players, runner = desk_with()
    async with runner:
        await runner.run(worked(slices(2), broker))
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
    ]


async def test_fills_reach_a_strategy_that_nobody_polls_before_its_candle():
    broker, players, runner = desk_with(poll=False)
    async with runner:
        await runner.run(worked(slices(2), broker))
    calls = players["EURUSD"].calls
    assert calls.index(("fill", "buy", 102.0)) < calls.index(("candle", 102.0))


async def test_the_orders_of_the_last_candle_are_taken_when_the_source_ends():
    broker, players, runner = desk_with()
    async with runner:
        await runner.run(worked(slices(1), broker))
    assert players["EURUSD"].tickets[0].state is OrderState.ACCEPTED


async def outcome(dispatch, source, **options):
    broker, players, runner = desk_with(dispatch, **options)
    equities = []

    def watched():
        for slice_ in worked(source, broker):
            yield slice_
            equities.append(broker.equity)

    async with runner:
        await runner.run(watched())
    calls = {name: player.calls for name, player in players.items()}
    return calls, equities, [broker.sleeve(name) for name in NAMES], broker.account()


async def test_actors_and_the_callers_task_come_to_the_same_fills():
    assert await outcome("actors", slices(12)) == await outcome("direct", slices(12))


@every_schedule
async def test_no_schedule_changes_a_fill(scheduler):
    expected = await outcome("direct", slices(6))
    assert await outcome("actors", slices(6), scheduler=scheduler) == expected


async def test_a_source_that_a_failure_left_can_be_run_on_with_its_broker():
    broker, players, runner = desk_with(EURUSD={"fails_at": 2})
    source = worked(slices(4), broker)
    async with runner:
        with pytest.raises(Boom):
            await runner.run(source)
        await runner.run(source)
    assert [ticket.state for ticket in players["EURUSD"].tickets[:3]] == [OrderState.FILLED] * 3
    assert broker.statistics().slices == 4


async def test_what_on_fill_raises_is_a_failure_of_its_sleeve():
    broker, players, runner = desk_with(EURUSD={"fails_on_fill": True})
    async with runner:
        with pytest.raises(Boom):
            await runner.run(worked(slices(2), broker))
    assert [player.candles for player in players.values()] == [1, 2, 2]


async def test_a_quarantined_sleeve_is_refused_its_orders_and_can_be_closed_out():
    broker, players, runner = desk_with(EURUSD={"fails_at": 2}, on_failure=Quarantine(positions="hold"))
    async with runner:
        await runner.run(worked(slices(2), broker))
        assert players["EURUSD"].tickets[1].reason == "the sleeve is quarantined since slice 2: Boom()"
        assert broker.sleeve("EURUSD").size == 1.0
        broker.close_out("EURUSD")
        await runner.run(worked(slices(4)[2:], broker))
    assert broker.sleeve("EURUSD").size == 0.0


async def test_a_halt_refuses_what_opens_a_position_and_lets_it_be_reduced():
    class Trimmer(Player):
        async def on_candle_close(self, event):
            self.tickets.append(self.desk.sell(1, reduce_only=True) if self.desk.size else self.desk.buy(2))
            self.tickets.append(self.desk.buy(1))

    broker = PaperBroker(NAMES[:1], cash=1_000.0)
    player = Trimmer(broker.desk("EURUSD"))
    strategies = {"EURUSD": HearsFills(player, player.desk)}
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(12.0), default_risk_per_trade=1.0)
    broker.ask_first(runner.order_refusal)
    source = [Slice(number * MINUTE, (event("EURUSD", flat(100.0)),)) for number in range(1, 5)]
    async with runner:
        await runner.run(worked(source[:2], broker))
        runner.halt("enough")
        await runner.run(worked(source[2:], broker))
    reducing, opening = player.tickets[4:6]
    assert (reducing.state, reducing.reason) == (OrderState.FILLED, "")
    assert (opening.state, opening.reason) == (OrderState.REJECTED, "the portfolio is halted: enough")


def test_fills_that_nobody_takes_give_way_and_are_counted():
    pit = Pit(terms=Terms(margin=0))
    for _ in range(51):
        pit.give(lambda: [pit.desk.buy(1) for _ in range(20)])
    assert pit.desk.missed == 0
    pit.show(flat(100.0))
    assert pit.desk.missed == 20
    assert pit.desk.next_fill().number == 21


@settings(max_examples=20)
@given(st.permutations(range(3)))
def test_the_order_of_candles_in_a_slice_changes_no_result(order):
    def turned(source):
        return [Slice(one.close_time, tuple(one.events[place] for place in order)) for one in source]

    results = []
    for source in (slices(5), turned(slices(5))):
        broker = PaperBroker(NAMES, cash=150.0)
        desks = [broker.desk(name) for name in NAMES]
        for slice_ in worked(source, broker):
            assert slice_.events
            for desk in desks:
                desk.buy(1)
        results.append((broker.account(), [broker.sleeve(name) for name in NAMES]))
    assert results[0] == results[1]
