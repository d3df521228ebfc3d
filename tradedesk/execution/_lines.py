"""What books are kept in and on: a currency, and a line for each instrument with its terms and its last candle."""

from collections.abc import Iterable
from operator import mul
from typing import TYPE_CHECKING, Final

from tradedesk.execution._errors import TermsError
from tradedesk.execution._terms import Terms
from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument, period_seconds
from tradedesk.risk import PositionTracker, round_down_to_step

if TYPE_CHECKING:
    from tradedesk.execution._books import Book

NO_CANDLE: Final = Candle("", 0.0, 0.0, 0.0, 0.0)
"""Stands where no candle was seen yet; nothing fills in it, for no order is accepted before the first."""


class Currency:
    """A currency that instruments are quoted in.

    Attributes:
        name: "USD".
        rate: what one unit of it is worth in the account's; None until it was seen.
        unrealised: what each book in this currency would gain at the last close, in this currency.
        places: where in the account each of those books stands.
        gross: the value of each line's net position at the last close, in this currency.
        margins: what share of that binds money.
    """

    __slots__ = ("gross", "margins", "name", "places", "rate", "unrealised")

    def __init__(self, name: str, rate: float | None) -> None:
        self.name = name
        self.rate = rate
        self.unrealised: list[float] = []
        self.places: list[int] = []
        self.gross: list[float] = []
        self.margins: list[float] = []

    @property
    def bound(self) -> list[float]:
        """The margin of each line, in this currency: worked out when it is asked for, which most candles do not."""
        return list(map(mul, self.gross, self.margins))


class Line:
    """One instrument: its terms, its last candle, and who trades it.

    Attributes:
        candle: the last one; `NO_CANDLE` until there is one.
        close: where the last candle that was marked closed; None until there is one, and no order is accepted before.
        close_time: when it closed.
        books: of the sleeves that trade it, in declared order.
        exposed: those of them that hold something.
        net: what all sleeves hold together.
        working: how many orders work.
        share: the terms' share of volume.
        room: how much more may fill in the last candle; None for any size.
        ask: points from a candle's price to what a buyer pays.
        bid: points from a candle's price to what a seller gets, at most 0.
        pays: the currencies whose worth its closes say, and whether upside down.
        worth: money per point for a size of 1.
        gross: where its currency keeps the value of each line, its own at `slot`.
        unrealised: where its currency keeps what each book would gain.
    """

    __slots__ = (
        "ask",
        "bid",
        "books",
        "candle",
        "close",
        "close_time",
        "currency",
        "exposed",
        "gross",
        "instrument",
        "net",
        "net_size",
        "other_period",
        "pays",
        "period",
        "room",
        "share",
        "slot",
        "terms",
        "unrealised",
        "working",
        "worth",
    )

    def __init__(self, instrument: Instrument, terms: Terms, currency: Currency) -> None:
        self.instrument = instrument
        self.terms = terms
        self.currency = currency
        self.candle = NO_CANDLE
        self.close: float | None = None
        self.close_time = 0
        self.books: list[Book] = []
        self.exposed: list[Book] = []
        self.net = PositionTracker(terms.value_per_point)
        self.working = 0
        self.pays: list[tuple[Currency, bool]] = []
        self.period = terms.period
        self.other_period: str | None = None
        self.net_size = 0.0
        self.share = terms.volume_share
        self.room: float | None = None
        self.ask, self.bid = terms.ask_offset, terms.bid_offset
        self.worth = terms.value_per_point
        self.slot = len(currency.gross)
        currency.gross.append(0.0)
        currency.margins.append(terms.margin)
        # the currency's own lists, which it never replaces
        self.gross, self.unrealised = currency.gross, currency.unrealised

    def takes(self, period: str, events: Iterable[CandleCloseEvent]) -> bool:
        """Whether candles of this period fill orders here; asked for a period that is not the line's.

        The first slice that has candles of the instrument decides, whatever order they stand in.

        Raises:
            TermsError: The terms name no period, and this one is shorter than those that were seen first.
        """
        if self.period is None:
            seen = [event.period for event in events if event.instrument == self.instrument]
            self.period = min(seen, key=period_seconds) if len(seen) > 1 else period
        if period == self.period:
            return True
        if period != self.other_period:
            if self.terms.period is None and period_seconds(period) < period_seconds(self.period):
                raise TermsError(
                    f"{self.instrument!r} was filled on {self.period} candles, and now has {period} candles too: "
                    f"name the one to fill on in its terms, Terms(period={period!r})"
                )
            self.other_period = period
        return False

    def whole_lots(self, size: float) -> float:
        """The most of a size that can be traded."""
        return size if self.terms.lot_step is None else round_down_to_step(size, self.terms.lot_step)

    @property
    def is_financed(self) -> bool:
        """Whether holding it overnight costs or brings anything."""
        return bool(self.terms.financing.long or self.terms.financing.short)

    def value(self, size: float, price: float) -> float:
        """Return what a size is worth at a price, in the account's currency; at least 0."""
        return abs(size * price) * self.terms.value_per_point * (self.currency.rate or 0.0)

    def mark(self) -> None:
        """Show its candle to what is held here, and value it at the close; once for each candle, so in one piece."""
        candle, worth, unrealised = self.candle, self.worth, self.unrealised
        close = candle.close
        self.gross[self.slot] = abs(self.net_size * close) * worth
        for book in self.exposed:
            book.position.mark(candle)
            unrealised[book.slot] = (book.held * close - book.cost) * worth

    def commission(self, size: float, price: float) -> float:
        """Return what a fill costs, in the account's currency."""
        costs = self.terms.commission
        money = costs.per_trade + costs.per_unit * size
        if costs.bps:
            money += costs.bps / 10_000 * abs(size * price) * self.terms.value_per_point
        return max(money, costs.minimum) * (self.currency.rate or 0.0)
