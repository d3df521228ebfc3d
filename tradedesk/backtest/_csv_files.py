"""Tables as CSV files."""

import csv
from collections.abc import Mapping
from pathlib import Path

from tradedesk.backtest._tables import Table


def write_csv(tables: Mapping[str, Table], folder: Path) -> list[Path]:
    """Write one file for each table, with a header; None is an empty field, and floats read back as they were."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, table in tables.items():
        path = folder / f"{name}.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(table)
            writer.writerows(zip(*(column.values for column in table.values()), strict=True))
        paths.append(path)
    return paths
