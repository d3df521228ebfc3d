"""Find the files inside the package, wherever it is installed."""

from collections.abc import Generator
from importlib.resources import as_file, files
from typing import Final

from tradedesk.marketdata import MarketDataError, Slice, read_csv

PERIOD: Final = "DAY"
"""The period of every candle in the sample data."""

_NAMES: Final = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def names() -> tuple[str, ...]:
    """Give the instruments of the sample data, in alphabetical order."""
    return _NAMES


def read(name: str) -> Generator[Slice, None, None]:
    """Read the daily candles of one instrument, as `read_csv` does.

    Raises:
        MarketDataError: The sample data has no such instrument.
    """
    if name not in _NAMES:
        raise MarketDataError(f"the sample data has no {name!r}; it has {', '.join(_NAMES)}")
    return _slices(name)


def _slices(name: str) -> Generator[Slice, None, None]:
    # A package inside a zip archive has no path; as_file lends one while the file is read.
    with as_file(files(__package__) / f"{name}.csv.gz") as path:
        yield from read_csv(path, instrument=name, period=PERIOD)
