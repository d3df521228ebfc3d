"""What a policy may know beyond names: facts, who gives them, and how a policy is asked with them.

A value and two protocols; nothing here looks into a candle.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Final, Protocol, cast

import attrs

from tradedesk.marketdata import Instrument
from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._numbers import finite
from tradedesk.portfolio._trace import Routed
from tradedesk.portfolio.types import RiskAllocationPolicy

Volatility = Mapping[Instrument, float]
Correlation = Mapping[tuple[Instrument, Instrument], float]

_NOTHING: Final[Mapping[object, float]] = MappingProxyType({})


def _finite(_: object, attribute: "attrs.Attribute[float | None]", value: float | None) -> None:
    if value is not None and finite(value) is None:  # not-a-number would pass for no drawdown at all
        raise ValueError(f"{attribute.name} must be a finite number, not {shown(value)}")


def _above_zero(_: object, attribute: "attrs.Attribute[float | None]", value: float | None) -> None:
    if value is not None and not value > 0:
        raise ValueError(f"{attribute.name} must be above 0, not {shown(value)}")


@attrs.frozen
class Facts:
    """What is known before a slice is allocated. A source gives what it has and leaves the rest out.

    Attributes:
        close_time: of the slice that is allocated, nanoseconds since the Unix epoch; None where nobody gave one.
        equity: the account's worth now, in money.
        peak_equity: the largest equity so far, in the same money.
        volatility: sleeve -> standard deviation of its returns, as a fraction for one period.
        correlation: (sleeve, other) -> between -1 and 1; one order of a pair is enough.
    """

    close_time: int | None = None
    equity: float | None = attrs.field(default=None, validator=_finite)
    peak_equity: float | None = attrs.field(default=None, validator=(_finite, _above_zero))
    volatility: Volatility = attrs.field(default=cast("Volatility", _NOTHING))
    correlation: Correlation = attrs.field(default=cast("Correlation", _NOTHING))

    @property
    def drawdown(self) -> float | None:
        """How far equity is below its peak: 1 - equity / peak, 0 at the peak; None where one is missing."""
        if self.equity is None or self.peak_equity is None:
            return None
        return max(0.0, 1.0 - self.equity / self.peak_equity)


NO_FACTS: Final = Facts()


class FactsSource(Protocol):
    """Whoever gives the facts: a function, or an object that can be called.

    It is asked once for each slice, right before the policy. A ``gives`` attribute, if there is one, names the
    fields of `Facts` that it fills (and "drawdown"), so that a policy that needs others is refused at once.
    """

    def __call__(self, close_time: int | None, routed: Sequence[Routed], /) -> Facts:
        """Say what is known now.

        Args:
            close_time: of the slice that is about to be allocated.
            routed: the candles that went to sleeves since the last time, as the trace has them. Those of the
                slice in hand are not among them: no strategy has seen them either.
        """
        ...


class InformedPolicy(Protocol):
    """A policy that decides by facts, beyond names.

    A ``needs`` attribute, if there is one, names the fields of `Facts` that it cannot do without. A policy that has
    ``allocate`` too is asked that way by a runner without facts.
    """

    def allocate_with(self, active_instruments: list[Instrument], facts: Facts) -> Mapping[Instrument, float]:
        """Give each active sleeve an amount: the same sleeves and facts, the same amounts."""
        ...


Policy = RiskAllocationPolicy | InformedPolicy


def ask(policy: Policy, active: list[Instrument], facts: Facts) -> Mapping[Instrument, float]:
    """Ask a policy in the way that it understands; `NO_FACTS` where there is no source of them."""
    informed = callable(getattr(policy, "allocate_with", None))
    if informed and (facts is not NO_FACTS or not callable(getattr(policy, "allocate", None))):
        return cast("InformedPolicy", policy).allocate_with(active, facts)
    return cast("RiskAllocationPolicy", policy).allocate(active)


def needs_of(policy: Policy) -> AbstractSet[str]:
    """What a policy says that it needs; "facts" where it only has ``allocate_with`` and does not say."""
    needs = getattr(policy, "needs", None)
    if needs is not None:
        return frozenset(needs)
    return frozenset() if callable(getattr(policy, "allocate", None)) else frozenset({"facts"})
