"""One strategy alone, in a test without anything async."""

import linecache
from collections.abc import Coroutine, Iterable, Iterator
from pathlib import Path
from typing import Final

import trio
from trio.lowlevel import in_trio_run, spawn_system_task
from trio.testing import MockClock

from tradedesk.execution import Desk, OrderState, Ticket
from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument
from tradedesk.testing._kept import Kept
from tradedesk.testing._log import Call, Item
from tradedesk.testing._watched import Book, Player, WatchedOnePhase, watcher

_OF_TRIO: Final = Path(trio.__file__).parent


class HandlerWaits(AssertionError):
    """A handler has not ended: it waits for somebody, and in a harness there is nobody. The text says where."""


class StrategyHarness:
    """Steps a strategy: each call is made, and awaited to its end, before it returns.

    A handler may sleep: time is virtual and goes on from call to call. One that waits for anything else to happen is an
    error, `HandlerWaits`. What the strategy raises comes out as it is.

    Args:
        strategy: in one phase or in two.
        desk: where it gives its orders, for `orders`; no broker works here, so nothing fills. See `backtest` for that.
        instrument: of candles that are given without; the strategy's own, if it has one, comes first.
        period: likewise.
        patience: virtual seconds that a handler may sleep.

    Attributes:
        orders: what it ordered, oldest first.
        seconds: how much virtual time has passed.
    """

    def __init__(
        self,
        strategy: Player,
        *,
        desk: Desk | None = None,
        instrument: str = "TEST",
        period: str = "HOUR",
        patience: float = 86_400.0,
    ) -> None:
        self.strategy = strategy
        self.orders: list[Ticket] = []
        self.seconds = 0.0
        self._log: list[Item] = []
        player = watcher("strategy", strategy, Book(self._log))
        if player is None:
            raise TypeError(
                f"{strategy!r} is no strategy: it needs set_risk_per_trade() and is_regime_active(), not async, and "
                "async on_candle_close(), or update_state() and evaluate_signals()"
            )
        self._player = player
        self._instrument = Instrument(getattr(strategy, "instrument", None) or instrument)
        self._period: str = getattr(strategy, "candle_period", None) or period
        self._desk = desk
        self._patience = patience

    @property
    def calls(self) -> list[Call]:
        """What the strategy met, and how it ended."""
        return [item for item in self._log if isinstance(item, Call)]

    def risk(self, amount: float) -> None:
        """Give it an amount for the trades to come."""
        self._player.set_risk_per_trade(amount)
        self._look_at_the_desk()

    @property
    def regime(self) -> bool:
        """Ask whether it wants a share of the budget now."""
        active = self._player.is_regime_active()
        self._look_at_the_desk()
        return active

    def candle(self, candle: Candle | CandleCloseEvent) -> None:
        """Let it handle a candle; in two phases, update with it and evaluate.

        Raises:
            HandlerWaits: It did not end.
            Exception: What it raised.
        """
        event = candle if isinstance(candle, CandleCloseEvent) else self._event(candle)
        player = self._player
        if isinstance(player, WatchedOnePhase):
            self._finish("on_candle_close", player.on_candle_close(event))
        else:
            self._finish("update_state", player.update_state(event))
            self._finish("evaluate_signals", player.evaluate_signals())

    def candles(self, candles: Iterable[Candle | CandleCloseEvent]) -> None:
        """Let it handle some, one after the other."""
        for candle in candles:
            self.candle(candle)

    def _event(self, candle: Candle) -> CandleCloseEvent:
        return CandleCloseEvent(self._instrument, self._period, candle)

    def _look_at_the_desk(self) -> None:
        if self._desk is not None:
            self.orders += [
                ticket
                for ticket in self._desk.orders
                if ticket.state is not OrderState.WAITING and ticket not in self.orders  # half of a bracket waits
            ]

    def _finish(self, method: str, result: Coroutine[object, object, None]) -> None:
        if in_trio_run():
            result.close()
            raise RuntimeError("a StrategyHarness runs trio by itself: use it in a test that is not async")
        where: list[str] = []
        clock = MockClock(autojump_threshold=0)
        clock.jump(self.seconds)

        async def main() -> None:
            try:
                with trio.CancelScope() as scope:
                    spawn_system_task(self._watch, result, scope, where, name="tradedesk.testing.StrategyHarness")
                    await result
            finally:
                self.seconds = trio.current_time()

        with Kept() as kept:
            trio.run(main, clock=clock)
        self._look_at_the_desk()
        if where:
            raise HandlerWaits(
                f"{method} has not ended after {self._patience:g} virtual seconds: it waits {where[0]}. In a harness "
                "nobody answers: hand the strategy a made-up partner, or test it with simulate()"
            ) from kept.error
        if kept.error is not None:
            raise kept.error

    async def _watch(self, result: Coroutine[object, object, None], scope: trio.CancelScope, where: list[str]) -> None:
        await trio.sleep(self._patience)
        where.append(_place(result))
        scope.cancel()


def _place(waiting: object) -> str:
    """Where a coroutine waits: the innermost line that is not of trio."""
    places = [(name, line) for name, line in _frames(waiting) if _OF_TRIO not in Path(name).parents]
    if not places:
        return "somewhere"
    name, line = places[-1]
    return f"at {Path(name).name}:{line}, `{linecache.getline(name, line).strip()}`"


def _frames(waiting: object) -> Iterator[tuple[str, int]]:
    while waiting is not None:
        frame = getattr(waiting, "cr_frame", None) or getattr(waiting, "gi_frame", None)
        if frame is not None:
            yield frame.f_code.co_filename, frame.f_lineno
        waiting = getattr(waiting, "cr_await", None) or getattr(waiting, "gi_yieldfrom", None)
