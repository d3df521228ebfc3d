"""The runner of a test: the real one, with a watch before every strategy."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, TypedDict

from actors import Observer, Scheduler
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import (
    FactsSource,
    FailureRule,
    HaltRule,
    InformedPolicy,
    Instrument,
    PortfolioRunner,
    RiskAllocationPolicy,
)
from tradedesk.testing._log import Premises
from tradedesk.testing._scripts import CrashPoint
from tradedesk.testing._watched import Book, Entry, watched

Policy = RiskAllocationPolicy | InformedPolicy


class Options(TypedDict, total=False):
    """What `simulate` and `simulate_in` take by name.

    Attributes:
        default_risk_per_trade: as for `PortfolioRunner`; 0 unless it is given.
        dispatch: as for `PortfolioRunner`.
        poll_regimes: as for `PortfolioRunner`.
        unknown_instruments: as for `PortfolioRunner`.
        on_failure: as for `PortfolioRunner`.
        candle_timeout: as for `PortfolioRunner`.
        facts: as for `PortfolioRunner`.
        halt_rules: as for `PortfolioRunner`.
        crashes: calls of strategies that are to fail.
        callers: so many tasks feed the runner by turns; with more than one the schedule decides the order of items.
        keep_errors: note what a call of the runner raises in `Run.errors`, and go on. Otherwise it comes out.
    """

    default_risk_per_trade: float
    dispatch: Literal["actors", "direct"]
    poll_regimes: bool
    unknown_instruments: Literal["raise", "ignore"]
    on_failure: FailureRule
    candle_timeout: float | None
    facts: FactsSource | None
    halt_rules: Iterable[HaltRule]
    crashes: Iterable[CrashPoint]
    callers: int
    keep_errors: bool


def runner_of(
    strategies: Mapping[Instrument, Entry],
    policy: Policy,
    book: Book,
    options: Options,
    *,
    observer: Observer,
    scheduler: Scheduler,
) -> PortfolioRunner:
    """Build a runner that writes into a book.

    Raises:
        TypeError: An option is not known; a misspelt one would make a test of nothing.
    """
    if unknown := sorted(set(options) - set(Options.__annotations__)):
        raise TypeError(f"no option {', '.join(unknown)}; there are {', '.join(Options.__annotations__)}")
    rule = options.get("on_failure", "raise")
    return PortfolioRunner(
        {sleeve: watched(sleeve, entry, book, rule) for sleeve, entry in strategies.items()},
        policy,
        _default(options),
        trace=book.log.append,
        observer=observer,
        scheduler=scheduler,
        dispatch=options.get("dispatch", "actors"),
        poll_regimes=options.get("poll_regimes", True),
        unknown_instruments=options.get("unknown_instruments", "raise"),
        on_failure=rule,
        candle_timeout=options.get("candle_timeout"),
        facts=options.get("facts"),
        halt_rules=options.get("halt_rules", ()),
    )


def premises_of(
    policy: Policy, book: Book, options: Options, given: Sequence[tuple[str, CandleCloseEvent]]
) -> Premises:
    """What the log of such a runner does not say."""
    budget = getattr(policy, "portfolio_risk_budget", None)
    return Premises(budget, _default(options), book.two_phase, calls=True, given=given)


def _default(options: Options) -> float:
    return options.get("default_risk_per_trade", 0.0)
