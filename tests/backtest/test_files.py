"""A result as files, and as bytes."""

import csv
import pickle

import polars as pl

from tests.execution.test_running import NAMES, Boom, desk_with, slices
from tradedesk.backtest import run_backtest
from tradedesk.backtest.parquet import to_parquet
from tradedesk.execution import PaperBroker
from tradedesk.portfolio import Quarantine

TABLES = ["curves", "fills", "round_trips", "allocations", "sleeves", "coverage", "refused", "faults"]
CASTS = {"int": int, "float": float, "text": str, "bool": {"True": True, "False": False}.__getitem__}


async def a_result(**options):
    """With something in each table: a failed strategy, orders that are too dear, round trips."""
    broker = PaperBroker(NAMES, cash=250.0)
    options = {"EURUSD": {"fails_at": 3}, "on_failure": Quarantine(positions="hold")} | options
    broker, _, runner = desk_with(broker=broker, **options)
    async with runner:
        return await run_backtest(runner, broker, slices(6))


def as_rows(table):
    return list(zip(*(column.values for column in table.values()), strict=True))


def read_back(path, table):
    with path.open(newline="", encoding="utf-8") as file:
        header, *rows = csv.reader(file)
    assert header == list(table)
    casts = [CASTS[column.kind] for column in table.values()]
    return [
        tuple(None if text == "" and cast is not str else cast(text) for cast, text in zip(casts, row, strict=True))
        for row in rows
    ]


async def test_csv_files_read_back_as_they_were(tmp_path):
    result = await a_result()
    tables = result.tables()
    assert list(tables) == TABLES
    assert all(as_rows(table) for table in tables.values())
    paths = result.to_csv(tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [f"{name}.csv" for name in TABLES]
    for path in paths:
        assert read_back(path, tables[path.stem]) == as_rows(tables[path.stem])


async def test_parquet_files_read_back_as_they_were(tmp_path):
    result = await a_result()
    paths = to_parquet(result, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == [f"{name}.parquet" for name in TABLES]
    for path in paths:
        table = result.tables()[path.stem]
        frame = pl.read_parquet(path)
        assert frame.columns == list(table)
        assert frame.rows() == as_rows(table)


async def test_a_table_without_rows_keeps_its_columns_and_their_kinds(tmp_path):
    broker, _, runner = desk_with()
    result = await run_backtest(runner, broker, [])
    for path in to_parquet(result, tmp_path):
        frame = pl.read_parquet(path)
        assert frame.schema == pl.Schema(_schema(result.tables()[path.stem]))
    assert [path.read_text().count("\n") for path in result.to_csv(tmp_path)] == [1, 1, 1, 1, 4, 1, 1, 1]


def _schema(table):
    kinds = {"int": pl.Int64, "float": pl.Float64, "text": pl.String, "bool": pl.Boolean}
    return {title: kinds[column.kind] for title, column in table.items()}


async def test_the_curves_have_a_column_for_each_sleeve():
    curves = (await a_result()).tables()["curves"]
    assert list(curves) == [
        "close_time",
        "equity",
        "exposure",
        "traded",
        "active",
        "utilisation",
        *(f"profit {name}" for name in NAMES),
    ]


async def test_a_result_can_be_pickled():
    result = await a_result()
    copy = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own bytes
    assert copy.run_hash == result.run_hash
    assert (copy.fills, copy.round_trips, copy.coverage) == (result.fills, result.round_trips, result.coverage)
    assert isinstance(copy.faults[0].error, Boom)
    assert copy.profit_of("GBPUSD") == result.profit_of("GBPUSD")
