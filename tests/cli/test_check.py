"""`tradedesk check`: what it recognises, what it prints, how it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

MINE = """\
from tradedesk.portfolio import EqualSplitRiskPolicy, FixedRiskPolicy, InverseVolatilityPolicy


class Cents:
    def __init__(self, portfolio_risk_budget):
        self.portfolio_risk_budget = portfolio_risk_budget

    def allocate(self, active):
        return {name: round(self.portfolio_risk_budget / len(active), 2) for name in active} if active else {}


class Momentum:
    def __init__(self, instrument, level=0.0):
        self.close = self.change = 0.0

    def set_risk_per_trade(self, value):
        pass

    def is_regime_active(self):
        return self.change > 0

    async def on_candle_close(self, event):
        self.close, before = event.candle.close, self.close
        self.change = self.close / before - 1 if before else 0.0


class Stochastic(Momentum):
    async def on_candle_close(self, event):
        bar = event.candle
        self.change = (bar.close - bar.low) / (bar.high - bar.low) - 0.8


class Trader(Momentum):
    def __init__(self, desk):
        self.desk = desk
        super().__init__("EURUSD")

    async def on_candle_close(self, event):
        await super().on_candle_close(event)
        self.desk.buy(1.0)


class Needy(Momentum):
    def __init__(self, threshold):
        super().__init__("EURUSD")


equal = EqualSplitRiskPolicy(30.0)
momentum = Momentum("EURUSD")
number = 3


def fixed(budget):
    return FixedRiskPolicy(budget, {"EURUSD": budget / 2, "GBPUSD": budget / 2})


def informed():
    return InverseVolatilityPolicy(10.0)


def slow():
    return Momentum("EURUSD", 2.0)


def trader(desk):
    return Trader(desk)


def fails():
    raise LookupError("no prices today")


def nothing():
    return None


class Quits(Momentum):
    async def on_candle_close(self, event):
        raise SystemExit(0)


async def later():
    return Momentum("EURUSD")
"""

POLICY = """\
Cents
holds   total                  answers with a mapping of amounts, whoever is active: nobody, one, many
holds   pure                   leaves what it is handed as it is
holds   deterministic          says the same when it is asked the same, whatever it is asked between
holds   finite                 gives finite amounts
holds   non_negative           gives no amount below 0
BROKEN  within_budget          gives no more in all than its portfolio_risk_budget, but for 1e-9 of it
        the amounts are 100.02000000000001 in all, more than the budget of 100.0
          asked for  A, B, C, D, E, F
          answered   A 16.67, B 16.67, C 16.67, D 16.67, E 16.67, F 16.67
          again      cases=[PolicyCase(['A', 'B', 'C', 'D', 'E', 'F'])]
holds   no_unknown_names       gives to those alone that it was asked for
holds   permutation_invariant  gives each the same in whatever order it is asked, but for 1e-9

1 of 8 laws broken.
"""

STRATEGY = """\
Stochastic
holds   bounded          is done with every call after so many lines and checkpoints
BROKEN  total            handles every lawful series of candles without raising, and reports True or False
        on_candle_close() raised ZeroDivisionError: float division by zero (mine.py, line 30), at candle 1
          candle 1   2024-01-01T00:00:00Z  open 100.0  high 100.0  low 100.0  close 100.0  risk 10.0  -
          again      cases=[StrategyCase([Bar()], cut=0)]
holds   deterministic    does the same when it is given the same
holds   no_shared_state  does the same whether or not another object of it runs beside it
holds   no_look_ahead    does the same whatever candles come later

