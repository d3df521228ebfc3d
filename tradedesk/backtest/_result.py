"""What came of a run, as a value."""

from array import array
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import fsum
from pathlib import Path

import attrs

from tradedesk.backtest._csv_files import write_csv
from tradedesk.backtest._hash import hash_of
from tradedesk.backtest._rows import Rows
from tradedesk.backtest._tables import (
    Column,
    Table,
    allocations_table,
    books_table,
    coverage_table,
    faults_table,
    fills_table,
    refused_table,
    trips_table,
)
from tradedesk.backtest.types import Allocation, Coverage, Fault, HaltSpan, RefusedOrder, WarmUp
from tradedesk.execution import AccountStatement, Fill, SleeveStatement, TripStatement
from tradedesk.marketdata import Instrument


@attrs.frozen(kw_only=True, eq=False, repr=False)
class BacktestResult:
    """What came of a run. Times are nanoseconds since 1970, money is in the account's currency.

    The curves have a value for each slice behind the warm-up.

    Attributes:
        start: the equity before the first slice that counts.
        close_times: of the slices.
        equity: of the account when each slice was closed.
        exposure: value of all positions at each close, longs and shorts added.
        traded: value bought and sold in each slice.
        fills: all of them, oldest first.
        round_trips: positions that were closed, in the order in which they were.
        allocations: who was active and who held how much of the budget: each time that this changed.
        account: at the end.
        sleeves: sleeve -> its book at the end, in declared order.
        coverage: which candles came, and which did not, by instrument and period.
        warm_up: what came before the run counted.
        refused: orders that the broker did not take, or not fill for want of money or leave; without the warm-up's.
        faults: strategies that failed.
        halts: when the portfolio was halted, and why.
        error: what ended the run before its source did; None: it came to the end.
    """

    start: float
    close_times: "array[int]"
    equity: "array[float]"
    exposure: "array[float]"
    traded: "array[float]"
    fills: Sequence[Fill]
    round_trips: Sequence[TripStatement]
    allocations: Sequence[Allocation]
    account: AccountStatement
    sleeves: Mapping[Instrument, SleeveStatement]
    coverage: Sequence[Coverage]
    warm_up: WarmUp
    refused: Sequence[RefusedOrder]
    faults: Sequence[Fault]
    halts: Sequence[HaltSpan]
    error: BaseException | None
    _profits: Rows | None

    @property
    def rejected(self) -> int:
        """How many orders were refused."""
        return len(self.refused)

    @cached_property
    def run_hash(self) -> str:
        """One hash for fills, equity and allocations: 64 hexadecimal digits.

        Equal for actors and the caller's own task, whatever the order of sources and of the candles in a slice, in
        every process and on every machine. The declared order of the sleeves is part of the run.
        """
        return hash_of(self.start, self.close_times, self.equity, self.fills, self.allocations)

    def profit_of(self, sleeve: Instrument) -> "array[float]":
        """What a sleeve had gained at each close, costs deducted and what is open included.

        Raises:
            KeyError: There is no such sleeve.
            ValueError: The run kept no curves of sleeves.
        """
        if sleeve not in self.sleeves:
            raise KeyError(f"there is no sleeve {sleeve!r}; there are {', '.join(map(repr, self.sleeves)) or 'none'}")
        if self._profits is None:
            raise ValueError("the run kept no curves of its sleeves: run it with sleeve_curves=True")
        return self._profits.column(list(self.sleeves).index(sleeve), len(self.close_times))

    def allocation_of(self, sleeve: Instrument) -> "array[float]":
        """What a sleeve held of the budget while each slice was handled; 0 where it was not in the portfolio."""
        found = array("d")
        for one, length in self._spans():
            found.extend(array("d", [one.of(sleeve)]) * length)
        return found

    def active_of(self, sleeve: Instrument) -> list[bool]:
        """Whether a sleeve was active when each slice was allocated."""
        return [state for one, length in self._spans() for state in [sleeve in one.active] * length]

    def active_count(self) -> "array[int]":
        """How many sleeves were active when each slice was allocated."""
        found = array("q")
        for one, length in self._spans():
            found.extend(array("q", [len(one.active)]) * length)
        return found

    def utilisation(self) -> "array[float]":
        """What share of the budget was held while each slice was handled; 0 where there was no budget, or one of 0."""
        found = array("d")
        for one, length in self._spans():
            share = fsum(one.held) / one.budget if one.budget else 0.0
            found.extend(array("d", [share]) * length)
        return found

    def _spans(self) -> list[tuple[Allocation, int]]:
        """Each allocation, and for how many slices it stood."""
        ends = [*(one.place for one in self.allocations[1:]), len(self.close_times)]
        return [(one, end - one.place) for one, end in zip(self.allocations, ends, strict=False)]

    def tables(self) -> Mapping[str, Table]:
        """The result as tables: name -> column -> values, all columns of a table equally long.

        ``curves`` has a row for each slice, with the running profit of each sleeve where the run kept it;
        ``fills``, ``round_trips``, ``refused`` and ``faults`` have one for each of theirs, ``allocations`` one for
        each sleeve each time that anything changed, ``sleeves`` one for each book, ``coverage`` one for each
        instrument and period.
        """
        return {
            "curves": self._curves(),
            "fills": fills_table(self.fills),
            "round_trips": trips_table(self.round_trips),
            "allocations": allocations_table(self.allocations),
            "sleeves": books_table(self.sleeves),
            "coverage": coverage_table(self.coverage),
            "refused": refused_table(self.refused),
            "faults": faults_table(self.faults),
        }

    def _curves(self) -> Table:
        curves = {
            "close_time": Column("int", self.close_times),
            "equity": Column("float", self.equity),
            "exposure": Column("float", self.exposure),
            "traded": Column("float", self.traded),
            "active": Column("int", self.active_count()),
            "utilisation": Column("float", self.utilisation()),
        }
        if self._profits is not None:
            curves |= {f"profit {sleeve}": Column("float", self.profit_of(sleeve)) for sleeve in self.sleeves}
        return curves

    def to_csv(self, folder: str | Path) -> list[Path]:
        """Write `tables` as CSV files, one each, and return their paths. The folder is made if need be.

        Numbers are written so that they read back as they were; times are nanoseconds since 1970. For Parquet files
        there is `tradedesk.backtest.parquet.to_parquet`.

        Raises:
            OSError: The folder or a file cannot be written.
        """
        return write_csv(self.tables(), Path(folder))

    def __repr__(self) -> str:
        end = self.equity[-1] if self.equity else self.start
        ended = "" if self.error is None else f", ended by {type(self.error).__name__}"
        return (
            f"<BacktestResult: {len(self.close_times):,} slices, {len(self.fills):,} fills, equity {end:,.2f}{ended}>"
        )
