"""The check of what a runner is built from, at the edge: every mistake says what, where and what to do."""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from inspect import iscoroutinefunction
from math import inf, isfinite
from typing import cast

import attrs

from tradedesk.marketdata import Instrument, PeriodError, period_name, period_seconds
from tradedesk.portfolio._briefing import name_of
from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._facts import FactsSource, Policy, needs_of
from tradedesk.portfolio._numbers import number
from tradedesk.portfolio._phases import InTwoPhases
from tradedesk.portfolio._sleeves import Sleeve
from tradedesk.portfolio.types import (
    FailureRule,
    PortfolioStrategy,
    Quarantine,
    Restart,
    StrategySpec,
    TwoPhaseStrategy,
)

_RISK = ("set_risk_per_trade", "is_regime_active")
_ONE_PHASE = ("on_candle_close",)
_TWO_PHASES = ("update_state", "evaluate_signals")

Entry = PortfolioStrategy | TwoPhaseStrategy | StrategySpec
Strategies = Mapping[Instrument, Entry]


@attrs.frozen
class Member:
    """A sleeve and what it stands for.

    Attributes:
        entry: what the user gave.
        strategy: the user's strategy.
        performer: the same, or what makes a one-phase strategy of one with two phases.
        rule: what becomes of the sleeve when it fails.
        seconds: how long a handler may take; infinity is no limit.
    """

    sleeve: Sleeve
    entry: Entry
    strategy: object
    performer: PortfolioStrategy
    rule: FailureRule
    seconds: float

    @property
    def guarded(self) -> bool:
        """Whether the object may be replaced, or its handler cut."""
        return self.rule != "raise" or self.seconds < inf


@attrs.frozen
class Defaults:
    """What holds for sleeves that say nothing else: the rule of failure, and seconds for a handler.

    Raises:
        ValueError: What is given is no rule, or no time.
    """

    on_failure: FailureRule = attrs.field()
    candle_timeout: float | None = attrs.field()

    def __attrs_post_init__(self) -> None:
        _check_rule("on_failure", self.on_failure)
        _check_seconds("candle_timeout", self.candle_timeout)


def members_of(strategies: Strategies, defaults: Defaults) -> list[Member]:
    """Return the members in declared order.

    Raises:
        ValueError: The mapping is empty, or two sleeves share one strategy object.
        TypeError: Not a mapping; and what `member_of` raises.
    """
    if not isinstance(strategies, Mapping):
        raise TypeError(
            f"strategies must map each instrument to its strategy, not be a {type(strategies).__name__}: "
            "strategies={instrument: strategy}",
        )
    if not strategies:
        raise ValueError("a portfolio needs at least one strategy: strategies={instrument: strategy}")
    members = []
    owners: dict[int, Instrument] = {}
    for key, entry in strategies.items():
        member = member_of(key, entry, defaults)
        owner = owners.setdefault(id(member.strategy), key)
        if owner != key:
            raise ValueError(
                f"sleeves {owner!r} and {key!r} share one strategy object: "
                "each sleeve runs on its own, so give each an object of its own.",
            )
        members.append(member)
    return members


def member_of(key: Instrument, entry: Entry, defaults: Defaults) -> Member:
    """Return the member for one sleeve.

    Raises:
        TypeError: A method is missing, or async where nobody would await it; the period is no text.
        PeriodError: The period is none.
        ValueError: What it says of failure is no rule, or no time.
    """
    spec = entry if isinstance(entry, StrategySpec) else StrategySpec(entry)
    performer = performer_of(key, spec.strategy)
    rule = defaults.on_failure if spec.on_failure is None else spec.on_failure
    seconds = defaults.candle_timeout if spec.candle_timeout is None else spec.candle_timeout
    return Member(
        _sleeve(key, spec),
        entry,
        spec.strategy,
        performer,
        _check_rule(f"on_failure of sleeve {key!r}", rule),
        _check_seconds(f"candle_timeout of sleeve {key!r}", seconds),
    )


def performer_of(key: Instrument, strategy: object) -> PortfolioStrategy:
    """Return what is called as a strategy in one phase.

    Raises:
        TypeError: A method is missing, or async where nobody would await it.
    """
    two_phase = has_two_phases(strategy)
    _require_methods(f"the strategy of sleeve {key!r}", strategy, _RISK + (_TWO_PHASES if two_phase else _ONE_PHASE))
    performer = cast("PortfolioStrategy", strategy)
    _refuse_async(key, performer)
    return InTwoPhases(cast("TwoPhaseStrategy", strategy)) if two_phase else performer


