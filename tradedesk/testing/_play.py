"""One strategy, played through a series of candles in virtual time, with what it did at each."""

from collections.abc import Awaitable, Callable, Sequence
from inspect import Parameter, isawaitable, iscoroutine, iscoroutinefunction, signature
from math import inf
from typing import Any, Final

import attrs
import trio
from trio.testing import MockClock

from tradedesk.execution import Desk, Fill, HearsFills, PaperBroker, Ticket
from tradedesk.marketdata import CandleCloseEvent, Instrument, Slice, parse_timestamp, period_close
from tradedesk.testing._foreign import Caught, told
from tradedesk.testing._limits import Endless, Limits

CASH: Final = 1_000_000.0
"""What the account opens with; of the currency that the instrument is quoted in."""

ONE_PHASE: Final = "on_candle_close"
TWO_PHASES: Final = ("update_state", "evaluate_signals")
NEVER_AWAITED: Final = ("set_risk_per_trade", "is_regime_active")

Observe = Callable[[Any], object]


@attrs.frozen
class Step:
    """What one candle brought about.

    Attributes:
        before: the regime that was reported before the candle was handled.
        risk: the risk under which it was handled.
        after: the regime that was reported after it.
        orders: what became of orders, as text; nothing without a desk.
        opening: the orders given that could open a position or add to one.
        seen: what `observe` returned.
    """

    before: bool
    risk: float
    after: bool
    orders: tuple[str, ...] = ()
    opening: tuple[str, ...] = ()
    seen: object = None


@attrs.frozen
class Trouble:
    """What ended a play.

    Attributes:
        hung: a call went on without end; else it raised, or returned nonsense.
        what: a sentence without subject.
        where: the method, and the candle's number from 1; 0 when it was built.
    """

    hung: bool
    what: str
    method: str
    candle: int

    def __str__(self) -> str:
        return f"{self.method} {self.what}{f', at candle {self.candle}' if self.candle else ''}"


@attrs.define(eq=False)
class Play:
    """A strategy on its way through candles.

    Attributes:
        steps: what came of each candle.
        trouble: what ended it early, if anything did.
    """

    make: "Maker"
    candles: Sequence[CandleCloseEvent]
    limits: Limits
    steps: list[Step] = attrs.field(factory=list, init=False)
    trouble: Trouble | None = attrs.field(default=None, init=False)
    strategy: Any = attrs.field(default=None, init=False)
    _method: str = attrs.field(default="the factory", init=False)
    _risk: float = attrs.field(default=inf, init=False)
    _floor: "Floor | None" = attrs.field(default=None, init=False)

    def begin(self) -> None:
        """Build the strategy."""
        self._floor = Floor(self.make.instrument) if self.make.needs_desk else None
        with Caught() as caught:
            try:
                with self.limits:
                    self.strategy = self.make(self.candles, self._floor)
            except Endless as endless:
                self.trouble = Trouble(hung=True, what=str(endless), method=self._method, candle=0)
        self._raised(caught.error, 0)

    def replace(self, change: Callable[[Any], Any]) -> None:
        """Put another object in the strategy's place."""
        self._method = "the restart"
        with Caught() as caught:
            self.strategy = change(self.strategy)
        self._raised(caught.error, 0)

    def _raised(self, error: Exception | SystemExit | None, candle: int) -> None:
        if error is not None:
            self.trouble = Trouble(hung=False, what=f"raised {told(error)}", method=self._method, candle=candle)

    async def step(self, event: CandleCloseEvent, risk: float) -> None:
        """Take one candle, unless there was trouble before."""
        if self.trouble is not None:
            return
        number = len(self.steps) + 1
        with Caught() as caught:
            try:
                self.steps.append(await self._take(event, risk))
            except Endless as endless:
                self.trouble = Trouble(hung=True, what=str(endless), method=self._method, candle=number)
        self._raised(caught.error, number)

    async def _take(self, event: CandleCloseEvent, risk: float) -> Step:
        floor, two_phases = self._floor, self.make.two_phases
        if floor is not None:
            floor.open(event)
        if two_phases:
            await self._call("update_state", event)
        before = await self._regime()
        if risk != self._risk:
            self._risk = risk
            await self._call("set_risk_per_trade", risk)
        await (self._call("evaluate_signals") if two_phases else self._call(ONE_PHASE, event))
        after = await self._regime()
        orders, opening = ((), ()) if floor is None else floor.close()
        self._method = "observe()"
        seen = None if self.make.observe is None else self.make.observe(self.strategy)
        return Step(before, risk, after, orders, opening, seen)

    async def _regime(self) -> bool:
        answer = await self._call("is_regime_active")
        if answer not in (True, False):  # a numpy bool is one, too
            raise TypeError(f"it returned {answer!r}, not True or False")
        return bool(answer)

    async def _call(self, method: str, *arguments: object) -> object:
        self._method = f"{method}()"
        with self.limits:
            answer = getattr(self.strategy, method)(*arguments)
            if method in NEVER_AWAITED and isawaitable(answer):
                _close(answer)
                raise TypeError("it is async, and would never run: write def, not async def")
            if hasattr(answer, "__await__"):
                await self.limits.wait(answer)
                return None
        if method == ONE_PHASE:
            raise TypeError(f"it returned {answer!r}, which cannot be awaited: write async def")
        return answer


