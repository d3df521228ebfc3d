"""One sleeve of a portfolio file: what is wrong with it beyond its keys and types."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import cast

from attrs import define, field

from tradedesk.cli._config import Sleeve
from tradedesk.cli._load import LoadError, load_class, make, trades
from tradedesk.cli._mistakes import Mistake, likely
from tradedesk.cli._structure import Structured
from tradedesk.cli._tries import given
from tradedesk.execution import Desk, FillStrategy, HearsFills, PaperBroker
from tradedesk.portfolio import Instrument, PortfolioStrategy, StrategySpec


@define
class Draft:
    """A sleeve on its way from the file: as far as it is sound."""

    path: str
    table: Structured[Sleeve]
    strategy: object = None
    desk: Desk | None = None
    """Where it gives its orders, in a backtest."""
    tried: Mapping[str, object] = field(factory=dict)
    """Parameters in place of what the file says, for this and other sleeves."""
    cls: type | None = None

    def text(self, key: str) -> str | None:
        """Give a value that is text, if it is sound."""
        value = self.table.sound.get(key)
        return value if isinstance(value, str) else None

    @property
    def name(self) -> str | None:
        """The sleeve's key in the portfolio."""
        return self.text("name") or self.text("instrument")

    @property
    def spec(self) -> StrategySpec:
        """The strategy, for the candles of the file's instrument and period and no others."""
        strategy = cast("PortfolioStrategy", self.strategy)
        if self.desk is not None and hasattr(strategy, "on_fill"):
            strategy = HearsFills(cast("FillStrategy", strategy), self.desk)
        return StrategySpec(strategy, Instrument(self.text("instrument") or ""), self.text("period"))


def check(draft: Draft, above: Sequence[Draft], folder: Path, broker: PaperBroker | None) -> Iterator[Mistake]:
    """Give the mistakes of one sleeve, and make its strategy if it has none; with a broker, at a desk of its own."""
    twice = list(_same_name(draft, above))
    instrument = draft.text("instrument")
    if broker is not None and not twice and draft.name is not None and instrument is not None:
        draft.desk = broker.desk(Instrument(draft.name), Instrument(instrument))
    yield from draft.table.mistakes
    yield from _missing_file(draft, folder)
    yield from _make_strategy(draft, folder)
    yield from twice
    yield from _other_source(draft, above)


def _missing_file(draft: Draft, folder: Path) -> Iterator[Mistake]:
    name = draft.text("file")
    if name is None:
        return
    path = folder / name
    if path.is_dir():
        yield Mistake(f"{draft.path}.file", f"{path} is a folder")
    elif not path.exists():
        beside = [each.name for each in path.parent.glob("*.*") if {".csv", ".parquet", ".pq"} & set(each.suffixes)]
        yield Mistake(f"{draft.path}.file", f"there is no file {path}{likely(path.name, beside)}")


def _make_strategy(draft: Draft, folder: Path) -> Iterable[Mistake]:
    reference, instrument = draft.text("strategy"), draft.text("instrument")
    parameters = draft.table.sound.get("parameters")
    if reference is None:
        return ()
    try:
        cls = load_class(reference, folder)
    except LoadError as error:
        return (Mistake(f"{draft.path}.strategy", str(error)),)
    draft.cls = cls
    if instrument is None or not isinstance(parameters, dict):
        return ()
    if trades(cls) and draft.desk is None:
        rule = f"{cls.__name__} gives orders at a desk, and a run has no broker; use `tradedesk backtest`"
        return (Mistake(f"{draft.path}.strategy", rule),)
    draft.strategy, mistakes = make(
        cls, instrument, draft.desk, parameters | given(draft.tried, draft.name or "", cls), f"{draft.path}.parameters"
    )
    return mistakes or _wrong_instrument(draft, instrument)


def _wrong_instrument(draft: Draft, instrument: str) -> Iterator[Mistake]:
    traded = getattr(draft.strategy, "instrument", instrument)
    if traded != instrument:
        what = f"{type(draft.strategy).__name__} trades {traded!r} and the sleeve {instrument!r}"
        rule = f"{what}; let its constructor take `instrument` and keep it"
        yield Mistake(f"{draft.path}.strategy", rule)


def _same_name(draft: Draft, above: Iterable[Draft]) -> Iterator[Mistake]:
    for other in above:
        if draft.name is not None and draft.name == other.name:
            rule = f"{draft.name!r} is {other.path} already; give one of them a `name` of its own"
            yield Mistake(f"{draft.path}.name", rule)
            return


def _other_source(draft: Draft, above: Iterable[Draft]) -> Iterator[Mistake]:
    """One candle of an instrument and period in a slice: where two sleeves want it, it has one source."""
    for other in above:
        if _all_equal(draft, other, "instrument", "period") and not _all_equal(draft, other, "file", "stamp"):
            what = f"{draft.text('instrument')} {draft.text('period')}"
            first = f"{other.text('file')!r} with stamp {other.text('stamp')!r}"
            rule = f"{other.path} reads {what} from {first}; sleeves of one instrument and period share both"
            yield Mistake(f"{draft.path}.file", rule)
            return


def _all_equal(one: Draft, other: Draft, *keys: str) -> bool:
    return all(one.text(key) == other.text(key) is not None for key in keys)
