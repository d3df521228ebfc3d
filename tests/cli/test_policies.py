"""What a portfolio file says of its policy is what the sleeves are given."""

from pathlib import Path

import pytest

from tradedesk.cli._toml import read_desk
from tradedesk.portfolio import Capped, EqualSplitRiskPolicy, RollingFacts, WithMinimum


def with_policy(folder: Path, *lines: str) -> Path:
    file = folder / "portfolio.toml"
    file.write_text(file.read_text().replace("budget = 12.0", "\n".join(["budget = 12.0", *lines]), 1))
    return file


@pytest.mark.parametrize(
    ("lines", "amounts"),
    [
        ((), (6.0, 6.0)),
        (('policy = { kind = "fixed", amounts = { EURUSD = 5, GBPUSD = 2.5 } }',), (5.0, 2.5)),
        (('policy = { kind = "inverse_volatility", volatility = { EURUSD = 1, GBPUSD = 2 } }',), (8.0, 4.0)),
        (
            (
                'policy = { kind = "inverse_volatility", volatility = { EURUSD = 1, GBPUSD = 2 } }',
                "caps = { per_sleeve = 7 }",
            ),
            (7.0, 4.0),
        ),
        (
            (
                'policy = { kind = "inverse_volatility", volatility = { EURUSD = 1, GBPUSD = 2 } }',
                "caps = { per_sleeve = 7, redistribute = true }",
            ),
            (7.0, 5.0),
        ),
        (("caps = { total = 6.0 }",), (3.0, 3.0)),
        (("caps = { per_sleeve = 3.0 }", "minimum = 4.0"), (0.0, 0.0)),
    ],
)
def test_the_policy_of_the_file_splits_the_budget(folder, lines, amounts):
    policy = read_desk(with_policy(folder, *lines)).policy
    assert policy.allocate(["EURUSD", "GBPUSD"]) == pytest.approx(dict(zip(["EURUSD", "GBPUSD"], amounts, strict=True)))


def test_caps_stand_around_the_policy_and_the_minimum_around_both(folder):
    policy = read_desk(with_policy(folder, "caps = { total = 6.0 }", "minimum = 1.0")).policy
    assert policy == WithMinimum(Capped(EqualSplitRiskPolicy(12.0), total=6.0), minimum=1.0)


@pytest.mark.parametrize(
    ("policy", "shrinkage"),
    [
        ('{ kind = "inverse_volatility", window = 5 }', 0.0),
        ('{ kind = "risk_parity", window = 5 }', 0.1),
        ('{ kind = "risk_parity", window = 5, shrinkage = 0.25 }', 0.25),
    ],
)
def test_a_window_rolls_over_the_candles_of_the_run(folder, policy, shrinkage):
    facts = read_desk(with_policy(folder, f"policy = {policy}")).facts
    assert isinstance(facts, RollingFacts)
    assert (facts.window, facts.shrinkage) == (5, shrinkage)


@pytest.mark.parametrize("kind", ["inverse_volatility", "risk_parity"])
def test_a_run_with_a_window_gives_nothing_until_it_is_full_and_then_the_budget(folder, tradedesk, kind):
    ended = tradedesk("run", str(with_policy(folder, f'policy = {{ kind = "{kind}", window = 3 }}')))
    assert (ended.code, ended.err) == (0, "")
    assert "largest total held  12.00" in ended.out.replace("   ", "  ")
