"""What one sleeve did and what it holds: its book, and the trip it is on."""

from typing import NamedTuple

import attrs

from tradedesk.execution._lines import Line
from tradedesk.execution.types import SleeveStatement, TripStatement
from tradedesk.marketdata import Instrument
from tradedesk.risk import Filled, PositionTracker, RoundTrip


class Booked(NamedTuple):
    """What one fill did to a book; money in the account's currency.

    Attributes:
        done: to the position.
        realised: gained by what it closed, before costs.
        commission: what it cost.
        trip: what it ended, if it did.
    """

    done: Filled
    realised: float
    commission: float
    trip: TripStatement | None


@attrs.define(eq=False)
class OpenTrip:
    """What a position came to since it was opened, in the account's currency."""

    realised: float = 0.0
    commission: float = 0.0
    financing: float = 0.0
    fills: int = 0

    def add(self, realised: float, commission: float) -> None:
        """Take in a fill."""
        self.realised += realised
        self.commission += commission
        self.fills += 1

    def statement(self, sleeve: Instrument, instrument: Instrument, trip: RoundTrip, rate: float) -> TripStatement:
        """What it came to, now that it is over; ``rate`` turns its excursions into the account's currency."""
        return TripStatement(
            sleeve=sleeve,
            instrument=instrument,
            side=trip.side,
            size=trip.size,
            entry_time=trip.opened_at or 0,
            exit_time=trip.closed_at or 0,
            entry_price=trip.entry_price,
            exit_price=trip.exit_price,
            realised=self.realised,
            commission=self.commission,
            financing=self.financing,
            profit=self.realised - self.commission - self.financing,
            mfe=trip.mfe * rate,
            mae=trip.mae * rate,
            candles=trip.candles,
            fills=self.fills,
        )


class Book:
    """What one sleeve did, and what it holds. Money is in the account's currency, but for `Currency.unrealised`."""

    __slots__ = (
        "_trip",
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
        self._trip = OpenTrip()
        self.slot = len(line.currency.unrealised)
        line.currency.unrealised.append(0.0)
        line.currency.places.append(place)

    @property
    def instrument(self) -> Instrument:
        """What the sleeve trades."""
        return self.line.instrument

    @property
    def average_price(self) -> float | None:
        """The average entry price of what is held, in points; None when flat."""
        return self.position.average_price

    @property
    def banked(self) -> float:
        """What the sleeve added to the balance."""
        return self.realised - self.commission - self.financing

    @property
    def unrealised(self) -> float:
        """What closing at the last close would gain, in the account's currency."""
        currency = self.line.currency
        return currency.unrealised[self.slot] * (currency.rate or 0.0)

    def value(self, close: float) -> None:
        """Work out what closing here would gain, and what the line is worth."""
        line = self.line
        line.gross[line.slot] = abs(line.net_size * close) * line.worth
        line.unrealised[self.slot] = (self.held * close - self.cost) * line.worth

    def fill(self, size: float, price: float, commission: float, time: int) -> Booked:
        """Book a fill, buying where the size is above 0."""
        line = self.line
        done = self.position.fill(size, price, time)
        if line.net is not self.position:
            line.net.fill(size, price, time)
        money = done.realised * (line.currency.rate or 0.0)
        self.realised += money
        self.commission += commission
        self.fills += 1
        self._restate()
        return Booked(done, money, commission, self._end_trip(done, money, commission))

    def _end_trip(self, done: Filled, realised: float, commission: float) -> TripStatement | None:
        """Add a fill to the trip it belongs to; where it ended one, say what that came to."""
        if done.trip is None:
            self._trip.add(realised, commission)
            return None
        ended, self._trip = self._trip, OpenTrip()
        share = done.closed / (done.closed + done.opened)
        ended.add(realised, commission * share)
        if done.opened:
            self._trip.add(0.0, commission * (1.0 - share))
        return ended.statement(self.sleeve, self.line.instrument, done.trip, self.line.currency.rate or 0.0)

    def _restate(self) -> None:
        line, before = self.line, self.held
        self.held = self.position.size
        line.net_size = self.held if line.net is self.position else line.net.size
        self.cost = self.position.cost
        if line.close is not None:
            self.value(line.close)
        if not before and self.held:
            line.exposed.append(self)
        elif before and not self.held:
            line.exposed.remove(self)

    def finance(self, days: int) -> None:
        """Pay for so many days of holding what is held, at the last close."""
        line, terms = self.line, self.line.terms.financing
        rate = terms.long if self.held > 0 else terms.short
        cost = line.value(self.held, line.close or 0.0) * rate / terms.days_in_year * days
        self.financing += cost
        self._trip.financing += cost

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
