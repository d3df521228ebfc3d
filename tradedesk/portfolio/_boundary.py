"""Where code of the user runs: the one place in which an exception becomes a value."""

from typing import Any, Final

from tradedesk.portfolio._errors import shown
from tradedesk.portfolio._waves import Failure, Kind

_CANDLE: Final = Kind.CANDLE
_POLL: Final = Kind.POLL
_CALL: Final = Kind.CALL
_ROUND: Final = Kind.ROUND


async def perform(kind: Kind, subject: Any, payload: Any) -> object:
    """Let a strategy, or another subject, do its part in the caller's task, and return the outcome.

    A report is True or False, an amount's and a call's is what comes back, and an exception of the
    subject is a `Failure`. A cancellation is no failure: it passes through. What comes in was checked by nobody:
    hence the types.

    A round has no outcome: it takes pairs of strategy and event from an iterator, and adds the report of each to a
    list. A failure ends it behind the pair that failed, and is for the caller to add, who then goes on with the rest.
    """
    try:
        if kind is _CANDLE:
            await subject.on_candle_close(payload)
        elif kind is _ROUND:
            for strategy, event in subject:
                await strategy.on_candle_close(event)
                said: object = strategy.is_regime_active()
                payload.append(said if said is True or said is False else _as_bool(said))
            return None
        elif kind is not _POLL:
            result = (subject if kind is _CALL else subject.set_risk_per_trade)(payload)
            return await result if hasattr(result, "__await__") else result
        report: object = subject.is_regime_active()
        return report if report is True or report is False else _as_bool(report)
    except Exception as error:  # noqa: BLE001 - see the module's first line
        return Failure(error)


def _as_bool(report: object) -> bool:
    """Take what equals True or False, such as a numpy bool; anything else is a mistake, not a regime."""
    problem = None
    try:
        for answer in (True, False):
            if report == answer:
                return answer
    except (TypeError, ValueError, RuntimeError) as error:  # what arrays and tensors of several elements raise
        problem = error
    raise TypeError(f"is_regime_active() must return True or False, not {shown(report)}") from problem
