"""Find the files inside the package, wherever it is installed."""

from collections.abc import Generator, Mapping
from contextlib import closing
from importlib.resources import as_file, files
from types import MappingProxyType
from typing import Final

from tradedesk.marketdata import Candle, CandleCloseEvent, MarketDataError, Slice, read_csv

PERIOD: Final = "DAY"
"""The period of every candle in the sample data."""

_SPLITS: Final[Mapping[str, tuple[int, ...]]] = MappingProxyType(
    {
        "AAPL": (961_545_600 * 1_000_000_000, 1_109_548_800 * 1_000_000_000),  # 2000-06-21, 2005-02-28
        "MSFT": (1_045_526_400 * 1_000_000_000,),  # 2003-02-18
    }
)
"""When two shares were made of one: the beginning of the first day at the new price, in nanoseconds since 1970."""

_NAMES: Final = ("AAPL", "FB", "GOOG", "IBM", "MSFT")


def names() -> tuple[str, ...]:
    """Give the instruments of the sample data, in alphabetical order."""
    return _NAMES


def read(name: str, *, adjusted: bool = False) -> Generator[Slice, None, None]:
    """Read the daily candles of one instrument, as `read_csv` does.

    `adjusted` divides the prices before a split by its ratio and multiplies the volumes, so that a split is no fall.
    Dividends are not adjusted for.

    Raises:
        MarketDataError: The sample data has no such instrument.
    """
    if name not in _NAMES:
        raise MarketDataError(f"the sample data has no {name!r}; it has {', '.join(_NAMES)}")
    slices = _slices(name)
    return _adjusted(slices, _SPLITS.get(name, ())) if adjusted else slices


def _adjusted(slices: Generator[Slice, None, None], splits: tuple[int, ...]) -> Generator[Slice, None, None]:
    with closing(slices):
        for slice_ in slices:
            ratio = 2 ** sum(slice_.close_time <= split for split in splits)
            (event,) = slice_.events
            yield slice_ if ratio == 1 else Slice(slice_.close_time, (_divided(event, ratio),))


def _divided(event: CandleCloseEvent, ratio: int) -> CandleCloseEvent:
    of = event.candle
    opens, high, low, close = (price / ratio for price in (of.open, of.high, of.low, of.close))
    candle = Candle(of.timestamp, opens, high, low, close, of.volume * ratio, of.tick_count)
    return CandleCloseEvent(event.instrument, event.period, candle)


def _slices(name: str) -> Generator[Slice, None, None]:
    # A package inside a zip archive has no path; as_file lends one while the file is read.
    with as_file(files(__package__) / f"{name}.csv.gz") as path:
        yield from read_csv(path, instrument=name, period=PERIOD)
