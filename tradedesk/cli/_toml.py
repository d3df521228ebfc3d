"""A portfolio file into a desk, or every mistake in it at once.

Each part is asked in turn: is it TOML, are its keys and types right, do its file and class exist, does it go with the
sleeves above it. A part that fails one question is spared those that build on it; the others are not.
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final, cast

from tradedesk.cli._config import Portfolio, Sleeve
from tradedesk.cli._desk import Desk, count_rows
from tradedesk.cli._mistakes import ConfigError, Mistake, one_of
from tradedesk.cli._policy import Around, Caps, Policy, limited
from tradedesk.cli._sleeves import Draft, check
from tradedesk.cli._structure import Structured, structure
from tradedesk.marketdata import read_csv
from tradedesk.portfolio import Instrument

_TABLES: Final = ("portfolio", "sleeve")


def read_desk(file: Path) -> Desk:
    """Read a portfolio file and make its strategies; its own folder goes to the front of `sys.path`.

    Raises:
        ConfigError: The file cannot be run, for these reasons.
    """
    document = _parse(file)
    folder = str(file.parent.resolve())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    mistakes = [Mistake(key, f"unknown table{one_of(key, _TABLES)}") for key in document if key not in _TABLES]
    portfolio = _portfolio(document)
    mistakes += portfolio.mistakes
    drafts: list[Draft] = []
    in_sleeves: list[Mistake] = []
    for index, table in enumerate(_sleeves(document, in_sleeves)):
        draft = Draft(f"sleeve[{index}]", structure(table, Sleeve, f"sleeve[{index}]"))
        in_sleeves += check(draft, drafts, file.parent)
        drafts.append(draft)
    mistakes += [*_policy(portfolio, drafts), *in_sleeves]
    if mistakes or portfolio.value is None:
        raise ConfigError(file, tuple(mistakes))
    return _desk(file, portfolio.value, drafts)


def _parse(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        rule = f"cannot be read: {error.strerror}"
    except UnicodeDecodeError:
        rule = "is not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        rule = f"is not TOML: {error}"
    raise ConfigError(file, rule)


def _portfolio(document: Mapping[str, object]) -> Structured[Portfolio]:
    if "portfolio" not in document:
        return Structured(None, {}, (Mistake("portfolio", "required table is missing"),))
    return structure(document["portfolio"], Portfolio, "portfolio")


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


def _desk(file: Path, portfolio: Portfolio, drafts: list[Draft]) -> Desk:
    sleeves = [draft.table.value for draft in drafts if draft.table.value is not None]
    sources = {(each.instrument, each.period): each for each in sleeves}
    return Desk(
        title=file.name,
        strategies={Instrument(draft.name or ""): draft.spec for draft in drafts},
        policy=limited(portfolio.policy.build(portfolio.budget), portfolio.caps, portfolio.minimum),
        facts=portfolio.policy.facts(),
        default_risk_per_trade=portfolio.default_risk_per_trade,
        sources=tuple(
            read_csv(file.parent / each.file, instrument=each.instrument, period=each.period, stamp=each.stamp)
            for each in sources.values()
        ),
        count=partial(count_rows, tuple(file.parent / each.file for each in sources.values())),
        dispatch=portfolio.dispatch,
        poll_regimes=portfolio.poll_regimes,
        unknown_instruments=portfolio.unknown_instruments,
    )
