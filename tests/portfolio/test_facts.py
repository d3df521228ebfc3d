"""How facts reach a policy: once per slice, before the candles, and never about them."""

from collections.abc import Mapping

import attrs
import pytest

from tests.portfolio.parts import BUDGET, Boom, Says, Strategy, caught, equal, event, every_mode, serving
from tradedesk.portfolio import (
    Allocated,
    AllocationError,
    Capped,
    EqualSplitRiskPolicy,
    Facts,
    FactsError,
    InverseVolatilityPolicy,
    PortfolioRunner,
    RollingFacts,
    Slice,
    StrategySpec,
    Throttled,
)

VOLATILITY = {"A": 1.0, "B": 3.0}


@attrs.define
class Source:
    """Gives its facts and writes down what it was told."""

    facts: object = attrs.field(factory=lambda: Facts(volatility=VOLATILITY))
    told: list[object] = attrs.field(factory=list)

    def __call__(self, close_time, routed):
        self.told.append((close_time, [(record.sleeve, record.event) for record in routed]))
        if isinstance(self.facts, BaseException):
            raise self.facts
        return self.facts


@attrs.frozen
class Informed:
    """A policy that knows only the second way to be asked."""

    asked: list[object] = attrs.field(factory=list)

    def allocate_with(self, active_instruments, facts: Facts) -> Mapping[str, float]:
        self.asked.append((active_instruments, facts))
        return dict.fromkeys(active_instruments, 1.0)


class Both(Informed):
    """A policy that can do without facts."""

    def allocate(self, active_instruments):
        return dict.fromkeys(active_instruments, 2.0)


def both_active() -> dict[str, Strategy]:
    return {"A": Strategy(True), "B": Strategy(True)}


# How a policy is asked ----------------------------------------------------------------------------------------------


@every_mode
async def test_a_policy_splits_by_the_facts_of_its_slice(mode):
    source = Source()
    strategies = both_active()
    async with serving(mode, strategies, InverseVolatilityPolicy(BUDGET), facts=source) as runner:
        await runner.on_slice([])
        source.facts = Facts(volatility={"A": 1.0, "B": 1.0})
        await runner.on_slice([])
    assert [strategy.risks for strategy in strategies.values()] == [[9.0, 6.0], [3.0, 6.0]]


@every_mode
async def test_the_policy_is_given_the_active_sleeves_and_the_sources_own_value(mode):
    policy, source = Informed(), Source()
    async with serving(mode, {"A": Strategy(True), "B": Strategy()}, policy, facts=source) as runner:
        await runner.on_slice([])
    assert policy.asked == [(["A"], source.facts)]


@every_mode
@pytest.mark.parametrize(("facts", "amount"), [(None, 2.0), (Source(), 1.0)])
async def test_a_policy_that_knows_both_ways_is_asked_with_facts_where_there_are_some(mode, facts, amount):
    a = Strategy(True)
    async with serving(mode, {"A": a}, Both(), facts=facts) as runner:
        await runner.on_slice([])
    assert a.risks == [amount]


@every_mode
@pytest.mark.parametrize(("facts", "amount"), [(None, 2.0), (Source(), 1.0)])
async def test_so_is_one_in_a_wrapper(mode, facts, amount):
    a = Strategy(True)
    async with serving(mode, {"A": a}, Capped(Both(), total=5.0), facts=facts) as runner:
        await runner.on_slice([])
    assert a.risks == [amount]


@every_mode
async def test_a_plain_policy_beside_a_source_is_asked_the_plain_way(mode):
    a, source = Strategy(True), Source()
    async with serving(mode, {"A": a}, equal(), facts=source) as runner:
        await runner.on_slice([])
    assert (a.risks, len(source.told)) == ([BUDGET], 1)


@every_mode
async def test_a_policy_in_a_wrapper_gets_the_facts_and_the_runner_the_wrappers_budget(mode):
    records = []
    policy = Capped(InverseVolatilityPolicy(BUDGET), per_sleeve=5.0, total=8.0)
    async with serving(mode, both_active(), policy, facts=Source(), trace=records.append) as runner:
        await runner.on_slice([])
    (allocated,) = [record for record in records if type(record) is Allocated]
    assert (allocated.allocation, allocated.budget) == ({"A": 5.0, "B": 3.0}, 8.0)


# What a source is told ----------------------------------------------------------------------------------------------


@every_mode
async def test_a_source_is_asked_once_per_slice_and_told_of_the_candles_before_it_only(mode):
    source = Source()
    async with serving(mode, both_active(), equal(), facts=source) as runner:
        await runner.run([Slice(1, (event("B"), event("A"))), Slice(2, ()), Slice(3, (event("A"),)), Slice(4, ())])
    assert source.told == [
        (1, []),
        (2, [("A", event("A")), ("B", event("B"))]),
        (3, []),
        (4, [("A", event("A"))]),
    ]


@every_mode
async def test_a_source_knows_nothing_of_a_slice_when_its_policy_is_asked(mode):
    told_at_allocation = []
    source = Source()

    def look(active):
        told_at_allocation.append([routed for _, routed in source.told])
        return dict.fromkeys(active, 1.0)

    async with serving(mode, {"A": Strategy(True)}, Says(look), facts=source) as runner:
        await runner.on_candle_close(event("A", "first"))
        await runner.on_candle_close(event("A", "second"))
    assert told_at_allocation == [[[]], [[], [("A", event("A", "first"))]]]


