"""A rule that halts at a drawdown: known answers, an oracle in fractions, and the rule in a portfolio."""

from fractions import Fraction
from itertools import accumulate
from math import inf, nan

import attrs
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tests.portfolio.parts import BUDGET, DEFAULT, Boom, Strategy, caught, equal, event, every_mode, serving
from tradedesk.portfolio import DrawdownHalt, EquityError, Facts, Halt, Halted, PortfolioRunner, RollingFacts


def judged(rule: DrawdownHalt, *equities: float) -> list[str | None]:
    return [rule.judge(Facts(equity=equity)) for equity in equities]


# The rule alone -----------------------------------------------------------------------------------------------------


def test_it_says_the_numbers():
    assert judged(DrawdownHalt(0.2), 100_000.0, 80_001.0, 79_900.0) == [
        None,
        None,
        "equity 79,900.00 is 20.1 % below its peak of 100,000.00: limit 20 %",
    ]


@pytest.mark.parametrize(
    ("limit", "equities"),
    [
        (0.2, (100_000.0, 80_000.0)),
        (0.07, (100.0, 93.0)),  # 0.07 * 100 is a little more than 7
        (0.1, (0.3, 0.27)),
        (1.0, (5.0, 0.0)),
        (1, (5, 0)),
        (0.5, (1e308, 5e307)),
    ],
)
def test_it_trips_at_the_limit_itself(limit, equities):
    *others, last = judged(DrawdownHalt(limit), *equities)
    assert (others, type(last)) == ([None], str)


def test_the_peak_is_the_largest_equity_so_far():
    rule = DrawdownHalt(0.1)
    assert judged(rule, 100.0, 120.0, 109.0)[:3] == [None, None, None]
    assert rule.peak == 120.0
    assert judged(rule, 108.0) == ["equity 108.00 is 10.0 % below its peak of 120.00: limit 10 %"]


def test_after_it_begins_anew_the_next_equity_is_the_peak():
    rule = DrawdownHalt(0.1)
    judged(rule, 100.0, 80.0)
    rule.begin_anew()
    assert rule.peak is None
    assert [reason is None for reason in judged(rule, 80.0, 73.0, 72.0)] == [True, True, False]


@pytest.mark.parametrize(
    ("equities", "text"),
    [
        ((None,), "no drawdown can be measured by an equity of None: the facts of this slice give none"),
        ((-5.0,), "no drawdown can be measured by an equity of -5.0: it must be a finite number, not below 0"),
        ((9.0, -5.0), "no drawdown can be measured by an equity of -5.0: it must be a finite number, not below 0"),
        ((nan,), "no drawdown can be measured by an equity of nan: it must be a finite number, not below 0"),
        ((inf,), "no drawdown can be measured by an equity of inf: it must be a finite number, not below 0"),
        ((0.0,), "no drawdown can be measured by an equity of 0.0: there is nothing that it could be measured against"),
    ],
)
def test_an_equity_that_no_drawdown_can_be_measured_by_is_an_error_that_names_it(equities, text):
    @attrs.frozen
    class Loose:
        equity: object

    rule = DrawdownHalt()
    *others, last = equities
    judged(rule, *others)
    with pytest.raises(EquityError) as error:
        rule.judge(Loose(last))
    assert str(error.value) == text


@pytest.mark.parametrize("limit", [0, -0.1, 1.01, nan, "much", None])
def test_a_limit_that_is_no_fraction_is_refused(limit):
    with pytest.raises(ValueError, match=r"^limit must be a fraction above 0 and at most 1, such as 0\.2, not "):
        DrawdownHalt(limit)


EQUITIES = st.lists(st.decimals(0, 1_000_000, places=2), min_size=1, max_size=30)
LIMITS = st.integers(1, 1000).map(lambda thousandths: Fraction(thousandths, 1000))


@given(EQUITIES, LIMITS)
def test_it_trips_where_exact_arithmetic_does(equities, limit):
    assume(equities[0] > 0)
    exact = [Fraction(equity) for equity in equities]
    peaks = accumulate(exact, max)
    expected = [peak - equity >= limit * peak for equity, peak in zip(exact, peaks, strict=True)]
    got = judged(DrawdownHalt(float(limit)), *map(float, equities))
    assert [reason is not None for reason in got] == expected


# In a portfolio -----------------------------------------------------------------------------------------------------


@attrs.define
class Account:
    """A source of facts that gives one equity after the other, and the last one again."""

    equities: list[float | None]

    def __call__(self, _, __):
        return Facts(equity=self.equities.pop(0) if len(self.equities) > 1 else self.equities[0])


def drawdown_of(*equities, limit=0.2, **options):
    return {"facts": Account(list(equities)), "halt_rules": [DrawdownHalt(limit)], **options}


@every_mode
async def test_the_slice_whose_facts_show_the_drawdown_is_allocated_nothing_and_its_candles_flow(mode):
    strategies = {"A": Strategy(True), "B": Strategy()}
    async with serving(mode, strategies, **drawdown_of(100.0, 90.0, 79.9)) as runner:
        for _ in range(3):
            await runner.on_slice([event("A")])
        assert runner.statistics().halt == Halt("equity 79.90 is 20.1 % below its peak of 100.00: limit 20 %", 3)
    assert [strategy.risks for strategy in strategies.values()] == [[BUDGET, 0.0], [DEFAULT, 0.0]]
    assert len(strategies["A"].candles) == 3


