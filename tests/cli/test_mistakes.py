"""Every mistake of a portfolio file has a path and a sentence, and all of them come at once."""

from collections.abc import Callable
from pathlib import Path

import pytest


def changed(*changes: tuple[str, str]) -> Callable[[str], str]:
    def change(text: str) -> str:
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        return text

    return change


STEADY = 'strategy = "house_strategies:Steady"'


KINDS = "'equal_split' or 'fixed' or 'inverse_volatility' or 'risk_parity'"


def policy(table: str, *more: str) -> Callable[[str], str]:
    return changed(("budget = 12.0", "\n".join(["budget = 12.0", f"policy = {table}", *more])))


def strategy(reference: str) -> Callable[[str], str]:
    return changed((STEADY, f'strategy = "{reference}"'))


MISTAKES = {
    # keys
    "misspelt key": (
        changed(("period", "perod")),
        ["sleeve[0].period: required key is missing", "sleeve[0].perod: unknown key (did you mean 'period'?)"],
    ),
    "unlike any key": (
        changed(("budget = 12.0", "budget = 12.0\nzzz = 1")),
        [
            (
                "portfolio.zzz: unknown key (known: budget, default_risk_per_trade, policy, minimum, caps, dispatch, "
                "poll_regimes, unknown_instruments, on_failure)"
            )
        ],
    ),
    "misspelt table": (
        lambda text: text + "\n[portfolo]\n",
        ["portfolo: unknown table (did you mean 'portfolio'?)"],
    ),
    "missing key": (changed(("budget = 12.0", "")), ["portfolio.budget: required key is missing"]),
    "missing portfolio": (
        lambda text: text[text.index("[[sleeve]]") :],
        ["portfolio: required table is missing"],
    ),
    "missing sleeves": (
        lambda text: text[: text.index("[[sleeve]]")],
        ["sleeve: a portfolio needs at least one table [[sleeve]], in double brackets"],
    ),
    "single brackets": (
        lambda text: text[: text.rindex("[[sleeve]]")].replace("[[sleeve]]", "[sleeve]"),
        ["sleeve: a portfolio needs at least one table [[sleeve]], in double brackets"],
    ),
    "portfolio no table": (
        lambda text: "portfolio = 1\n" + text[text.index("[[sleeve]]") :],
        ["portfolio: expected a table, got int 1"],
    ),
    # types and values
    "text for a number": (
        changed(("12.0", '"lots"')),
        ["portfolio.budget: expected a number, got str 'lots'"],
    ),
    "bool for a number": (changed(("12.0", "true")), ["portfolio.budget: expected a number, got bool True"]),
    "negative budget": (
        changed(("12.0", "-5")),
        ["portfolio.budget: must be finite and at least 0, got -5.0"],
    ),
    "nan budget": (changed(("12.0", "nan")), ["portfolio.budget: must be finite and at least 0, got nan"]),
    "infinite default": (
        changed(("trade = 1", "trade = inf")),
        ["portfolio.default_risk_per_trade: must be finite and at least 0, got inf"],
    ),
    "text for a bool": (
        changed(("budget = 12.0", 'budget = 12.0\npoll_regimes = "false"')),
        ["portfolio.poll_regimes: expected true or false, got str 'false'"],
    ),
    "misspelt choice": (
        changed(("budget = 12.0", 'budget = 12.0\ndispatch = "actor"')),
        ["portfolio.dispatch: expected 'actors' or 'direct', got 'actor' (did you mean 'actors'?)"],
    ),
    "misspelt stamp": (
        changed(('period = "4HOUR"', 'period = "4HOUR"\nstamp = "closed"')),
        ["sleeve[0].stamp: expected 'open' or 'close', got 'closed' (did you mean 'close'?)"],
    ),
    "misspelt kind": (
        changed(("budget = 12.0", 'budget = 12.0\npolicy = { kind = "equl_split" }')),
        [f"portfolio.policy: kind is 'equl_split'; it must be {KINDS} (did you mean 'equal_split'?)"],
    ),
    "no kind": (
        changed(("budget = 12.0", "budget = 12.0\npolicy = {}")),
        [f"portfolio.policy: kind is missing; it must be {KINDS}"],
    ),
    "policy no table": (
        changed(("budget = 12.0", 'budget = 12.0\npolicy = "equal_split"')),
        ["portfolio.policy: expected a table, got str 'equal_split'"],
    ),
    "policy with an unknown key": (
        changed(("budget = 12.0", 'budget = 12.0\npolicy = { kind = "equal_split", cap = 3 }')),
        ["portfolio.policy.cap: unknown key"],
    ),
    "misspelt and missing sleeve": (
        policy('{ kind = "fixed", amounts = { EURUSDD = 2, EURUSD = 3 } }'),
        [
            "portfolio.policy.amounts.EURUSDD: there is no such sleeve (did you mean 'EURUSD'?)",
            "portfolio.policy.amounts: sleeve 'GBPUSD' is missing",
        ],
    ),
    "several bad amounts": (
        policy('{ kind = "fixed", amounts = { EURUSD = -2, GBPUSD = "3", X = true } }'),
        [
            "portfolio.policy.amounts.EURUSD: must be finite and at least 0, got -2.0",
            "portfolio.policy.amounts.GBPUSD: expected a number, got str '3'",
            "portfolio.policy.amounts.X: expected a number, got bool True",
        ],
    ),
    "amounts above the budget": (
        policy('{ kind = "fixed", amounts = { EURUSD = 7, GBPUSD = 6.5 } }'),
        ["portfolio.policy.amounts: 13.5 in all, more than the budget of 12.0"],
    ),
    "no amounts": (policy('{ kind = "fixed" }'), ["portfolio.policy.amounts: required key is missing"]),
    "amounts no table": (
        policy('{ kind = "fixed", amounts = 3 }'),
        ["portfolio.policy.amounts: expected a table, got int 3"],
    ),
    "bad volatility": (
        policy('{ kind = "inverse_volatility", volatility = { EURUSD = 0, GBPUSD = nan } }'),
        [
            "portfolio.policy.volatility.EURUSD: must be finite and above 0, got 0.0",
            "portfolio.policy.volatility.GBPUSD: must be finite and above 0, got nan",
        ],
    ),
    "neither volatility nor window": (
        policy('{ kind = "inverse_volatility" }'),
        [
            (
                "portfolio.policy: inverse_volatility takes either `volatility`, by sleeve, "
                "or `window`, to roll over so many returns"
            )
        ],
    ),
    "volatility and window": (
        policy('{ kind = "inverse_volatility", window = 20, volatility = { EURUSD = 1, GBPUSD = 1, USDJPY = 1 } }'),
        [
            (
                "portfolio.policy: inverse_volatility takes either `volatility`, by sleeve, "
                "or `window`, to roll over so many returns"
            ),
            "portfolio.policy.volatility.USDJPY: there is no such sleeve (known: EURUSD, GBPUSD)",
        ],
    ),
    "window too short": (
        policy('{ kind = "inverse_volatility", window = 1 }'),
        ["portfolio.policy.window: must be at least 2, got 1"],
    ),
    "window no whole number": (
        policy('{ kind = "risk_parity", window = 20.0, shrinkage = 2 }'),
        [
            "portfolio.policy.window: expected a whole number, got float 20.0",
            "portfolio.policy.shrinkage: must be between 0 and 1, got 2.0",
        ],
    ),
    "window over two periods": (
        lambda text: policy('{ kind = "risk_parity", window = 20 }')(text).replace('"4HOUR"', '"2HOUR"', 1),
        ["portfolio.policy.window: the sleeves have 2HOUR and 4HOUR, whose volatilities do not compare"],
    ),
    "caps no table": (
        changed(("budget = 12.0", "budget = 12.0\ncaps = 3")),
        ["portfolio.caps: expected a table, got int 3"],
    ),
    "caps that cap nothing": (
        changed(("budget = 12.0", "budget = 12.0\ncaps = { redistribute = true }")),
        ["portfolio.caps: caps nothing; give per_sleeve, total or both"],
    ),
    "bad caps and minimum": (
        changed(("budget = 12.0", "budget = 12.0\nminimum = -1\ncaps = { per_sleeve = nan, totl = 3 }")),
        [
            "portfolio.minimum: must be finite and at least 0, got -1.0",
            "portfolio.caps.per_sleeve: must be finite and at least 0, got nan",
            "portfolio.caps.totl: unknown key (did you mean 'total'?)",
        ],
    ),
    "policy and sleeve": (
        lambda text: policy('{ kind = "fixed", amounts = { EURUSD = 13, GBPUSD = 1 } }')(text).replace(
            "eurusd.csv", "x"
        ),
        [
            "portfolio.policy.amounts: 14.0 in all, more than the budget of 12.0",
            "sleeve[0].file: there is no file x",
        ],
    ),
    "invalid period": (
        changed(("4HOUR", "4hours")),
        [
            (
                "sleeve[0].period: period '4hours' is not a count and a unit, like 15MINUTE or DAY; "
                "the units are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH"
            )
        ],
    ),
    "empty instrument": (changed(('"EURUSD"', '" "')), ["sleeve[0].instrument: must not be empty"]),
    "parameters no table": (
        changed(("{ level = 2.0 }", "2.0")),
        ["sleeve[1].parameters: expected a table, got float 2.0"],
    ),
    # files
    "missing file": (
        changed(("eurusd.csv", "eurusdd.csv")),
        ["sleeve[0].file: there is no file eurusdd.csv (did you mean 'eurusd.csv'?)"],
    ),
    "folder for a file": (changed(("eurusd.csv", "..")), ["sleeve[0].file: .. is a folder"]),
    # strategies
    "class without a module": (
        strategy("Steady"),
        ["sleeve[0].strategy: must be 'module:Class', like 'my_strategies:Mine', got 'Steady'"],
    ),
    "missing module": (
        strategy("house_strategy:Steady"),
        [
            (
                "sleeve[0].strategy: no module 'house_strategy' beside the file or installed "
                "(did you mean 'house_strategies'?)"
            )
        ],
    ),
    "missing package": (
        strategy("zzz.strategies:Steady"),
        ["sleeve[0].strategy: no module 'zzz.strategies' beside the file or installed"],
    ),
    "missing class": (
        strategy("house_strategies:Stedy"),
        ["sleeve[0].strategy: module 'house_strategies' has no class 'Stedy' (did you mean 'Steady'?)"],
    ),
    "function for a class": (
        strategy("house_strategies:factory"),
        ["sleeve[0].strategy: 'house_strategies:factory' is of type function; it must be a class"],
    ),
    "missing method": (
        strategy("house_strategies:Mute"),
        [
            (
                "sleeve[0].strategy: class Mute has no method is_regime_active() (did you mean 'is_regime_activ'?); "
                "Mute.on_candle_close() must be `async def`"
            )
        ],
    ),
    "handler that is not async": (
        strategy("house_strategies:Hasty"),
        ["sleeve[0].strategy: Hasty.on_candle_close() must be `async def`"],
    ),
    "wrong instrument": (
        strategy("house_strategies:Stubborn"),
        [
            (
                "sleeve[0].strategy: Stubborn trades 'USDJPY' and the sleeve 'EURUSD'; "
                "let its constructor take `instrument` and keep it"
            )
        ],
    ),
    # parameters
    "misspelt parameter": (
        changed(("{ level = 2.0 }", "{ levl = 2.0 }")),
        ["sleeve[1].parameters.levl: Steady takes no such parameter (did you mean 'level'?)"],
    ),
    "missing parameter": (
        strategy("house_strategies:Needy"),
        ["sleeve[0].parameters.threshold: Needy needs this parameter"],
    ),
    "refused parameters": (
        strategy("house_strategies:Fussy"),
        ["sleeve[0].parameters: Fussy refuses them: ValueError: not today (house_strategies.py, line 31)"],
    ),
    "parameters refused by a compiled class": (
        strategy("house_strategies:Compiled"),
        [
            (
                "sleeve[0].parameters: Compiled refuses them: "
                "TypeError: 'instrument' is an invalid keyword argument for int()"
            )
        ],
    ),
    # sleeves together
    "duplicate sleeve": (
        changed(('"GBPUSD"', '"EURUSD"'), ("gbpusd.csv", "eurusd.csv")),
        ["sleeve[1].name: 'EURUSD' is sleeve[0] already; give one of them a `name` of its own"],
    ),
    "two sources": (
        changed(('"GBPUSD"', '"EURUSD"\nname = "slow"')),
        [
            (
                "sleeve[1].file: sleeve[0] reads EURUSD 4HOUR from 'eurusd.csv' with stamp 'open'; "
                "sleeves of one instrument and period share both"
            )
        ],
    ),
}


