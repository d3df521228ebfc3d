"""A strategy in a harness: stepped to the end of each call, in virtual time, with nobody else there."""

from pathlib import Path

import pytest
import trio

from tradedesk.execution import PaperBroker
from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument
from tradedesk.testing import HandlerWaits, StrategyHarness

UP = Candle("2024-03-01T09:00Z", open=1.0, high=2.0, low=1.0, close=2.0)
DOWN = Candle("2024-03-01T10:00Z", open=2.0, high=2.0, low=1.0, close=1.0)


class Trend:
    def __init__(self, desk=None, wait=None):
        self.desk, self.wait = desk, wait
        self.amount, self.up = 0.0, False

    def set_risk_per_trade(self, value):
        if value < 0:
            raise ValueError("a negative amount")
        self.amount = value

    def is_regime_active(self):
        return self.up

    async def on_candle_close(self, event):
        if self.wait is not None:
            await self.wait()
        self.up = event.candle.close > event.candle.open
        if self.desk is not None and self.up and self.amount:
            self.desk.buy(self.amount, stop_loss=0.5)


class InTwoPhases:
    instrument = Instrument("EURUSD")
    candle_period = "DAY"

    def __init__(self):
        self.met = []

    def set_risk_per_trade(self, value):
        pass

    def is_regime_active(self):
        return True

    def update_state(self, event):
        self.met.append(event)

    async def evaluate_signals(self):
        await trio.lowlevel.checkpoint()
        self.met.append("evaluated")


def test_each_call_is_done_when_it_returns():
    harness = StrategyHarness(Trend())
    assert harness.regime is False
    harness.candle(UP)
    assert harness.regime is True
    harness.candles([UP, DOWN])
    assert harness.regime is False


def test_it_notes_what_the_strategy_met_and_what_it_ordered():
    desk = PaperBroker(["EURUSD"], cash=1000.0).desk("EURUSD")
    harness = StrategyHarness(Trend(desk), desk=desk)
    harness.candle(UP)
    assert harness.orders == []
    harness.risk(50)
    harness.candles([UP, DOWN, UP])
    assert [(order.id, order.order.side, order.order.size) for order in harness.orders] == [
        ("EURUSD-1", "buy", 50),
        ("EURUSD-3", "buy", 50),  # 2 is the stop of the first
    ]
    ended = [(call.method, call.value) for call in harness.calls if call.moment == "ends"]
    event = CandleCloseEvent("TEST", "HOUR", UP)
    assert ended[:2] == [("on_candle_close", event), ("set_risk_per_trade", 50)]


def test_two_phases_are_an_update_and_an_evaluation():
    strategy = InTwoPhases()
    StrategyHarness(strategy).candle(UP)
    assert strategy.met == [CandleCloseEvent("EURUSD", "DAY", UP), "evaluated"]


def test_an_event_is_handed_on_as_it_is():
    strategy, event = InTwoPhases(), CandleCloseEvent("GBPUSD", "HOUR", DOWN)
    StrategyHarness(strategy, instrument="USDJPY").candle(event)
    assert strategy.met[0] is event


def test_a_handler_may_sleep_and_time_goes_on_from_call_to_call():
    times = []

    async def wait():
        times.append(trio.current_time())
        await trio.sleep(3600)

    harness = StrategyHarness(Trend(wait=wait))
    harness.candles([UP, UP])
    assert (times, harness.seconds) == ([0, 3600], 7200)


def test_a_handler_that_waits_for_somebody_is_an_error_that_says_where():
    event = trio.Event()

    async def wait():
        await event.wait()  # nobody sets it

    harness = StrategyHarness(Trend(wait=wait), patience=60.0)
    with pytest.raises(HandlerWaits) as caught:
        harness.candle(UP)
    line = wait.__code__.co_firstlineno + 1
    assert str(caught.value) == (
        "on_candle_close has not ended after 60 virtual seconds: it waits at "
        f"{Path(__file__).name}:{line}, `await event.wait()  # nobody sets it`. In a harness nobody answers: hand the strategy "
        "a made-up partner, or test it with simulate()"
    )
    assert [call.moment for call in harness.calls] == ["begins", "is cut"]


def test_what_the_strategy_raises_comes_out_as_it_is():
    async def wait():
        raise OSError("no feed")

    harness = StrategyHarness(Trend(wait=wait))
    with pytest.raises(OSError, match="no feed"):
        harness.candle(UP)
    with pytest.raises(ValueError, match="a negative amount"):
        harness.risk(-1)


def test_who_raises_when_it_is_cut_still_waited():
    async def wait():
        try:
            await trio.sleep_forever()
        except trio.Cancelled:
            raise OSError("interrupted") from None

    with pytest.raises(HandlerWaits) as caught:
        StrategyHarness(Trend(wait=wait)).candle(UP)
    assert isinstance(caught.value.__cause__, OSError)


def test_what_is_no_strategy_is_refused():
    with pytest.raises(TypeError) as caught:
        StrategyHarness("a text")
    assert str(caught.value) == (
        "'a text' is no strategy: it needs set_risk_per_trade() and is_regime_active(), not async, and "
        "async on_candle_close(), or update_state() and evaluate_signals()"
    )


async def test_in_a_test_that_is_async_it_says_so():
    with pytest.raises(RuntimeError) as caught:
        StrategyHarness(Trend()).candle(UP)
    assert str(caught.value) == "a StrategyHarness runs trio by itself: use it in a test that is not async"
