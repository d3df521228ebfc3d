"""What a strategy did in one case, played in several ways."""

import pickle
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, Final, TypeVar

import attrs

from tradedesk.marketdata import CandleCloseEvent
from tradedesk.testing._candles import Bar
from tradedesk.testing._limits import Limits
from tradedesk.testing._play import Maker, Play, run
from tradedesk.testing._pristine import Pristine

T = TypeVar("T")

RISK: Final = 10.0
"""What a strategy is told to begin with."""
RISKS: Final = (0.0, 5.0, RISK)
"""What it may be told later."""


@attrs.frozen
class StrategyCase:
    """One series of candles, and what else a play depends on.

    Attributes:
        bars: the candles as steps from close to close, in tenths of a point, from 100.0 on.
        risks: (candle's number from 0, risk from there on); 10.0 before the first.
        cut: after so many candles the series is cut off, or the strategy restarted.
    """

    bars: Sequence[Bar]
    risks: Sequence[tuple[int, float]] = ()
    cut: int = 0

    def __repr__(self) -> str:
        risks = f", risks={list(self.risks)!r}" if self.risks else ""
        return f"StrategyCase({list(self.bars)!r}{risks}, cut={self.cut})"

    def risk_at(self, number: int) -> float:
        """The risk that the strategy has been told when it handles this candle."""
        told = [risk for since, risk in self.risks if since <= number]
        return told[-1] if told else RISK


def pickled(strategy: T) -> T:
    """Pickle a strategy and read it again, as a restart from a file does."""
    copy: T = pickle.loads(pickle.dumps(strategy))  # noqa: S301 - our own
    return copy


Restarted = Callable[[Any], Any]


@attrs.define(eq=False, slots=False)
class Lived:
    """What a strategy did in one case, played in several ways. Played when first asked for.

    Attributes:
        case: the case.
        candles: the case's; every play is given its own, so that none can spoil them for another.
    """

    case: StrategyCase
    _fresh: Callable[[], Sequence[CandleCloseEvent]]
    _make: Maker
    _pristine: Pristine

    @cached_property
    def candles(self) -> Sequence[CandleCloseEvent]:
        return self._fresh()

    @cached_property
    def alone(self) -> Play:
        """One object, by itself."""
        return self._played(self._fresh())

    @cached_property
    def again(self) -> Play:
        """Another object, by itself."""
        return self._played(self._fresh())

    @cached_property
    def beside(self) -> Play:
        """An object with another one beside it that is a candle ahead."""
        self._pristine.restore()
        limits, candles = Limits(), self._fresh()  # one event goes to all who trade the instrument
        other, one = Play(self._make, candles, limits), Play(self._make, candles, limits)

        async def script() -> None:
            other.begin()
            one.begin()
            for number, event in enumerate(candles):
                await other.step(event, self.case.risk_at(number))
                await one.step(event, self.case.risk_at(number))

        run(limits, script)
        self._pristine.restore()
        return one

    @cached_property
    def cut_off(self) -> Play:
        """An object that is given the first candles only."""
        return self._played(self._fresh()[: self.case.cut])

    def late(self, since: int) -> Play:
        """An object that is given the candles from one on."""
        return self._played(self._fresh()[since:], number_of_first=since)

    def restarted(self, change: Restarted) -> Play:
        """An object in whose place another comes on the way."""
        return self._played(self._fresh(), change=change)

    def _played(
        self, candles: Sequence[CandleCloseEvent], *, number_of_first: int = 0, change: Restarted | None = None
    ) -> Play:
        self._pristine.restore()
        play = Play(self._make, candles, Limits())

        async def script() -> None:
            play.begin()
            for number, event in enumerate(candles, number_of_first):
                if change is not None and number == self.case.cut and play.trouble is None:
                    play.replace(change)
                await play.step(event, self.case.risk_at(number))

        run(play.limits, script)
        self._pristine.restore()
        return play
