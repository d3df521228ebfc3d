"""Random portfolios: sleeves, lawful policies, strategies that write down what they meet, and what is fed to them."""

import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Literal

import attrs
import trio
from hypothesis import strategies as st

from tradedesk.marketdata import CandleCloseEvent, Slice
from tradedesk.portfolio import (
    EqualSplitRiskPolicy,
    FailureRule,
    Quarantine,
    Restart,
    RiskAllocationPolicy,
    StrategySpec,
)

PERIODS = ("1MINUTE", "HOUR", "DAY", "of its own")
SHORTEST_FIRST = {period: rank for rank, period in enumerate(PERIODS)}
DEFAULT = 7.125
"""What sleeves get that the policy leaves out; no policy here ever grants this, so a fake can tell the two apart."""

TIMEOUT = 10.0
"""Seconds for a handler where handlers may hang; one that does not hang is done in less."""


class Boom(Exception):
    """What strategies here fail with."""


# Policies: each row is a recipe, so that every run gets a fresh policy and a failing example can be read -------------


@attrs.define
class Weighted:
    """Splits the budget by weights; a weight of 0 is an explicit amount of 0."""

    portfolio_risk_budget: float
    weights: Mapping[str, int]

    def allocate(self, active_instruments: list[str]) -> dict[str, float]:
        total = sum(self.weights[key] for key in active_instruments)
        return {key: self.portfolio_risk_budget * self.weights[key] / total for key in active_instruments if total}


@attrs.define
class Wandering:
    """Moves the whole budget to the next active sleeve at every call; the others get 0, or are left out."""

    portfolio_risk_budget: float
    leave_out: bool
    calls: int = 0

    def allocate(self, active_instruments: list[str]) -> dict[str, float]:
        self.calls += 1
        if not active_instruments:
            return {}
        winner = active_instruments[self.calls % len(active_instruments)]
        losers = [] if self.leave_out else active_instruments
        return {**dict.fromkeys(losers, 0.0), winner: self.portfolio_risk_budget}


# The desk -----------------------------------------------------------------------------------------------------------


@attrs.frozen
class SleevePlan:
    key: str
    instrument: str
    period: str | None
    named_by: Literal["attributes", "spec"]
    active: bool
    two_phase: bool = False

    def wants(self, event: CandleCloseEvent) -> bool:
        return event.instrument == self.instrument and self.period in (None, event.period)


@attrs.frozen
class RulePlan:
    """What becomes of a sleeve that fails, as plain values."""

    kind: Literal["raise", "quarantine", "restart"] = "raise"
    limit: int = 1
    within: int = 1
    backoff: int = 0
    warm_up: int = 0

    def rule(self, factory: Callable[[str], "Scripted"]) -> FailureRule:
        match self.kind:
            case "raise":
                return "raise"
            case "quarantine":
                return Quarantine()
        return Restart(factory, self.limit, self.within, self.backoff, self.warm_up)


@attrs.frozen
class Feed:
    """One slice and what happens around it: regimes that change from outside before, and a caller who may leave.

    ``readmitted``: sleeves that are asked back before, if they are quarantined; with a new object where True.
    """

    events: Sequence[CandleCloseEvent]
    regimes: Mapping[str, bool] = {}
    patience: float | None = None
    readmitted: Mapping[str, bool] = {}

    def slice(self, number: int) -> Slice:
        return Slice(number, tuple(self.events))


@attrs.frozen
class Join:
    """A sleeve is added: with a new strategy, or with the last one that had its key."""

    plan: SleevePlan
    anew: bool


@attrs.frozen
class Leave:
    """A sleeve is removed."""

    key: str


@attrs.frozen
class Switch:
    """Another policy is set."""

    policy: Callable[[], RiskAllocationPolicy]
    budget: float


Step = Feed | Join | Leave | Switch


