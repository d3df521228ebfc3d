"""A strategy that writes down what it meets, and that crashes where a test wants it to."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from inspect import isawaitable, iscoroutinefunction
from types import MappingProxyType, TracebackType
from typing import Final, Protocol, Self, cast

import attrs

from tradedesk.marketdata import CandleCloseEvent, Instrument
from tradedesk.portfolio import (
    FailureRule,
    PortfolioStrategy,
    Restart,
    StrategySpec,
    TwoPhaseStrategy,
)
from tradedesk.testing._log import Call, Item, Method, Moment
from tradedesk.testing._scripts import Call as What
from tradedesk.testing._scripts import CrashPoint, PlannedCrash

Player = PortfolioStrategy | TwoPhaseStrategy
Entry = Player | StrategySpec

_CALLS: Final[Mapping[Method, What]] = MappingProxyType(
    {
        "set_risk_per_trade": "risk",
        "is_regime_active": "report",
        "on_candle_close": "candle",
        "update_state": "candle",
        "evaluate_signals": "candle",
    }
)
_RISK: Final = ("set_risk_per_trade", "is_regime_active")
_ONE_PHASE: Final = ("on_candle_close",)
_TWO_PHASES: Final = ("update_state", "evaluate_signals")


@attrs.define(eq=False)
class Book:
    """What the strategies of one run write into.

    Attributes:
        log: everything, in the order in which it happened.
        crashes: still to come.
        two_phase: sleeves whose strategies play in two phases.
        trades: sleeve -> instrument and period (None: all) of the strategy that has it.
        met: sleeve and call -> how many of them it has met.
        regimes: sleeve -> what it says of its regime, whatever its strategy says.
        players: the watch before each object, by the object's identity.
    """

    log: list[Item] = attrs.field(factory=list)
    crashes: set[CrashPoint] = attrs.field(factory=set)
    two_phase: set[str] = attrs.field(factory=set)
    trades: dict[str, tuple[str, str | None]] = attrs.field(factory=dict)
    met: dict[tuple[str, What], int] = attrs.field(factory=dict)
    regimes: dict[str, bool] = attrs.field(factory=dict)
    players: "dict[int, WatchedOnePhase | WatchedTwoPhases]" = attrs.field(factory=dict)

    def call(self, sleeve: str, method: Method, value: object = None) -> "Calling":
        """A block in which a call is made."""
        key = sleeve, _CALLS[method]
        self.met[key] = number = self.met.get(key, 0) + 1
        return Calling(self, CrashPoint(*key, number), method, value)

    def may_crash(self, point: CrashPoint) -> None:
        """Raise where a crash is planted, once."""
        if point in self.crashes:
            self.crashes.discard(point)
            where = "at the end" if point.late else "at the beginning"
            raise PlannedCrash(f"planned: {point.sleeve!r} crashes {where} of {point.call} {point.number}")

    def takers(self, event: CandleCloseEvent) -> Iterable[str]:
        """The sleeves that trade this candle."""
        for sleeve, (instrument, period) in self.trades.items():
            if instrument == event.instrument and period in (None, event.period):
                yield sleeve


class Calling:
    """Writes down how a call begins and ends, and lets it crash where that is planted.

    Attributes:
        answer: what is written down at its end.
    """

    __slots__ = ("_book", "_method", "_point", "answer")

    def __init__(self, book: Book, point: CrashPoint, method: Method, value: object) -> None:
        self._book = book
        self._point = point
        self._method: Method = method
        self.answer = value

    def __enter__(self) -> Self:
        self._write("begins", self.answer)
        if self._book.crashes:
            self._may_crash(self._point)
        return self

    def __exit__(self, _: type[BaseException] | None, error: BaseException | None, __: TracebackType | None) -> None:
        if error is None:
            if self._book.crashes:
                self._may_crash(attrs.evolve(self._point, late=True))
            self._write("ends", self.answer)
        elif isinstance(error, Exception):
            self._write("fails", error)
        else:
            self._write("is cut", None)

    def _may_crash(self, point: CrashPoint) -> None:
        try:
            self._book.may_crash(point)
        except PlannedCrash as crash:
            self._write("fails", crash)
            raise

    def _write(self, moment: Moment, value: object) -> None:
        self._book.log.append(Call(self._point.sleeve, self._method, moment, value))


class _Told(Protocol):
    def set_risk_per_trade(self, value: float) -> None: ...

    def is_regime_active(self) -> bool: ...


class Watched:
    """Stands before a strategy, and writes down what it is asked and told."""

    def __init__(self, sleeve: str, strategy: _Told, book: Book) -> None:
        self.sleeve = sleeve
        self.strategy = strategy
        self._book = book
        # The runner reads these, each once; it must find none where the strategy has none.
        for name in ("instrument", "candle_period"):
            if hasattr(strategy, name):
                setattr(self, name, getattr(strategy, name))

    def set_risk_per_trade(self, value: float) -> None:
        """Write it down, and hand it on."""
        with self._book.call(self.sleeve, "set_risk_per_trade", value):
            return self.strategy.set_risk_per_trade(value)

    def is_regime_active(self) -> bool:
        """Ask, and write the answer down."""
        with self._book.call(self.sleeve, "is_regime_active") as calling:
            answer = self.strategy.is_regime_active()
            calling.answer = answer = self._book.regimes.get(self.sleeve, answer)
        return answer


class WatchedOnePhase(Watched):
    """A strategy in one phase."""

    strategy: PortfolioStrategy

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Write it down, and hand it on."""
        with self._book.call(self.sleeve, "on_candle_close", event):
            await self.strategy.on_candle_close(event)


