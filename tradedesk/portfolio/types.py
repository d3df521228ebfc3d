"""The values and protocols that users of the portfolio meet."""

from collections.abc import Awaitable, Callable, Mapping
from inspect import iscoroutinefunction
from typing import Literal, Protocol

import attrs

from tradedesk.marketdata import CandleCloseEvent, Instrument, Slice
from tradedesk.portfolio._errors import shown

__all__ = [
    "CandleCloseEvent",
    "Factory",
    "FailureRule",
    "Instrument",
    "PortfolioStrategy",
    "Positions",
    "Quarantine",
    "Restart",
    "RiskAllocationPolicy",
    "Slice",
    "StrategySpec",
    "TwoPhaseStrategy",
]


class PortfolioStrategy(Protocol):
    """What the runner needs of a strategy; any object with these three methods is one.

    An ``instrument`` attribute, read once, names what the strategy trades; without it the key of the
    portfolio's mapping does. A ``candle_period`` attribute ("15MINUTE") limits the strategy to one period.
    """

    def set_risk_per_trade(self, value: float) -> None:
        """Take the risk for the trades to come, in the unit of the budget."""
        ...

    def is_regime_active(self) -> bool:
        """Say whether the strategy wants a share of the budget now."""
        ...

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Handle one candle of the strategy's instrument."""
        ...


class TwoPhaseStrategy(Protocol):
    """A strategy whose state is brought up to date before the budget is split, and that acts after it.

    It has these four methods and no ``on_candle_close``; a strategy that has that one is called through it. The two
    phases may be async. ``instrument`` and ``candle_period`` as for `PortfolioStrategy`.
    """

    def set_risk_per_trade(self, value: float) -> None:
        """Take the risk for the trades to come, in the unit of the budget."""
        ...

    def is_regime_active(self) -> bool:
        """Say whether the strategy wants a share of the budget now."""
        ...

    def update_state(self, event: CandleCloseEvent) -> Awaitable[None] | None:
        """Take one candle in, under the risk of the slice before; no trades yet."""
        ...

    def evaluate_signals(self) -> Awaitable[None] | None:
        """Act on the slice's candles, once, under the risk that was allocated for it."""
        ...


class RiskAllocationPolicy(Protocol):
    """How a budget is split. A ``portfolio_risk_budget`` attribute, if there is one, is held as the limit."""

    def allocate(self, active_instruments: list[Instrument]) -> Mapping[Instrument, float]:
        """Give each active sleeve an amount, finite and not negative; sleeves left out get the default.

        Args:
            active_instruments: the keys of the active sleeves in declared order; a fresh list every time.
        """
        ...


Factory = Callable[[Instrument], PortfolioStrategy]
"""Makes a new strategy object for a sleeve, each time it is called."""

Positions = Literal["hold", "flatten"]
"""What is to become of the open positions of a sleeve that is quarantined."""


def _positions(_: object, attribute: "attrs.Attribute[Positions]", value: object) -> None:
    if value not in ("hold", "flatten"):
        raise ValueError(f"{attribute.name} must be 'hold' or 'flatten', not {shown(value)}")


def _factory(_: object, attribute: "attrs.Attribute[Factory]", value: object) -> None:
    if not callable(value):
        raise TypeError(f"{attribute.name} must be a function from sleeve to new strategy, not {shown(value)}")
    if iscoroutinefunction(value):
        raise TypeError(f"{attribute.name} is async, and a slice waits for it: write def, and await elsewhere")


def _at_least(least: int) -> Callable[[object, "attrs.Attribute[int]", int], None]:
    def check(_: object, attribute: "attrs.Attribute[int]", value: object) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise ValueError(f"{attribute.name} must be a whole number, {least} or more, not {shown(value)}")

    return check


@attrs.frozen
class Quarantine:
    """A sleeve that fails is taken out until `PortfolioRunner.readmit`: it holds 0, orders and candles are refused.

    Attributes:
        positions: whether a broker is to "hold" or "flatten" what the sleeve has open.
    """

    positions: Positions = attrs.field(default="hold", validator=_positions)


@attrs.frozen
class Restart:
    """A sleeve that fails gets a new strategy object, until it has failed too often: then it is quarantined.

    Attributes:
        factory: called with the sleeve; returns a new object each time.
        limit: so many failures within ``within`` slices are borne; one more quarantines. At least 1.
        within: slices, the current one included. At least 1.
        backoff: slices that the sleeve sits out before the new object is built, at the start of the next one.
        warm_up: so many candles, the last that the sleeve handled, are given to the new object before it takes part.
        positions: what becomes of open positions once the sleeve is quarantined; see `Quarantine`.
    """

    factory: Factory = attrs.field(validator=_factory)
    limit: int = attrs.field(default=3, validator=_at_least(1))
    within: int = attrs.field(default=100, validator=_at_least(1))
    backoff: int = attrs.field(default=0, validator=_at_least(0))
    warm_up: int = attrs.field(default=0, validator=_at_least(0))
    positions: Positions = attrs.field(default="hold", validator=_positions)


FailureRule = Literal["raise"] | Quarantine | Restart
"""What becomes of a sleeve that fails."""


@attrs.frozen
class StrategySpec:
    """A strategy with what its class does not say; a value of the runner's ``strategies``.

    Attributes:
        strategy: the strategy itself.
        instrument: what it trades; None asks the strategy, then the key.
        period: the one period it wants, such as "15MINUTE"; "1HOUR" is "HOUR"; None asks the strategy, then takes all.
        on_failure: what becomes of the sleeve when it fails; None takes the runner's rule.
        candle_timeout: seconds for its handler; None takes the runner's, infinity is no limit.
    """

    strategy: PortfolioStrategy | TwoPhaseStrategy
    instrument: Instrument | None = None
    period: str | None = None
    on_failure: FailureRule | None = None
    candle_timeout: float | None = None
