"""Small portfolios that do enough: regimes that flip by turns, with a pause in mid-handler where a test wants one."""

from collections.abc import Awaitable, Callable, Sequence

from tradedesk.marketdata import CandleCloseEvent
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument, StrategySpec

BUDGET = 100.0
DEFAULT = 7.0

Pause = Callable[[], Awaitable[object]]


async def go_on() -> None:
    pass


class Flipping:
    """Active by a script that it goes through candle by candle, and remembers what it has seen."""

    def __init__(self, script: Sequence[bool] = (True,), pause: Pause = go_on) -> None:
        self.script, self.pause = script, pause
        self.seen: list[object] = []
        self.risk = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self.risk = value

    def is_regime_active(self) -> bool:
        return self.script[len(self.seen) % len(self.script)]

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        await self.pause()
        self.seen.append(event.candle)


class InTwo:
    """The same in two phases."""

    def __init__(self, script: Sequence[bool] = (True,)) -> None:
        self.script = script
        self.seen: list[object] = []

    def set_risk_per_trade(self, value: float) -> None:
        pass

    def is_regime_active(self) -> bool:
        return self.script[len(self.seen) % len(self.script)]

    def update_state(self, event: CandleCloseEvent) -> None:
        self.seen.append(event.candle)

    async def evaluate_signals(self) -> None:
        pass


SCRIPTS = ((True, False, True), (True, True, False), (False, True), (True, False), (True,))


def flipping(count: int, pause: Pause = go_on) -> dict[Instrument, Flipping]:
    """So many strategies, A and so on, which take turns in having the budget."""
    return {Instrument(key): Flipping(script, pause) for key, script in zip("ABCDE"[:count], SCRIPTS, strict=False)}


def mixed() -> dict[Instrument, object]:
    """Two sleeves in one phase, of which one wants two periods, and one in two."""
    two = StrategySpec(InTwo((True, False)), instrument=Instrument("A"), period="HOUR")
    return {**flipping(2), Instrument("T"): two}


def policy() -> EqualSplitRiskPolicy:
    return EqualSplitRiskPolicy(BUDGET)


def stream(keys: str, slices: int, periods: Sequence[str] = ("HOUR",)) -> list[list[CandleCloseEvent]]:
    """Slices with a candle for each key and period; a candle is its number."""
    return [
        [CandleCloseEvent(Instrument(key), period, number) for key in keys for period in periods]
        for number in range(slices)
    ]