1 of 5 laws broken.
"""

PROTOCOL_OF_ONE = (
    "is neither a policy nor a strategy: name a policy, the class of a strategy, or a function that makes one"
)


@pytest.fixture
def mine(folder: Path) -> Path:
    (folder / "mine.py").write_text(MINE)
    return folder


def test_a_policy_that_breaks_a_law_ends_with_1_and_the_smallest_case(mine, tradedesk):
    assert tradedesk("check", "mine:Cents") == (1, POLICY, "")


def test_a_strategy_that_breaks_a_law_ends_with_1_and_the_smallest_case(mine, tradedesk):
    assert tradedesk("check", "mine:Stochastic", "--examples", "20") == (1, STRATEGY, "")


@pytest.mark.parametrize(
    ("tokens", "subject", "laws"),
    [
        (("mine:equal",), "EqualSplitRiskPolicy", 8),
        (("mine:equal", "--extra", "fully_invested", "--extra", "monotone"), "EqualSplitRiskPolicy", 10),
        (("mine:Cents", "--budget", "64", "--skip", "within_budget"), "Cents", 7),
        (("mine:fixed", "--sleeve", "EURUSD", "--sleeve", "GBPUSD"), "FixedRiskPolicy", 8),
        (("mine:informed",), "InverseVolatilityPolicy", 8),
        (("mine:Momentum",), "Momentum", 5),
        (("mine:slow", "--warm-up", "2", "--restart"), "slow", 7),
        (("mine:trader",), "trader", 5),
        (("tradedesk.strategies:VolatilityRegime", "--candles", "30"), "VolatilityRegime", 5),
    ],
)
def test_what_keeps_all_laws_ends_with_0(mine, tradedesk, tokens, subject, laws):
    ended = tradedesk("check", *tokens, "--examples", "12")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0] == subject
    assert ended.out.endswith(f"\n\nAll {laws} laws hold.\n")


def test_an_order_with_no_risk_is_found_where_that_is_asked_for(mine, tradedesk):
    ended = tradedesk("check", "mine:Trader", "--zero-risk", "--examples", "20")
    assert ended.code == 1
    assert "at candle 1 it ordered buy 1.0 with a risk of 0" in ended.out


@pytest.mark.parametrize(
    ("tokens", "sentence"),
    [
        (("mine",), "check takes 'module:object', like 'my_strategies:Mine', not 'mine'"),
        (("mine:",), "check takes 'module:object', like 'my_strategies:Mine', not 'mine:'"),
        (("mime:Cents",), "no module 'mime' in this folder or installed (did you mean 'mine'?)"),
        (("mine:Cent",), "module 'mine' has no object 'Cent' (did you mean 'Cents'?)"),
        (("mine:number",), f"'mine:number' is of type int, and {PROTOCOL_OF_ONE}"),
        (
            ("mine:momentum",),
            "'mine:momentum' is a strategy, and a check takes new ones: name its class, or a function that makes one",
        ),
        (
            ("mine:Needy",),
            (
                "mine:Needy cannot be checked: Needy needs threshold: give a function that makes one, "
                "such as lambda: Needy(threshold=...)"
            ),
        ),
        (
            ("mine:FixedRiskPolicy",),
            (
                "FixedRiskPolicy needs amounts: write a function that gives them, such as "
                "`def make(budget): return FixedRiskPolicy(budget, amounts=...)`, and check 'mine:make'"
            ),
        ),
        (("mine:fails",), "'mine:fails' fails when it is called: LookupError: no prices today (mine.py, line 70)"),
        (
            ("mine:nothing",),
            (
                "mine:nothing cannot be checked: a NoneType is no strategy: "
                "it has no set_risk_per_trade(), is_regime_active(), on_candle_close()"
            ),
        ),
        (
            ("mine:equal", "--skip", "totl"),
            (
                "mine:equal cannot be checked: skip names 'totl', which is no law here; there are total, pure, "
                "deterministic, finite, non_negative, within_budget, no_unknown_names, permutation_invariant"
            ),
        ),
        (
            ("mine:Momentum", "--extra", "monotone"),
            "mine:Momentum cannot be checked: --extra is for policies, and this is a strategy",
        ),
        (
            ("mine:equal", "--examples", "0"),
            "mine:equal cannot be checked: examples must be a whole number of at least 1, not 0",
        ),
        (("mine:Cents", "--budget", "-1"), "--budget must be finite and at least 0, got -1.0"),
        (
            ("mine:later",),
            "mine:later cannot be checked: later is async; what makes strategies is not: write def, not async def",
        ),
        (
            ("broken:Mine",),
            "module 'broken' fails when it is imported: ZeroDivisionError: division by zero (broken.py, line 1)",
        ),
    ],
)
def test_what_cannot_be_checked_ends_with_2_and_a_sentence(mine, tradedesk, tokens, sentence):
    (mine / "broken.py").write_text("1 / 0\n")
    assert tradedesk("check", *tokens) == (2, "", f"tradedesk: {sentence}\n")


def test_a_strategy_that_ends_the_process_does_not_end_the_check(mine, tradedesk):
    code, out, _ = tradedesk("check", "mine:Quits")
    assert code == 1
    assert "on_candle_close() raised SystemExit: 0" in out


WITHOUT = """
import runpy, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "hypothesis":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
sys.argv[1:] = %r
runpy.run_module("tradedesk", run_name="__main__")
"""


@pytest.mark.parametrize(
    ("tokens", "code", "error"),
    [
        (
            ["check", "tradedesk.portfolio:EqualSplitRiskPolicy"],
            2,
            "tradedesk: tradedesk.testing needs Hypothesis: pip install 'tradedesk-actors[testing]'\n",
        ),
        (["--help"], 0, ""),
    ],
)
def test_a_missing_hypothesis_is_named_and_keeps_nobody_else(tokens, code, error):
    ended = subprocess.run([sys.executable, "-c", WITHOUT % tokens], capture_output=True, text=True, check=False)
    assert (ended.returncode, ended.stderr) == (code, error)
    assert "check" in ended.stdout or tokens[0] == "check"
