"""Every piece of Python that a page shows runs: as a file of `examples`, or here, among what its page speaks of.

A piece that is run here meets the public names of both packages, and what the test hands it.
"""

import ast
import importlib
import re
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import cache
from inspect import iscoroutine
from math import isclose
from pathlib import Path
from textwrap import dedent
from types import SimpleNamespace

import attrs
import pytest
import trio

from actors import RestartLimitExceeded, open_system
from tests.execution.test_running import desk_with
from tests.portfolio.parts import Strategy, equal, event
from tests.test_docs import PUBLIC
from tests.test_readme import blocks
from tradedesk.backtest import run_backtest
from tradedesk.marketdata import Candle, period_seconds
from tradedesk.portfolio import PortfolioRunner

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"

BLOCK = re.compile(r"^( *)\.\. code-block:: python\n((?:\1 +:\w+:.*\n)*)\n((?:\1 +\S.*\n|\n)+)", re.MULTILINE)
OWN_MODULE = re.compile(r"^\.\. currentmodule:: (\S+)$", re.MULTILINE)
UNNAMED = re.compile(r"^(?!\s*\.\. ).*::$", re.MULTILINE)


def pieces(page: str) -> list[str]:
    return [dedent(content).strip() + "\n" for _, _, content in BLOCK.findall(page)]


def pages() -> dict[str, str]:
    return {path.relative_to(DOCS).as_posix(): path.read_text("utf-8") for path in sorted(DOCS.rglob("*.rst"))}


@cache
def public_names(first: str) -> Mapping[str, object]:
    """Of all packages; where two have one name, that of the page's own module counts."""
    modules = [importlib.import_module(name) for name in (*PUBLIC, first)]
    return {name: getattr(module, name) for module in modules for name in module.__all__}


