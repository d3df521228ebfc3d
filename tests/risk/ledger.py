"""The slow way to know a position: keep every fill and every price seen, and work everything out anew, in fractions."""

from fractions import Fraction

from tradedesk.marketdata import Candle
from tradedesk.risk import Filled, RoundTrip


def price_of(number: float) -> Fraction:
    """The fraction that the float prints as."""
    return Fraction(str(number))


class Ledger:
    def __init__(self) -> None:
        self.legs: list[tuple[Fraction, Fraction]] = []
        """Signed size and price of each fill since flat."""
        self.seen: list[tuple[int, Fraction]] = []
        """Each price seen since flat, with the number of fills that came before it."""
        self.candles = 0
        self.banked = Fraction(0)

    def held(self, count: int | None = None) -> Fraction:
        return sum((size for size, _ in self.legs[:count]), Fraction(0))

    def cash(self, count: int | None = None) -> Fraction:
        return -sum((size * price for size, price in self.legs[:count]), Fraction(0))

    def average(self, count: int | None = None) -> Fraction | None:
        """The average entry: a closing fill leaves it, an adding one weighs in with its price."""
        held, average = Fraction(0), None
        for size, price in self.legs[:count]:
            if average is None or held * size > 0:
                average = (held * (average or 0) + size * price) / (held + size)
            held += size
        return average if held else None

    def realised_in_trip(self, count: int | None = None) -> Fraction:
        """Each closed part against the average entry of its moment."""
        total, held = Fraction(0), Fraction(0)
        for place, (size, price) in enumerate(self.legs[:count]):
            if held * size < 0:
                total += -size * (price - self.average(place))
            held += size
        return total

    @property
    def size(self) -> float:
        return float(self.held())

    @property
    def average_price(self) -> float | None:
        average = self.average()
        return None if average is None else float(average)

    @property
    def realised(self) -> float:
        return float(self.banked + self.realised_in_trip())

    def unrealised(self, price: float) -> float:
        return float(self.held() * (price_of(price) - (self.average() or 0)))

    def profits_seen(self) -> list[Fraction]:
        return [Fraction(0), *(self.cash(count) + self.held(count) * price for count, price in self.seen)]

    def points_seen(self) -> list[Fraction]:
        way = 1 if self.legs[0][0] > 0 else -1
        return [Fraction(0), *(way * (price - self.average(count)) for count, price in self.seen)]

    @property
    def mfe(self) -> float:
        return float(max(self.profits_seen()))

    @property
    def mae(self) -> float:
        return float(min(self.profits_seen()))

    def mark(self, candle: Candle) -> None:
        if self.legs:
            self.candles += 1
            self.seen += [(len(self.legs), price_of(candle.high)), (len(self.legs), price_of(candle.low))]

    def fill(self, size: float, price: float) -> Filled:
        return self._fill(price_of(size), price_of(price))

    def _fill(self, size: Fraction, price: Fraction) -> Filled:
        held = self.held()
        if held * size >= 0:
            if self.legs:
                self.seen.append((len(self.legs), price))
            self.legs.append((size, price))
            return Filled(0.0, float(abs(size)), 0.0, None)
        part = size if abs(size) <= abs(held) else -held
        before = self.realised_in_trip()
        self.seen.append((len(self.legs), price))
        self.legs.append((part, price))
        realised = float(self.realised_in_trip() - before)
        trip = None if self.held() else self._ended()
        opened = self._fill(size - part, price).opened if size != part else 0.0
        return Filled(float(abs(part)), opened, realised, trip)

    def _ended(self) -> RoundTrip:
        way = 1 if self.legs[0][0] > 0 else -1
        ins = [(abs(size), price) for size, price in self.legs if size * way > 0]
        outs = [(abs(size), price) for size, price in self.legs if size * way < 0]
        trip = RoundTrip(
            side="long" if way > 0 else "short",
            size=float(max(abs(self.held(count + 1)) for count in range(len(self.legs)))),
            entry_price=float(sum(size * price for size, price in ins) / sum(size for size, _ in ins)),
            exit_price=float(sum(size * price for size, price in outs) / sum(size for size, _ in outs)),
            profit=float(self.realised_in_trip()),
            mfe=self.mfe,
            mae=self.mae,
            mfe_points=float(max(self.points_seen())),
            mae_points=float(min(self.points_seen())),
            candles=self.candles,
            opened_at=None,
            closed_at=None,
        )
        self.banked += self.realised_in_trip()
        self.legs, self.seen, self.candles = [], [], 0
        return trip
