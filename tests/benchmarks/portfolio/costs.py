"""What a candle costs on its way through the runner, the strategy doing nothing."""

from collections import deque

from tests.benchmarks.measure import Stopwatch
from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, PortfolioRunner, Quarantine, Slice


class Idle:
    """Always active, so every slice is allocated over every sleeve."""

    def set_risk_per_trade(self, value):
        self.risk = value

    def is_regime_active(self):
        return True

    async def on_candle_close(self, event):
        self.event = event


class Flapping(Idle):
    """Changes its regime with every candle, in step with the others: every slice moves the whole budget."""

    def __init__(self, phase):
        self.active = phase

    def is_regime_active(self):
        return self.active

    async def on_candle_close(self, event):
        self.active = not self.active


PROMISES = {
    "no promise but the flow": {},
    "polled": {"poll": True},
    "a trace": {"traced": True},
    "a candle_timeout": {"candle_timeout": 1.0},
    "quarantine": {"on_failure": Quarantine()},
    "every slice reallocated": {"flapping": True},
}
"""What each promise costs: the options that ask for it."""


async def slices(
    sleeves: int,
    rounds: int,
    *,
    dispatch: str,
    poll: bool,
    flapping: bool = False,
    traced: bool = False,
    **options: object,
) -> float:
    """Microseconds for each candle of full slices, fed by run(); ``options`` are the runner's."""
    names = [f"I{number}" for number in range(sleeves)]
    strategies = {name: Flapping(number % 2 == 0) if flapping else Idle() for number, name in enumerate(names)}
    if traced:
        options["trace"] = deque(maxlen=1).append
    policy = EqualSplitRiskPolicy(100.0)
    runner = PortfolioRunner(strategies, policy, 1.0, dispatch=dispatch, poll_regimes=poll, **options)
    events = tuple(CandleCloseEvent(name, "1MINUTE", None) for name in names)
    source = [Slice(number, events) for number in range(rounds)]
    async with runner:
        await runner.on_slice(events)
        with Stopwatch() as watch:
            await runner.run(source)
    return watch.micros(sleeves * rounds)
