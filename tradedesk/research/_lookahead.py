"""Whether decisions change when the future is taken away.

A strategy that looks ahead knows at a candle what only later candles say. So the history is cut short, and
everything that is decided up to the cut must be what was decided in the whole of it: who is active, what each sleeve
holds of the budget, its orders, its position, its fills.
"""

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from attrs import evolve, frozen

from tradedesk.execution import PaperBroker, Ticket
from tradedesk.marketdata import Instrument, Slice
from tradedesk.portfolio import PortfolioRunner
from tradedesk.research._errors import ResearchError
from tradedesk.research._trial import Trial, run_trial

BuildFrom = Callable[[Sequence[Slice]], Trial]
"""Makes a trial that runs the history it is given, and knows no other."""

_SAID: Final[Mapping[str, str]] = MappingProxyType(
    {"orders": "its orders are", "size": "it holds", "held": "its share of the budget is", "active": "its regime is"}
)
_NONE: Final = "none"


@frozen
class Decisions:
    """What stood for a sleeve when a slice was closed."""

    active: bool
    held: float | None
    size: float
    orders: tuple[str, ...]


@frozen
class LookAhead:
    """One decision that the future changed.

    Attributes:
        sleeve: whose.
        close_time: of the slice in which the two runs first differ, in nanoseconds since 1970.
        slices: how long the history was cut: to its first so many slices.
        what: which decision: "active", "held", "size" or "orders".
        with_future: what it was in the whole history.
        without: what it was where the history ended there.
    """

    sleeve: Instrument
    close_time: int
    slices: int
    what: str
    with_future: str
    without: str

    def __str__(self) -> str:
        return (
            f"sleeve {self.sleeve!r} looks ahead: after the slice that closes at {self.close_time}, "
            f"{_SAID[self.what]} {self.with_future} in the whole history, and {self.without} where it ends after "
            f"{self.slices:,} slices"
        )


@frozen
class LookAheadReport:
    """What a look-ahead check found.

    Attributes:
        cuts: after how many slices the history was cut, in rising order.
        found: for each cut at which something differed, the first decision that did.
    """

    cuts: tuple[int, ...]
    found: tuple[LookAhead, ...]

    @property
    def ok(self) -> bool:
        """Say whether nothing was found."""
        return not self.found


async def lookahead_check(build: BuildFrom, history: Iterable[Slice], *, cuts: int = 20) -> LookAheadReport:
    """Run a portfolio over a history and over at most `cuts` beginnings of it, and compare what both could decide.

    Half of the cuts are right after slices in which something was decided, for there a look ahead shows; the others are
    spread evenly. Nothing found is no proof: a look ahead that changed none of these decisions stays unseen. More
    cuts look closer, and each costs a run.

    Raises:
        ResearchError: `cuts` is less than 1, the history has fewer than two slices, or a trial does not run the history
            that it was given.
    """
    slices = tuple(history)
    if cuts < 1:
        raise ResearchError(f"cuts is {cuts!r}; it must be at least 1")
    if len(slices) < 2:  # noqa: PLR2004 - one to keep, one to take away
        raise ResearchError(f"the history has {len(slices)} slices; to take a future away there must be at least 2")
    whole = await _decisions(build, slices)
    places = _places(whole, cuts)
    found = [await _compare(build, slices[:place], whole) for place in places]
    return LookAheadReport(places, tuple(each for each in found if each is not None))


async def _compare(
    build: BuildFrom, slices: Sequence[Slice], whole: Sequence[dict[Instrument, Decisions]]
) -> LookAhead | None:
    short = await _decisions(build, slices)
    for slice_, ours, theirs in zip(slices, whole, short, strict=False):
        if ours != theirs:
            return _difference(slice_.close_time, len(slices), ours, theirs)
    return None


def _difference(
    close_time: int, length: int, ours: dict[Instrument, Decisions], theirs: dict[Instrument, Decisions]
) -> LookAhead:
    sleeve = next(each for each in ours if ours[each] != theirs.get(each))
    one, other = ours[sleeve], theirs[sleeve]
    what = next(name for name in _SAID if getattr(one, name) != getattr(other, name))
    return LookAhead(sleeve, close_time, length, what, _told(getattr(one, what)), _told(getattr(other, what)))


def _told(decision: object) -> str:
    if isinstance(decision, tuple):
        return ", ".join(decision) or _NONE
    if isinstance(decision, bool):
        return "active" if decision else "inactive"
    return _NONE if decision is None else str(decision)


def _places(whole: Sequence[dict[Instrument, Decisions]], cuts: int) -> tuple[int, ...]:
    """Choose after how many slices to cut: never after all of them, for that is the whole."""
    last = len(whole) - 1
    decided = [place + 1 for place in range(1, last) if _chosen(whole[place]) != _chosen(whole[place - 1])]
    half = min(cuts // 2, len(decided))
    chosen = {decided[(2 * at + 1) * len(decided) // (2 * half)] for at in range(half)}
    even = cuts - half
    return tuple(sorted(chosen | {max(1, at * last // even) for at in range(1, even + 1)}))


def _chosen(decisions: dict[Instrument, Decisions]) -> list[tuple[bool, tuple[str, ...]]]:
    """Give what the strategies decide themselves; what they hold follows from it."""
    return [(each.active, each.orders) for each in decisions.values()]


async def _decisions(build: BuildFrom, slices: Sequence[Slice]) -> list[dict[Instrument, Decisions]]:
    trial = build(slices)
    found: list[dict[Instrument, Decisions]] = []
    watched = evolve(trial, source=_watched(trial, found))
    await run_trial(watched)
    if len(found) != len(slices):
        rule = "the trial must run the history that `build` is given, and no other"
        raise ResearchError(f"the history has {len(slices):,} slices and the trial ran {len(found):,}; {rule}")
    return found


def _watched(trial: Trial, found: list[dict[Instrument, Decisions]]) -> Generator[Slice, None, None]:
    """Look at everybody whenever a slice is closed, which is when the next one is asked for."""
    for slice_ in trial.source:
        yield slice_
        now = _look(trial.runner, trial.broker)
        found.append(found[-1] if found and found[-1] == now else now)


def _look(runner: PortfolioRunner, broker: PaperBroker) -> dict[Instrument, Decisions]:
    statistics = runner.statistics()
    active = set(statistics.active)
    return {
        sleeve: Decisions(
            active=sleeve in active,
            held=statistics.held.get(sleeve),
            size=broker.desk(sleeve).size,
            orders=tuple(map(_spelled, broker.desk(sleeve).orders)),
        )
        for sleeve in broker.sleeves
    }


def _spelled(ticket: Ticket) -> str:
    order = ticket.order
    prices = "".join(f" {name} {price!r}" for name in ("limit", "stop") if (price := getattr(order, name)) is not None)
    return f"{ticket.id} {order.side} {order.size!r}{prices or ' at market'}"