@attrs.frozen
class Desk:
    sleeves: Sequence[SleevePlan]
    policy: Callable[[], RiskAllocationPolicy]
    budget: float
    seed: int = 0
    faults: float = 0.0
    """How likely each call of a strategy's method fails."""
    rules: Mapping[str, RulePlan] = {}
    hangs: float = 0.0
    """How likely a handler outstays `TIMEOUT`, and then perhaps its cancellation too."""
    at_fault: str | None = None
    """The one sleeve that fails; None: all of them do."""
    reserve: Sequence[SleevePlan] = ()
    """Sleeves that may join."""
    skip_unknown: bool = False

    @property
    def known(self) -> list[SleevePlan]:
        return [*self.sleeves, *self.reserve]


def traded(events: Iterable[CandleCloseEvent], plans: Iterable[SleevePlan]) -> bool:
    """Whether each of the events is of an instrument that somebody trades."""
    return {event.instrument for event in events} <= {plan.instrument for plan in plans}


class Lab:
    """What only the test sees: who holds what at this instant, every promise that was broken, and every object made."""

    def __init__(self, budget: float = 0.0) -> None:
        self.made: dict[str, int] = {}
        self.budget = budget
        self.limit = budget  # above the budget after it shrank, until what was given is taken back
        self.held: dict[str, float] = {}
        self.breaches: list[str] = []
        self.ask: Callable[[], Awaitable[object]] = trio.lowlevel.checkpoint

    def hold(self, key: str, amount: float) -> None:
        self.held[key] = 0.0 if amount == DEFAULT else amount
        total = sum(self.held.values())
        if total > self.limit * (1 + 1e-9):
            self.breaches.append(f"{self.held} is more than {self.limit}")
        self.limit = max(self.budget, min(self.limit, total))

    def switch(self, budget: float) -> None:
        self.budget = budget
        self.limit = max(budget, sum(self.held.values()))


class Scripted:
    """A strategy whose regime and state follow from what it met, and that suspends and fails at random.

    One that takes the place of another goes on with its list of calls.
    """

    def __init__(self, plan: SleevePlan, desk: Desk, lab: Lab, calls: list[object] | None = None) -> None:
        self.key = plan.key
        self.plan, self.desk = plan, desk
        self.calls: list[object] = [] if calls is None else calls
        self.state = 0
        self.risk = 0.0
        self.regime = plan.active
        self.handling = False
        self._lab = lab
        fails = desk.at_fault in (None, plan.key)
        self._faults = desk.faults if fails else 0.0
        self._hangs = desk.hangs if fails else 0.0
        number = lab.made[plan.key] = lab.made.get(plan.key, 0) + 1
        self._random = random.Random(f"{desk.seed} {plan.key} {number}")
        self._faulty = random.Random(f"{desk.seed} {plan.key} {number} faults")
        if plan.named_by == "attributes":
            self.instrument = plan.instrument
            if plan.period is not None:
                self.candle_period = plan.period

    def set_risk_per_trade(self, value: float) -> None:
        self.calls.append(("risk", value))
        if self.handling:
            self._lab.breaches.append(f"{self.key} was given {value} in mid-handler")
        self._may_fail("before it took its risk")
        self.risk = value
        self._lab.hold(self.key, value)
        self._may_fail("after it took its risk")

    def is_regime_active(self) -> bool:
        self.calls.append("report")
        self._may_fail("asked for its regime")
        return self.regime

    async def _handle(self, call: object, number: int) -> None:
        self.calls.append(call)
        self.handling = True
        try:
            await self._suspend()
            self._may_fail("in its handler")
            self._learn(number)
            await self._suspend()
            if self._hangs and self._faulty.random() < self._hangs:
                await self._hang()
        finally:
            self.handling = False

    def _learn(self, number: int) -> None:
        self.state = (31 * self.state + hash(self.risk) + number) % 1_000_003
        if number % 3:
            self.regime = number % 3 == 1

    async def _suspend(self) -> None:
        match self._random.randrange(5):
            case 0:
                await trio.lowlevel.checkpoint()
            case 1:
                await trio.sleep(self._random.randrange(1, 4))
            case 2:
                await self._lab.ask()

    async def _hang(self) -> None:
        """For ever, or beyond one or two timeouts whoever cancels; nothing follows that others could see."""
        with trio.CancelScope() as scope:
            match self._faulty.randrange(3):
                case 0:
                    await trio.sleep_forever()
                case 1:
                    scope.shield = True
                    await trio.sleep(1.5 * TIMEOUT)
                case 2:
                    scope.shield = True
                    await trio.sleep(2.5 * TIMEOUT)

    def _may_fail(self, where: str) -> None:
        if self._faults and self._faulty.random() < self._faults:
            raise Boom(self.key, where)

    def successor(self) -> "Scripted":
        """Another object for its sleeve, from outside."""
        self.calls.append("built")
        return strategy_of(self.plan, self.desk, self._lab, self.calls)

    def factory(self, _: str) -> "Scripted":
        """Make the object that takes its place, unless that fails."""
        made = self.successor()
        made._may_fail("in its factory")
        return made


