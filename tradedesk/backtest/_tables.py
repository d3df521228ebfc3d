"""Rows as tables: named columns of one kind each, ready for a file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import attrs

from tradedesk.backtest.types import Allocation, Coverage, Fault, RefusedOrder
from tradedesk.execution import Fill, SleeveStatement, TripStatement
from tradedesk.marketdata import Instrument

Kind = Literal["int", "float", "text", "bool"]


@attrs.frozen
class Column:
    """Values of one kind; None is a gap."""

    kind: Kind
    values: Sequence[object]


Table = Mapping[str, Column]

_ORDER: Final[Mapping[str, Kind]] = {
    "side": "text",
    "size": "float",
    "limit": "float",
    "stop": "float",
    "stop_loss": "float",
    "take_profit": "float",
    "reduce_only": "bool",
    "tag": "text",
}


def fills_table(fills: Sequence[Fill]) -> Table:
    """One row for each fill."""
    return _columns(Fill, fills)


def trips_table(trips: Sequence[TripStatement]) -> Table:
    """One row for each round trip."""
    return _columns(TripStatement, trips)


def coverage_table(coverage: Sequence[Coverage]) -> Table:
    """One row for each instrument and period."""
    return _columns(Coverage, coverage)


def books_table(books: Mapping[Instrument, SleeveStatement]) -> Table:
    """One row for each sleeve."""
    return {"sleeve": Column("text", list(books)), **_columns(SleeveStatement, list(books.values()))}


def allocations_table(allocations: Iterable[Allocation]) -> Table:
    """One row for each sleeve, each time that anything changed."""
    kinds: dict[str, Kind] = {
        "close_time": "int",
        "sleeve": "text",
        "active": "bool",
        "held": "float",
        "budget": "float",
    }
    rows = [
        (one.close_time, sleeve, sleeve in one.active, held, one.budget)
        for one in allocations
        for sleeve, held in zip(one.sleeves, one.held, strict=True)
    ]
    return _turned(kinds, rows)


def refused_table(refused: Sequence[RefusedOrder]) -> Table:
    """One row for each order."""
    outer = _columns(RefusedOrder, refused)
    inner = {name: Column(kind, [getattr(one.order, name) for one in refused]) for name, kind in _ORDER.items()}
    return {name: column for name, column in outer.items() if name != "order"} | inner


def faults_table(faults: Sequence[Fault]) -> Table:
    """One row for each fault."""
    kinds: dict[str, Kind] = {"close_time": "int", "sleeve": "text", "error": "text", "outcome": "text"}
    return _turned(kinds, [(one.close_time, one.sleeve, type(one.error).__name__, one.outcome) for one in faults])


def _columns(row: type[attrs.AttrsInstance], rows: Sequence[object]) -> Table:
    return {
        field.name: Column(_kind(field.type), [getattr(one, field.name) for one in rows]) for field in attrs.fields(row)
    }


def _kind(annotation: object) -> Kind:
    """Which kind of column a field makes; what is neither a number nor a truth is text."""
    numbers: Mapping[object, Kind] = {int: "int", bool: "bool", float: "float", float | None: "float"}
    return numbers.get(annotation, "text")


def _turned(kinds: Mapping[str, Kind], rows: Sequence[Sequence[object]]) -> Table:
    return {name: Column(kind, [row[place] for row in rows]) for place, (name, kind) in enumerate(kinds.items())}
