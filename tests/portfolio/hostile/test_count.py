"""There are ten thousand hostile inputs, and no category of them dries up unseen."""

import pytest

from tests.portfolio.hostile.desk import RULES
from tests.portfolio.hostile.test_meddling import callers, grabbing, meddlers, warming
from tests.portfolio.hostile.test_policies import answers, budgets, facts, mutations, watchers
from tests.portfolio.hostile.test_strategies import factories, failing, fatal, hanging, nonsense

LEAST = {
    "strategies in one phase that raise": (2_520, lambda: failing(two_phase=False)),
    "strategies in two phases that raise": (2_016, lambda: failing(two_phase=True)),
    "nonsense regimes, one phase": (720, lambda: nonsense(two_phase=False)),
    "nonsense regimes, two phases": (1_080, lambda: nonsense(two_phase=True)),
    "handlers that hang": (270, hanging),
    "factories": (132, factories),
    "what is no exception": (936, fatal),
    "answers of policies": (1_500, lambda: by_rule(answers)),
    "budgets of policies": (250, lambda: by_rule(budgets)),
    "policies that change what they share": (126, lambda: by_rule(mutations)),
    "sources of facts": (414, lambda: by_rule(facts)),
    "strategies that change their candle": (1_780, meddlers),
    "strategies that reach for the runner": (140, grabbing),
    "handlers that call the runner": (540, callers),
    "warm-ups": (24, warming),
    "traces and sinks": (1_260, lambda: by_rule(watchers)),
}


def by_rule(build):
    return [stage for rule in RULES for stage in build(rule)]


def distinct(stages):
    return {(stage.case, stage.options.get("poll_regimes")) for stage in stages}


@pytest.mark.parametrize("category", LEAST)
def test_no_category_has_fewer_cases_than_stated(category):
    least, build = LEAST[category]

    assert len(distinct(build())) >= least


def test_there_are_ten_thousand_distinct_cases():
    assert sum(len(distinct(build())) for _, build in LEAST.values()) >= 10_000