class Floor:
    """A paper broker around one desk, and what came of orders there."""

    def __init__(self, instrument: Instrument) -> None:
        self._news: list[str] = []
        self._opening: dict[str, str] = {}
        self._broker = PaperBroker([instrument], cash=CASH, on_order=self._heard)
        self.desk: Desk = self._broker.desk(instrument)

    def open(self, event: CandleCloseEvent) -> None:
        """Work the orders in the candle."""
        time = period_close(event.period, parse_timestamp(event.candle.timestamp))
        fills = self._broker.open_slice(Slice(time, (event,)))
        self._news += [_filled(fill) for heard in fills.values() for fill in heard]

    def close(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Take the orders that were given; return what happened since the last time, and who could open a position."""
        self._broker.close_slice()
        working = [f"{ticket.id} {ticket.order!r}" for ticket in self.desk.orders]
        news, self._news = (*self._news, *working), []
        opening, self._opening = tuple(self._opening.values()), {}
        return news, opening

    def _heard(self, ticket: Ticket) -> None:
        self._news.append(f"{ticket.id} {ticket.state.value} {ticket.order!r}")
        held, order = self.desk.size, ticket.order
        closes = order.reduce_only or (held * order.sign < 0 and order.size <= abs(held))
        if ticket.fill is None and ticket.is_open and not closes:
            self._opening.setdefault(ticket.id, f"{order.side} {order.size!r}")


def _filled(fill: Fill) -> str:
    return f"{fill.order_id} filled: {fill.side} {fill.size!r} at {fill.price!r}"


@attrs.define(eq=False)
class Maker:
    """Makes strategies by the user's factory, with what that asks for by name.

    Attributes:
        factory: the user's.
        instrument: what the strategies trade.
        observe: what to look at after each candle besides.
        needs_desk: a parameter ``desk`` without default: a desk at a paper broker.
        needs_candles: a parameter ``candles`` without default: the whole series, as a list of `CandleCloseEvent`.
        two_phases: the strategies have two phases; known once one was made.
    """

    factory: Callable[..., Any]
    instrument: Instrument
    observe: Observe | None
    needs_desk: bool = attrs.field(init=False)
    needs_candles: bool = attrs.field(init=False)
    two_phases: bool = attrs.field(default=False, init=False)
    _named: frozenset[str] = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        if not callable(self.factory):
            raise TypeError(f"{self.factory!r} makes no strategies: give the class, or a function that makes one")
        if iscoroutinefunction(self.factory):
            raise TypeError(f"{self.factory.__name__} is async; what makes strategies is not: write def, not async def")
        parameters = _parameters(self.factory)
        needed = [name for name, each in parameters.items() if each.default is each.empty]
        known = ("instrument", "desk", "candles")
        if unknown := [name for name in needed if name not in known]:
            name = getattr(self.factory, "__name__", "the factory")
            raise TypeError(
                f"{name} needs {', '.join(unknown)}: give a function that makes one, such as "
                f"lambda: {name}({', '.join(f'{each}=...' for each in unknown)})"
            )
        self._named = frozenset(name for name in known if name in needed or (name == known[0] and name in parameters))
        self.needs_desk, self.needs_candles = "desk" in self._named, "candles" in self._named

    def __call__(self, candles: Sequence[CandleCloseEvent], floor: Floor | None) -> Any:
        """Make a strategy, with its fills handed to it where it hears them."""
        strategy = self.build(candles, floor)
        self.recognise(strategy)
        if floor is not None and hasattr(strategy, "on_fill") and not self.two_phases:
            return HearsFills(strategy, floor.desk)
        return strategy

    def build(self, candles: Sequence[CandleCloseEvent], floor: Floor | None) -> Any:
        """Call the factory with what it asks for."""
        given: dict[str, object] = {"instrument": self.instrument, "candles": list(candles)}
        if floor is not None:
            given["desk"] = floor.desk
        return self.factory(**{name: given[name] for name in self._named})

    def recognise(self, strategy: object) -> None:
        """Find out in how many phases it works.

        Raises:
            TypeError: It is no strategy.
        """
        missing = [name for name in ("set_risk_per_trade", "is_regime_active") if not _has(strategy, name)]
        one, two = _has(strategy, ONE_PHASE), all(_has(strategy, name) for name in TWO_PHASES)
        if missing or not (one or two):
            lacks = ", ".join(f"{name}()" for name in [*missing, *([] if one or two else [ONE_PHASE])])
            raise TypeError(f"a {type(strategy).__name__} is no strategy: it has no {lacks}")
        self.two_phases = not one


def _close(answer: object) -> None:
    if iscoroutine(answer):
        answer.close()  # or Python warns that it was never awaited


def _has(thing: object, method: str) -> bool:
    return callable(getattr(thing, method, None))


def _parameters(factory: Callable[..., Any]) -> dict[str, Parameter]:
    try:
        found = signature(factory).parameters.values()
    except ValueError:  # a compiled class may tell nothing
        return {}
    variable = (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    return {each.name: each for each in found if each.kind not in variable}


def run(limits: Limits, script: Callable[[], Awaitable[None]]) -> None:
    """Run a script of plays, in virtual time of its own."""
    trio.run(script, clock=MockClock(autojump_threshold=0), instruments=[limits])
