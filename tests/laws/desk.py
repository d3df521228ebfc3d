"""Random portfolios: sleeves, lawful policies, strategies that write down what they meet, and what is fed to them."""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    ``switch``: the kill switch is pulled before, or let go of.
    """

    events: Sequence[CandleCloseEvent]
    regimes: Mapping[str, bool] = {}
    patience: float | None = None
    readmitted: Mapping[str, bool] = {}
    switch: Literal["halt", "release"] | None = None

    def slice(self, number: int) -> Slice:
        return Slice(number, tuple(self.events))


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
    pulls: float = 0.0
    """How likely a handler pulls the kill switch."""


class Lab:
    """What only the test sees: who holds what at this instant, every promise that was broken, and every object made."""

    def __init__(self, budget: float = 0.0) -> None:
        self.made: dict[str, int] = {}
        self.budget = budget
        self.held: dict[str, float] = {}
        self.breaches: list[str] = []
        self.ask: Callable[[], Awaitable[object]] = trio.lowlevel.checkpoint
        self.pull: Callable[[str], object] = str

    def hold(self, key: str, amount: float) -> None:
        self.held[key] = 0.0 if amount == DEFAULT else amount
        if sum(self.held.values()) > self.budget * (1 + 1e-9):
            self.breaches.append(f"{self.held} is more than {self.budget}")


class Scripted:
    """A strategy whose regime and state follow from what it met, and that suspends and fails at random.

    One that takes the place of another goes on with its list of calls.
    """

    def __init__(self, plan: SleevePlan, desk: Desk, lab: Lab, calls: list[object] | None = None) -> None:
        self.key = plan.key
        self.calls: list[object] = [] if calls is None else calls
        self.state = 0
        self.risk = 0.0
        self.regime = plan.active
        self.handling = False
        self._lab = lab
        fails = desk.at_fault in (None, plan.key)
        self._faults = desk.faults if fails else 0.0
        self._hangs = desk.hangs if fails else 0.0
        self._pulls = desk.pulls
        self._puller = random.Random(f"{desk.seed} {plan.key} pulls")
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

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.calls.append(("candle", event))
        self.handling = True
        try:
            await self._suspend()
            self._may_fail("in its handler")
            if self._pulls and self._puller.random() < self._pulls:
                self._lab.pull(f"{self.key} has seen enough")
            self.state = (31 * self.state + hash(self.risk) + event.candle) % 1_000_003
            if event.candle % 3:
                self.regime = event.candle % 3 == 1
            await self._suspend()
            if self._hangs and self._faulty.random() < self._hangs:
                await self._hang()
        finally:
            self.handling = False

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


def successor(desk: Desk, lab: Lab, first: Scripted) -> Scripted:
    """Another object for a sleeve, from outside."""
    first.calls.append("built")
    plan = next(plan for plan in desk.sleeves if plan.key == first.key)
    return Scripted(plan, desk, lab, first.calls)


def factory_of(desk: Desk, lab: Lab, strategies: Mapping[str, Scripted]) -> Callable[[str], Scripted]:
    """Makes the object that takes a sleeve's place, unless it fails."""

    def factory(key: str) -> Scripted:
        made = successor(desk, lab, strategies[key])
        made._may_fail("in its factory")
        return made

    return factory


def strategies_of(desk: Desk, lab: Lab) -> dict[str, Scripted]:
    return {plan.key: Scripted(plan, desk, lab) for plan in desk.sleeves}


def entries_of(
    desk: Desk, strategies: Mapping[str, Scripted], lab: Lab | None = None
) -> dict[str, Scripted | StrategySpec]:
    """The argument of the runner."""
    factory = factory_of(desk, lab or Lab(), strategies)
    entries: dict[str, Scripted | StrategySpec] = {}
    for plan in desk.sleeves:
        rule = desk.rules[plan.key].rule(factory) if plan.key in desk.rules else None
        if plan.named_by == "spec":
            entries[plan.key] = StrategySpec(strategies[plan.key], plan.instrument, plan.period, on_failure=rule)
        else:
            entries[plan.key] = StrategySpec(strategies[plan.key], on_failure=rule) if rule else strategies[plan.key]
    return entries


# Strategies of Hypothesis -------------------------------------------------------------------------------------------


@st.composite
def sleeve_plans(draw: st.DrawFn) -> list[SleevePlan]:
    count = draw(st.integers(1, 6))
    usual = draw(st.booleans())  # each sleeve alone with its instrument, for all periods: a path of its own
    return [
        SleevePlan(
            key=f"{instrument}.{number}",
            instrument=instrument,
            period=None if usual else draw(st.sampled_from([None, None, *PERIODS[:3]])),
            named_by=draw(st.sampled_from(["attributes", "spec"])),
            active=draw(st.booleans()),
        )
        for number in range(count)
        for instrument in ["ABCDEF"[number] if usual else draw(st.sampled_from("ABCD"))]
    ]


BUDGETS = st.sampled_from([12.0, 100.0, 0.1, 0.0, 1e300])


@st.composite
def desks(draw: st.DrawFn, faults: float = 0.0, policies: Sequence[str] = ("equal", "weighted", "wandering")) -> Desk:
    sleeves = draw(sleeve_plans())
    budget = draw(BUDGETS)
    match draw(st.sampled_from(policies)):
        case "equal":
            policy = lambda: EqualSplitRiskPolicy(budget)  # noqa: E731
        case "weighted":
            weights = {plan.key: draw(st.integers(0, 3)) for plan in sleeves}
            policy = lambda: Weighted(budget, weights)  # noqa: E731
        case _:
            leave_out = draw(st.booleans())
            policy = lambda: Wandering(budget, leave_out)  # noqa: E731
    return Desk(sleeves, policy, budget, draw(st.integers(0, 999)), draw(st.sampled_from([0.0, faults])))


@st.composite
def feeds(draw: st.DrawFn, desk: Desk, *, outside: bool = True, leaving: bool = False, min_size: int = 0) -> list[Feed]:
    """Slices in any order of candles, for instruments of the desk; ``outside`` changes regimes between them."""
    instruments = sorted({plan.instrument for plan in desk.sleeves})
    periods = PERIODS[: draw(st.sampled_from([1, 4]))]
    candle = st.tuples(st.sampled_from(instruments), st.sampled_from(periods), st.integers(0, 8))
    events = st.lists(candle, max_size=6, unique_by=lambda row: row[:2]).map(
        lambda rows: [CandleCloseEvent(*row) for row in rows]
    )
    keys = st.sampled_from([plan.key for plan in desk.sleeves])
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
def ruled_desks(draw: st.DrawFn, rules: st.SearchStrategy[RulePlan] = RULES) -> Desk:
    """Desks whose strategies fail in every way there is, each sleeve with a rule of its own."""
    desk = draw(desks())
    return attrs.evolve(
        desk,
        faults=draw(st.sampled_from([0.1, 0.03, 0.3])),
        hangs=draw(st.sampled_from([0.0, 0.2])),
        rules={plan.key: draw(rules) for plan in desk.sleeves},
    )


@st.composite
def ruled_feeds(draw: st.DrawFn, desk: Desk, *, leaving: bool = False) -> list[Feed]:
    """Slices before which quarantined sleeves may be asked back."""
    keys = st.sampled_from([plan.key for plan in desk.sleeves])
    asked = st.one_of(st.just({}), st.dictionaries(keys, st.booleans(), max_size=2))
    return [attrs.evolve(feed, readmitted=draw(asked)) for feed in draw(feeds(desk, leaving=leaving, min_size=3))]