def has_two_phases(strategy: object) -> bool:
    """Whether a strategy is meant to be called in two phases: it has one of their methods, and no on_candle_close."""
    one, *two = (callable(getattr(strategy, name, None)) for name in _ONE_PHASE + _TWO_PHASES)
    return any(two) and not one


def _sleeve(key: Instrument, spec: StrategySpec) -> Sleeve:
    instrument = spec.instrument if spec.instrument is not None else getattr(spec.strategy, "instrument", None)
    _require_hash(key, instrument)
    period = spec.period if spec.period is not None else getattr(spec.strategy, "candle_period", None)
    if not isinstance(period, str | None):  # it would equal the period of no candle
        raise TypeError(f"the candle_period of sleeve {key!r} must be text such as '15MINUTE', not {shown(period)}")
    if period is not None:
        _require_period(key, period)
        period = period_name(period)
    return Sleeve(key, key if instrument is None else instrument, period, has_two_phases(spec.strategy))


def _require_hash(key: Instrument, instrument: object) -> None:
    try:
        hash(instrument)
    except TypeError as error:  # no candle could be looked up by it
        raise TypeError(f"the instrument of sleeve {key!r} must be text, not {shown(instrument)}") from error


def _require_period(key: Instrument, period: str) -> None:
    try:
        period_seconds(period)
    except PeriodError as error:  # no candle would ever come
        raise PeriodError(period, f"of sleeve {key!r} {error.rule}") from None


def _refuse_async(key: Instrument, strategy: PortfolioStrategy) -> None:
    for method in (strategy.set_risk_per_trade, strategy.is_regime_active):
        if iscoroutinefunction(method):
            raise TypeError(
                f"{method.__name__}() of the strategy of sleeve {key!r} is async, and would never run: "
                "write def, not async def",
            )


def _check_rule(what: str, rule: FailureRule) -> FailureRule:
    if rule != "raise" and not isinstance(rule, Quarantine | Restart):
        raise ValueError(f"{what} must be 'raise', Quarantine(...) or Restart(...), not {shown(rule)}")
    return rule


def _check_seconds(what: str, value: float | None) -> float:
    seconds = inf if value is None else number(value)
    if seconds is None or not seconds > 0:
        raise ValueError(f"{what} must be a number of seconds above 0, not {shown(value)}")
    return seconds


def check_policy(policy: Policy, facts: FactsSource | None = None) -> None:
    """Check that the policy can be asked, and that the source gives what it needs.

    Raises:
        TypeError: ``allocate`` is missing, or the source cannot be called.
        ValueError: The budget is no amount, or the policy needs facts that there are not.
    """
    if not callable(getattr(policy, "allocate_with", None)):
        _require_methods("the policy", policy, ("allocate",))
    check_facts(type(policy).__name__, needs_of(policy), facts)
    budget = getattr(policy, "portfolio_risk_budget", None)
    if budget is not None:
        check_amount("the policy's portfolio_risk_budget", budget)


def check_facts(name: str, needs: AbstractSet[str], facts: FactsSource | None) -> None:
    """Check that the source gives what somebody needs.

    Raises:
        TypeError: The source cannot be called.
        ValueError: There is none, or it gives too little.
    """
    if facts is not None and not callable(facts):
        raise TypeError(f"facts must be a function or an object that can be called, not {shown(facts)}")
    if not needs:
        return
    if facts is None:
        raise ValueError(f"{name} needs {_listed(needs)}: give the runner a source, facts=...")
    gives = frozenset(getattr(facts, "gives", needs))
    lacking = needs - gives - {"facts"}
    if lacking:
        raise ValueError(f"{name} needs {_listed(lacking)}, and {name_of(facts)} gives {_listed(gives) or 'nothing'}")


def _listed(words: Iterable[str]) -> str:
    return ", ".join(sorted(words))


def check_amount(what: str, value: float) -> float:
    """Return ``value`` as a float; raise ValueError unless it is finite and not negative."""
    amount = number(value)
    if amount is None:
        raise ValueError(f"{what} must be a number, not {shown(value)}")
    if not (isfinite(amount) and amount >= 0):
        raise ValueError(f"{what} must be finite and not negative, not {shown(value)}")
    return amount


def check_reason(reason: str) -> str:
    """Return the reason; raise TypeError or ValueError unless it is text that says something."""
    if not isinstance(reason, str):
        raise TypeError(f"reason must be text that says why, not {shown(reason)}")
    if not reason.strip():
        raise ValueError("reason is empty: say why, for whoever is going to wonder")
    return reason


def check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{what} must be {' or '.join(map(repr, choices))}, not {value!r}")


def _require_methods(whose: str, thing: object, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not callable(getattr(thing, name, None))]
    if missing:
        raise TypeError(f"{whose}, {shown(thing)}, has no {', '.join(f'{name}()' for name in missing)}")