async def played(page: str, number: int, **names: object) -> dict[str, object]:
    """Run a piece in this task; return what it made."""
    text = (DOCS / page).read_text("utf-8")
    source, own = pieces(text)[number], OWN_MODULE.search(text)
    made = {**public_names("actors" if own is None else own[1]), "trio": trio, "Sequence": Sequence, **names}
    code = compile(source, f"{page}, piece {number}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    ran = eval(code, made)  # noqa: S307 - our own pages
    if iscoroutine(ran):
        await ran
    return made


def at_once(playing: Coroutine[object, None, dict[str, object]]) -> dict[str, object]:
    """Where no task may run around it."""
    with pytest.raises(StopIteration) as done:
        playing.send(None)
    return done.value.value


def run_here(tests: str) -> Iterator[tuple[str, int]]:
    """The pieces that a file of tests runs."""
    for node in ast.walk(ast.parse(tests)):
        match node:
            case ast.Call(func=ast.Name("played"), args=[ast.Constant(str(page)), ast.Constant(int(number)), *_]):
                yield page, number


def idle(found: Mapping[str, str], tests: str) -> list[str]:
    """Pieces that nothing runs, and runs of pieces that are not there."""
    shown = {(page, number) for page, text in found.items() for number in range(len(pieces(text)))}
    ran = set(run_here(tests))
    return [f"{page}: piece {number}" for page, number in sorted(shown ^ ran)]


def test_every_piece_of_python_on_a_page_is_run():
    assert idle(pages(), Path(__file__).read_text("utf-8")) == []
    assert list(run_here(Path(__file__).read_text("utf-8")))


def test_every_piece_says_its_language():
    assert [(page, line) for page, text in pages().items() for line in UNNAMED.findall(text)] == []


def test_the_readme_shows_no_other_piece_of_python():
    path = ROOT / "README.md"
    if not path.exists():
        pytest.skip("no README.md: the installed packages are tested from elsewhere")
    assert len(blocks(path.read_text("utf-8"), "python")) == 1  # which test_readme compares


def test_a_piece_that_nothing_runs_and_a_run_of_nothing_are_reported():
    page = "Text:\n\n.. code-block:: python\n\n   a = 1\n\n   b = 2\n\nMore.\n\n* Item:\n\n  .. code-block:: python\n\n    c = 3\n"
    assert pieces(page) == ["a = 1\n\nb = 2\n", "c = 3\n"]
    assert idle({"p.rst": page}, 'played("p.rst", 1); played("p.rst", 2); played(name, 0)') == [
        "p.rst: piece 0",
        "p.rst: piece 2",
    ]
    assert UNNAMED.findall("Do this::\n\n    x\n\n.. note::\n") == ["Do this::"]


# Actors -------------------------------------------------------------------------------------------------------------


async def waits(inbox, *_):
    async for _message in inbox:
        pass


async def test_a_behaviour_without_a_base_class():
    met = []

    @asynccontextmanager
    async def connect(url):
        met.append(url)
        yield
        met.append("closed")

    page = await played("explanation/why-no-base-class.rst", 0, connect=connect, Subscribe=str, Unsubscribe=bytes)
    async with open_system("test") as system:
        feed = await system.start(page["feed"], "there")
        await feed.tell("EURUSD")
    assert met == ["there", "closed"]


async def test_a_rule_for_crashes_in_the_reference():
    async with open_system("test") as system:
        page = await played("reference/actors.rst", 0, system=system, feed=waits)
        assert page["ref"].name == "feed"


async def test_a_rule_for_crashes():
    async with open_system("test") as system:
        page = await played("how-to/supervise-actors.rst", 0, system=system, feed=waits)
        assert (page["ref"].name, page["rule"].limit) == ("feed", 3)


async def test_a_group_of_a_connection_and_its_reader():
    async with open_system("test") as system:
        page = await played("how-to/supervise-actors.rst", 1, system=system, connect=waits, read=waits)
        assert page["reader"].name.endswith("reader")


class Runs:
    """In the place of trio: a main function that raises."""

    def __init__(self, error):
        self.error = error
        self.ran = 0

    def run(self, main):
        self.ran += 1
        raise self.error


async def test_a_crash_is_caught_by_its_cause():
    runs = Runs(ExceptionGroup("system", [ValueError()]))
    await played("how-to/supervise-actors.rst", 2, trio=runs, main=None)
    assert runs.ran == 1


async def test_an_exceeded_limit_is_taken_out_of_its_group():
    limit = RestartLimitExceeded("gave up", [ValueError()])
    runs = Runs(ExceptionGroup("system", [limit]))
    page = await played("how-to/supervise-actors.rst", 3, trio=runs, main=None)
    assert (page["limits"].exceptions, page["others"]) == ((limit,), None)
    runs.error = ExceptionGroup("system", [limit, KeyError()])
    with pytest.RaisesGroup(KeyError):
        await played("how-to/supervise-actors.rst", 3, trio=runs, main=None)


# Exploring ----------------------------------------------------------------------------------------------------------


def two_counters(*, mended):
    """The example of the page, `exploring/test_account.py`, with the fault and without."""

    async def account(inbox):
        balance = 0
        async for amount in inbox:
            balance += amount
            assert mended or balance >= 0, f"overdrawn: {balance}"
            inbox.reply(balance)

    async def counter(inbox, account):
        async for amount in inbox:
            inbox.reply(await account.ask(amount))

    async def scenario(lab):
        async with lab.open_system() as system:
            ref = await system.start(account, name="account")
            counters = [await system.start(counter, ref, name=f"counter {number}") for number in (1, 2)]
            await counters[0].tell(+10)
            await counters[1].tell(-10)

    return scenario


def test_a_schedule_is_replayed_without_pytest():
    with pytest.raises(AssertionError, match="overdrawn: -10"):
        at_once(played("how-to/replay-a-failure.rst", 0, scenario=two_counters(mended=False)))


def test_a_schedule_that_passes_is_kept_as_a_test():
    page = at_once(played("how-to/replay-a-failure.rst", 1, scenario=two_counters(mended=True)))
    page["test_a_slow_counter"]()


# A portfolio --------------------------------------------------------------------------------------------------------


async def test_a_policy_by_rolling_facts():
    page = await played("how-to/choose-a-policy.rst", 0, strategies={"A": Strategy()})
    assert page


async def test_a_policy_of_our_own_with_facts():
    @attrs.frozen
    class CalmOnly:
        portfolio_risk_budget: float
        limit: float
        needs = frozenset({"volatility"})

        def allocate_with(self, active_instruments, facts):
            return {}

    await played("how-to/write-a-policy.rst", 0, strategies={"A": Strategy()}, CalmOnly=CalmOnly)


async def test_a_source_of_facts_for_an_account():
    broker = SimpleNamespace(equity=90.0, peak=100.0)
    page = await played("how-to/write-a-policy.rst", 1, broker=broker)
    assert isclose(page["account"](None, []).drawdown, 0.1)


async def test_a_position_that_is_followed():
    candle = Candle("2024-03-01", open=100.0, high=112.0, low=98.0, close=110.0)
    page = await played("how-to/size-a-position.rst", 0, candle=candle)
    assert page["trip"].profit == 30.0


async def test_talib_behind_our_protocol():
    pytest.importorskip("talib")
    page = await played("how-to/use-indicators.rst", 0)
    assert (page["cycle"].value, page["channel"].warm_up) == (None, 20)


async def test_a_runner_that_serves_a_channel():
    send, receive = trio.open_memory_channel(1)
    a = Strategy()
    async with trio.open_nursery() as nursery:
        runner = PortfolioRunner({"A": a}, equal(), 1.0)
        page = await played("how-to/embed.rst", 0, nursery=nursery, runner=runner, receive_channel=receive)
        async with send:
            await send.send(event("A"))
    assert (a.candles, page["serving"].stopped) == ([event("A")], False)


async def test_what_to_expect_of_an_instant():
    page = await played("how-to/embed.rst", 1, names=["A"], period_seconds=period_seconds)
    minute = 60 * 10**9
    assert page["expected"](14 * minute) == [("A", "1MINUTE")]
    assert page["expected"](15 * minute) == [("A", "1MINUTE"), ("A", "15MINUTE")]


async def test_failures_are_caught_by_their_kind():
    def fail(_):
        raise ConnectionError

    seen = []
    runner = PortfolioRunner({"A": Strategy(at_candle=fail)}, equal(), 1.0)
    await played("how-to/when-a-strategy-fails.rst", 0, runner=runner, events=[event("A")], log=seen.append)
    assert len(seen) == 1


async def test_a_result_is_kept_as_either_kind_of_file(tmp_path, monkeypatch):
    broker, _, runner = desk_with()
    monkeypatch.chdir(tmp_path)
    await played("how-to/backtest.rst", 0, result=await run_backtest(runner, broker, []))
    suffixes = [path.suffix for path in (tmp_path / "folder").iterdir()]
    assert (suffixes.count(".csv"), suffixes.count(".parquet")) == (8, 8)