@every_mode
async def test_a_candle_that_was_refused_is_not_told(mode):
    source, policy = Source(), Says(Boom())
    async with serving(mode, {"A": Strategy(True)}, policy, facts=source) as runner:
        await caught(runner.on_candle_close(event("A", "refused")))
        policy.answer = {}
        await runner.on_candle_close(event("A", "routed"))
        await runner.on_slice([])
    assert [routed for _, routed in source.told] == [[], [], [("A", event("A", "routed"))]]


@every_mode
async def test_two_sleeves_of_one_instrument_are_told_apart(mode):
    source = Source()
    strategies = {name: StrategySpec(Strategy(), "A") for name in ("slow", "fast")}
    async with serving(mode, strategies, equal(), facts=source) as runner:
        await runner.on_candle_close(event("A"))
        await runner.on_slice([])
    assert source.told[1][1] == [("slow", event("A")), ("fast", event("A"))]


@every_mode
async def test_a_function_is_a_source(mode):
    a = Strategy(True)
    policy = Throttled(equal(10.0), start=0.1, end=0.3)

    def account(close_time, routed):
        return Facts(equity=80.0, peak_equity=100.0)

    async with serving(mode, {"A": a}, policy, facts=account) as runner:
        await runner.on_slice([])
    assert a.risks == pytest.approx([5.0])


# What goes wrong ----------------------------------------------------------------------------------------------------


@every_mode
@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        (Boom("no feed"), "raised Boom('no feed')"),
        ({"A": 1.0}, "returned {'A': 1.0}, not Facts"),
        (None, "returned None, not Facts"),
    ],
)
async def test_a_source_that_fails_is_an_error_that_names_it_and_changes_nothing(mode, facts, rule):
    source, strategies = Source(facts), both_active()
    async with serving(mode, strategies, InverseVolatilityPolicy(BUDGET), facts=source) as runner:
        error = await caught(runner.on_slice([event("A")]))
        assert str(error) == f"Source, the source of facts for InverseVolatilityPolicy, {rule}"
        assert isinstance(error, AllocationError)
        assert error.__cause__ is (facts if isinstance(facts, Boom) else None)
        assert [strategy.risks + strategy.candles for strategy in strategies.values()] == [[], []]
        source.facts = Facts(volatility=VOLATILITY)
        await runner.on_slice([event("A")])
    assert [strategy.risks for strategy in strategies.values()] == [[9.0], [3.0]]


@every_mode
async def test_an_error_of_the_source_says_whose_it_was(mode):
    async with serving(mode, both_active(), equal(), facts=Source(Boom())) as runner:
        error = await caught(runner.on_slice([]))
    assert isinstance(error, FactsError)
    assert (error.policy, error.source, error.rule) == ("EqualSplitRiskPolicy", "Source", "raised Boom()")


@every_mode
async def test_a_sleeve_without_a_datum_is_named_and_nothing_is_sent(mode):
    strategies = both_active()
    source = Source(Facts(volatility={"A": 1.0}))
    async with serving(mode, strategies, InverseVolatilityPolicy(BUDGET), facts=source) as runner:
        error = await caught(runner.on_slice([event("A")]))
    assert str(error) == "InverseVolatilityPolicy.allocate: there is no volatility of 'B' among the facts"
    assert [strategy.risks + strategy.candles for strategy in strategies.values()] == [[], []]


REFUSED = [
    (
        InverseVolatilityPolicy(1.0),
        None,
        "InverseVolatilityPolicy needs volatility: give the runner a source, facts=...",
    ),
    (
        Throttled(InverseVolatilityPolicy(1.0), start=0.1, end=0.2),
        None,
        "Throttled needs drawdown, volatility: give the runner a source, facts=...",
    ),
    (Informed(), None, "Informed needs facts: give the runner a source, facts=..."),
    (
        Throttled(InverseVolatilityPolicy(1.0), start=0.1, end=0.2),
        RollingFacts(20),
        "Throttled needs drawdown, and RollingFacts gives correlation, volatility",
    ),
    (EqualSplitRiskPolicy(1.0), {"A": 1.0}, "facts must be a function or an object that can be called, not {'A': 1.0}"),
]


@pytest.mark.parametrize(("policy", "facts", "sentence"), REFUSED, ids=[sentence for *_, sentence in REFUSED])
def test_a_runner_without_the_facts_that_its_policy_needs_is_refused(policy, facts, sentence):
    with pytest.raises((ValueError, TypeError)) as refused:
        PortfolioRunner({"A": Strategy()}, policy, 1.0, facts=facts)
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    ("policy", "facts"),
    [
        (Informed(), Source()),
        (Informed(), RollingFacts(20)),
        (InverseVolatilityPolicy(1.0), Source()),
        (InverseVolatilityPolicy(1.0), RollingFacts(20)),
        (Throttled(equal(), start=0.1, end=0.2), RollingFacts(20, equity=lambda: 1.0)),
        (InverseVolatilityPolicy(1.0, {"A": 1.0}), None),
        (Both(), None),
    ],
)
def test_a_runner_with_the_facts_that_its_policy_needs_is_built(policy, facts):
    assert PortfolioRunner({"A": Strategy()}, policy, 1.0, facts=facts).policy is policy
