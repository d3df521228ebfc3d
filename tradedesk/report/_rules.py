"""How orders were filled and what they cost, as sentences."""

from collections.abc import Iterator, Mapping
from math import inf
from typing import Final

from tradedesk.execution import Commission, Conversion, Financing, Slippage, Terms, TradingRules
from tradedesk.marketdata import Instrument

_MARKET: Final[Mapping[str, str]] = {
    "next_open": "A market order fills at the open of the next candle of its instrument.",
    "same_close": "A market order fills at the close of the candle in which it was given, at a price just seen.",
    "next_close": "A market order fills at the close of the next candle of its instrument.",
}

_ALWAYS: Final = (
    "A stop fills at its price, or at the open where the market opens beyond it.",
    "A limit fills at its price, or at a better open.",
    "Inside one candle every stop fills before any limit.",
)

_MOST_NAMES: Final = 6
"""More instruments of equal terms are counted."""


def fill_rules(rules: TradingRules) -> tuple[str, ...]:
    """Say when and where orders fill, and what trading each instrument costs."""
    return (_MARKET[rules.market_fill], *_ALWAYS, *_costs(rules.terms, rules.currency), *_worth(rules))


def _costs(terms: Mapping[Instrument, Terms], currency: str) -> Iterator[str]:
    """Give one sentence for each distinct set of terms."""
    alike: dict[Terms, list[str]] = {}
    for instrument, each in terms.items():
        alike.setdefault(each, []).append(instrument)
    for each, names in alike.items():
        unit = each.currency or currency
        yield f"{_whom(names, all_of_them=len(alike) == 1)}: {'; '.join(_words(each, unit))}."


def _worth(rules: TradingRules) -> Iterator[str]:
    """Say at which rate each other currency is converted."""
    for name, source in rules.worth.items():
        if isinstance(source, Conversion):
            rate = (
                f"{'1 / ' if source.inverted else ''}the close of {source.instrument} in the same slice, or the newest"
            )
        else:
            rate = f"{source:g}, which never changes"
        yield f"Profits and costs in {name} are converted to {rules.currency} at {rate}."


def _whom(names: list[str], *, all_of_them: bool) -> str:
    if all_of_them and len(names) > 1:
        return "Every instrument"
    if len(names) > _MOST_NAMES:
        return f"{', '.join(names[:_MOST_NAMES])} and {len(names) - _MOST_NAMES} others"
    return ", ".join(names)


def _words(terms: Terms, unit: str) -> Iterator[str]:
    where = "around the candle" if terms.quoted == "mid" else "above the candle, which is the bid"
    yield f"bid and ask are {terms.spread:g} points apart, {where}" if terms.spread else "no spread"
    yield _slippage(terms.slippage)
    yield _commission(terms.commission, unit)
    yield _financing(terms.financing)
    yield f"a position binds {terms.margin:.4g} of its value" if terms.margin else "positions bind no money"
    if terms.value_per_point != 1:
        yield f"a point is worth {terms.value_per_point:g} {unit} for a size of 1"
    if terms.lot_step is not None:
        yield f"sizes are multiples of {terms.lot_step:g}"
    if terms.volume_share is not None:
        yield f"all orders together fill at most {terms.volume_share * 100:g} % of a candle's volume"
    if terms.min_size or terms.max_size < inf:
        yield f"sizes are from {terms.min_size:g} to {terms.max_size:g}"


def _slippage(of: Slippage) -> str:
    parts = [f"{of.points:g} points" if of.points else "", f"{of.bps:g} bps" if of.bps else ""]
    told = " and ".join(filter(None, parts))
    return f"market orders and stops slip by {told}" if told else "nothing slips"


def _commission(of: Commission, unit: str) -> str:
    parts = [
        f"{of.per_trade:g} {unit}" if of.per_trade else "",
        f"{of.per_unit:g} {unit} per unit" if of.per_unit else "",
        f"{of.bps:g} bps of the value" if of.bps else "",
    ]
    told = " and ".join(filter(None, parts)) or ("nothing" if of.minimum else "")
    least = f", but at least {of.minimum:g} {unit}" if of.minimum else ""
    return f"a fill costs {told}{least}" if told else "no commission"


def _financing(of: Financing) -> str:
    if not (of.long or of.short):
        return "nights are free"
    return f"a night costs {of.long * 100:g} % a year long and {of.short * 100:g} % short"
