"""A small portfolio that other processes can build by name, over a made-up history."""

import os
import signal
from collections.abc import Iterator, Sequence
from math import sin

from tradedesk.execution import PaperBroker
from tradedesk.marketdata import Candle, CandleCloseEvent, Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner
from tradedesk.research import Trial

HOUR = 3_600 * 1_000_000_000
NAMES = ("UP", "DOWN")
SLICES = 120


def slices(count: int = SLICES) -> Iterator[Slice]:
    """Two instruments that swing against each other."""
    for number in range(1, count + 1):
        swing = 10 * sin(number / 5)
        events = []
        for name, side in zip(NAMES, (1, -1), strict=True):
            close = 100 + side * swing + number / 50
            events.append(CandleCloseEvent(name, "1HOUR", Candle("", close, close + 1, close - 1, close)))
        yield Slice(number * HOUR, tuple(events))


class Swing:
    """Holds `size` while the last close is above the mean of the last `window` ones."""

    def __init__(self, desk, window: int, size: float = 1.0, fails_at: float | None = None) -> None:
        self.desk, self.window, self.size, self.fails_at = desk, window, size, fails_at
        self.closes: list[float] = []

    def set_risk_per_trade(self, value: float) -> None: ...

    def is_regime_active(self) -> bool:
        return len(self.closes) > self.window and self.closes[-1] > sum(self.closes[-self.window :]) / self.window

    async def on_candle_close(self, event: CandleCloseEvent) -> None:
        self.closes.append(event.candle.close)
        if len(self.closes) == self.fails_at:
            raise LookupError(f"no level at candle {self.fails_at}")
        if self.is_regime_active() and not self.desk.size:
            self.desk.buy(self.size)
        elif not self.is_regime_active():
            self.desk.close()


def build(window: int = 5, size: float = 1.0, *, fails_at: int | None = None, warm_up: int = 0, **more) -> Trial:
    broker = PaperBroker(NAMES, cash=10_000.0)
    runner = PortfolioRunner(
        {name: Swing(broker.desk(name), window, size, fails_at) for name in NAMES},
        EqualSplitRiskPolicy(portfolio_risk_budget=10.0),
        default_risk_per_trade=1.0,
        dispatch=more.get("dispatch", "direct"),
    )
    return Trial(runner, broker, slices(more.get("slices", SLICES)), warm_up)


def refuses(window: int) -> Trial:
    raise ValueError(f"window {window} is not to my taste")


def dies(window: int) -> Trial:
    if window == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return build(window)


def hangs(window: int, folder: str) -> Trial:
    """Write down which process this is, and never come back."""
    with open(f"{folder}/{os.getpid()}", "w", encoding="utf-8"):  # noqa: PTH123 - one line
        pass
    while True:
        signal.pause()


class Peeks(Swing):
    """Knows the whole history from the beginning, and the next close from that."""

    def __init__(self, desk, window: int, future: Sequence[float], *, ahead: int = 1) -> None:
        super().__init__(desk, window)
        self.future, self.ahead = future, ahead

    def is_regime_active(self) -> bool:
        now = len(self.closes)
        later = now - 1 + self.ahead
        return 0 < now <= later < len(self.future) and self.future[later] > self.closes[-1]


def of_history(history: Sequence[Slice], *, peeks: bool = False, ahead: int = 1, dispatch: str = "direct") -> Trial:
    broker = PaperBroker(NAMES, cash=10_000.0)
    strategies = {}
    for place, name in enumerate(NAMES):
        closes = [slice_.events[place].candle.close for slice_ in history]
        desk = broker.desk(name)
        strategies[name] = Peeks(desk, 5, closes, ahead=ahead) if peeks and name == "DOWN" else Swing(desk, 5)
    runner = PortfolioRunner(strategies, EqualSplitRiskPolicy(10.0), default_risk_per_trade=1.0, dispatch=dispatch)
    return Trial(runner, broker, history)
