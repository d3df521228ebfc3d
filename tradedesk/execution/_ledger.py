"""What was bought, what it cost, what it is worth: a book for each sleeve, a line for each instrument, one account.

A book's profit is kept in the instrument's currency while it is open, and banked in the account's when it is realised,
at the rate of the slice. The account owns nothing of its own: its balance is its cash and what the books have banked,
its equity that and what they would gain at the last close. So sleeves always add up to the account.

Sums go through `fsum`, which rounds once: no order in which candles arrive changes a digit.
"""

from collections.abc import Iterable
from math import fsum
from typing import Final

from tradedesk.execution._errors import TermsError, UnknownInstrumentError, check
from tradedesk.execution._terms import DAY, Conversion, Conversions, Terms
from tradedesk.execution.types import AccountStatement, SleeveStatement
from tradedesk.marketdata import Candle, CandleCloseEvent, Instrument, period_seconds
from tradedesk.risk import Filled, PositionTracker

NO_CANDLE: Final = Candle("", 0.0, 0.0, 0.0, 0.0)
"""Stands where no candle was seen yet; nothing fills in it, for no order is accepted before the first."""


class Currency:
    """A currency that instruments are quoted in.

    Attributes:
        name: "USD".
        rate: what one unit of it is worth in the account's; None until it was seen.
        unrealised: what each book in this currency would gain at the last close, in this currency.
        bound: the margin of each line in this currency at the last close, in this currency.
    """

    __slots__ = ("bound", "name", "rate", "unrealised")

    def __init__(self, name: str, rate: float | None) -> None:
        self.name = name
        self.rate = rate
        self.unrealised: list[float] = []
        self.bound: list[float] = []


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
        pays: the currencies whose worth its closes say, and whether upside down.
    """

    __slots__ = (
        "books",
        "candle",
        "close",
        "close_time",
        "currency",
        "exposed",
        "instrument",
        "net",
        "net_size",
        "other_period",
        "pays",
        "period",
        "slot",
        "terms",
        "working",
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
        self.slot = len(currency.bound)
        currency.bound.append(0.0)

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

    @property
    def is_financed(self) -> bool:
        """Whether holding it overnight costs or brings anything."""
        return bool(self.terms.financing.long or self.terms.financing.short)

    def value(self, size: float, price: float) -> float:
        """Return what a size is worth at a price, in the account's currency; at least 0."""
        return abs(size * price) * self.terms.value_per_point * (self.currency.rate or 0.0)

    def bind(self, close: float) -> None:
        """Work out what the net position binds at a close."""
        terms = self.terms
        self.currency.bound[self.slot] = abs(self.net_size * close) * terms.value_per_point * terms.margin

    def commission(self, size: float, price: float) -> float:
        """Return what a fill costs, in the account's currency."""
        costs = self.terms.commission
        money = costs.per_trade + costs.per_unit * size
        if costs.bps:
            money += costs.bps / 10_000 * abs(size * price) * self.terms.value_per_point
        return max(money, costs.minimum) * (self.currency.rate or 0.0)


class Book:
    """What one sleeve did, and what it holds. Money is in the account's currency, but for `Currency.unrealised`."""

    __slots__ = (
        "commission",
        "cost",
        "fills",
        "financing",
        "held",
        "line",
        "place",
        "position",
        "realised",
        "sleeve",
        "slot",
    )

    def __init__(self, sleeve: Instrument, line: Line, place: int) -> None:
        self.sleeve = sleeve
        self.line = line
        self.place = place
        self.position = PositionTracker(line.terms.value_per_point)
        self.held = 0.0
        self.cost = 0.0
        """What is held, times its average price, in points."""
        self.realised = 0.0
        self.commission = 0.0
        self.financing = 0.0
        self.fills = 0
        self.slot = len(line.currency.unrealised)
        line.currency.unrealised.append(0.0)

    @property
    def banked(self) -> float:
        """What the sleeve added to the balance."""
        return self.realised - self.commission - self.financing

    @property
    def unrealised(self) -> float:
        """What closing at the last close would gain, in the account's currency."""
        currency = self.line.currency
        return currency.unrealised[self.slot] * (currency.rate or 0.0)

    def mark(self, candle: Candle) -> None:
        """Show a candle to what is held."""
        self.position.mark(candle)
        self.value(candle.close)

    def value(self, close: float) -> None:
        """Work out what closing here would gain."""
        line = self.line
        line.currency.unrealised[self.slot] = (self.held * close - self.cost) * line.terms.value_per_point

    def fill(self, size: float, price: float, commission: float, time: int) -> tuple[Filled, float]:
        """Book a fill, buying where the size is above 0; return what it did, and the money it realised."""
        line = self.line
        done = self.position.fill(size, price, time)
        if line.net is not self.position:
            line.net.fill(size, price, time)
        money = done.realised * (line.currency.rate or 0.0)
        self.realised += money
        self.commission += commission
        self.fills += 1
        self._restate()
        return done, money

    def _restate(self) -> None:
        line, before = self.line, self.held
        self.held = self.position.size
        line.net_size = self.held if line.net is self.position else line.net.size
        self.cost = self.held * (self.position.average_price or 0.0)
        if line.close is not None:
            self.value(line.close)
            line.bind(line.close)
        if not before and self.held:
            line.exposed.append(self)
        elif before and not self.held:
            line.exposed.remove(self)

    def finance(self, days: int) -> None:
        """Pay for so many days of holding what is held, at the last close."""
        line, terms = self.line, self.line.terms.financing
        rate = terms.long if self.held > 0 else terms.short
        self.financing += line.value(self.held, line.close or 0.0) * rate / terms.days_in_year * days

    def statement(self) -> SleeveStatement:
        """Return the book as it stands."""
        unrealised = self.unrealised
        return SleeveStatement(
            instrument=self.line.instrument,
            size=self.held,
            average_price=self.position.average_price,
            realised=self.realised,
            unrealised=unrealised,
            commission=self.commission,
            financing=self.financing,
            profit=self.banked + unrealised,
            fills=self.fills,
        )


