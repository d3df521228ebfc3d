"""How many candles a progress bar may promise."""

from pathlib import Path

import pytest

from tradedesk.cli._demo import demo_desk
from tradedesk.cli._desk import count_rows


def test_rows_below_the_headers_are_counted_over_all_files(folder: Path):
    assert count_rows((folder / "eurusd.csv", folder / "gbpusd.csv")) == 18


def test_an_empty_file_counts_nothing(tmp_path: Path):
    (tmp_path / "empty.csv").touch()

    assert count_rows((tmp_path / "empty.csv",)) == 0


@pytest.mark.parametrize("name", ["eurusd.csv.gz", "nowhere.csv", "."])
def test_what_is_compressed_or_no_file_is_not_counted(folder: Path, name):
    (folder / "eurusd.csv.gz").touch()

    assert count_rows((folder / "eurusd.csv", folder / name)) is None


def test_the_demo_knows_its_candles():
    assert demo_desk(100.0, 10.0, "direct").count() == 12_154
