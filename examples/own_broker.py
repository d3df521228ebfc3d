"""Put another market behind the same strategies: a broker of your own, with desks, over a connection that takes time.

A runner calls its broker between handlers and never waits for it. So an adapter queues: what strategies ask for when a
slice closes goes into a channel, a task of its own sends it, and what the market answers is handed out when the next
slice opens. `Blotter` and `Desk` are the strategy's side of it; only the market's side is written here.

Run it with: python own_broker.py
"""

from collections.abc import Mapping, Sequence

import trio
from trio.testing import MockClock

from tradedesk.execution import (
    AccountStatement,
    Blotter,
    Desk,
    Fill,
    Gate,
    HearsFills,
    Listener,
    OrderState,
    SleeveStatement,
    Ticket,
    WorkedStream,
)
from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument, Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner


class Position:
    """What the adapter knows of one sleeve: what the market told it."""

    def __init__(self, sleeve: Instrument, instrument: Instrument) -> None:
        self.sleeve = sleeve
        self.instrument = instrument
        self.held = 0.0
        self.cash = 0.0
        self.price = 0.0
        self.fills = 0

    @property
    def average_price(self) -> float | None:
        return -self.cash / self.held if self.held else None

    def statement(self) -> SleeveStatement:
        profit = self.cash + self.held * self.price
        realised, unrealised = (0.0, profit) if self.held else (profit, 0.0)
        return SleeveStatement(
            self.instrument, self.held, self.average_price, realised, unrealised, 0.0, 0.0, profit, self.fills
        )


class VenueBroker:
    """Market orders over a channel; `deliver` is the task that sends them and books the answers."""

    def __init__(self, cash: float) -> None:
        self._cash = cash
        self._blotters: dict[Instrument, Blotter[Position]] = {}
        self._desks: dict[Instrument, Desk] = {}
        self._gate: Gate | None = None
        self._listener: Listener | None = None
        self._fresh: dict[Instrument, list[Fill]] = {}
        self._time = self._count = 0
        self._to_venue, self._orders = trio.open_memory_channel[Ticket](100)

    # The market's side --------------------------------------------------------------------------------------

    async def deliver(self) -> None:
        """Send each order, and book what comes back: here always a fill at the last price, a moment later."""
        async for ticket in self._orders:
            await trio.sleep(0.01)
            blotter = self._blotters[ticket.sleeve]
            position, order = blotter.book, ticket.order
            size = order.size * order.sign
            position.held += size
            position.cash -= size * position.price
            position.fills += 1
            self._count += 1
            fill = Fill(
                number=self._count,
                order_id=ticket.id,
                sleeve=ticket.sleeve,
                instrument=ticket.instrument,
                side=order.side,
                size=order.size,
                price=position.price,
                quote=position.price,
                value=order.size * position.price,
                commission=0.0,
                realised=0.0,
                closed=0.0,
                opened=order.size,
                close_time=self._time,
                moment="inside",
                tag=order.tag,
            )
            ticket.fill, ticket.filled = fill, order.size
            ticket.move(OrderState.FILLED)
            blotter.drop(ticket)
            blotter.tell(fill)
            self._fresh.setdefault(ticket.sleeve, []).append(fill)

    # The strategies' side -----------------------------------------------------------------------------------

    def desk(self, sleeve: Instrument, instrument: Instrument | None = None) -> Desk:
        if sleeve not in self._desks:
            self._blotters[sleeve] = Blotter(Position(sleeve, instrument or sleeve))
            self._desks[sleeve] = Desk(self._blotters[sleeve])
        return self._desks[sleeve]

    # The runner's side --------------------------------------------------------------------------------------

    def open_slice(self, slice_: Slice) -> Mapping[Instrument, Sequence[Fill]]:
        self._time = slice_.close_time
        closes = {event.instrument: event.candle.close for event in slice_.events}
        for blotter in self._blotters.values():
            blotter.book.price = closes.get(blotter.book.instrument, blotter.book.price)
        return self.unheard()

    def close_slice(self) -> None:
        for blotter in self._blotters.values():
            for action in blotter.take():
                ticket = action.ticket
                refusal = None if self._gate is None else self._gate(ticket.sleeve, reduces=ticket.order.reduce_only)
                if action.order is None or action.order.limit or action.order.stop:
                    refusal = "this broker takes market orders, and takes none back"
                if refusal is None:
                    blotter.accept(ticket)
                    self._to_venue.send_nowait(ticket)
                elif ticket.state is OrderState.SUBMITTED:
                    ticket.move(OrderState.REJECTED, refusal)
                    if self._listener is not None:
                        self._listener.order_refused(ticket)

    def unheard(self) -> Mapping[Instrument, Sequence[Fill]]:
        fresh, self._fresh = self._fresh, {}
        return fresh

    def ask_first(self, gate: Gate | None) -> None:
        self._gate = gate

    def tell(self, listener: Listener | None) -> None:
        self._listener = listener

    def close_out(self, sleeve: Instrument) -> Ticket | None:
        return self._desks[sleeve].close("close_out")

    def is_leaving(self, sleeve: Instrument) -> bool:
        return any(ticket.order.tag == "close_out" for ticket in self._blotters[sleeve].working)

    # What anybody may look at -------------------------------------------------------------------------------

    @property
    def sleeves(self) -> Sequence[Instrument]:
        return tuple(self._blotters)

    @property
    def exposed(self) -> Sequence[Instrument]:
        return [sleeve for sleeve, blotter in self._blotters.items() if blotter.book.held]

    @property
    def equity(self) -> float:
        return self._cash + sum(self.profits())

    @property
    def exposure(self) -> float:
        return sum(abs(blotter.book.held * blotter.book.price) for blotter in self._blotters.values())

    def profits(self) -> Sequence[float]:
        return [blotter.book.cash + blotter.book.held * blotter.book.price for blotter in self._blotters.values()]

    def sleeve(self, sleeve: Instrument) -> SleeveStatement:
        return self._blotters[sleeve].book.statement()

    def account(self) -> AccountStatement:
        equity = self.equity
        held = {blotter.book.instrument: blotter.book.held for blotter in self._blotters.values() if blotter.book.held}
        return AccountStatement(self._cash, equity, equity, 0.0, equity, held)


