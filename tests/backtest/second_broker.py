"""Another broker: market orders without costs, filled at the next open. It has the protocol and nothing more."""

from tradedesk.execution import (
    AccountStatement,
    Blotter,
    Desk,
    Fill,
    OrderState,
    SleeveStatement,
)


class Position:
    def __init__(self, sleeve, instrument):
        self.sleeve, self.instrument = sleeve, instrument
        self.held = self.cash = self.price = 0.0
        self.fills = 0

    @property
    def average_price(self):
        return -self.cash / self.held if self.held else None

    @property
    def profit(self):
        return self.cash + self.held * self.price

    def statement(self):
        return SleeveStatement(
            self.instrument, self.held, self.average_price, 0.0, self.profit, 0.0, 0.0, self.profit, self.fills
        )


class SecondBroker:
    def __init__(self, cash):
        self.cash = cash
        self.blotters = {}
        self.desks = {}
        self.gate = self.listener = None
        self.time = self.count = 0
        self.late = {}

    def desk(self, sleeve, instrument=None):
        if sleeve not in self.desks:
            self.blotters[sleeve] = Blotter(Position(sleeve, instrument or sleeve))
            self.desks[sleeve] = Desk(self.blotters[sleeve])
        return self.desks[sleeve]

    def open_slice(self, slice_):
        self.time = slice_.close_time
        candles = {event.instrument: event.candle for event in slice_.events}
        heard, self.late = self.late, {}
        for sleeve, blotter in self.blotters.items():
            candle = candles.get(blotter.book.instrument)
            if candle is not None:
                for ticket in tuple(blotter.working):
                    heard.setdefault(sleeve, []).append(self._fill(blotter, ticket, candle.open))
                blotter.book.price = candle.close
        return heard

    def _fill(self, blotter, ticket, price):
        position, order = blotter.book, ticket.order
        before = position.held
        position.held += order.size * order.sign
        position.cash -= order.size * order.sign * price
        position.fills += 1
        self.count += 1
        closed = min(order.size, abs(before)) if before * order.sign < 0 else 0.0
        fill = Fill(
            number=self.count,
            order_id=ticket.id,
            sleeve=ticket.sleeve,
            instrument=ticket.instrument,
            side=order.side,
            size=order.size,
            price=price,
            quote=price,
            value=order.size * price,
            commission=0.0,
            realised=0.0,
            closed=closed,
            opened=order.size - closed,
            close_time=self.time,
            moment="open",
            tag=order.tag,
        )
        ticket.fill, ticket.filled = fill, order.size
        ticket.move(OrderState.FILLED)
        blotter.drop(ticket)
        blotter.tell(fill)
        return fill

    def close_slice(self):
        for blotter in self.blotters.values():
            for action in blotter.take():
                ticket = action.ticket
                refusal = self.gate(ticket.sleeve, reduces=ticket.order.reduce_only)
                if refusal is None:
                    blotter.accept(ticket)
                else:
                    ticket.move(OrderState.REJECTED, refusal)
                    self.listener.order_refused(ticket)

    def unheard(self):
        heard, self.late = self.late, {}
        return heard

    def ask_first(self, gate):
        self.gate = gate

    def tell(self, listener):
        self.listener = listener

    def close_out(self, sleeve):
        blotter = self.blotters[sleeve]
        ticket = self.desks[sleeve].close("close_out")
        blotter.take()
        blotter.accept(ticket)
        return ticket

    def is_leaving(self, sleeve):
        return any(ticket.order.tag == "close_out" for ticket in self.blotters[sleeve].working)

    @property
    def sleeves(self):
        return tuple(self.blotters)

    @property
    def exposed(self):
        return [sleeve for sleeve, blotter in self.blotters.items() if blotter.book.held]

    @property
    def equity(self):
        return self.cash + sum(self.profits())

    @property
    def exposure(self):
        return sum(abs(blotter.book.held * blotter.book.price) for blotter in self.blotters.values())

    def profits(self):
        return [blotter.book.profit for blotter in self.blotters.values()]

    def sleeve(self, sleeve):
        return self.blotters[sleeve].book.statement()

    def account(self):
        equity = self.equity
        return AccountStatement(self.cash, equity, equity, 0.0, equity, {})
