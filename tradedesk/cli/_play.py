"""Run a desk from its first candle to its last."""

from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from time import perf_counter
from typing import Final

from attrs import frozen

from tradedesk.cli._desk import Desk
from tradedesk.cli._tally import Figures, Tally
from tradedesk.marketdata import Slice, merge
from tradedesk.portfolio import PortfolioRunner

_BETWEEN_REPORTS: Final = 1_000
"""Candles from one report of progress to the next: far below what the eye or the clock would notice."""


@frozen
class Outcome:
    """What a run came to, and how long it took, reading included."""

    figures: Figures
    seconds: float


async def play(desk: Desk, progress: Callable[[int], None]) -> Outcome:
    """Stream the desk's candles through a runner; `progress` is told now and then how many went in.

    Raises:
        Exception: What the sources or a strategy raise.
    """
    tally = Tally(desk.strategies)
    runner = PortfolioRunner(
        desk.strategies,
        desk.policy,
        desk.default_risk_per_trade,
        dispatch=desk.dispatch,
        poll_regimes=desk.poll_regimes,
        unknown_instruments=desk.unknown_instruments,
        on_failure=desk.on_failure,
        facts=desk.facts,
        trace=tally.take,
    )
    began = perf_counter()
    with closing(merge(*desk.sources)) as slices:
        async with runner:
            await runner.run(told(slices, progress))
    return Outcome(tally.figures(), perf_counter() - began)


def told(slices: Iterable[Slice], progress: Callable[[int], None]) -> Generator[Slice, None, None]:
    """Hand on a source and report how many candles have passed, now and then and at its end."""
    candles, due = 0, _BETWEEN_REPORTS
    for each in slices:
        yield each
        candles += len(each.events)
        if candles >= due:
            due += _BETWEEN_REPORTS
            progress(candles)
    progress(candles)
