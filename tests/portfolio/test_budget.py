"""P3 Budget: what is held, what is sent, and what a policy may answer."""

from collections.abc import Mapping

import pytest

from tests.portfolio.parts import DEFAULT, Boom, Says, Strategy, caught, equal, event, every_mode, serving
from tradedesk.portfolio import AllocationError


@every_mode
async def test_the_default_counts_as_nothing_held(mode):
    async with serving(mode, {"A": Strategy(True), "B": Strategy()}, default=1_000.0) as runner:
        await runner.on_slice([])
        assert runner.statistics().held == {"A": 12.0, "B": 0.0}


@every_mode
async def test_an_explicit_zero_is_zero_and_not_the_default(mode):
    a = Strategy(True)
    async with serving(mode, {"A": a}, Says({"A": 0})) as runner:
        await runner.on_slice([])
    assert a.risks == [0.0]


@every_mode
async def test_a_strategy_is_told_on_first_use_and_then_only_what_differs(mode):
    a, b = Strategy(True), Strategy()
    async with serving(mode, {"A": a, "B": b}) as runner:
        for _ in range(3):
            await runner.on_candle_close(event("A"))
        b.active = True
        await runner.on_candle_close(event("A"))
    assert (a.risks, b.risks) == ([12.0, 6.0], [DEFAULT, 6.0])


@every_mode
async def test_a_grant_that_equals_the_default_is_held_and_not_sent_again(mode):
    a = Strategy()
    async with serving(mode, {"A": a}, equal(5.0), default=5.0) as runner:
        await runner.on_slice([])
        a.active = True
        await runner.on_slice([])
        assert (a.risks, runner.statistics().held["A"]) == ([5.0], 5.0)


@every_mode
async def test_allocate_gets_a_fresh_list_every_slice(mode):
    seen = []

    def greedy(active):
        seen.append(list(active))
        active.clear()
        active.append("nobody")
        return {}

    async with serving(mode, {"A": Strategy(True)}, Says(greedy)) as runner:
        await runner.on_slice([])
        await runner.on_slice([])
    assert seen == [["A"], ["A"]]


@every_mode
async def test_a_policy_that_changes_the_dict_it_returned_changes_nothing_until_it_is_asked_again(mode):
    answer = {"A": 2.0}
    a = Strategy(True, lambda _: answer.update(A=11.0))
    async with serving(mode, {"A": a}, Says(answer)) as runner:
        await runner.on_candle_close(event("A"))
        held = runner.statistics().held["A"]
        await runner.on_candle_close(event("A"))
    assert held == 2.0
    assert a.risks == [2.0, 11.0]


@every_mode
async def test_an_answer_above_a_budget_that_shrank_is_refused(mode):
    policy = Says({"A": 12.0})
    async with serving(mode, {"A": Strategy(True)}, policy) as runner:
        await runner.on_slice([])
        policy.portfolio_risk_budget = 6.0
        error = await caught(runner.on_slice([]))
    assert str(error) == "Says.allocate: gave 12.0 in all, which is more than the budget of 6.0"


@every_mode
async def test_rounding_of_shares_is_no_excess(mode):
    strategies = {str(number): Strategy(True) for number in range(49)}
    async with serving(mode, strategies, equal(0.1)) as runner:
        await runner.on_slice([])
    assert strategies["0"].risks == [0.1 / 49]


@every_mode
async def test_a_policy_without_a_budget_is_held_to_finite_amounts_only(mode):
    a = Strategy(True)
    async with serving(mode, {"A": a}, Says({"A": 1e300}, None)) as runner:
        await runner.on_slice([])
    assert a.risks == [1e300]


@every_mode
async def test_a_sleeve_that_failed_to_take_an_amount_counts_with_the_larger_one(mode):
    a, b = Strategy(True), Strategy()
    async with serving(mode, {"A": a, "B": b}) as runner:
        await runner.on_slice([])
        a.active, b.active, a.at_risk = False, True, lambda _: 1 / 0
        await caught(runner.on_slice([]))
        assert runner.statistics().held == {"A": 12.0, "B": 0.0}
        assert b.risks == [DEFAULT]


@every_mode
async def test_the_budget_goes_on_to_others_once_the_failed_release_is_taken(mode):
    a, b = Strategy(True), Strategy()
    async with serving(mode, {"A": a, "B": b}) as runner:
        await runner.on_slice([])
        a.active, b.active, a.at_risk = False, True, lambda _: 1 / 0
        await caught(runner.on_slice([]))
        a.at_risk = lambda _: None
        await runner.on_slice([])
        assert runner.statistics().held == {"A": 0.0, "B": 12.0}


class Array:
    """Compares as an array does: element by element, so that the whole has no truth."""

    def __eq__(self, other):
        return Array()

    def __bool__(self):
        raise ValueError("the truth value of an array is ambiguous")

    def __repr__(self):
        return "array([1., 2.])"

    __hash__ = None


class Unspeakable:
    """Raises when it is shown, or read as a number."""

    def __repr__(self):
        raise Boom("repr")

    def __float__(self):
        raise Boom("float")


class Trap(dict):
    def items(self):
        raise Boom("items")


NO_NUMBER = "the amount of 'A' is {}, not a number"
NO_AMOUNT = "the amount of 'A' is {}; it must be finite and not negative"

