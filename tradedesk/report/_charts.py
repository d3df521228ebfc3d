"""Which series are drawn, and the data of the charts."""

from collections.abc import Sequence
from math import fsum
from typing import Final

from attrs import frozen

from tradedesk.metrics import ClosedTrade, EquityCurve, drawdowns
from tradedesk.report._encode import Coded, exact, short, spans
from tradedesk.report.types import PriceData, ReportData, SleeveData

COLOURS: Final = 12
"""As many as can be told apart, and as the style sheet has (--s1 to --s12)."""


@frozen(kw_only=True)
class Shown:
    """A sleeve in the charts, or all sleeves that are not shown one by one."""

    label: str
    colour: int
    """From 1; 0 is the colour of the others."""
    profit: Sequence[float]
    allocation: Sequence[float]
    active: Sequence[bool]


def shown_sleeves(data: ReportData) -> tuple[tuple[Shown, ...], Shown | None]:
    """Choose what the charts show: every sleeve, or those given most risk and the sum of the others."""
    if len(data.sleeves) <= COLOURS:
        return tuple(_shown(sleeve, at) for at, sleeve in enumerate(data.sleeves, 1)), None
    ranked = sorted(data.sleeves, key=lambda sleeve: -fsum(sleeve.allocation))
    chosen = {sleeve.name for sleeve in ranked[: COLOURS - 1]}
    kept = [sleeve for sleeve in data.sleeves if sleeve.name in chosen]
    others = [sleeve for sleeve in data.sleeves if sleeve.name not in chosen]
    rest = Shown(
        label=f"{len(others):,} others",
        colour=0,
        profit=tuple(map(fsum, zip(*(sleeve.profit for sleeve in others), strict=True))),
        allocation=tuple(map(fsum, zip(*(sleeve.allocation for sleeve in others), strict=True))),
        active=tuple(map(any, zip(*(sleeve.active for sleeve in others), strict=True))),
    )
    return tuple(_shown(sleeve, at) for at, sleeve in enumerate(kept, 1)), rest


def _shown(sleeve: SleeveData, colour: int) -> Shown:
    return Shown(
        label=sleeve.name,
        colour=colour,
        profit=sleeve.profit,
        allocation=sleeve.allocation,
        active=sleeve.active,
    )


def active_count(data: ReportData) -> tuple[int, ...]:
    """Count the active sleeves at each close."""
    return tuple(map(sum, zip(*(sleeve.active for sleeve in data.sleeves), strict=True)))


def falls(data: ReportData) -> list[float]:
    """Give the drawdown at each close as a share of the highest equity so far; none where the start is not above 0."""
    if data.start <= 0:
        return []
    return drawdowns(EquityCurve(start=data.start, close_times=data.close_times, equity=data.equity))


def chart_data(data: ReportData) -> dict[str, object]:
    """Give what the script on the page draws, ready for JSON."""
    sleeves, rest = shown_sleeves(data)
    return {
        "currency": data.currency,
        "times": _seconds(data.close_times),
        "start": data.start,
        "equity": exact(data.equity),
        "drawdown": short(falls(data)),
        "budget": data.budget,
        "activeCount": short(active_count(data)),
        "sleeves": [_sleeve(each) for each in (*sleeves, *([rest] if rest else []))],
        "prices": [_price(price, data) for price in data.prices],
    }


def _sleeve(shown: Shown) -> dict[str, object]:
    return {
        "label": shown.label,
        "colour": shown.colour,
        "profit": short(shown.profit),
        "allocation": short(shown.allocation),
        "active": spans(shown.active),
    }


def _price(price: PriceData, data: ReportData) -> dict[str, object]:
    same = price.close_times == data.close_times or list(price.close_times) == list(data.close_times)
    return {
        "instrument": price.instrument,
        "times": None if same else _seconds(price.close_times),
        "closes": short(price.closes),
        "trades": _trades([trade for trade in data.trades if trade.instrument == price.instrument]),
    }


def _trades(trades: Sequence[ClosedTrade]) -> dict[str, Coded]:
    return {
        "entered": _seconds([trade.entry_time for trade in trades]),
        "left": _seconds([trade.exit_time for trade in trades]),
        "bought": exact(trade.entry_price for trade in trades),
        "sold": exact(trade.exit_price for trade in trades),
        "quantity": exact(trade.quantity for trade in trades),
        "pnl": exact(trade.pnl for trade in trades),
    }


def _seconds(nanoseconds: Sequence[int]) -> Coded:
    return exact(each / 1e9 for each in nanoseconds)
