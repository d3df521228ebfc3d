"""Closes that a report shows, kept as they pass by."""

from array import array
from collections.abc import Generator, Iterable

from tradedesk.marketdata import Slice, period_seconds
from tradedesk.report.types import PriceData

_Series = tuple["array[int]", "array[float]"]


class PriceLog:
    """Keeps the close of every candle that passes: 16 bytes for each.

    ``run_backtest(runner, broker, log.watch(source))``, and then ``from_result(result, prices=log)``.
    """

    def __init__(self) -> None:
        self._series: dict[tuple[str, str], _Series] = {}

    def watch(self, source: Iterable[Slice]) -> Generator[Slice, None, None]:
        """Hand on a source, slice by slice."""
        series = self._series
        for slice_ in source:
            for event in slice_.events:
                key = (event.instrument, event.period)
                found = series.get(key)
                if found is None:
                    found = series[key] = (array("q"), array("d"))
                found[0].append(slice_.close_time)
                found[1].append(event.candle.close)
            yield slice_

    def prices(self, since: int | None = None) -> tuple[PriceData, ...]:
        """Give for each instrument the closes of its shortest period, from a close time on."""
        shortest: dict[str, str] = {}
        for instrument, period in self._series:
            before = shortest.get(instrument)
            if before is None or period_seconds(period) < period_seconds(before):
                shortest[instrument] = period
        return tuple(
            _since(instrument, self._series[instrument, period], since) for instrument, period in shortest.items()
        )


def _since(instrument: str, series: _Series, since: int | None) -> PriceData:
    times, closes = series
    first = 0 if since is None else next((at for at, time in enumerate(times) if time >= since), len(times))
    return PriceData(instrument=instrument, close_times=times[first:], closes=closes[first:])
