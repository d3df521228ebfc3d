"""The contract of strategies: the check that holds a strategy to its laws."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any, Final

import attrs
import trio

from tradedesk.marketdata import CandleCloseEvent, Instrument, period_seconds
from tradedesk.testing._candles import FLAT, Bar, bars, runs, series
from tradedesk.testing._foreign import Caught
from tradedesk.testing._hypothesis import st
from tradedesk.testing._limits import Endless, Limits
from tradedesk.testing._lived import RISKS, Lived, Restarted, StrategyCase, pickled
from tradedesk.testing._play import Floor, Maker, Observe
from tradedesk.testing._pristine import Pristine
from tradedesk.testing._search import Law, chosen, verdicts
from tradedesk.testing._strategy_laws import STRATEGY_LAWS, ZERO_RISK, restarts, warmed
from tradedesk.testing._verdicts import Verdicts

RISK_CHANGES: Final = 3
"""In one case, at most."""
MOST: Final = 0.05
"""How far a candle moves, as a part of 100.0."""
BEYOND: Final = 10
"""Candles behind a warm-up, in which regimes are compared."""
SHOWN: Final = 12
"""Candles of a witness, the last ones."""


def strategy_cases(*, candles: int, fewest: int = 0, more_than: int = 0) -> st.SearchStrategy[StrategyCase]:
    """Cases of up to so many candles; half of them with more than some."""
    of = bars(gaps=True, max_move=MOST)
    some = runs(of, fewest, candles)
    drawn = some if not more_than else some | runs(of, more_than + 1, candles)
    whens = st.integers(0, min(3, candles - 1)) | st.integers(0, candles - 1)
    changes = st.tuples(whens, st.sampled_from(RISKS))
    left = st.integers(1, 3) | st.integers(1, candles)
    return st.builds(_case, drawn, st.lists(changes, max_size=RISK_CHANGES), left)


def _case(found: Sequence[Bar], risks: Iterable[tuple[int, float]], left: int) -> StrategyCase:
    """Cut so many candles before the end: counted from the front, no candle before the cut could be left out."""
    kept = tuple(sorted(change for change in risks if change[0] < len(found)))
    return StrategyCase(tuple(found), kept, max(0, len(found) - left))


@attrs.define(eq=False)
class Bench:
    """Where strategies are played.

    Attributes:
        make: makes them.
        length: of a candle, in seconds.
        period: of a candle, by name.
    """

    make: Maker
    period: str
    length: int = attrs.field(init=False)
    _pristine: Pristine = attrs.field(init=False)
    _cases: int = attrs.field(default=0, init=False)
    _active: int = attrs.field(default=0, init=False)
    _ordered: int = attrs.field(default=0, init=False)

    def __attrs_post_init__(self) -> None:
        self.length = period_seconds(self.period)
        one, other = (self._first() for _ in range(2))
        if one is not None and one is other:
            raise ValueError(
                "the factory gave the same object twice, and every play needs a new one: give the class, or "
                "a function that makes one each time"
            )
        self._pristine = Pristine(self.make.factory, one)

    def _first(self) -> object:
        """A strategy, to see what it is; None where the factory raises or hangs, which is for the laws to find."""
        floor = Floor(self.make.instrument) if self.make.needs_desk else None
        made: object = None
        try:
            with Caught() as caught, Limits():
                made = self.make.build(self.candles([FLAT]), floor)
        except Endless:
            return None
        if caught.error is None:
            self.make.recognise(made)
        return made

    def candles(self, of: Iterable[Bar]) -> list[CandleCloseEvent]:
        """The candles of a case."""
        return list(series(self.make.instrument, self.period, self.length, of))

    def live(self, case: StrategyCase) -> Lived:
        """Play a case."""
        return Lived(case, partial(self.candles, case.bars), self.make, self._pristine)

    def look(self, case: StrategyCase) -> Lived:
        """Play a case, and count what came up in it."""
        lived = self.live(case)
        steps = lived.alone.steps
        self._cases += 1
        self._active += any(step.before or step.after for step in steps)
        self._ordered += any(step.orders for step in steps)
        return lived

    def notes(self) -> Iterator[str]:
        """What came up in the cases, so that nobody takes a silent strategy for a proven one."""
        yield f"It was active in {self._active} of {self._cases} cases."
        if self.make.needs_desk:
            yield f"It had orders in {self._ordered} of them."
        if not self._active:
            yield "A strategy that is never active is hardly tested: give it more candles, candles=..., or other ones."


def strategy_verdicts(
    factory: Callable[..., Any],
    *,
    candles: int = 40,
    warm_up: int | None = None,
    restart: Restarted | bool = False,
    zero_risk: bool = False,
    observe: Observe | None = None,
    skip: Iterable[str] = (),
    extra: Iterable[Law] = (),
    examples: int = 100,
    cases: Sequence[StrategyCase] = (),
    instrument: str = "EURUSD",
    period: str = "1MINUTE",
) -> Verdicts:
    """Hold strategies to the contract and return a verdict for each law. Takes the arguments of `check_strategy`.

    Raises:
        TypeError: The factory makes no strategies, or needs arguments that nobody knows.
        ValueError: A law to skip is not known, the factory makes the same object twice, or a number is out of range.
        RuntimeError: Called in a running trio loop.
    """
    if trio.lowlevel.in_trio_run():
        raise RuntimeError("check_strategy runs trio itself: call it from def, not from async def")
    if type(candles) is not int or candles < 1:
        raise ValueError(f"candles must be a whole number of at least 1, not {candles!r}")
    bench = Bench(Maker(factory, Instrument(instrument), observe), period)
    if restart and bench.make.needs_desk:
        raise ValueError("restart: a desk cannot be taken along; test the strategy's restart without one")
    more = [] if warm_up is None else [warmed(warm_up)]
    more += [restarts(pickled if restart is True else restart)] if restart else []
    more += [ZERO_RISK] if zero_risk else []
    laws = chosen(STRATEGY_LAWS, skip, [*more, *extra])
    most = candles if warm_up is None else max(candles, warm_up + BEYOND)
    found = verdicts(
        laws,
        bench.look,
        strategy_cases(candles=most, fewest=int(bench.make.needs_candles), more_than=warm_up or 0),
        examples=examples,
        first=cases,
        story=lambda case: _story(bench.live(case)),
    )
    each = tuple(found)
    return Verdicts(_name(factory), each, tuple(bench.notes()) if all(verdict.holds for verdict in each) else ())


def check_strategy(
    factory: Callable[..., Any],
    *,
    candles: int = 40,
    warm_up: int | None = None,
    restart: Restarted | bool = False,
    zero_risk: bool = False,
    observe: Observe | None = None,
    skip: Iterable[str] = (),
    extra: Iterable[Law] = (),
    examples: int = 100,
    cases: Sequence[StrategyCase] = (),
    instrument: str = "EURUSD",
    period: str = "1MINUTE",
) -> Verdicts:
    """Hold strategies to the contract of strategies; return the verdicts if they keep all its laws.

    A strategy is played like in a portfolio of one: report, risk, candle, report (in two phases: update, report, risk,
    evaluate, report), with a paper broker where it wants a desk. No trio is needed around it; handlers may await what
    they like of trio, in virtual time.

    Args:
        factory: makes a new strategy: the class itself, or a function. Of its parameters these are filled in by name:
            ``instrument``; and if they have no default, ``desk`` (at a paper broker) and ``candles`` (the whole series,
            as a list of `CandleCloseEvent`, for strategies that are given their data when they are built).
        candles: most candles of a series.
        warm_up: test that a strategy which was given so many candles reports what one reports that saw all.
        restart: test that a strategy goes on from a restart; True pickles it, a function takes the old object and
            returns the new one.
        zero_risk: test that no order opens a position, or adds to one, while the risk is 0.
        observe: a function of the strategy; what it returns after each candle must obey the laws, too.
        skip: names of laws that it need not keep.
        extra: laws besides.
        examples: how many cases to try.
        cases: cases to try first, such as the witness of a run before.
        instrument: what the candles are of.
        period: of the candles.

    Raises:
        LawBroken: A law is broken; with the smallest case that does it.
        TypeError: The factory makes no strategies, or needs arguments that nobody knows.
        ValueError: A law to skip is not known, the factory makes the same object twice, or a number is out of range.
        RuntimeError: Called in a running trio loop.
    """
    return strategy_verdicts(
        factory,
        candles=candles,
        warm_up=warm_up,
        restart=restart,
        zero_risk=zero_risk,
        observe=observe,
        skip=skip,
        extra=extra,
        examples=examples,
        cases=cases,
        instrument=instrument,
        period=period,
    ).check()


def _story(lived: Lived) -> Iterator[str]:
    steps = lived.alone.steps
    first = max(0, len(lived.candles) - SHOWN)
    if first:
        yield f"...        {first} candles before"
    for number, event in enumerate(lived.candles[first:], first):
        bar = event.candle
        prices = f"open {bar.open}  high {bar.high}  low {bar.low}  close {bar.close}"
        regime = ("active" if steps[number].after else "inactive") if number < len(steps) else "-"
        yield f"candle {number + 1:<3} {bar.timestamp}  {prices}  risk {lived.case.risk_at(number)}  {regime}"
    yield f"again      cases=[{lived.case!r}]"


def _name(factory: Callable[..., Any]) -> str:
    return str(getattr(factory, "__name__", type(factory).__name__))