@pytest.mark.parametrize(("change", "expected"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_path(folder: Path, tradedesk, change, expected):
    file = folder / "portfolio.toml"
    file.write_text(change(file.read_text()))

    ended = tradedesk("run", "portfolio.toml")

    heading = f"tradedesk: portfolio.toml has {len(expected)} mistake{'s' * (len(expected) > 1)}:"
    assert ended.err.splitlines() == [heading, *(f"  {line}" for line in expected)]
    assert (ended.code, ended.out) == (2, "")


def test_mistakes_of_every_kind_come_at_once_in_the_order_of_the_file(folder: Path, tradedesk):
    (folder / "portfolio.toml").write_text("""
[portfolio]
budget = -1
default_risk = 1

[[sleeve]]
instrument = "EURUSD"
perod = "4HOUR"
file = "none.csv"
strategy = "house_strategies:Steady"
parameters = { levl = 1 }

[[sleeve]]
instrument = "EURUSD"
period = "4OUR"
file = "eurusd.csv"
strategy = "house_strategies:Steedy"
stamp = 3
""")
    assert tradedesk("run", "portfolio.toml").err.splitlines() == [
        "tradedesk: portfolio.toml has 11 mistakes:",
        "  portfolio.budget: must be finite and at least 0, got -1.0",
        "  portfolio.default_risk_per_trade: required key is missing",
        "  portfolio.default_risk: unknown key (did you mean 'default_risk_per_trade'?)",
        "  sleeve[0].period: required key is missing",
        "  sleeve[0].perod: unknown key (did you mean 'period'?)",
        "  sleeve[0].file: there is no file none.csv",
        "  sleeve[0].parameters.levl: Steady takes no such parameter (did you mean 'level'?)",
        (
            "  sleeve[1].period: period '4OUR' is not a count and a unit, like 15MINUTE or DAY; "
            "the units are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH"
        ),
        "  sleeve[1].stamp: expected text, got int 3",
        "  sleeve[1].strategy: module 'house_strategies' has no class 'Steedy' (did you mean 'Steady'?)",
        "  sleeve[1].name: 'EURUSD' is sleeve[0] already; give one of them a `name` of its own",
    ]


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (
            "import nowhere_to_be_found\n",
            "ModuleNotFoundError: No module named 'nowhere_to_be_found' (broken.py, line 1)",
        ),
        ("\nclass Mine\n", "SyntaxError: expected ':' (broken.py, line 2)"),
        ("\n\n1 / 0\n", "ZeroDivisionError: division by zero (broken.py, line 3)"),
        ("raise SystemExit\n", "SystemExit (broken.py, line 1)"),
    ],
)
def test_a_module_that_fails_is_named_with_its_line(folder: Path, tradedesk, source, sentence):
    (folder / "broken.py").write_text(source)
    file = folder / "portfolio.toml"
    file.write_text(strategy("broken:Mine")(file.read_text()))

    ended = tradedesk("run", "portfolio.toml")

    expected = f"  sleeve[0].strategy: module 'broken' fails when it is imported: {sentence}"
    assert (ended.code, ended.err.splitlines()[1:]) == (2, [expected])


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"[portfolio\n", "is not TOML: Expected ']' at the end of a table declaration (at line 1, column 11)"),
        (b"a = 1\na = 2\n", "is not TOML: Cannot overwrite a value (at line 2, column 6)"),
        (b"a = '\xff'", "is not UTF-8 text"),
    ],
)
def test_a_file_that_is_no_toml_is_named_with_the_place(folder: Path, tradedesk, content, sentence):
    (folder / "portfolio.toml").write_bytes(content)

    assert tradedesk("run", "portfolio.toml") == (2, "", f"tradedesk: portfolio.toml {sentence}\n")


def test_a_file_that_is_not_there_is_named(folder: Path, tradedesk):
    sentence = "tradedesk: nowhere.toml cannot be read: No such file or directory\n"

    assert tradedesk("run", "nowhere.toml") == (2, "", sentence)


def test_a_folder_in_place_of_the_file_is_named(folder: Path, tradedesk):
    assert tradedesk("run", ".") == (2, "", "tradedesk: . cannot be read: Is a directory\n")