class Account:
    """All books, and the money they share."""

    def __init__(self, cash: float, currency: str, terms: dict[Instrument, Terms], conversions: Conversions) -> None:
        check(TermsError, "cash", cash)
        self.cash = cash
        self.currency = currency
        self.books: list[Book] = []
        self.banked: list[float] = []
        """What each book added to the balance."""
        self.currencies = {currency: Currency(currency, 1.0)}
        self.lines = {instrument: self._line(instrument, each) for instrument, each in terms.items()}
        self._convert(conversions)
        self.financed = [line for line in self.lines.values() if line.is_financed]

    def _line(self, instrument: Instrument, terms: Terms) -> Line:
        name = terms.currency or self.currency
        currency = self.currencies.setdefault(name, Currency(name, None))
        return Line(instrument, terms, currency)

    def _convert(self, conversions: Conversions) -> None:
        for name, currency in self.currencies.items():
            if name == self.currency:
                continue
            if name not in conversions:
                raise TermsError(
                    f"nothing says what {name} is worth in {self.currency}: give conversions={{{name!r}: ...}}"
                )
            source = conversions[name]
            if isinstance(source, Conversion):
                self.line(source.instrument).pays.append((currency, source.inverted))
            else:
                check(TermsError, f"the worth of {name} in {self.currency}", source, above=0)
                currency.rate = source

    def line(self, instrument: Instrument) -> Line:
        """Find an instrument's line.

        Raises:
            UnknownInstrumentError: It has no terms.
        """
        line = self.lines.get(instrument)
        if line is None:
            raise UnknownInstrumentError(instrument, self.lines)
        return line

    def open_book(self, sleeve: Instrument, instrument: Instrument) -> Book:
        """Open a book for a sleeve, behind all others."""
        line = self.line(instrument)
        book = Book(sleeve, line, len(self.books))
        self.books.append(book)
        self.banked.append(0.0)
        line.books.append(book)
        if len(line.books) == 1:
            line.net = book.position  # one sleeve alone: its position is the account's
        elif len(line.books) == 2:  # noqa: PLR2004
            line.net = _copied(line.books[0].position, line.terms)
        return book

    def fill(self, book: Book, size: float, price: float, time: int) -> tuple[Filled, float, float]:
        """Book a fill; return what it did, what it realised and what it cost."""
        commission = book.line.commission(abs(size), price)
        done, realised = book.fill(size, price, commission, time)
        self.banked[book.place] = book.banked
        return done, realised, commission

    def convert(self, line: Line, close: float) -> None:
        """Read the worth of currencies from an instrument's close.

        Raises:
            TermsError: The close is not above 0, so it is the worth of nothing.
        """
        for currency, inverted in line.pays:
            check(
                TermsError,
                f"the close of {line.instrument!r}, which says what {currency.name} is worth,",
                close,
                above=0,
            )
            currency.rate = 1 / close if inverted else close

    def finance(self, line: Line, since: int, until: int) -> None:
        """Pay for the days that end after `since`, and at `until` or before."""
        rollover = line.terms.financing.rollover
        days = (until - rollover) // DAY - (since - rollover) // DAY
        if days > 0:
            for book in line.exposed:
                book.finance(days)
                self.banked[book.place] = book.banked

    @property
    def balance(self) -> float:
        """Cash and what the books have banked."""
        return fsum((self.cash, *self.banked))

    @property
    def equity(self) -> float:
        """The balance, and what all that is held would gain at the last close."""
        open_profits = [fsum(one.unrealised) * (one.rate or 0.0) for one in self.currencies.values()]
        return fsum((self.cash, *self.banked, *open_profits))

    @property
    def margin(self) -> float:
        """What the positions bind."""
        return fsum(fsum(one.bound) * (one.rate or 0.0) for one in self.currencies.values())

    def statement(self) -> AccountStatement:
        """Return the account as it stands."""
        equity, margin = self.equity, self.margin
        held = ((instrument, line.net_size) for instrument, line in self.lines.items() if line.exposed)
        return AccountStatement(
            cash=self.cash,
            balance=self.balance,
            equity=equity,
            margin=margin,
            free=equity - margin,
            positions={instrument: size for instrument, size in held if size},
        )


def _copied(position: PositionTracker, terms: Terms) -> PositionTracker:
    """Another tracker that holds as much, at the same average price."""
    copy = PositionTracker(terms.value_per_point)
    if position.average_price is not None:
        copy.fill(position.size, position.average_price)
    return copy
