"""The check of what a runner is built from, at the edge: every mistake says what, where and what to do."""

from collections.abc import Iterable, Mapping
from inspect import iscoroutinefunction
from math import inf, isfinite

from tradedesk.marketdata import Instrument
from tradedesk.portfolio._briefing import name_of
from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._facts import FactsSource, Policy, needs_of
from tradedesk.portfolio._numbers import number
from tradedesk.portfolio._sleeves import Sleeve
from tradedesk.portfolio.types import FailureRule, PortfolioStrategy, Quarantine, Restart, StrategySpec

_METHODS = ("set_risk_per_trade", "is_regime_active", "on_candle_close")

Strategies = Mapping[Instrument, PortfolioStrategy | StrategySpec]


def sleeves_of(strategies: Strategies) -> tuple[list[Sleeve], list[PortfolioStrategy]]:
    """Return the sleeves and, in the same order, their strategies.

    Raises:
        ValueError: The mapping is empty, or two sleeves share one strategy object.
        TypeError: Not a mapping, or a strategy whose methods or period are not of the right kind.
    """
    if not isinstance(strategies, Mapping):
        raise TypeError(
            f"strategies must map each instrument to its strategy, not be a {type(strategies).__name__}: "
            "strategies={instrument: strategy}",
        )
    if not strategies:
        raise ValueError("a portfolio needs at least one strategy: strategies={instrument: strategy}")
    sleeves, objects = [], []
    owners: dict[int, Instrument] = {}
    for key, entry in strategies.items():
        spec = entry if isinstance(entry, StrategySpec) else StrategySpec(entry)
        check_strategy(key, spec.strategy)
        owner = owners.setdefault(id(spec.strategy), key)
        if owner != key:
            raise ValueError(
                f"sleeves {owner!r} and {key!r} share one strategy object: "
                "each sleeve runs on its own, so give each an object of its own.",
            )
        sleeves.append(_sleeve(key, spec))
        objects.append(spec.strategy)
    return sleeves, objects


def check_strategy(key: Instrument, strategy: PortfolioStrategy) -> None:
    """Raise TypeError where a method of the strategy is missing, or is async and must not be."""
    _require_methods(f"the strategy of sleeve {key!r}", strategy, _METHODS)
    _refuse_async(key, strategy)


def failure_rules(strategies: Strategies, on_failure: FailureRule) -> list[FailureRule]:
    """What becomes of each sleeve when it fails, in declared order; ValueError for what is no rule."""
    _check_rule("on_failure", on_failure)
    rules: list[FailureRule] = []
    for key, entry in strategies.items():
        own = entry.on_failure if isinstance(entry, StrategySpec) else None
        rules.append(_check_rule(f"on_failure of sleeve {key!r}", on_failure if own is None else own))
    return rules


def _check_rule(what: str, rule: FailureRule) -> FailureRule:
    if rule != "raise" and not isinstance(rule, Quarantine | Restart):
        raise ValueError(f"{what} must be 'raise', Quarantine(...) or Restart(...), not {shown(rule)}")
    return rule


def candle_timeouts(strategies: Strategies, candle_timeout: float | None) -> dict[Instrument, float]:
    """Seconds for each sleeve's handler, infinity where there is no limit; ValueError for what is no time."""
    _check_seconds("candle_timeout", candle_timeout)
    seconds = {}
    for key, entry in strategies.items():
        own = entry.candle_timeout if isinstance(entry, StrategySpec) else None
        seconds[key] = _check_seconds(f"candle_timeout of sleeve {key!r}", candle_timeout if own is None else own)
    return seconds


def _check_seconds(what: str, value: float | None) -> float:
    seconds = inf if value is None else number(value)
    if seconds is None or not seconds > 0:
        raise ValueError(f"{what} must be a number of seconds above 0, not {shown(value)}")
    return seconds


def _sleeve(key: Instrument, spec: StrategySpec) -> Sleeve:
    instrument = spec.instrument if spec.instrument is not None else getattr(spec.strategy, "instrument", None)
    period = spec.period if spec.period is not None else getattr(spec.strategy, "candle_period", None)
    if not isinstance(period, str | None):  # it would equal the period of no candle
        raise TypeError(f"the candle_period of sleeve {key!r} must be text such as '15MINUTE', not {shown(period)}")
    return Sleeve(key, key if instrument is None else instrument, period)


def _refuse_async(key: Instrument, strategy: PortfolioStrategy) -> None:
    for method in (strategy.set_risk_per_trade, strategy.is_regime_active):
        if iscoroutinefunction(method):
            raise TypeError(
                f"{method.__name__}() of the strategy of sleeve {key!r} is async, and would never run: "
                "write def, not async def",
            )


def check_policy(policy: Policy, facts: FactsSource | None = None) -> None:
    """Check that the policy can be asked, and that the source gives what it needs.

    Raises:
        TypeError: ``allocate`` is missing, or the source cannot be called.
        ValueError: The budget is no amount, or the policy needs facts that there are not.
    """
    if not callable(getattr(policy, "allocate_with", None)):
        _require_methods("the policy", policy, ("allocate",))
    _check_facts(policy, facts)
    budget = getattr(policy, "portfolio_risk_budget", None)
    if budget is not None:
        check_amount("the policy's portfolio_risk_budget", budget)


def _check_facts(policy: Policy, facts: FactsSource | None) -> None:
    if facts is not None and not callable(facts):
        raise TypeError(f"facts must be a function or an object that can be called, not {shown(facts)}")
    needs, name = needs_of(policy), type(policy).__name__
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


def check_choice(what: str, value: str, choices: tuple[str, ...]) -> None:
    """Raise ValueError unless ``value`` is one of ``choices``."""
    if value not in choices:
        raise ValueError(f"{what} must be {' or '.join(map(repr, choices))}, not {value!r}")


def _require_methods(whose: str, thing: object, names: tuple[str, ...]) -> None:
    missing = [name for name in names if not callable(getattr(thing, name, None))]
    if missing:
        raise TypeError(f"{whose}, {thing!r}, has no {', '.join(f'{name}()' for name in missing)}")
