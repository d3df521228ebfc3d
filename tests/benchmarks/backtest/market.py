"""The candles that every engine is given: seeded random walks, the same on every machine."""

from array import array
from pathlib import Path
from random import Random


def write(file: Path, candles: int, instruments: int) -> None:
    """Write opens, highs, lows and closes of each instrument, one instrument after the other, as doubles.

    Args:
        file: made anew.
        candles: of all instruments together.
        instruments: each gets an equal share of the candles.
    """
    with file.open("wb") as out:
        for place in range(instruments):
            for column in walk(Random(12_345 + place), candles // instruments):
                column.tofile(out)


def walk(chance: Random, length: int) -> tuple["array[float]", ...]:
    """One instrument: it opens where it closed, prices have four decimals and stay above one."""
    opens, highs, lows, closes = (array("d") for _ in range(4))
    close = 100.0
    for _ in range(length):
        open_ = close
        close = round(max(open_ + chance.gauss(0, 0.01), 1.0), 4)
        opens.append(open_)
        highs.append(round(max(open_, close) + abs(chance.gauss(0, 0.005)), 4))
        lows.append(round(min(open_, close) - abs(chance.gauss(0, 0.005)), 4))
        closes.append(close)
    return opens, highs, lows, closes
