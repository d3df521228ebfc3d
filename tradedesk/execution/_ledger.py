"""What was bought, what it cost, what it is worth: a book for each sleeve, a line for each instrument, one account.

A book's profit is kept in the instrument's currency while it is open, and banked in the account's when it is realised,
at the rate of the slice. The account owns nothing of its own: its balance is its cash and what the books have banked,
its equity that and what they would gain at the last close. So sleeves always add up to the account.

Sums go through `fsum`, which rounds once: no order in which candles arrive changes a digit.
"""

from math import fsum
from operator import add
from typing import Final

from tradedesk.execution._books import Book, Booked
from tradedesk.execution._errors import TermsError, UnknownInstrumentError, check
from tradedesk.execution._lines import Currency, Line
from tradedesk.execution._terms import DAY, Conversion, Conversions, Terms
from tradedesk.execution.types import AccountStatement
from tradedesk.marketdata import Instrument
from tradedesk.risk import PositionTracker

_CLOSE: Final = 1e-6


class Account:
    """All books, and the money they share."""

    def __init__(self, cash: float, currency: str, terms: dict[Instrument, Terms], conversions: Conversions) -> None:
        check(TermsError, "cash", cash)
        self.cash = cash
        self.currency = currency
        self.books: list[Book] = []
        self.banked: list[float] = []
        """What each book added to the balance."""
        self.home = Currency(currency, 1.0)
        self.currencies = {currency: self.home}
        self.lines = {instrument: self._line(instrument, each) for instrument, each in terms.items()}
        self.worth: dict[str, Conversion | float] = {}
        self._convert(conversions)
        self._one_currency = len(self.currencies) == 1
        self._slack: float | None = None
        """What is free, but for roundings; None: unknown."""
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
            source = self.worth[name] = conversions[name]
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

    def fill(self, book: Book, size: float, price: float, time: int) -> Booked:
        """Book a fill, buying where the size is above 0."""
        before = 0.0 if self._slack is None else self._slack_of(book)
        booked = book.fill(size, price, book.line.commission(abs(size), price), time)
        self.banked[book.place] = book.banked
        if self._slack is not None:
            self._slack += self._slack_of(book) - before
        return booked

    def _slack_of(self, book: Book) -> float:
        """A book's and its line's part in what is free."""
        line, currency = book.line, book.line.currency
        open_profit = currency.unrealised[book.slot] - currency.gross[line.slot] * line.terms.margin
        return self.banked[book.place] + open_profit * (currency.rate or 0.0)

    def marked(self) -> None:
        """Prices or rates are other than before."""
        self._slack = None

    def covers(self, need: float) -> bool:
        """Whether so much is free.

        The exact sum goes over all books, so it is made once and then kept up with every fill. That drifts by
        roundings, far less than a millionth: where the answer is closer than that, the exact sum decides.
        """
        if self._slack is None:
            self._slack = self.equity - self.margin
        if abs(self._slack - need) <= _CLOSE * (1.0 + abs(self._slack) + abs(need)):
            self._slack = self.equity - self.margin
        return need <= self._slack

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
            self.marked()

    def finance(self, line: Line, since: int, until: int) -> None:
        """Pay for the days that end after `since`, and at `until` or before."""
        rollover = line.terms.financing.rollover
        days = (until - rollover) // DAY - (since - rollover) // DAY
        if days > 0:
            self.marked()
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
        if self._one_currency:
            return fsum((self.cash, *self.banked, *self.home.unrealised))
        open_profits = [fsum(one.unrealised) * (one.rate or 0.0) for one in self.currencies.values()]
        return fsum((self.cash, *self.banked, *open_profits))

    def profits(self) -> list[float]:
        """What each book has gained so far, in the order of the books."""
        if self._one_currency:
            return list(map(add, self.banked, self.home.unrealised))
        profits = self.banked.copy()
        for currency in self.currencies.values():
            rate = currency.rate or 0.0
            for place, gain in zip(currency.places, currency.unrealised, strict=True):
                if gain:
                    profits[place] += gain * rate
        return profits

    @property
    def exposure(self) -> float:
        """The value of all net positions, longs and shorts added; in the order of the lines, so a plain sum will do."""
        if self._one_currency:
            return sum(self.home.gross)
        return sum(sum(one.gross) * (one.rate or 0.0) for one in self.currencies.values())

    @property
    def margin(self) -> float:
        """What the positions bind."""
        if self._one_currency:
            return fsum(self.home.bound)
        return fsum([fsum(one.bound) * (one.rate or 0.0) for one in self.currencies.values()])

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
            currency=self.currency,
        )


def _copied(position: PositionTracker, terms: Terms) -> PositionTracker:
    """Another tracker that holds as much, at the same average price."""
    copy = PositionTracker(terms.value_per_point)
    if position.average_price is not None:
        copy.fill(position.size, position.average_price)
    return copy
