"""How much of the budget was given out, and to how many."""

from math import nan

import pytest

from tradedesk.metrics import MetricsError, risk_use

TIMES = [1, 2, 3]
ALLOCATIONS = {"slow": [50.0, 0.0, 100.0], "fast": [50.0, 0.0, 0.0]}
ACTIVE = {"slow": [True, False, True], "fast": [True, False, False]}


def test_allocations_and_regimes_are_added_up_close_by_close():
    use = risk_use(TIMES, ALLOCATIONS, ACTIVE, budget=200)
    assert use.allocated == (100, 0, 100)
    assert use.utilisation == (0.5, 0, 0.5)
    assert use.active == (2, 0, 1)
    assert (use.mean_utilisation, use.largest_utilisation, use.mean_active) == (1 / 3, 0.5, 1)


def test_the_order_of_the_sleeves_does_not_matter():
    amounts = {str(at): [0.1 * at, 1e9 / (at + 1), 1e-9 * at] for at in range(40)}
    reverse = dict(reversed(amounts.items()))
    assert risk_use(TIMES, amounts, {}, budget=1) == risk_use(TIMES, reverse, {}, budget=1)


def test_no_sleeves_use_nothing():
    use = risk_use(TIMES, {}, {}, budget=10)
    assert (use.allocated, use.utilisation, use.active) == ((0, 0, 0),) * 3


def test_a_budget_of_0_cannot_be_used():
    use = risk_use(TIMES, ALLOCATIONS, ACTIVE, budget=0)
    assert (use.utilisation, use.mean_utilisation, use.largest_utilisation) == ((), None, None)


def test_no_closes_have_no_means():
    use = risk_use([], {"slow": []}, {"slow": []}, budget=1)
    assert (use.allocated, use.mean_utilisation, use.mean_active) == ((), None, None)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"budget": nan}, "budget is nan; it must be finite and at least 0"),
        ({"budget": -1.0}, "budget is -1.0; it must be finite and at least 0"),
        (
            {"allocations": {"slow": [1.0]}},
            "allocations['slow'] has 1 values for 3 close times; it needs one for each",
        ),
        (
            {"allocations": {"slow": [1.0, nan, 1.0]}},
            "allocations['slow'][1] is nan; every value must be finite: leave the point out or fill it",
        ),
        ({"active": {"slow": [True]}}, "active['slow'] has 1 values for 3 close times; it needs one for each"),
    ],
)
def test_what_cannot_be_added_up_is_refused(arguments: dict[str, object], text: str):
    with pytest.raises(MetricsError) as refusal:
        risk_use(**{"close_times": TIMES, "allocations": ALLOCATIONS, "active": ACTIVE, "budget": 1.0} | arguments)
    assert str(refusal.value) == text
