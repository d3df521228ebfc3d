"""The slow way to know an account: keep every fill, and work everything out anew, in fractions.

Two ways at once. By cash: what was paid and received, and what is held at its last close. By profit: each closed part
against the average entry, banked at the rate of its slice.
"""

from fractions import Fraction

from tradedesk.execution import Fill, Terms


def exact(number: float) -> Fraction:
    return Fraction(repr(float(number)))


class SlowAccount:
    def __init__(self, cash: float, instruments: dict[str, str], terms: Terms) -> None:
        self.cash = exact(cash)
        self.terms = terms
        self.instruments = instruments
        self.fills: dict[str, list[tuple[Fraction, Fraction]]] = {sleeve: [] for sleeve in instruments}
        self.closes: dict[str, Fraction] = {}
        self.rates: dict[str, Fraction] = {"X": Fraction(1), "Y": Fraction(1)}
        self.banked: dict[str, Fraction] = dict.fromkeys(instruments, Fraction(0))
        self.paid: dict[str, Fraction] = dict.fromkeys(instruments, Fraction(0))

    def show(self, closes: dict[str, float], usdjpy: float) -> None:
        self.closes |= {name: exact(close) for name, close in closes.items()}
        self.rates["Y"] = 1 / exact(usdjpy)

    def take(self, fill: Fill) -> None:
        rate, worth = self.rates[fill.instrument], exact(self.terms.value_per_point)
        size = exact(fill.size) * (1 if fill.side == "buy" else -1)
        before = self.realised(fill.sleeve)
        self.fills[fill.sleeve].append((size, exact(fill.price)))
        self.banked[fill.sleeve] += (self.realised(fill.sleeve) - before) * worth * rate
        self.paid[fill.sleeve] += self.commission(abs(size), exact(fill.price)) * rate

    def commission(self, size: Fraction, price: Fraction) -> Fraction:
        costs = self.terms.commission
        value = abs(size * price) * exact(self.terms.value_per_point)
        money = exact(costs.per_trade) + exact(costs.per_unit) * size + exact(costs.bps) / 10_000 * value
        return max(money, exact(costs.minimum))

    def held(self, sleeve: str) -> Fraction:
        return sum((size for size, _ in self.fills[sleeve]), Fraction(0))

    def _replayed(self, sleeve: str) -> tuple[Fraction, Fraction]:
        """The profit in points that was closed, and the average entry of what is left."""
        held = average = gained = Fraction(0)
        for size, price in self.fills[sleeve]:
            closed = min(abs(size), abs(held)) if size * held < 0 else Fraction(0)
            gained += closed * (price - average) * (1 if held > 0 else -1)
            rest = held + size
            if size * held >= 0:
                average = (held * average + size * price) / rest
            elif rest * held < 0:
                average = price
            held = rest
        return gained, average

    def realised(self, sleeve: str) -> Fraction:
        return self._replayed(sleeve)[0]

    def open_profit(self, sleeve: str) -> Fraction:
        instrument = self.instruments[sleeve]
        held = self.held(sleeve)
        if not held:
            return Fraction(0)
        points = held * (self.closes[instrument] - self._replayed(sleeve)[1])
        return points * exact(self.terms.value_per_point) * self.rates[instrument]

    def profit(self, sleeve: str) -> Fraction:
        return self.banked[sleeve] - self.paid[sleeve] + self.open_profit(sleeve)

    def equity(self) -> Fraction:
        return self.cash + sum((self.profit(sleeve) for sleeve in self.instruments), Fraction(0))

    def equity_by_cash(self, sleeves: list[str]) -> Fraction:
        """What was paid and received by sleeves in the account's own currency, and what they hold at its last close."""
        worth = exact(self.terms.value_per_point)
        total = self.cash
        for sleeve in sleeves:
            total -= sum((size * price for size, price in self.fills[sleeve]), Fraction(0)) * worth
            total -= self.paid[sleeve]
            total += self.held(sleeve) * self.closes.get(self.instruments[sleeve], Fraction(0)) * worth
        return total
