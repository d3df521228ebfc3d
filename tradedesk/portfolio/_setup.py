"""The check of what a runner is built from, at the edge: every mistake says what, where and what to do."""

from collections.abc import Mapping
from inspect import iscoroutinefunction
from math import isfinite
from typing import cast

import attrs

from tradedesk.marketdata import Instrument, PeriodError, period_seconds
from tradedesk.portfolio._allocation import number
from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._phases import InTwoPhases
from tradedesk.portfolio._sleeves import Sleeve
from tradedesk.portfolio.types import PortfolioStrategy, RiskAllocationPolicy, StrategySpec, TwoPhaseStrategy

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
    """

    sleeve: Sleeve
    entry: Entry
    strategy: object
    performer: PortfolioStrategy


def members_of(strategies: Strategies) -> list[Member]:
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
        member = member_of(key, entry)
        owner = owners.setdefault(id(member.strategy), key)
        if owner != key:
            raise ValueError(
                f"sleeves {owner!r} and {key!r} share one strategy object: "
                "each sleeve runs on its own, so give each an object of its own.",
            )
        members.append(member)
    return members


def member_of(key: Instrument, entry: Entry) -> Member:
    """Return the member for one sleeve.

    Raises:
        TypeError: A method is missing, or async where nobody would await it; the period is no text.
        PeriodError: The period is none.
    """
    spec = entry if isinstance(entry, StrategySpec) else StrategySpec(entry)
    strategy = spec.strategy
    two_phase = has_two_phases(strategy)
    _require_methods(f"the strategy of sleeve {key!r}", strategy, _RISK + (_TWO_PHASES if two_phase else _ONE_PHASE))
    _refuse_async(key, strategy)
    performer = InTwoPhases(cast("TwoPhaseStrategy", strategy)) if two_phase else strategy
    return Member(_sleeve(key, spec, two_phase=two_phase), entry, strategy, cast("PortfolioStrategy", performer))


def has_two_phases(strategy: object) -> bool:
    """Whether a strategy is meant to be called in two phases: it has one of their methods, and no on_candle_close."""
    one, *two = (callable(getattr(strategy, name, None)) for name in _ONE_PHASE + _TWO_PHASES)
    return any(two) and not one


def _sleeve(key: Instrument, spec: StrategySpec, *, two_phase: bool) -> Sleeve:
    instrument = spec.instrument if spec.instrument is not None else getattr(spec.strategy, "instrument", None)
    period = spec.period if spec.period is not None else getattr(spec.strategy, "candle_period", None)
    if not isinstance(period, str | None):  # it would equal the period of no candle
        raise TypeError(f"the candle_period of sleeve {key!r} must be text such as '15MINUTE', not {shown(period)}")
    if period is not None:
        _require_period(key, period)
    return Sleeve(key, key if instrument is None else instrument, period, two_phase)


def _require_period(key: Instrument, period: str) -> None:
    try:
        period_seconds(period)
    except PeriodError as error:  # no candle would ever come
        raise PeriodError(period, f"of sleeve {key!r} {error.rule}") from None


def _refuse_async(key: Instrument, strategy: PortfolioStrategy | TwoPhaseStrategy) -> None:
    for method in (strategy.set_risk_per_trade, strategy.is_regime_active):
        if iscoroutinefunction(method):
            raise TypeError(
                f"{method.__name__}() of the strategy of sleeve {key!r} is async, and would never run: "
                "write def, not async def",
            )


def check_policy(policy: RiskAllocationPolicy) -> None:
    """Raise TypeError where ``allocate`` is missing, ValueError where the budget is no amount."""
    _require_methods("the policy", policy, ("allocate",))
    budget = getattr(policy, "portfolio_risk_budget", None)
    if budget is not None:
        check_amount("the policy's portfolio_risk_budget", budget)


def check_amount(what: str, value: float) -> float:
    """Return ``value`` as a float; raise ValueError unless it is finite and not negative."""
    amount = number(value)
    if amount is None:
        raise ValueError(f"{what} must be a number, not {shown(value)}")
    if not (isfinite(amount) and amount >= 0):
        raise ValueError(f"{what} must be finite and not negative, not {shown(value)}")
    return amount


def check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{what} must be {' or '.join(map(repr, choices))}, not {value!r}")


def _require_methods(whose: str, thing: object, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not callable(getattr(thing, name, None))]
    if missing:
        raise TypeError(f"{whose}, {thing!r}, has no {', '.join(f'{name}()' for name in missing)}")
