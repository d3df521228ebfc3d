"""A portfolio over history, with a broker."""

import pytest
import trio

from tests.execution.parts import MINUTE, event
from tests.execution.test_running import NAMES, Boom, Player, desk_with, slices
from tradedesk.backtest import Backtest, run_backtest
from tradedesk.execution import BrokerStateError, Conversion, HearsFills, PaperBroker, Terms, TermsError
from tradedesk.marketdata import Slice
from tradedesk.portfolio import Quarantine, StrategySpec

every_dispatch = pytest.mark.parametrize("dispatch", ["actors", "direct"])


@every_dispatch
async def test_a_run_gives_equity_fills_and_books(dispatch):
    broker, _, runner = desk_with(dispatch)
    async with runner:
        result = await run_backtest(runner, broker, slices(4))
    assert list(result.close_times) == [MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE]
    assert list(result.equity) == [1_000.0, 1_000.0, 1_006.0, 1_006.0]
    assert [fill.number for fill in result.fills] == list(range(1, 10))
    assert result.account == broker.account()
    assert list(result.sleeves) == list(NAMES)
    assert [book.profit for book in result.sleeves.values()] == [1.0, 2.0, 3.0]
    assert result.rejected == 0


async def test_a_runner_that_is_not_entered_serves_too():
    broker, _, runner = desk_with()
    result = await run_backtest(runner, broker, slices(3))
    assert result.equity[-1] == 1_006.0


async def test_fills_at_the_last_close_are_among_the_results():
    broker, _, runner = desk_with(broker=PaperBroker(NAMES, cash=1_000.0, market_fill="same_close"))
    async with runner:
        result = await run_backtest(runner, broker, slices(1))
    assert [(fill.moment, fill.price) for fill in result.fills] == [
        ("close", 101.0),
        ("close", 102.0),
        ("close", 103.0),
    ]


@every_dispatch
async def test_a_sleeve_that_is_quarantined_to_be_flat_is_closed_out_at_the_next_open(dispatch):
    rule = Quarantine(positions="flatten")
    broker, _, runner = desk_with(dispatch, EURUSD={"fails_at": 2}, on_failure=rule)
    async with runner:
        result = await run_backtest(runner, broker, slices(4))
    fills = [fill for fill in result.fills if fill.sleeve == "EURUSD"]
    assert [(fill.side, fill.close_time, fill.moment, fill.tag) for fill in fills] == [
        ("buy", 2 * MINUTE, "open", ""),
        ("sell", 3 * MINUTE, "open", "close_out"),
    ]
    assert result.sleeves["EURUSD"].size == 0.0
    assert [(fault.close_time, fault.sleeve, fault.outcome) for fault in result.faults] == [
        (2 * MINUTE, "EURUSD", "the sleeve is quarantined since slice 2: Boom()")
    ]


async def test_a_sleeve_is_closed_out_once_however_long_its_market_is_quiet():
    rule = Quarantine(positions="flatten")
    broker, players, runner = desk_with(EURUSD={"fails_at": 2}, on_failure=rule)
    quiet = [type(one)(one.close_time, one.events[1:]) for one in slices(6)[2:5]]
    async with runner:
        result = await run_backtest(runner, broker, [*slices(2), *quiet, slices(6)[5]])
    assert [fill.tag for fill in result.fills if fill.sleeve == "EURUSD"] == ["", "close_out"]
    assert [ticket.id for ticket in players["EURUSD"].tickets] == ["EURUSD-1", "EURUSD-2"]
    assert result.sleeves["EURUSD"].fills == 2


async def test_a_sleeve_that_is_quarantined_as_it_stands_keeps_its_position():
    broker, _, runner = desk_with(EURUSD={"fails_at": 2}, on_failure=Quarantine(positions="hold"))
    async with runner:
        result = await run_backtest(runner, broker, slices(4))
    assert result.sleeves["EURUSD"].size == 1.0


@every_dispatch
async def test_a_strategy_that_raises_ends_the_run_and_what_was_done_until_then_is_kept(dispatch):
    broker, players, runner = desk_with(dispatch, EURUSD={"fails_at": 2})
    source = iter(slices(4))
    run = Backtest(runner, broker)
    async with runner:
        with pytest.raises(Boom) as caught:
            await run.run(source)
        result = run.result()
        assert (list(result.close_times), list(result.equity)) == ([MINUTE, 2 * MINUTE], [1_000.0, 1_000.0])
        assert result.error is caught.value
        (fault,) = result.faults
        assert (fault.close_time, fault.sleeve, fault.error) == (2 * MINUTE, "EURUSD", caught.value)
        assert fault.outcome == "it came out of the run"
        assert [player.candles for player in players.values()] == [2, 2, 2]
        assert repr(result) == "<BacktestResult: 2 slices, 3 fills, equity 1,000.00, ended by Boom>"
        whole = await run.run(source)
    assert list(whole.close_times) == [MINUTE, 2 * MINUTE, 3 * MINUTE, 4 * MINUTE]
    assert whole.error is None
    assert whole.sleeves["EURUSD"].profit == 1.0
    assert len(result.close_times) == 2