BAD_ANSWERS = {
    "raises": (Boom("no"), "raised Boom('no')"),
    "raises StopIteration": (StopIteration("no"), "raised StopIteration('no')"),
    "None": (None, "returned None, not a mapping of sleeve to amount"),
    "a string": ("A", "returned 'A', not a mapping of sleeve to amount"),
    "a list": ([1.0], "returned [1.0], not a mapping of sleeve to amount"),
    "NaN": ({"A": float("nan")}, NO_AMOUNT.format("nan")),
    "infinite": ({"A": float("inf")}, NO_AMOUNT.format("inf")),
    "negative": ({"A": -1e-9}, NO_AMOUNT.format("-1e-09")),
    "no amount": ({"A": None}, NO_NUMBER.format("None")),
    "text": ({"A": "much"}, NO_NUMBER.format("'much'")),
    "a number as text": ({"A": "5"}, NO_NUMBER.format("'5'")),
    "an array": ({"A": Array()}, NO_NUMBER.format("array([1., 2.])")),
    "too much": ({"A": 12.1}, "gave 12.1 in all, which is more than the budget of 12.0"),
    "too much in all": ({"A": 6.5, "B": 6.5}, "gave 13.0 in all, which is more than the budget of 12.0"),
    "more than a float can hold": ({"A": 1e308, "B": 1e308}, "gave inf in all, which is more than the budget of 12.0"),
    "an int beyond floats": ({"A": 10**400}, NO_AMOUNT.format("1" + "0" * 77 + "..." + "0" * 79)),
    "a stranger": ({"Z": 1.0}, "gave 1.0 to 'Z', which is no sleeve of this portfolio"),
    "a mapping that raises": (Trap(A=1.0), "raised Boom('items')"),
    "a number that raises": ({"A": Unspeakable()}, "raised Boom('float')"),
}


@every_mode
@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_a_bad_answer_is_an_allocation_error_that_says_what_is_wrong(name, mode):
    answer, rule = BAD_ANSWERS[name]
    async with serving(mode, {"A": Strategy(True), "B": Strategy()}, Says(answer)) as runner:
        error = await caught(runner.on_slice([]))
    assert type(error) is AllocationError
    assert str(error) == f"Says.allocate: {rule}"


@every_mode
@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_a_bad_answer_sends_nothing_and_changes_nothing(name, mode):
    a, b, policy = Strategy(True), Strategy(), Says({"A": 3.0})
    async with serving(mode, {"A": a, "B": b}, policy) as runner:
        await runner.on_slice([])
        a.calls.clear()
        policy.answer = BAD_ANSWERS[name][0]
        await caught(runner.on_candle_close(event("A")))
        policy.answer = {"A": 3.0}
        await runner.on_slice([])
        assert runner.statistics().held == {"A": 3.0, "B": 0.0}
    assert a.calls == ["report", "report"]


@every_mode
async def test_a_policys_own_error_is_the_cause(mode):
    answer = Boom("no")
    async with serving(mode, {"A": Strategy(True)}, Says(answer)) as runner:
        error = await caught(runner.on_slice([]))
    assert error.__cause__ is answer


@every_mode
async def test_an_error_that_cannot_be_shown_is_named_by_its_class(mode):
    class Mute(Exception):
        def __repr__(self):
            raise Boom

    async with serving(mode, {"A": Strategy(True)}, Says(Mute())) as runner:
        error = await caught(runner.on_slice([]))
    assert str(error).startswith("Says.allocate: raised <Mute instance at ")


@every_mode
async def test_a_budget_that_is_a_property_and_raises_is_the_policys_failure(mode):
    class Moody(Says):
        moods = iter([12.0])

        @property
        def portfolio_risk_budget(self):
            for mood in self.moods:
                return mood
            raise Boom("today not")

        @portfolio_risk_budget.setter
        def portfolio_risk_budget(self, value):
            pass

    async with serving(mode, {"A": Strategy(True)}, Moody({})) as runner:
        error = await caught(runner.on_slice([]))
    assert str(error) == "Moody.allocate: raised Boom('today not')"


@every_mode
@pytest.mark.parametrize("budget", [float("nan"), -1.0, float("inf"), "much"])
async def test_a_budget_that_goes_bad_is_an_allocation_error(budget, mode):
    policy = Says({})
    async with serving(mode, {"A": Strategy(True)}, policy) as runner:
        policy.portfolio_risk_budget = budget
        error = await caught(runner.on_slice([]))
    assert str(error).startswith(f"Says.allocate: portfolio_risk_budget is {budget!r}")


@every_mode
async def test_a_huge_wrong_answer_makes_a_short_error(mode):
    async with serving(mode, {"A": Strategy(True)}, Says(["x" * 100_000])) as runner:
        error = await caught(runner.on_slice([]))
    assert len(str(error)) < 300


class Incomparable(Mapping):
    """A lawful answer that no other answer can be compared with."""

    def __getitem__(self, key):
        return {"A": 5.0}[key]

    def __iter__(self):
        return iter(["A"])

    def __len__(self):
        return 1

    def __eq__(self, other):
        raise Boom

    __hash__ = None


@every_mode
async def test_an_answer_that_cannot_be_compared_is_as_good_as_another(mode):
    a = Strategy(True)
    async with serving(mode, {"A": a}, Says(Incomparable())) as runner:
        for _ in range(3):
            await runner.on_slice([])
    assert a.risks == [5.0]
