"""Three strategies, one of which misbehaves once, at a place and in a slice that a case names; and what is to follow."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import attrs
import trio

from actors.testing import run
from tests.laws.desk import Desk, SleevePlan
from tests.laws.monitors import lost_or_doubled, met_while_down, out_of_turn, over_budget
from tests.portfolio.parts import BUDGET, DEFAULT, MODES, caught, equal, event, serving
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import Failed, Handled, PortfolioRunner, Quarantine, Refused, Restart, SliceReport

RULES = ("raise", "quarantine", "restart")
KEYS = ("first", "second", "third")
WAKES = "second"
"""Inactive in slice 1 and active from slice 2 on, where the others therefore hold less."""

ONE_PHASE = ("poll", "risk", "candle", "candle, later", "report")
TWO_PHASES = ("poll", "risk", "update", "update, later", "update's report", "evaluate", "evaluate, later", "report")

Fault = Callable[[], object]


@attrs.frozen
class Case:
    """One input that nobody should give.

    Attributes:
        where: the method of the culprit, or whoever else misbehaves.
        what: the name of what it does there.
        slice: the slice in which it does so.
    """

    where: str
    what: str
    mode: Literal["plain", "direct", "actors"] = "actors"
    rule: Literal["raise", "quarantine", "restart"] = "raise"
    slice: int = 1
    two_phase: bool = False
    culprit: str = "first"


@attrs.define(eq=False)
class Player:
    """Behaves, except where and when it does not."""

    key: str
    stage: "Stage"
    fault: Fault | None = None
    place: str = ""
    event: CandleCloseEvent | None = None

    def set_risk_per_trade(self, value):
        self.may("risk")

    def is_regime_active(self):
        answer = self.may({"": "poll", "update": "update's report"}.get(self.place, "report"))
        self.place = ""
        usual = self.key != WAKES or self.stage.now > 1
        return usual if answer is None else answer.value

    async def take(self, place):
        self.may(place)
        await trio.lowlevel.checkpoint()
        odd = self.may(f"{place}, later")
        if odd is not None:
            await odd.value

    def may(self, where):
        """Do what the case says, if this is the place and the slice; only once."""
        case, fault = self.stage.case, self.fault
        if self.key == case.culprit and self.event is not None:
            self.stage.event = self.event
        if fault is None or case.where != where or case.slice != self.stage.now:
            return None
        self.fault = None
        return Odd(fault())


@attrs.frozen
class Odd:
    value: object


class OnePhase(Player):
    async def on_candle_close(self, event):
        self.place, self.event = "candle", event
        await self.take("candle")


class TwoPhases(Player):
    async def update_state(self, event):
        self.place, self.event = "update", event
        await self.take("update")

    async def evaluate_signals(self):
        self.place = "evaluate"
        await self.take("evaluate")


@attrs.define(eq=False)
class Stage:
    """Plays one case: the slices before it, its own, and clean ones behind it; what breaks a promise is a sentence."""

    case: Case
    fault: Fault
    options: dict[str, object] = attrs.Factory(dict)
    policy: object = None
    factory: Callable[["Stage", str], object] | None = None
    now: int = 0
    trace: list[object] = attrs.Factory(list)
    raised: dict[int, BaseException | None] = attrs.Factory(dict)
    reports: dict[int, SliceReport] = attrs.Factory(dict)
    runner: PortfolioRunner | None = None
    stuck: bool = False
    warm_up: int = 0
    event: CandleCloseEvent | None = None
    """The candle that the culprit has in hand."""

    def player(self, key: str, fault: Fault | None = None) -> Player:
        two_phase = self.case.two_phase and key == self.case.culprit
        return (TwoPhases if two_phase else OnePhase)(key, self, fault)

    def make(self, key: str) -> object:
        return self.player(key) if self.factory is None else self.factory(self, key)

    @property
    def rule(self):
        return {
            "raise": "raise",
            "quarantine": Quarantine(),
            "restart": Restart(self.make, limit=2, warm_up=self.warm_up),
        }[self.case.rule]

    async def play(self, slices: int | None = None) -> None:
        case = self.case
        players = {key: self.player(key, self.fault if key == case.culprit else None) for key in KEYS}
        options = {"trace": self.trace.append, "on_failure": self.rule, **self.options}
        async with serving(case.mode, players, self.policy or equal(), DEFAULT, **options) as self.runner:
            for number in range(1, (slices or case.slice + 1) + 1):
                self.now = number
                self.raised[number] = await caught(self.one_slice(number))

    async def one_slice(self, number: int) -> None:
        self.reports[number] = await self.runner.on_slice([event(key) for key in KEYS])

    # What is to follow ----------------------------------------------------------------------------------

    @property
    def fates(self) -> dict[int, dict[str, str]]:
        found: dict[int, dict[str, str]] = {}
        for record in self.trace:
            if isinstance(record, Handled | Refused) or (isinstance(record, Failed) and record.event is not None):
                found.setdefault(record.slice_number, {})[record.sleeve] = type(record).__name__
        return found

    def standings(self) -> dict[str, str]:
        return {key: one.standing for key, one in self.runner.statistics().sleeves.items()}

    def breaches(self) -> Iterator[str]:
        plans = [
            SleevePlan(key, key, None, "spec", active=True, two_phase=self.case.two_phase and key == self.case.culprit)
            for key in KEYS
        ]
        desk = Desk(plans, equal, BUDGET)
        yield from lost_or_doubled(self.trace)
        yield from over_budget(desk, self.trace)
        yield from out_of_turn(desk, self.trace)
        yield from met_while_down(self.trace)
        for number in self.raised:
            if missing := set(KEYS) - set(self.fates.get(number, {})):
                yield f"slice {number}: the candles of {missing} have no fate"

    def clean_after(self) -> Iterator[str]:
        """Whoever may take part does so from the next slice on, and shares the budget."""
        case, last = self.case, max(self.raised)
        down = self.stuck or case.rule == "quarantine"
        for number in range(case.slice + 1, last + 1):
            yield from expected(f"slice {number} raises", self.raised[number], None)
            refused = {case.culprit: "Refused"} if down else {}
            yield from expected(f"fates of slice {number}", self.fates[number], {**all_are("Handled"), **refused})
        share = BUDGET / (2 if down else 3)
        held = {key: 0.0 if down and key == case.culprit else share for key in KEYS}
        yield from expected("at the end it holds", dict(self.runner.statistics().held), held)
        quarantined = {case.culprit: "quarantined"} if down else {}
        yield from expected("at the end they are", self.standings(), {**all_are("active"), **quarantined})


def all_are(fate: str) -> dict[str, str]:
    return dict.fromkeys(KEYS, fate)


def expected(what: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what}: {found!r}, not {wanted!r}"


def as_if_nothing_had_happened(stage: Stage) -> Iterator[str]:
    """What misbehaves beside the strategies changes nothing for them."""
    wanted = {number: all_are("Handled") for number in stage.raised}
    yield from expected("fates", stage.fates, wanted)
    yield from expected("at the end it holds", dict(stage.runner.statistics().held), dict.fromkeys(KEYS, BUDGET / 3))


def came_out(raised: BaseException | None, error: BaseException) -> bool:
    """Whether it is what was raised: a coroutine cannot raise the end of an iterator, Python puts an error in front."""
    return raised is error or (isinstance(error, StopIteration) and raised is not None and raised.__cause__ is error)


Judge = Callable[[Stage], Iterator[str]]


def play_all(stages: Sequence[Stage], judge: Judge, slices: int | None = None) -> tuple[list[str], Counter[str]]:
    """Play every case in virtual time; return the breaches, each with its case, and how many cases each place had."""
    wrong: list[str] = []

    async def scenario() -> None:
        for stage in stages:
            await stage.play(slices)
            wrong.extend(f"{stage.case}: {sentence}" for sentence in [*stage.breaches(), *judge(stage)])

    run(scenario)
    return wrong, Counter(stage.case.where for stage in stages)


def every(*, where: Sequence[str], what: Sequence[str], two_phase: bool = False, culprits=KEYS[:1]) -> Iterator[Case]:
    for mode in MODES:
        for rule in RULES:
            for number in (1, 2):
                for culprit in culprits:
                    for place in where:
                        for name in what:
                            yield Case(place, name, mode, rule, number, two_phase, culprit)