async def test_a_source_that_begins_before_the_brokers_last_slice_is_refused():
    broker, _, runner = desk_with()
    await run_backtest(runner, broker, slices(3))
    with pytest.raises(
        BrokerStateError, match=r"^a slice that closes at 60000000000 comes after one that closes at 180000000000$"
    ):
        await run_backtest(runner, broker, slices(3))


async def test_a_desk_that_no_sleeve_of_the_portfolio_has_is_refused_its_orders():
    broker = PaperBroker((*NAMES, "X"), cash=1_000.0)
    stranger = broker.desk("stranger", "EURUSD")
    broker, _, runner = desk_with(broker=broker)
    broker.ask_first(None)
    first = slices(1)[0]
    broker.open_slice(first)
    held = stranger.buy(1)
    broker.close_slice()
    broker.open_slice(slices(2)[1])
    broker.close_slice()
    ticket = stranger.sell(1)
    async with runner:
        result = await run_backtest(runner, broker, slices(4)[2:])
    assert (held.state.value, ticket.state.value) == ("filled", "rejected")
    assert ticket.reason == "the portfolio has no such sleeve"
    assert result.sleeves["stranger"].size == 1.0


class BadRow(Exception):
    """What a source may end with."""


def breaking(count):
    yield from slices(count)
    raise BadRow("line 4")


@every_dispatch
async def test_a_source_that_breaks_leaves_a_result_up_to_there(dispatch):
    broker, _, runner = desk_with(dispatch)
    run = Backtest(runner, broker)
    async with runner:
        with pytest.raises(BadRow):
            await run.run(breaking(3))
    result = run.result()
    assert (len(result.close_times), result.faults) == (3, ())
    assert isinstance(result.error, BadRow)
    assert broker.equity == result.equity[-1]


@every_dispatch
async def test_a_run_that_is_cancelled_has_closed_its_slice_and_keeps_what_was_done(dispatch, autojump_clock):
    broker, players, runner = desk_with(dispatch)
    run = Backtest(runner, broker)

    async def hang(_):
        if broker.statistics().slices == 3:
            await trio.sleep_forever()

    players["EURGBP"].on_candle_close = hang
    with trio.move_on_after(1) as scope:
        async with runner:
            await run.run(slices(5))
    result = run.result()
    assert scope.cancelled_caught
    assert list(result.close_times) == [MINUTE, 2 * MINUTE, 3 * MINUTE]
    assert isinstance(result.error, trio.Cancelled)
    broker.open_slice(slices(4)[3])


async def test_an_error_of_the_broker_ends_the_run_before_the_strategies_see_the_slice():
    terms = Terms(currency="JPY", margin=0.02)
    broker = PaperBroker({**dict.fromkeys(NAMES, terms)}, cash=1_000.0, conversions={"JPY": Conversion("EURUSD")})
    broker, players, runner = desk_with(broker=broker)
    source = slices(2)
    bad = [event("EURUSD", (0.0, 0.0, 0.0, 0.0)), *source[1].events[1:]]
    run = Backtest(runner, broker)
    async with runner:
        with pytest.raises(
            TermsError, match=r"^the close of 'EURUSD', which says what JPY is worth, is 0.0; it must be"
        ):
            await run.run([source[0], Slice(2 * MINUTE, tuple(bad))])
    assert [player.candles for player in players.values()] == [1, 1, 1]
    assert list(run.result().close_times) == [MINUTE]


async def test_a_sleeve_that_joins_between_two_runs_has_a_curve_from_there_on():
    broker = PaperBroker((*NAMES, "late"), cash=1_000.0)
    broker, _, runner = desk_with(broker=broker)
    run = Backtest(runner, broker)
    async with runner:
        await run.run(slices(2))
        player = Player(broker.desk("late", "EURUSD"))
        await runner.add("late", StrategySpec(HearsFills(player, player.desk)))
        result = await run.run(slices(5)[2:])
    assert list(result.profit_of("late")) == [0.0, 0.0, 0.0, 0.0, 1.0]
    assert list(result.allocation_of("late")) == [0.0, 0.0, 0.0, 3.0, 0.0]
    assert result.active_of("late") == [False, False, False, True, False]
    assert result.allocations[-1].sleeves == (*NAMES, "late")
    assert result.allocations[0].of("late") == 0.0


async def test_a_run_without_curves_of_sleeves_says_so():
    broker, _, runner = desk_with()
    async with runner:
        result = await run_backtest(runner, broker, slices(2), sleeve_curves=False)
    with pytest.raises(ValueError, match=r"^the run kept no curves of its sleeves: run it with sleeve_curves=True$"):
        result.profit_of("EURUSD")
    with pytest.raises(KeyError, match=r"there is no sleeve 'X'; there are 'EURUSD', 'GBPUSD', 'EURGBP'"):
        result.profit_of("X")
    assert "profit EURUSD" not in result.tables()["curves"]
