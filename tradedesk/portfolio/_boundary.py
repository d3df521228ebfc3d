"""Where code of the user runs: the one place in which an exception becomes a value."""

from collections.abc import Sequence
from typing import Final, cast

from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio._waves import Allocate, Answer, Failure, Kind
from tradedesk.portfolio.types import PortfolioStrategy, RiskAllocationPolicy

_CANDLE: Final = Kind.CANDLE
_RISK: Final = Kind.RISK


async def perform(
    kind: Kind | Allocate,
    subjects: Sequence[PortfolioStrategy | RiskAllocationPolicy],
    payloads: Sequence[object],
) -> list[object]:
    """Let each subject do its part, one after the other, in the caller's task; one outcome each.

    A report is True or False, an amount taken is None, the policy's is an `Answer`, and an exception of the
    subject is a `Failure`. A cancellation is no failure: it passes through.
    """
    outcomes: list[object] = []
    for subject, payload in zip(subjects, payloads, strict=True):
        outcome: object = None
        try:
            if kind is _RISK:
                cast("PortfolioStrategy", subject).set_risk_per_trade(cast("float", payload))
            elif isinstance(kind, Allocate):
                outcome = _ask(cast("RiskAllocationPolicy", subject), kind)
            else:
                strategy = cast("PortfolioStrategy", subject)
                if kind is _CANDLE:
                    await strategy.on_candle_close(cast("CandleCloseEvent", payload))
                outcome = strategy.is_regime_active()
                if outcome is not True and outcome is not False:
                    outcome = _as_bool(outcome)  # type: ignore[unreachable] # the annotation is a hope
        except Exception as error:  # noqa: BLE001 - see the module's first line
            outcome = Failure(error)
        outcomes.append(outcome)
    return outcomes


def _ask(policy: RiskAllocationPolicy, request: Allocate) -> Answer:
    return Answer(policy.allocate(request.active), getattr(policy, "portfolio_risk_budget", None))


def _as_bool(report: object) -> bool:
    """Take what equals True or False, such as a numpy bool; anything else is a mistake, not a regime."""
    for answer in (True, False):
        if report == answer:
            return answer
    raise TypeError(f"is_regime_active() must return True or False, not {report!r}")
