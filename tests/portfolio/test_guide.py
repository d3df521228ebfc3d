"""The guide's own examples, as they stand."""

import ast
import inspect
import re
from collections.abc import Mapping

import pytest
import trio

from tests.portfolio.parts import Strategy, event

BLOCK = re.compile(r"^```python\n(.*?)^```", re.DOTALL | re.MULTILINE)


def compiled(source: str):
    return compile(source, "the guide", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def run(source: str, given: Mapping[str, object] | None = None) -> dict[str, object]:
    """Run a block unchanged under trio; an await may stand at its top."""
    names: dict[str, object] = {"__name__": "guide", **(given or {})}

    async def main():
        result = eval(compiled(source), names)  # noqa: S307 - the guide is ours
        if inspect.iscoroutine(result):
            await result

    trio.run(main)
    return names


def free_names(source: str) -> set[str]:
    """Names that the block uses and nobody defines: it is an excerpt, to be read and not to be run."""
    tree = ast.parse(source)
    loaded, bound = set(), set(dir(__builtins__) if not isinstance(__builtins__, dict) else __builtins__)
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                loaded.add(name)
            case ast.Name(id=name) | ast.arg(arg=name):
                bound.add(name)
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                bound.add(name)
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                bound.update(alias.asname or alias.name for alias in aliases)
    return loaded - bound


@pytest.fixture(scope="module")
def blocks(shared_path) -> list[str]:
    return BLOCK.findall(shared_path("portfolio_guide.md").read_text())


def test_every_complete_block_of_the_guide_runs(blocks):
    complete = [block for block in blocks if not free_names(block)]
    for block in complete:
        run(block)
    assert (len(blocks), len(complete)) == (5, 4)


def test_the_excerpt_at_the_top_runs_with_the_strategies_that_it_speaks_of(blocks):
    (excerpt,) = [block for block in blocks if free_names(block)]
    strategies = {name: Strategy() for name in ("eurusd_strategy", "gbpusd_strategy", "usdjpy_strategy")}
    assert free_names(excerpt) == {*strategies, "candle_event"}
    run(excerpt, {**strategies, "candle_event": event("EURUSD", "15MINUTE")})
    assert strategies["eurusd_strategy"].candles == [event("EURUSD", "15MINUTE")]


def test_the_split_that_the_guide_computes_is_what_its_comments_say(blocks):
    (split,) = [block for block in blocks if "gets 50.0" in block]
    assert run(split.replace("allocation = policy.allocate([])", ""))["allocation"] == {"EURUSD": 50.0, "GBPUSD": 50.0}
    assert run(split)["allocation"] == {}


def test_the_custom_policy_of_the_guide_allocates_inversely_to_volatility(blocks):
    (custom,) = [block for block in blocks if "class VolatilityWeightedPolicy" in block]
    policy = run(custom)["VolatilityWeightedPolicy"](100.0, {"A": 1.0, "B": 3.0})
    assert policy.allocate(["A", "B"]) == {"A": 75.0, "B": 25.0}


def test_the_complete_example_of_the_guide_leaves_its_strategy_with_the_default(blocks):
    (example,) = [block for block in blocks if "class SimpleStrategy" in block]
    strategy = run(example)["strategies"]["EURUSD"]
    assert (strategy._risk_per_trade, strategy._price_history) == (50.0, [1.1020])
