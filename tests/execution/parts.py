"""A broker with one or a few desks, and candles to show it."""

from collections.abc import Callable, Iterable

from tradedesk.execution import Fill, PaperBroker, Terms
from tradedesk.marketdata import Candle, CandleCloseEvent, Slice

MINUTE = 60_000_000_000
DAY = 1_440 * MINUTE

Prices = tuple[float, float, float, float]
"""Open, high, low, close."""


def flat(price: float) -> Prices:
    return (price, price, price, price)


def event(instrument: str, prices: Prices, period: str = "1MINUTE") -> CandleCloseEvent:
    opens, high, low, close = prices
    return CandleCloseEvent(instrument, period, Candle("", opens, high, low, close))


class Pit:
    """A broker whose slices close a minute apart."""

    def __init__(
        self, *sleeves: str, terms: Terms | None = None, cash: float = 100_000.0, step: int = MINUTE, **options
    ):
        terms = terms or Terms()
        self.told: list[str] = []
        self.broker = PaperBroker(
            options.pop("instruments", {"X": terms}),
            cash=cash,
            on_order=lambda ticket: self.told.append(f"{ticket.id} {ticket.state.value}"),
            **options,
        )
        self.desks = [self.broker.desk(sleeve, "X") for sleeve in sleeves or ("A",)]
        self.desk = self.desks[0]
        self.time = 0
        self.step = step

    def show(self, *prices: Prices, then: Callable[[], object] | None = None) -> list[Fill]:
        """Show candles of X, one after the other; call `then` while the last one is handled."""
        fills: list[Fill] = []
        for place, each in enumerate(prices, start=1):
            fills += self.serve([event("X", each)], then if place == len(prices) else None)
        return fills

    def serve(self, events: Iterable[CandleCloseEvent], then: Callable[[], object] | None = None) -> list[Fill]:
        self.time += self.step
        heard = self.broker.open_slice(Slice(self.time, tuple(events)))
        if then is not None:
            then()
        self.broker.close_slice()
        return [fill for fills in heard.values() for fill in fills]

    def give(self, order: Callable[[], object], *, at: float = 100.0):
        """Let an order be given while a flat candle is handled; return what the call returned."""
        given = []
        self.show(flat(at), then=lambda: given.append(order()))
        return given[0]


def brief(fills: Iterable[Fill]) -> list[tuple[str, float, float, str]]:
    return [(fill.side, fill.size, fill.price, fill.moment) for fill in fills]
