"""A result as Parquet files: ``pip install 'tradedesk-actors[data]'``, for polars writes them."""

from pathlib import Path

from tradedesk.backtest._result import BacktestResult

try:
    import polars as pl
except ModuleNotFoundError as error:
    if error.name != "polars":
        raise
    raise ModuleNotFoundError(
        "tradedesk.backtest.parquet needs polars: pip install 'tradedesk-actors[data]'", name="polars"
    ) from None

__all__ = ["to_parquet"]


def to_parquet(result: BacktestResult, folder: str | Path) -> list[Path]:
    """Write `BacktestResult.tables`, one file each, and return their paths. The folder is made if need be.

    Times are nanoseconds since 1970, as 64-bit integers; a table without rows has its columns all the same.

    Raises:
        OSError: The folder or a file cannot be written.
    """
    kinds = {"int": pl.Int64, "float": pl.Float64, "text": pl.String, "bool": pl.Boolean}
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in result.tables().items():
        columns = [pl.Series(title, column.values, dtype=kinds[column.kind]) for title, column in table.items()]
        path = target / f"{name}.parquet"
        pl.DataFrame(columns).write_parquet(path)
        paths.append(path)
    return paths
