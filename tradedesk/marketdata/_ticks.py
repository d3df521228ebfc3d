"""Candles from ticks: trades, or quotes of bid and ask."""

from collections.abc import Generator, Iterable, Iterator
from typing import Literal

from attrs import define

from tradedesk._value import value
from tradedesk.marketdata._candle import Candle
from tradedesk.marketdata._errors import MarketDataError, TickError
from tradedesk.marketdata._event import CandleCloseEvent, Instrument, Slice
from tradedesk.marketdata._grid import Bounds, grid
from tradedesk.marketdata._request import Stamp, check_stamp
from tradedesk.marketdata._time import format_timestamp

Side = Literal["mid", "bid", "ask"]


@value
class Trade:
    """Something was traded: `time` in nanoseconds since the Unix epoch, UTC."""

    time: int
    price: float
    volume: float = 0.0


@value
class Quote:
    """The best bid and ask changed: `time` in nanoseconds since the Unix epoch, UTC."""

    time: int
    bid: float
    ask: float


def candles_from_ticks(
    ticks: Iterable[Trade | Quote],
    period: str,
    *,
    instrument: str,
    side: Side = "mid",
    empty: Literal["skip", "repeat"] = "skip",
    incomplete: Literal["drop_edges", "keep"] = "drop_edges",
    anchor: str | None = None,
    stamp: Stamp = "open",
) -> Generator[Slice, None, None]:
    """Build the candles of one instrument from its ticks, each in a slice of its own close time.

    A tick belongs to the period in which it lies, its start included and its end not; periods lie on their grid as in
    `aggregate`. Prices are those of the trades, and of quotes the `side`; volume is what was traded, the tick
    count the number of ticks. A candle comes out with the first tick after it, which is how its end is known.

    A period without ticks has no candle; with `empty="repeat"` it has one that stands at the last price, with no
    volume and no ticks. The first candle and the last are left out, because ticks may be missing there: the first
    unless a tick stands at its very start, the last always; `incomplete="keep"` keeps both.

    The arguments are checked at the call. Memory does not depend on the number of ticks.

    Raises:
        TickError: A tick's time goes back, its price is not finite, its volume negative, its bid above its ask.
        PeriodError: `period` is none.
    """
    for name, given, known in (
        ("side", side, ("mid", "bid", "ask")),
        ("empty", empty, ("skip", "repeat")),
        ("incomplete", incomplete, ("drop_edges", "keep")),
    ):
        if given not in known:
            raise MarketDataError(f"{name} is {given!r}; it must be one of {', '.join(map(repr, known))}")
    check_stamp(stamp)
    building = _Building(
        instrument=Instrument(instrument),
        period=period,
        bounds=grid(period, anchor),
        repeat=empty == "repeat",
        keep=incomplete == "keep",
        stamped_at_open=stamp == "open",
    )
    return _candles(ticks, side, building)


def _candles(ticks: Iterable[Trade | Quote], side: Side, building: "_Building") -> Generator[Slice, None, None]:
    before: int | None = None
    for number, tick in enumerate(ticks, 1):
        price, volume = _checked(tick, side, number)
        if before is not None and tick.time < before:
            raise TickError(
                tick=number, rule=f"its time {tick.time} is before {before}, that of the tick before; sort the ticks"
            )
        before = tick.time
        if tick.time >= building.end:
            yield from building.turn(tick.time)
        building.add(price, volume)
    yield from building.ended()


def _checked(tick: Trade | Quote, side: Side, number: int) -> tuple[float, float]:
    if isinstance(tick, Trade):
        price, volume = tick.price, tick.volume
        if not 0 <= volume < float("inf"):
            raise TickError(tick=number, rule=f"its volume {volume!r} must be finite and not negative")
    else:
        volume = 0.0
        if not tick.bid <= tick.ask:
            raise TickError(tick=number, rule=f"bid {tick.bid!r} is above ask {tick.ask!r}, or one is no number")
        price = tick.bid if side == "bid" else tick.ask if side == "ask" else (tick.bid + tick.ask) / 2
    if not abs(price) < float("inf"):
        raise TickError(tick=number, rule=f"its price {price!r} is not finite")
    return price, volume


@define
class _Building:
    """The candle that is being built; none before the first tick."""

    instrument: Instrument
    period: str
    bounds: Bounds
    repeat: bool
    keep: bool
    stamped_at_open: bool
    start: int = 0
    end: int = -(1 << 127)
    whole: bool = False
    open: float = 0.0
    high: float = 0.0
    low: float = 0.0
    close: float = 0.0
    volume: float = 0.0
    ticks: int = 0

    def turn(self, time: int) -> Iterator[Slice]:
        """Close the candle in hand and turn to that of `time`, past the empty ones between them."""
        begun = self.ticks > 0
        if begun:
            if self.whole or self.keep:
                yield self._slice()
            self.ticks, self.volume = 0, 0.0
        start, end = self.bounds(time + 1)
        while self.repeat and begun and self.end < start:
            self.start, self.end = self.bounds(self.end + 1)
            self.open = self.high = self.low = self.close
            yield self._slice()
        self.start, self.end = start, end
        self.whole = begun or time == start

    def add(self, price: float, volume: float) -> None:
        """Add a tick that lies in the candle."""
        if not self.ticks:
            self.open = self.high = self.low = price
        self.high, self.low, self.close = max(self.high, price), min(self.low, price), price
        self.volume += volume
        self.ticks += 1

    def ended(self) -> Iterator[Slice]:
        """Give the last candle, if it is wanted."""
        if self.ticks and self.keep:
            yield self._slice()

    def _slice(self) -> Slice:
        text = format_timestamp(self.start if self.stamped_at_open else self.end)
        candle = Candle(text, self.open, self.high, self.low, self.close, self.volume, self.ticks)
        return Slice(self.end, (CandleCloseEvent(self.instrument, self.period, candle),))