class OnePhase(Scripted):
    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        await self._handle(("candle", event), event.candle)


class TwoPhase(Scripted):
    """Updates without a wait, or with one; its evaluation may change its regime as well."""

    def update_state(self, event: CandleCloseEvent) -> Awaitable[None] | None:
        if event.candle % 2:
            return self._handle(("update", event), event.candle)
        self.calls.append(("update", event))
        self._may_fail("in its update")
        self._learn(event.candle)
        return None

    async def evaluate_signals(self) -> None:
        await self._handle("evaluate", self.state)


def strategy_of(plan: SleevePlan, desk: Desk, lab: Lab, calls: list[object] | None = None) -> Scripted:
    return (TwoPhase if plan.two_phase else OnePhase)(plan, desk, lab, calls)


def strategies_of(desk: Desk, lab: Lab) -> dict[str, Scripted]:
    return {plan.key: strategy_of(plan, desk, lab) for plan in desk.sleeves}


def entry_of(strategy: Scripted) -> Scripted | StrategySpec:
    plan, desk = strategy.plan, strategy.desk
    rule = desk.rules[plan.key].rule(strategy.factory) if plan.key in desk.rules else None
    if plan.named_by == "spec":
        return StrategySpec(strategy, plan.instrument, plan.period, on_failure=rule)
    return StrategySpec(strategy, on_failure=rule) if rule else strategy


def entries_of(strategies: Mapping[str, Scripted]) -> dict[str, Scripted | StrategySpec]:
    """The argument of the runner."""
    return {key: entry_of(strategy) for key, strategy in strategies.items()}


# Strategies of Hypothesis -------------------------------------------------------------------------------------------


@st.composite
def sleeve_plans(draw: st.DrawFn, name: str = "") -> list[SleevePlan]:
    count = draw(st.integers(1, 6))
    usual = draw(st.booleans())  # each sleeve alone with its instrument, for all periods: a path of its own
    return [
        SleevePlan(
            key=f"{instrument}.{name}{number}",
            instrument=instrument,
            period=None if usual else draw(st.sampled_from([None, None, *PERIODS[:3]])),
            named_by=draw(st.sampled_from(["attributes", "spec"])),
            active=draw(st.booleans()),
            two_phase=draw(st.booleans()),
        )
        for number in range(count)
        for instrument in ["ABCDEF"[number] if usual else draw(st.sampled_from("ABCD"))]
    ]


BUDGETS = st.sampled_from([12.0, 100.0, 0.1, 0.0, 1e300])


POLICIES = ("equal", "weighted", "wandering")


@st.composite
def switches(draw: st.DrawFn, sleeves: Sequence[SleevePlan], policies: Sequence[str] = POLICIES) -> Switch:
    """A policy for these sleeves."""
    budget = draw(BUDGETS)
    match draw(st.sampled_from(policies)):
        case "equal":
            return Switch(lambda: EqualSplitRiskPolicy(budget), budget)
        case "weighted":
            weights = {plan.key: draw(st.integers(0, 3)) for plan in sleeves}
            return Switch(lambda: Weighted(budget, weights), budget)
        case _:
            leave_out = draw(st.booleans())
            return Switch(lambda: Wandering(budget, leave_out), budget)


