"""The tables of a portfolio file as values, and what each value must be."""

from typing import Literal, NewType

from attrs import field, frozen

from tradedesk.cli._policy import Amount, Caps, EqualSplit, Policy
from tradedesk.marketdata import period_seconds
from tradedesk.portfolio import FailureRule, Quarantine

Name = NewType("Name", str)
Period = NewType("Period", str)
ClassName = NewType("ClassName", str)
Parameters = NewType("Parameters", dict[str, object])

Dispatch = Literal["actors", "direct"]
Stamp = Literal["open", "close"]
Unknown = Literal["raise", "ignore"]
OnFailure = Literal["raise", "quarantine", "flatten"]


@frozen
class Portfolio:
    """The table `[portfolio]`."""

    budget: Amount
    default_risk_per_trade: Amount
    policy: Policy = field(factory=EqualSplit)
    minimum: Amount | None = None
    caps: Caps | None = None
    dispatch: Dispatch = "actors"
    poll_regimes: bool = True
    unknown_instruments: Unknown = "raise"
    on_failure: OnFailure = "raise"


def failure_rule(word: OnFailure) -> FailureRule:
    """Give what the runner is to do with a sleeve that fails."""
    match word:
        case "raise":
            return "raise"
        case "quarantine":
            return Quarantine("hold")
        case "flatten":
            return Quarantine("flatten")


@frozen
class Sleeve:
    """One table `[[sleeve]]`; without a `name` the sleeve is called by its instrument."""

    instrument: Name
    period: Period
    file: Name
    strategy: ClassName
    stamp: Stamp = "open"
    parameters: Parameters = field(factory=lambda: Parameters({}))
    name: Name | None = None


def name(value: str) -> Name:
    """Accept any text but none.

    Raises:
        ValueError: It is empty.
    """
    if not value.strip():
        raise ValueError("must not be empty")
    return Name(value)


def period(value: str) -> Period:
    """Accept what marketdata reads as a period.

    Raises:
        PeriodError: It is none.
    """
    period_seconds(value)
    return Period(value)


def class_name(value: str) -> ClassName:
    """Accept `module:Class`.

    Raises:
        ValueError: It has another form.
    """
    module, _, cls = value.partition(":")
    if not (cls.isidentifier() and all(part.isidentifier() for part in module.split("."))):
        raise ValueError(f"must be 'module:Class', like 'my_strategies:Mine', got {value!r}")
    return ClassName(value)
