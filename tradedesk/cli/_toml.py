"""A portfolio file into a desk, or every mistake in it at once.

Each part is asked in turn: is it TOML, are its keys and types right, do its file and class exist, does it go with the
sleeves above it. A part that fails one question is spared those that build on it; the others are not.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final, cast

from attrs import evolve, frozen

from tradedesk.cli._broker import Backtest, Broker
from tradedesk.cli._config import Portfolio, Sleeve, failure_rule
from tradedesk.cli._desk import Desk, count_rows
from tradedesk.cli._mistakes import ConfigError, Mistake, one_of
from tradedesk.cli._policy import Around, Caps, Policy, limited
from tradedesk.cli._sleeves import Draft, check
from tradedesk.cli._structure import Structured, Table, structure
from tradedesk.cli._tries import Sweep, WalkForward
from tradedesk.execution import PaperBroker
from tradedesk.marketdata.columns import read_candles
from tradedesk.portfolio import Instrument

_TABLES: Final = ("portfolio", "sleeve", "broker", "backtest", "sweep", "walk_forward")


def read_desk(file: Path, *, backtest: bool = False, tried: Mapping[str, object] | None = None) -> Desk:
    """Read a portfolio file and make its strategies; its own folder goes to the front of `sys.path`.

    Args:
        file: the file.
        backtest: open the account of the table `[broker]`, and give every sleeve a desk.
        tried: parameters in place of what the file says, by the rules of the table `[sweep]`.

    Raises:
        ConfigError: The file cannot be run, for these reasons.
    """
    document = parse(file)
    folder = str(file.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    mistakes = [Mistake(key, f"unknown table{one_of(key, _TABLES)}") for key in document if key not in _TABLES]
    portfolio = _table(document, "portfolio", Portfolio)
    mistakes += portfolio.mistakes
    in_sleeves: list[Mistake] = []
    tables = [structure(table, Sleeve, f"sleeve[{at}]") for at, table in enumerate(_sleeves(document, in_sleeves))]
    account = _account(document, tables, needed=backtest)
    drafts: list[Draft] = []
    for at, table in enumerate(tables):
        draft = Draft(f"sleeve[{at}]", table, tried=tried or {})
        in_sleeves += check(draft, drafts, file.parent, account.broker if backtest else None)
        drafts.append(draft)
    sweep, walk = _optional(document, "sweep", Sweep), _optional(document, "walk_forward", WalkForward)
    classes = {draft.name: draft.cls for draft in drafts if draft.name is not None and draft.cls is not None}
    in_sweep = list(sweep.value.wrong(classes)) if sweep and sweep.value and len(classes) == len(drafts) else []
    in_tries = [*(sweep.mistakes if sweep else ()), *in_sweep, *(walk.mistakes if walk else ())]
    mistakes += [*_policy(portfolio, drafts), *account.mistakes, *in_sleeves, *in_tries]
    if mistakes or portfolio.value is None:
        raise ConfigError(file, tuple(mistakes))
    desk = _desk(file, portfolio.value, drafts, account, backtest=backtest)
    return evolve(desk, sweep=sweep.value if sweep else None, walk_forward=walk.value if walk else None)


def parse(file: Path) -> dict[str, object]:
    """Read a file as TOML.

    Raises:
        ConfigError: It cannot be read, or is none.
    """
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        rule = "is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        rule = f"is not TOML: {error}"
    raise ConfigError(file, rule)


@frozen
class _Account:
    """The broker of the file, or one with room for its sleeves where it has none that is sound."""

    broker: PaperBroker
    backtest: Backtest
    mistakes: tuple[Mistake, ...]


def _account(document: Mapping[str, object], sleeves: Iterable[Structured[Sleeve]], *, needed: bool) -> _Account:
    names = [name for table in sleeves if isinstance(name := table.sound.get("instrument"), str)]
    instruments = list(dict.fromkeys(names))
    room = PaperBroker(map(Instrument, instruments), cash=1.0)
    backtest = structure(document.get("backtest", {}), Backtest, "backtest")
    mistakes = [*backtest.mistakes, *(backtest.value.wrong() if backtest.value else ())]
    if "broker" not in document:
        missing = [Mistake("broker", "required table is missing; a backtest needs at least its `cash`")]
        return _Account(room, Backtest(), (*(missing if needed else ()), *mistakes))
    broker = structure(document["broker"], Broker, "broker")
    mistakes = [*broker.mistakes, *(broker.value.wrong(instruments) if broker.value else ()), *mistakes]
    if mistakes or broker.value is None:
        return _Account(room, Backtest(), tuple(mistakes))
    return _Account(broker.value.open(instruments), backtest.value or Backtest(), ())


def _optional(document: Mapping[str, object], name: str, cls: type[Table]) -> Structured[Table] | None:
    return structure(document[name], cls, name) if name in document else None


def _table(document: Mapping[str, object], name: str, cls: type[Table]) -> Structured[Table]:
    if name not in document:
        return Structured(None, {}, (Mistake(name, "required table is missing"),))
    return structure(document[name], cls, name)


def _sleeves(document: Mapping[str, object], mistakes: list[Mistake]) -> list[object]:
    tables = document.get("sleeve")
    if isinstance(tables, list) and tables:
        return tables
    mistakes.append(Mistake("sleeve", "a portfolio needs at least one table [[sleeve]], in double brackets"))
    return []


def _policy(portfolio: Structured[Portfolio], drafts: list[Draft]) -> Iterator[Mistake]:
    """Give what in the table `[portfolio]` does not go together, or not with the sleeves."""
    sound = portfolio.sound
    caps, budget = sound.get("caps"), sound.get("budget")
    if isinstance(caps, Caps) and caps.per_sleeve is None and caps.total is None:
        yield Mistake("portfolio.caps", "caps nothing; give per_sleeve, total or both")
    periods = {draft.name: draft.text("period") for draft in drafts}
    known = {name: period for name, period in periods.items() if name is not None and period is not None}
    around = Around(budget if isinstance(budget, float) else None, known if len(known) == len(drafts) > 0 else None)
    if "policy" in sound:
        for key, rule in cast("Policy", sound["policy"]).wrong(around):
            yield Mistake(f"portfolio.policy.{key}".removesuffix("."), rule)


def _desk(file: Path, portfolio: Portfolio, drafts: list[Draft], account: _Account, *, backtest: bool) -> Desk:
    sleeves = [draft.table.value for draft in drafts if draft.table.value is not None]
    sources: dict[tuple[str, str], Sleeve] = {(each.instrument, each.period): each for each in sleeves}
    return Desk(
        title=file.name,
        strategies={Instrument(draft.name or ""): draft.spec for draft in drafts},
        policy=limited(portfolio.policy.build(portfolio.budget), portfolio.caps, portfolio.minimum),
        facts=portfolio.policy.facts(),
        default_risk_per_trade=portfolio.default_risk_per_trade,
        sources=tuple(
            read_candles(file.parent / each.file, instrument=each.instrument, period=each.period, stamp=each.stamp)
            for each in sources.values()
        ),
        count=partial(count_rows, tuple(file.parent / each.file for each in sources.values())),
        dispatch=portfolio.dispatch,
        poll_regimes=portfolio.poll_regimes,
        unknown_instruments=portfolio.unknown_instruments,
        on_failure=failure_rule(portfolio.on_failure),
        broker=account.broker if backtest else None,
        backtest=account.backtest,
        places={key: str(each.file) for key, each in sources.items()},
    )