class WatchedTwoPhases(Watched):
    """A strategy in two phases."""

    strategy: TwoPhaseStrategy

    async def update_state(self, event: CandleCloseEvent) -> None:
        """Write it down, and hand it on."""
        with self._book.call(self.sleeve, "update_state", event):
            await _ended(self.strategy.update_state(event))

    async def evaluate_signals(self) -> None:
        """Write it down, and hand it on."""
        with self._book.call(self.sleeve, "evaluate_signals"):
            await _ended(self.strategy.evaluate_signals())


async def _ended(result: Awaitable[None] | None) -> None:
    if isawaitable(result):
        await result


def watched(sleeve: str, entry: Entry, book: Book, on_failure: FailureRule = "raise") -> StrategySpec:
    """Put a watch before a strategy, and before those that a restart makes."""
    spec = entry if isinstance(entry, StrategySpec) else StrategySpec(entry)
    rule = on_failure if spec.on_failure is None else spec.on_failure
    if isinstance(rule, Restart):
        rule = attrs.evolve(rule, factory=_made_watched(rule.factory, book))
    player = watch(sleeve, spec.strategy, book)
    instrument = getattr(player, "instrument", None) if spec.instrument is None else spec.instrument
    period = getattr(player, "candle_period", None) if spec.period is None else spec.period
    book.trades[sleeve] = sleeve if instrument is None else instrument, period
    return attrs.evolve(spec, strategy=player, on_failure=rule)


def watch(sleeve: str, strategy: Player, book: Book) -> Player:
    """Put a watch before one object, always the same; what is no strategy stays as it is, for the runner to refuse."""
    return watcher(sleeve, strategy, book) or strategy


def watcher(sleeve: str, strategy: Player, book: Book) -> WatchedOnePhase | WatchedTwoPhases | None:
    """Make the watch that is put before one object; None for what is no strategy."""
    known = book.players.get(id(strategy))
    if known is not None:
        return known
    in_one = callable(getattr(strategy, "on_candle_close", None))
    handlers = _ONE_PHASE if in_one else _TWO_PHASES
    if not all(callable(getattr(strategy, name, None)) for name in (*_RISK, *handlers)):
        return None
    if any(iscoroutinefunction(getattr(strategy, name)) for name in _RISK):
        return None
    player: WatchedOnePhase | WatchedTwoPhases
    if in_one:
        player = WatchedOnePhase(sleeve, cast("PortfolioStrategy", strategy), book)
        book.two_phase.discard(sleeve)
    else:
        player = WatchedTwoPhases(sleeve, cast("TwoPhaseStrategy", strategy), book)
        book.two_phase.add(sleeve)
    book.players[id(strategy)] = player
    return player


def _made_watched(
    factory: Callable[[Instrument], PortfolioStrategy], book: Book
) -> Callable[[Instrument], PortfolioStrategy]:
    def make(sleeve: Instrument) -> PortfolioStrategy:
        return cast("PortfolioStrategy", watch(sleeve, factory(sleeve), book))

    return make


def unwatched(entry: object) -> object:
    """The object behind the watch."""
    player = entry.strategy if isinstance(entry, StrategySpec) else entry
    return player.strategy if isinstance(player, Watched) else player
