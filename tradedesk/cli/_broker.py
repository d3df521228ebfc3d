"""The tables `[broker]` and `[backtest]` of a portfolio file as values, and the broker they make."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from math import inf, isfinite
from typing import Any, Final, Literal, NewType

from attrs import asdict, evolve, field, fields, frozen

from tradedesk.cli._mistakes import Mistake, one_of
from tradedesk.cli._policy import Amount
from tradedesk.execution import Commission, Conversion, Financing, PaperBroker, Slippage, Terms, TermsError
from tradedesk.marketdata import Instrument

Positive = NewType("Positive", float)
Rate = NewType("Rate", float)
Count = NewType("Count", int)
AtLeastOne = NewType("AtLeastOne", int)
Code = NewType("Code", str)
TimeOfDay = NewType("TimeOfDay", int)
Since = NewType("Since", int)
Until = NewType("Until", int)

MarketFill = Literal["next_open", "same_close", "next_close"]
Quoted = Literal["mid", "bid"]

_NONE: Final = Amount(0.0)
_LEVEL: Final = Rate(0.0)
_MIDNIGHT: Final = TimeOfDay(0)
_A_YEAR: Final = AtLeastOne(365)
_DAY: Final = timedelta(days=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@frozen
class SlippageTable:
    """A table `slippage = { ... }`."""

    points: Amount = _NONE
    bps: Amount = _NONE

    def build(self) -> Slippage:
        """Make the value."""
        return Slippage(**asdict(self))


@frozen
class CommissionTable:
    """A table `commission = { ... }`."""

    per_trade: Amount = _NONE
    per_unit: Amount = _NONE
    bps: Amount = _NONE
    minimum: Amount = _NONE

    def build(self) -> Commission:
        """Make the value."""
        return Commission(**asdict(self))


@frozen
class FinancingTable:
    """A table `financing = { ... }`; the rates are by the year, the rollover is a time of day in UTC."""

    long: Rate = _LEVEL
    short: Rate = _LEVEL
    rollover: TimeOfDay = _MIDNIGHT
    days_in_year: AtLeastOne = _A_YEAR

    def build(self) -> Financing:
        """Make the value."""
        return Financing(**asdict(self))


@frozen(kw_only=True)
class TermsTable:
    """What trading an instrument takes; None: not said here."""

    currency: Code | None = None
    value_per_point: Positive | None = None
    min_size: Amount | None = None
    max_size: Positive | None = None
    lot_step: Positive | None = None
    margin: Amount | None = None
    spread: Amount | None = None
    quoted: Quoted | None = None
    slippage: SlippageTable | None = None
    commission: CommissionTable | None = None
    financing: FinancingTable | None = None
    volume_share: Positive | None = None

    def over(self, terms: Terms) -> Terms:
        """Give the terms with what is said here in place of what they said.

        Raises:
            TermsError: The two do not go together.
        """
        said = {each.name: getattr(self, each.name) for each in fields(TermsTable)}
        made: dict[str, Any] = {
            name: value.build() if isinstance(value, SlippageTable | CommissionTable | FinancingTable) else value
            for name, value in said.items()
            if value is not None
        }
        return evolve(terms, **made)


@frozen
class WorthTable:
    """A table `{ instrument = "USDJPY", inverted = true }`: where the worth of a currency is read."""

    instrument: Code
    inverted: bool = False

    def build(self) -> Conversion:
        """Make the value."""
        return Conversion(Instrument(self.instrument), self.inverted)


Instruments = NewType("Instruments", dict[str, TermsTable])
Worth = NewType("Worth", dict[str, "WorthTable | Positive"])


@frozen(kw_only=True)
class Broker(TermsTable):
    """The table `[broker]`: the account, and the terms of every instrument for which nothing else is said."""

    cash: Positive
    currency: Code = Code("USD")
    fill: MarketFill = "next_open"
    instruments: Instruments = field(factory=lambda: Instruments({}))
    worth: Worth = field(factory=lambda: Worth({}))

    def open(self, instruments: Iterable[str]) -> PaperBroker:
        """Open the account for these instruments.

        Raises:
            TermsError: What is said does not go together.
        """
        # What is said of all: no currency, for the one here is the account's.
        common = evolve(self.over(Terms()), currency=None)
        return PaperBroker(
            {Instrument(each): self.instruments.get(each, TermsTable()).over(common) for each in instruments},
            cash=self.cash,
            currency=self.currency,
            market_fill=self.fill,
            conversions={
                code: where.build() if isinstance(where, WorthTable) else where for code, where in self.worth.items()
            },
        )

    def wrong(self, instruments: Iterable[str]) -> Iterator[Mistake]:
        """Give what does not go together, or not with what the sleeves trade."""
        known = list(dict.fromkeys(instruments))
        strangers = [name for name in self.instruments if name not in known]
        for name in strangers:
            yield Mistake(f"broker.instruments.{name}", f"no sleeve trades it{one_of(name, known)}")
        unread = [
            (code, where.instrument)
            for code, where in self.worth.items()
            if isinstance(where, WorthTable) and where.instrument not in known
        ]
        for code, name in unread:
            yield Mistake(f"broker.worth.{code}.instrument", f"no sleeve trades {name!r}{one_of(name, known)}")
        unworthy = [
            (each.currency, name)
            for name, each in self.instruments.items()
            if each.currency not in {None, self.currency, *self.worth}
        ]
        for quoted, name in unworthy:
            rule = f"is missing: {name!r} is quoted in {quoted}, and nothing says what that is worth in {self.currency}"
            yield Mistake(f"broker.worth.{quoted}", rule)
        if not (strangers or unread or unworthy):
            try:
                self.open(known)
            except TermsError as error:
                yield Mistake("broker", str(error))


@frozen
class Backtest:
    """The table `[backtest]`."""

    warm_up: Count = Count(0)
    """Slices that the strategies see before they may trade."""
    periods_per_year: Positive | None = None
    since: Since | None = None
    """Candles that close later are measured; in nanoseconds since 1970."""
    until: Until | None = None
    """Candles that close then or earlier are run; in nanoseconds since 1970."""

    def wrong(self) -> Iterator[Mistake]:
        """Give what does not go together."""
        if self.since is not None and self.until is not None and self.until <= self.since:
            yield Mistake("backtest.until", "must be later than `since`")


def positive(value: float) -> Positive:
    """Accept what is finite and above 0.

    Raises:
        ValueError: It is not.
    """
    if not 0 < value < inf:
        raise ValueError(f"must be finite and above 0, got {value!r}")
    return Positive(value)


def rate(value: float) -> Rate:
    """Accept what is finite.

    Raises:
        ValueError: It is not.
    """
    if not isfinite(value):
        raise ValueError(f"must be finite, got {value!r}")
    return Rate(value)


def count(value: int) -> Count:
    """Accept a number of slices, 0 for none.

    Raises:
        ValueError: It is negative.
    """
    if value < 0:
        raise ValueError(f"must be at least 0, got {value!r}")
    return Count(value)


def at_least_one(value: int) -> AtLeastOne:
    """Accept a number of days or slices.

    Raises:
        ValueError: It is less than 1.
    """
    if value < 1:
        raise ValueError(f"must be at least 1, got {value!r}")
    return AtLeastOne(value)


def code(value: str) -> Code:
    """Accept any text but none.

    Raises:
        ValueError: It is empty.
    """
    if not value.strip():
        raise ValueError("must not be empty")
    return Code(value)


def time_of_day(value: object) -> TimeOfDay:
    """Accept a time such as 22:00:00, UTC.

    Raises:
        TypeError: It is something else.
    """
    if not isinstance(value, time):
        raise TypeError(f"expected a time like 22:00:00, got {type(value).__name__} {value!r}")
    seconds = value.hour * 3_600 + value.minute * 60 + value.second
    return TimeOfDay(seconds * 1_000_000_000 + value.microsecond * 1_000)


def since(value: object) -> Since:
    """Accept a date or a date with a time, UTC where no offset is given; a date means its beginning.

    Raises:
        TypeError: It is something else.
    """
    return Since(_nanoseconds(value, of_a_date=timedelta()))


def until(value: object) -> Until:
    """Accept a date or a date with a time, UTC where no offset is given; a date means its end.

    Raises:
        TypeError: It is something else.
    """
    return Until(_nanoseconds(value, of_a_date=_DAY))


def _nanoseconds(value: object, *, of_a_date: timedelta) -> int:
    if isinstance(value, datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=UTC)
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC) + of_a_date
    else:
        raise TypeError(
            f"expected a date like 2012-01-31 or 2012-01-31T22:00:00Z, got {type(value).__name__} {value!r}"
        )
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1_000