@st.composite
def desks(draw: st.DrawFn, faults: float = 0.0, policies: Sequence[str] = POLICIES, *, changing: bool = False) -> Desk:
    sleeves, reserve = draw(sleeve_plans()), draw(sleeve_plans("new")) if changing else []
    first = draw(switches([*sleeves, *reserve], policies))
    return Desk(
        sleeves,
        first.policy,
        first.budget,
        draw(st.integers(0, 999)),
        draw(st.sampled_from([0.0, faults])),
        reserve=reserve,
        skip_unknown=changing and draw(st.sampled_from([True, True, False])),
    )


@st.composite
def feeds(draw: st.DrawFn, desk: Desk, *, outside: bool = True, leaving: bool = False, min_size: int = 0) -> list[Feed]:
    """Slices in any order of candles, for instruments of the desk; ``outside`` changes regimes between them."""
    instruments = sorted({plan.instrument for plan in desk.known})
    periods = PERIODS[: draw(st.sampled_from([1, 4]))]
    candle = st.tuples(st.sampled_from(instruments), st.sampled_from(periods), st.integers(0, 8))
    events = st.lists(candle, max_size=6, unique_by=lambda row: row[:2]).map(
        lambda rows: [CandleCloseEvent(*row) for row in rows]
    )
    keys = st.sampled_from([plan.key for plan in desk.known])
    regimes = st.dictionaries(keys, st.booleans(), max_size=3) if outside else st.just({})
    patience = st.sampled_from([None, None, 0, 1, 3]) if leaving else st.none()
    return draw(st.lists(st.builds(Feed, events, regimes, patience), min_size=min_size, max_size=8))


RULES = st.one_of(
    st.builds(
        RulePlan,
        st.just("restart"),
        limit=st.integers(1, 3),
        within=st.integers(1, 6),
        backoff=st.integers(0, 2),
        warm_up=st.integers(0, 3),
    ),
    st.just(RulePlan("quarantine")),
    st.just(RulePlan("raise")),
)


@st.composite
def ruled_desks(draw: st.DrawFn, rules: st.SearchStrategy[RulePlan] = RULES, *, changing: bool = False) -> Desk:
    """Desks whose strategies fail in every way there is, each sleeve with a rule of its own."""
    desk = draw(desks(changing=changing))
    return attrs.evolve(
        desk,
        faults=draw(st.sampled_from([0.1, 0.03, 0.3])),
        hangs=draw(st.sampled_from([0.0, 0.2])),
        rules={plan.key: draw(rules) for plan in desk.known},
    )


@st.composite
def ruled_feeds(draw: st.DrawFn, desk: Desk, *, leaving: bool = False, min_size: int = 3) -> list[Feed]:
    """Slices before which quarantined sleeves may be asked back."""
    keys = st.sampled_from([plan.key for plan in desk.known])
    asked = st.one_of(st.just({}), st.dictionaries(keys, st.booleans(), max_size=2))
    return [
        attrs.evolve(feed, readmitted=draw(asked)) for feed in draw(feeds(desk, leaving=leaving, min_size=min_size))
    ]


@st.composite
def scripts(draw: st.DrawFn, desk: Desk) -> list[Step]:
    """Slices, and in between sleeves that join and leave and policies that are set; some of it is a mistake."""
    known = desk.known
    step = st.one_of(
        ruled_feeds(desk, min_size=1) if desk.rules else feeds(desk, min_size=1),
        st.lists(st.builds(Join, st.sampled_from(known), st.booleans()), min_size=1, max_size=2),
        st.lists(st.builds(Leave, st.sampled_from([plan.key for plan in known])), min_size=1, max_size=3),
        st.lists(switches(known), min_size=1, max_size=1),
    )
    return [one for part in draw(st.lists(step, min_size=1, max_size=6)) for one in part]
