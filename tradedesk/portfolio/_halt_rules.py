"""Rules that pull the kill switch: a question that is asked once a slice, with the facts. Pure."""

from math import isfinite
from typing import ClassVar, Final, Protocol

import attrs

from tradedesk.portfolio._errors import EquityError, shown
from tradedesk.portfolio._facts import Facts
from tradedesk.portfolio._numbers import number

_ROUNDING: Final = 1e-12
"""A limit that is missed by no more than this part of itself is reached: 7 of 100 is 7 %, whatever 0.07 * 100 is."""


class HaltRule(Protocol):
    """Says when a portfolio is to be halted.

    A ``needs`` attribute, if there is one, names the fields of `Facts` that it cannot do without. An object serves one
    runner.
    """

    def judge(self, facts: Facts, /) -> str | None:
        """Say why the portfolio is to be halted now; None: it need not be.

        Asked once for each slice, before the policy, also while somebody else's halt is in force; not while its own is.
        What it raises halts the portfolio too, and comes out of the call.
        """
        ...

    def begin_anew(self) -> None:
        """The halt that this rule asked for was released."""
        ...


def _limit(_: object, attribute: "attrs.Attribute[float]", value: object) -> None:
    limit = number(value)
    if limit is None or not 0 < limit <= 1:
        raise ValueError(f"{attribute.name} must be a fraction above 0 and at most 1, such as 0.2, not {shown(value)}")


@attrs.define(eq=False)
class DrawdownHalt:
    """Halts the portfolio when equity has fallen from its peak by ``limit`` or more.

    Drawdown is ``1 - equity / peak``, the peak being the largest equity since the first slice, or since the release of
    the halt that this rule asked for: the first equity after that is the new peak. Equity is that of the
    facts, open positions included, so no trade need be closed for the rule to see a loss.

    Attributes:
        limit: the drawdown that halts, as a fraction, above 0 and at most 1.
    """

    needs: ClassVar[frozenset[str]] = frozenset({"equity"})

    limit: float = attrs.field(default=0.2, validator=_limit)
    _peak: float | None = attrs.field(default=None, init=False)

    @property
    def peak(self) -> float | None:
        """The largest equity so far; None before the first."""
        return self._peak

    def judge(self, facts: Facts) -> str | None:
        """Say how far equity is below its peak, if that is too far.

        Raises:
            EquityError: The facts give no equity, one that is no number or below 0, or 0 before there is a peak.
        """
        equity = facts.equity
        if equity is None:
            raise EquityError(equity, "the facts of this slice give none")
        if not isfinite(equity) or equity < 0:
            raise EquityError(equity, "it must be a finite number, not below 0")
        if self._peak is None and equity == 0:
            raise EquityError(equity, "there is nothing that it could be measured against")
        peak = self._peak = equity if self._peak is None else max(self._peak, equity)
        if peak - equity < self.limit * (1 - _ROUNDING) * peak:
            return None
        down = 1 - equity / peak
        return f"equity {equity:,.2f} is {down * 100:.1f} % below its peak of {peak:,.2f}: limit {self.limit * 100:g} %"

    def begin_anew(self) -> None:
        """Forget the peak: the next equity is the new one."""
        self._peak = None
