"""A portfolio file into a desk, or every mistake in it at once.

Each part is asked in turn: is it TOML, are its keys and types right, do its file and class exist, does it
go with the sleeves above it. A part that fails one question is spared those that build on it; the others are
not.
"""

import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final, cast

from attrs import define

from tradedesk.cli._config import Portfolio, Sleeve
from tradedesk.cli._desk import Desk, count_rows
from tradedesk.cli._load import LoadError, load_class, make
from tradedesk.cli._mistakes import ConfigError, Mistake, likely, one_of
from tradedesk.cli._structure import Structured, structure
from tradedesk.marketdata import read_csv
from tradedesk.portfolio import Instrument, PortfolioStrategy, StrategySpec

_TABLES: Final = ("portfolio", "sleeve")


@define
class _Draft:
    """A sleeve on its way from the file: as far as it is sound."""

    path: str
    table: Structured[Sleeve]
    strategy: object = None

    def text(self, key: str) -> str | None:
        value = self.table.sound.get(key)
        return value if isinstance(value, str) else None

    @property
    def name(self) -> str | None:
        return self.text("name") or self.text("instrument")


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
    drafts = [
        _Draft(f"sleeve[{i}]", structure(table, Sleeve, f"sleeve[{i}]"))
        for i, table in enumerate(_sleeves(document, mistakes))
    ]
    mistakes += portfolio.mistakes
    for index, draft in enumerate(drafts):
        mistakes += draft.table.mistakes
        mistakes += _missing_file(draft, file.parent)
        mistakes += _make_strategy(draft, file.parent)
        mistakes += _same_name(draft, drafts[:index])
        mistakes += _other_source(draft, drafts[:index])
    if mistakes or portfolio.value is None:
        raise ConfigError(file, tuple(mistakes))
    return _desk(file, portfolio.value, drafts)


def _parse(file: Path) -> dict[str, object]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
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


def _missing_file(draft: _Draft, folder: Path) -> Iterator[Mistake]:
    name = draft.text("file")
    if name is None:
        return
    path = folder / name
    if path.is_dir():
        yield Mistake(f"{draft.path}.file", f"{path} is a folder")
    elif not path.exists():
        beside = [each.name for each in path.parent.glob("*.csv*")]
        yield Mistake(f"{draft.path}.file", f"there is no file {path}{likely(path.name, beside)}")


def _make_strategy(draft: _Draft, folder: Path) -> Iterable[Mistake]:
    reference, instrument = draft.text("strategy"), draft.text("instrument")
    parameters = draft.table.sound.get("parameters")
    if reference is None:
        return ()
    try:
        cls = load_class(reference, folder)
    except LoadError as error:
        return (Mistake(f"{draft.path}.strategy", str(error)),)
    if instrument is None or not isinstance(parameters, dict):
        return ()
    draft.strategy, mistakes = make(cls, instrument, parameters, f"{draft.path}.parameters")
    return mistakes or _wrong_instrument(draft, instrument)


def _wrong_instrument(draft: _Draft, instrument: str) -> Iterator[Mistake]:
    traded = getattr(draft.strategy, "instrument", instrument)
    if traded != instrument:
        what = f"{type(draft.strategy).__name__} trades {traded!r} and the sleeve {instrument!r}"
        rule = f"{what}; let its constructor take `instrument` and keep it"
        yield Mistake(f"{draft.path}.strategy", rule)


def _same_name(draft: _Draft, above: Iterable[_Draft]) -> Iterator[Mistake]:
    for other in above:
        if draft.name is not None and draft.name == other.name:
            rule = f"{draft.name!r} is {other.path} already; give one of them a `name` of its own"
            yield Mistake(f"{draft.path}.name", rule)
            return


def _other_source(draft: _Draft, above: Iterable[_Draft]) -> Iterator[Mistake]:
    """One candle of an instrument and period in a slice: where two sleeves want it, it has one source."""
    for other in above:
        if _all_equal(draft, other, "instrument", "period") and not _all_equal(draft, other, "file", "stamp"):
            what = f"{draft.text('instrument')} {draft.text('period')}"
            first = f"{other.text('file')!r} with stamp {other.text('stamp')!r}"
            rule = f"{other.path} reads {what} from {first}; sleeves of one instrument and period share both"
            yield Mistake(f"{draft.path}.file", rule)
            return


def _all_equal(one: _Draft, other: _Draft, *keys: str) -> bool:
    return all(one.text(key) == other.text(key) is not None for key in keys)


def _spec(draft: _Draft) -> StrategySpec:
    """The file's word counts: a sleeve gets the candles of its own instrument and period, and no others."""
    strategy = cast("PortfolioStrategy", draft.strategy)
    return StrategySpec(strategy, Instrument(draft.text("instrument") or ""), draft.text("period"))


def _desk(file: Path, portfolio: Portfolio, drafts: list[_Draft]) -> Desk:
    sleeves = [draft.table.value for draft in drafts if draft.table.value is not None]
    sources = {(each.instrument, each.period): each for each in sleeves}
    return Desk(
        title=file.name,
        strategies={Instrument(draft.name or ""): _spec(draft) for draft in drafts},
        policy=portfolio.policy.build(portfolio.budget),
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
