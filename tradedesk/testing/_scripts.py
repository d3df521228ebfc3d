"""Strategies that play a script: when they are active, and when they crash."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import attrs

from tradedesk.marketdata import CandleCloseEvent
from tradedesk.testing._hypothesis import st

Call = Literal["report", "risk", "candle"]
CALLS: Final[tuple[Call, ...]] = ("candle", "report", "risk")
"""The calls of a strategy that may crash: to handle a candle, to report its regime, to take its risk."""


class PlannedCrash(Exception):
    """What a strategy raises at a crash point."""


@attrs.frozen
class CrashPoint:
    """One call of one strategy that fails.

    Attributes:
        sleeve: whose call.
        call: "candle", "report" or "risk".
        number: which of these calls, from 1.
        late: at the end of the call, when the strategy has done its part.
    """

    sleeve: str
    call: Call
    number: int
    late: bool = False


def crash_points(
    sleeves: Iterable[str], *, calls: Iterable[Call] = CALLS, last: int = 10
) -> st.SearchStrategy[CrashPoint]:
    """Where a crash may happen; shrinks to the first candle of the first sleeve.

    Args:
        sleeves: who may crash.
        calls: in which calls.
        last: the last call of a kind that may fail.
    """
    return st.builds(CrashPoint, st.sampled_from(list(sleeves)), st.sampled_from(list(calls)), st.integers(1, last))


def regime_scripts(
    sleeves: Iterable[str], *, min_size: int = 1, max_size: int = 10
) -> st.SearchStrategy[dict[str, tuple[bool, ...]]]:
    """For each sleeve, whether it is active: before its first candle, after it, and so on. Shrinks to never.

    Args:
        sleeves: who.
        min_size: shortest script; the last entry of one holds to the end.
        max_size: longest script.
    """
    script = st.lists(st.booleans(), min_size=min_size, max_size=max_size).map(tuple)
    return st.fixed_dictionaries(dict.fromkeys(sleeves, script))


@attrs.define(eq=False)
class ScriptedStrategy:
    """A strategy of a script: active as it says, and crashing where it is told to.

    Attributes:
        script: whether it is active, before its first candle, after it, and so on; the last entry holds to the end.
        crashes: the calls that raise `PlannedCrash`; those of other sleeves do not matter if `sleeve` is given.
        sleeve: its key in the portfolio; None takes all crashes for its own.
        calls: what was called, in order: ("candle", event), ("report", answer), ("risk", amount).
    """

    script: Sequence[bool] = (True,)
    crashes: Iterable[CrashPoint] = ()
    sleeve: str | None = None
    calls: list[tuple[Call, object]] = attrs.field(factory=list, init=False)
    _made: dict[Call, int] = attrs.field(factory=lambda: dict.fromkeys(CALLS, 0), init=False)

    def set_risk_per_trade(self, value: float) -> None:
        """Write the risk down."""
        self._called("risk", value)

    def is_regime_active(self) -> bool:
        """Say what the script says after so many candles."""
        answer = bool(self.script) and self.script[min(self._made["candle"], len(self.script) - 1)]
        self._called("report", answer)
        return answer

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        """Write the candle down."""
        self._called("candle", event)

    def _called(self, call: Call, subject: object) -> None:
        self.calls.append((call, subject))
        number = self._made[call] = self._made[call] + 1
        for point in self.crashes:
            if (point.call, point.number) == (call, number) and self.sleeve in (None, point.sleeve):
                raise PlannedCrash(f"call {number} of {call} fails, as planned")


def scripted(scripts: Mapping[str, Sequence[bool]], crashes: Iterable[CrashPoint] = ()) -> dict[str, ScriptedStrategy]:
    """Make the strategies of a portfolio from scripts of `regime_scripts` and points of `crash_points`."""
    points = tuple(crashes)
    return {sleeve: ScriptedStrategy(script, points, sleeve) for sleeve, script in scripts.items()}
