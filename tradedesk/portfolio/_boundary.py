"""Where code of the user runs: the one place in which an exception becomes a value."""

from typing import Any, Final

from tradedesk.portfolio._waves import Answer, Failure, Kind

_CANDLE: Final = Kind.CANDLE
_RISK: Final = Kind.RISK
_ALLOCATE: Final = Kind.ALLOCATE
_POLL: Final = Kind.POLL


async def perform(kind: Kind, subject: Any, payload: Any) -> object:
    """Let a strategy, the policy or a source do its part, in the caller's task, and return the outcome.

    A report is True or False, an amount taken is None, the policy's is an `Answer`, a source's is a plan, or None
    at its end; an exception of the subject is a `Failure`. A cancellation is no failure: it passes through. What
    comes in was checked by nobody: hence the types.
    """
    try:
        if kind is _CANDLE:
            await subject.on_candle_close(payload)
        elif kind is not _POLL:
            return _ask(kind, subject, payload)
        report: object = subject.is_regime_active()
        return report if report is True or report is False else _as_bool(report)
    except Exception as error:  # noqa: BLE001 - see the module's first line
        return Failure(error)


def _ask(kind: Kind, subject: Any, payload: Any) -> object:
    if kind is _RISK:
        taken = subject.set_risk_per_trade(payload)
        if hasattr(taken, "__await__"):
            raise TypeError("set_risk_per_trade() must be a plain method: an async one would never take the amount")
        return None
    if kind is _ALLOCATE:
        return Answer(subject.allocate(payload), getattr(subject, "portfolio_risk_budget", None))
    return subject.next_plan()


def _as_bool(report: object) -> bool:
    """Take what equals True or False, such as a numpy bool; anything else is a mistake, not a regime."""
    for answer in (True, False):
        if report == answer:
            return answer
    raise TypeError(f"is_regime_active() must return True or False, not {report!r}")
