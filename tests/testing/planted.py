"""Strategies with one fault each, and one without."""

import random
import sys
from statistics import fmean

import trio

from tradedesk.indicators import SMA
from tradedesk.marketdata import CandleCloseEvent, Instrument


class Lawful:
    """Active while the close is above the mean of the last closes."""

    window = 5

    def __init__(self, instrument: str = "EURUSD") -> None:
        self.instrument = Instrument(instrument)
        self.closes: list[float] = []
        self.risk = 0.0
        self.active = False

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.active

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.take(event.candle.close)

    def take(self, close: float) -> None:
        self.closes = [*self.closes, close][-self.window :]
        self.active = close > fmean(self.closes)


class DividesByTheRange(Lawful):
    """Raises on a flat bar."""

    async def on_candle_close(self, event):
        bar = event.candle
        self.active = (bar.close - bar.low) / (bar.high - bar.low) > 0.8


class SaysMaybe(Lawful):
    def is_regime_active(self):
        return self.closes or None


class Tosses(Lawful):
    """Draws from a generator that everybody shares."""

    async def on_candle_close(self, event):
        self.active = random.random() < 0.5


class TossesAlone(Lawful):
    """Draws from a generator of its own, seeded by the clock."""

    def __init__(self):
        super().__init__()
        self.random = random.Random()

    async def on_candle_close(self, event):
        self.active = self.random.random() < 0.5


class Shares(Lawful):
    """Keeps its closes in the class."""

    seen: list[float] = []  # noqa: RUF012 - the fault

    async def on_candle_close(self, event):
        self.seen.append(event.candle.close)
        self.active = len(self.seen) > 3


class SharesADefault(Lawful):
    """Keeps its closes in a default."""

    def __init__(self, seen=[]):  # noqa: B006 - the fault
        super().__init__()
        self.seen = seen

    async def on_candle_close(self, event):
        self.seen.append(event.candle.close)
        self.active = len(self.seen) > 3


COUNTED = 0


class SharesAGlobal(Lawful):
    async def on_candle_close(self, event):
        global COUNTED  # noqa: PLW0603 - the fault
        COUNTED += 1
        self.active = COUNTED > 3


class SharesAnIndicator(Lawful):
    mean = SMA(3)

    async def on_candle_close(self, event):
        value = self.mean.update(event.candle.close)
        self.active = value is not None


class Record:
    def __init__(self):
        self.count = 0


RECORD = Record()


class SharesARecord(Lawful):
    async def on_candle_close(self, event):
        RECORD.count += 1
        self.active = RECORD.count > 3


class RewritesCandles(Lawful):
    async def on_candle_close(self, event):
        event.candle.close += 1.0
        self.active = event.candle.close > event.candle.open + 1.0


class TakesItsRiskLater(Lawful):
    async def set_risk_per_trade(self, value):
        self.risk = value


class ReportsLater(Lawful):
    async def is_regime_active(self):
        return True


class Quits(Lawful):
    async def on_candle_close(self, event):
        sys.exit(0)


async def made_later():
    return Lawful()


class LooksAhead(Lawful):
    """Is given the series, and looks one candle too far."""

    def __init__(self, candles: list[CandleCloseEvent]) -> None:
        super().__init__()
        self.data = [each.candle.close for each in candles]
        self.number = 0

    async def on_candle_close(self, event):
        self.number += 1
        self.active = self.data[min(self.number, len(self.data) - 1)] > event.candle.close


class Normalises(LooksAhead):
    """Compares with the mean of all of its data, of which most is yet to come."""

    async def on_candle_close(self, event):
        self.active = event.candle.close > fmean(self.data)


class KeepsToThePast(LooksAhead):
    """Is given the series, and looks back only."""

    async def on_candle_close(self, event):
        self.number += 1
        self.active = event.candle.close > self.data[max(0, self.number - 2)]


class Waits(Lawful):
    """Waits for a price that comes late, or never."""

    async def on_candle_close(self, event):
        if event.candle.close < 99:
            await trio.sleep_forever()


class Polls(Lawful):
    """Asks again and again, and lets others run between."""

    async def on_candle_close(self, event):
        while event.candle.close < 99:
            await trio.lowlevel.checkpoint()


class Spins(Lawful):
    """Counts down to something that it steps over."""

    async def on_candle_close(self, event):
        left = event.candle.close
        while left != 0:
            left -= 0.7


class Slow(Lawful):
    """Takes its time, and is done."""

    async def on_candle_close(self, event):
        await trio.sleep(5)
        for _ in range(20):
            await trio.lowlevel.checkpoint()
        self.take(event.candle.close)


class NeverForgets(Lawful):
    """An average over everything has no end to its warm-up."""

    window = 1_000


class CannotBePickled(Lawful):
    def __init__(self):
        super().__init__()
        self.on = lambda: True


class ForgetsItsState(Lawful):
    """Comes back from a restart without its closes."""

    def __getstate__(self):
        return {**vars(self), "closes": []}


class TwoPhases:
    """Active on a rise; orders in the second phase."""

    def __init__(self, desk) -> None:
        self.desk = desk
        self.before = self.close = 0.0
        self.risk = 0.0

    def set_risk_per_trade(self, value):
        self.risk = value

    def is_regime_active(self):
        return self.close > self.before > 0

    def update_state(self, event):
        self.before, self.close = self.close, event.candle.close

    def evaluate_signals(self):
        if self.is_regime_active() and self.risk and not self.desk.size:
            self.desk.buy(self.risk)


class Trades(Lawful):
    """Buys when it turns active and sells when it does not; hears of its fills."""

    def __init__(self, desk) -> None:
        super().__init__()
        self.desk = desk
        self.heard = 0

    def on_fill(self, fill):
        self.heard += 1

    async def on_candle_close(self, event):
        self.take(event.candle.close)
        if self.active and not self.desk.size and not self.desk.orders:
            if self.risk:
                self.desk.buy(self.risk, stop_loss=event.candle.low - 5)
        elif not self.active:
            self.desk.close()


class TradesAtLeastOne(Trades):
    """Rounds its size up, from 0 too."""

    async def on_candle_close(self, event):
        if not self.desk.size and not self.desk.orders:
            self.desk.buy(max(1.0, self.risk))


class ClockPolicy:
    """Shares by what a generator says that no copy can repeat."""

    def __init__(self) -> None:
        self.random = random.SystemRandom()

    def allocate(self, active):
        return {name: self.random.random() for name in active}