@every_mode
async def test_it_trips_once_and_stays_though_equity_recovers(mode):
    trace = []
    options = drawdown_of(100.0, 50.0, 40.0, 100.0, trace=trace.append)
    async with serving(mode, {"A": Strategy(True)}, **options) as runner:
        for _ in range(5):
            await runner.on_slice([])
        assert runner.statistics().halt.since == 2
    assert [record.slice_number for record in trace if isinstance(record, Halted)] == [2]


@every_mode
async def test_after_the_release_the_peak_is_the_next_equity(mode):
    trace = []
    options = drawdown_of(100.0, 80.0, 70.0, 60.0, 56.0, trace=trace.append)
    async with serving(mode, {"A": Strategy(True)}, **options) as runner:
        for _ in range(2):
            await runner.on_slice([])
        await runner.release()
        for _ in range(3):
            await runner.on_slice([])
    assert [(record.slice_number, record.reason) for record in trace if isinstance(record, Halted)] == [
        (2, "equity 80.00 is 20.0 % below its peak of 100.00: limit 20 %"),
        (5, "equity 56.00 is 20.0 % below its peak of 70.00: limit 20 %"),
    ]


@every_mode
async def test_somebody_elses_halt_leaves_the_peak_as_it_is_and_the_rule_watching(mode):
    async with serving(mode, {"A": Strategy(True)}, **drawdown_of(100.0, 120.0, 95.0)) as runner:
        await runner.on_slice([])
        runner.halt("lunch")
        await runner.on_slice([])
        await runner.on_slice([])
        assert runner.statistics().halt.reason == "lunch"
        await runner.release()
        await runner.on_slice([])
        assert runner.statistics().halt == Halt("equity 95.00 is 20.8 % below its peak of 120.00: limit 20 %", 4)


@every_mode
async def test_an_equity_that_is_missing_halts_and_comes_out_of_the_call(mode):
    a = Strategy(True)
    async with serving(mode, {"A": a}, **drawdown_of(100.0, None)) as runner:
        await runner.on_slice([event("A")])
        assert type(await caught(runner.on_slice([event("A")]))) is EquityError
        await runner.on_slice([event("A")])  # it is said once
        assert runner.statistics().halt.reason.startswith("DrawdownHalt raised EquityError(")
    assert (a.risks, len(a.candles)) == ([BUDGET, 0.0], 3)


@attrs.define(eq=False)
class Rule:
    """A rule that answers as it is told, or raises it."""

    answer: object = None
    news: object = None
    needs: frozenset[str] = frozenset()
    asked: int = 0

    def judge(self, _):
        self.asked += 1
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer

    def begin_anew(self):
        if self.news is not None:
            raise self.news


@every_mode
async def test_a_rule_that_gives_no_text_halts_and_is_told_so(mode):
    async with serving(mode, {"A": Strategy()}, facts=lambda *_: Facts(), halt_rules=[Rule(5)]) as runner:
        error = await caught(runner.on_slice([]))
        assert str(error) == "Rule.judge returned 5, not text or None"
        assert runner.statistics().halt.reason.startswith("Rule raised TypeError(")


@every_mode
async def test_the_first_rule_that_asks_for_a_halt_gets_it_and_the_others_are_asked_on(mode):
    rules = [Rule(), Rule("first"), Rule("second")]
    async with serving(mode, {"A": Strategy()}, facts=lambda *_: Facts(), halt_rules=rules) as runner:
        for _ in range(3):
            await runner.on_slice([])
        assert runner.statistics().halt == Halt("first", 1)
    assert [rule.asked for rule in rules] == [3, 1, 3]


@every_mode
async def test_what_a_rule_raises_at_the_news_of_the_release_comes_out_of_it(mode):
    boom = Boom()
    rules = [Rule("enough", boom)]
    async with serving(mode, {"A": Strategy()}, facts=lambda *_: Facts(), halt_rules=rules) as runner:
        await runner.on_slice([])
        assert await caught(runner.release()) is boom
        assert runner.statistics().halt is None


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        (
            {"halt_rules": [DrawdownHalt()]},
            ValueError,
            "DrawdownHalt needs equity: give the runner a source, facts=...",
        ),
        (
            {"halt_rules": [DrawdownHalt()], "facts": RollingFacts(5)},
            ValueError,
            "DrawdownHalt needs equity, and RollingFacts gives correlation, volatility",
        ),
        ({"halt_rules": [5]}, TypeError, "the halt rule 5 has no judge(), begin_anew()"),
    ],
)
def test_a_rule_that_cannot_be_asked_is_refused(options, error, text):
    with pytest.raises(error) as caught_:
        PortfolioRunner({"A": Strategy()}, equal(), DEFAULT, **options)
    assert str(caught_.value) == text


def test_a_rule_that_stands_there_twice_is_refused():
    rule = Rule()
    with pytest.raises(ValueError, match=r"stands in halt_rules twice$"):
        PortfolioRunner({"A": Strategy()}, equal(), DEFAULT, facts=lambda *_: Facts(), halt_rules=[rule, rule])