class Follower:
    """Long while the last candle rose."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def set_risk_per_trade(self, value: float) -> None: ...

    def is_regime_active(self) -> bool:
        return self._desk.size != 0

    def on_fill(self, fill: Fill) -> None:
        print(f"  {fill.sleeve}: {fill.side} {fill.size:g} at {fill.price:g}")

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        rose = event.candle.close > event.candle.open
        if rose and not self._desk.size:
            self._desk.buy(10)
        elif not rose and self._desk.size:
            self._desk.close()


async def main() -> None:
    instrument = Instrument("EURUSD")
    broker = VenueBroker(cash=10_000.0)
    strategy = Follower(broker.desk(instrument))
    runner = PortfolioRunner(
        {instrument: HearsFills(strategy, broker.desk(instrument))},
        EqualSplitRiskPolicy(portfolio_risk_budget=100.0),
        default_risk_per_trade=10.0,
    )
    broker.ask_first(runner.order_refusal)
    feed, candles = trio.open_memory_channel[Slice](0)
    async with trio.open_nursery() as nursery, runner:
        nursery.start_soon(broker.deliver)
        nursery.start_soon(runner.run, WorkedStream(candles, broker, runner.poll))
        price = 100.0
        for number, close in enumerate((101.0, 103.0, 102.0, 104.0), start=1):
            print(f"candle {number} closes at {close:g}, equity {broker.equity:g}")
            candle = Candle("", price, max(price, close), min(price, close), close)
            await feed.send(Slice(number * 60_000_000_000, (CandleCloseEvent(instrument, "1MINUTE", candle),)))
            price = close
            await trio.sleep(0.05)
        nursery.cancel_scope.cancel()
    print(f"at the end: {broker.sleeve(instrument).profit:g} gained, {broker.sleeve(instrument).size:g} held")


if __name__ == "__main__":
    trio.run(main, clock=MockClock(autojump_threshold=0))  # virtual time: it takes none, and always says the same
