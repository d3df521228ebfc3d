"""What the rules of this kit read: the trace of a runner, and between its records what the strategies met."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final, Literal

import attrs

from actors import DeadLetter
from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import TraceRecord

Method = Literal["set_risk_per_trade", "is_regime_active", "on_candle_close", "update_state", "evaluate_signals"]
Moment = Literal["begins", "ends", "fails", "is cut"]

HANDLERS: Final[AbstractSet[Method]] = frozenset({"on_candle_close", "update_state", "evaluate_signals"})
"""Between the beginning and the end of one of these the strategy is at work."""


@attrs.frozen
class Call:
    """A method of a strategy begins or ends. The trace speaks for whole waves; calls stand where they happened.

    Attributes:
        sleeve: whose strategy.
        method: its name.
        moment: "begins", "ends", "fails" (it raised), or "is cut" (it was cancelled).
        value: the amount, or the event; when ``is_regime_active`` ends, its answer; when a method fails, the error.
    """

    sleeve: str
    method: Method
    moment: Moment
    value: object = None


Item = TraceRecord | Call | DeadLetter
"""One line of a log."""


@attrs.frozen
class Premises:
    """What a log does not say, because it was so before the first record.

    Attributes:
        budget: of the first policy; None where it has none.
        default_risk: what sleeves outside the allocation get; None: not known, so not checked.
        two_phase: sleeves whose strategies play in two phases.
        cut: the runner's host was cancelled, so candles may have no end.
        calls: the log holds `Call` items, all of them.
        given: each candle that was fed, once for each sleeve that trades it; None: not known, so not checked.
    """

    budget: float | None = None
    default_risk: float | None = None
    two_phase: AbstractSet[str] = frozenset()
    cut: bool = False
    calls: bool = False
    given: Sequence[tuple[str, CandleCloseEvent]] | None = None


def described(item: Item) -> str:
    """One item as a short line."""
    if isinstance(item, Call):
        return f"{item.sleeve}.{item.method} {item.moment}{_value(item)}"
    if isinstance(item, DeadLetter):
        return f"dead letter to {item.actor!r}: {item.message!r}, {item.reason}"
    fields = attrs.asdict(item, recurse=False)
    sequence, number = fields.pop("sequence"), fields.pop("slice_number")
    fields.pop("close_time")
    sleeve = f" {fields.pop('sleeve')}" if "sleeve" in fields else ""
    rest = ", ".join(f"{name}={_shown(value)}" for name, value in fields.items())
    return f"record {sequence}, slice {number}: {type(item).__name__}{sleeve}{f' ({rest})' if rest else ''}"


def _value(call: Call) -> str:
    return "" if call.value is None else f" ({_shown(call.value)})"


def _shown(value: object) -> str:
    if isinstance(value, CandleCloseEvent):
        return f"{value.instrument} {value.period}"
    return repr(dict(value) if isinstance(value, Mapping) else value)
