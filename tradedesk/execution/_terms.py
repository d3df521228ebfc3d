"""What it takes to trade an instrument: its unit, its limits, its costs. Amounts are in the instrument's currency."""

from collections.abc import Mapping
from math import inf
from typing import Final, Literal

import attrs

from tradedesk.execution._errors import TermsError, check
from tradedesk.marketdata import Instrument

DAY: Final = 86_400_000_000_000
"""A day in nanoseconds."""


def _all_not_negative(terms: attrs.AttrsInstance) -> None:
    for field in attrs.fields(type(terms)):
        check(TermsError, f"{type(terms).__name__}.{field.name}", getattr(terms, field.name), least=0)


@attrs.frozen
class Commission:
    """What each fill costs: ``max(minimum, per_trade + per_unit * size + bps / 10,000 * value)``.

    Attributes:
        per_trade: money for a fill of any size.
        per_unit: money for a size of 1.
        bps: hundredths of a per cent of the value traded.
        minimum: the least that a fill costs.
    """

    per_trade: float = 0.0
    per_unit: float = 0.0
    bps: float = 0.0
    minimum: float = 0.0

    def __attrs_post_init__(self) -> None:
        _all_not_negative(self)


@attrs.frozen
class Slippage:
    """How much worse than the quote a market order or a stop fills: ``points + bps / 10,000 * price``.

    Limit orders do not slip.
    """

    points: float = 0.0
    bps: float = 0.0

    def __attrs_post_init__(self) -> None:
        _all_not_negative(self)


@attrs.frozen
class Financing:
    """What holding a position overnight costs, per calendar day: ``rate / days_in_year * value``.

    Attributes:
        long: the rate a year that a long position pays, 0.05 for 5 %; below 0 it receives.
        short: the rate a year that a short position pays; below 0 it receives.
        rollover: when the day ends, in nanoseconds after midnight UTC.
        days_in_year: what a yearly rate is divided by; markets use 360 or 365.
    """

    long: float = 0.0
    short: float = 0.0
    rollover: int = 0
    days_in_year: int = 365

    def __attrs_post_init__(self) -> None:
        for name in ("long", "short"):
            check(TermsError, f"Financing.{name}", getattr(self, name))
        if not 0 <= self.rollover < DAY:
            raise TermsError(f"Financing.rollover is {self.rollover!r}; it must be from 0 to {DAY - 1}, within a day")
        check(TermsError, "Financing.days_in_year", self.days_in_year, above=0)


@attrs.frozen
class Terms:
    """What trading one instrument takes.

    Attributes:
        currency: what it is quoted in; None for the account's.
        value_per_point: money per point for a size of 1.
        min_size: the smallest order, in units of the instrument.
        max_size: the largest order.
        lot_step: sizes are whole numbers of it; None for any size.
        margin: the share of a position's value that must be there, 1.0 for all of it. 0 asks for nothing.
        spread: points from bid to ask.
        quoted: where candles stand between the two: "mid" in the middle, "bid" at the bid.
        slippage: how much worse than the quote market orders and stops fill.
        commission: what a fill costs.
        financing: what a position costs overnight.
        volume_share: how much of a candle's volume the orders of all sleeves may fill in it, 0.1 for a tenth; what is
            too much waits for the next candle. None for any size, whatever the volume.
        period: the candles that fill orders and mark positions, such as "15MINUTE"; None takes the first period
            that is seen, and refuses a shorter one that comes later.
    """

    currency: str | None = None
    value_per_point: float = 1.0
    min_size: float = 0.0
    max_size: float = inf
    lot_step: float | None = None
    margin: float = 1.0
    spread: float = 0.0
    quoted: Literal["mid", "bid"] = "mid"
    slippage: Slippage = Slippage()
    commission: Commission = Commission()
    financing: Financing = Financing()
    volume_share: float | None = None
    period: str | None = None

    def __attrs_post_init__(self) -> None:
        check(TermsError, "Terms.value_per_point", self.value_per_point, above=0)
        for name in ("min_size", "margin", "spread"):
            check(TermsError, f"Terms.{name}", getattr(self, name), least=0)
        if not self.max_size >= self.min_size:
            raise TermsError(
                f"Terms.max_size is {self.max_size!r} and min_size {self.min_size!r}; max_size must not be smaller"
            )
        if self.lot_step is not None:
            check(TermsError, "Terms.lot_step", self.lot_step, above=0)
        if self.volume_share is not None:
            check(TermsError, "Terms.volume_share", self.volume_share, above=0)
        if self.quoted not in ("mid", "bid"):
            raise TermsError(f"Terms.quoted is {self.quoted!r}; it must be 'mid' or 'bid'")

    @property
    def ask_offset(self) -> float:
        """Points from a candle's price to what a buyer pays."""
        return self.spread / 2 if self.quoted == "mid" else self.spread

    @property
    def bid_offset(self) -> float:
        """Points from a candle's price to what a seller gets, at most 0."""
        return -self.spread / 2 if self.quoted == "mid" else 0.0


@attrs.frozen
class TradingRules:
    """By what rules a broker fills orders.

    Attributes:
        market_fill: where market orders fill: "next_open", "same_close" or "next_close".
        currency: the account's.
        terms: of each instrument.
        worth: of the other currencies that instruments are quoted in.
    """

    market_fill: str
    currency: str
    terms: Mapping[Instrument, Terms]
    worth: "Conversions" = attrs.field(factory=dict)


@attrs.frozen
class Conversion:
    """Where the worth of a currency, in the account's, is read.

    Attributes:
        instrument: whose closes say it.
        inverted: they say how much of the currency one unit of the account's buys, as USDJPY does for yen and dollars.
    """

    instrument: Instrument
    inverted: bool = False


Conversions = Mapping[str, Conversion | float]
"""Currency -> where its worth is read, or a worth that never changes."""
