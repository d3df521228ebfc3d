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


LIFE = ("start", "first slice", "add", "remove", "stop")
"""What happens to a portfolio of actors besides slices."""


async def life(sleeves: int, part: str, changes: int = 10) -> float:
    """Microseconds for each sleeve that one part of a portfolio's life takes; `add` and `remove`: for each change."""
    names = [f"I{number}" for number in range(sleeves)]
    runner = PortfolioRunner({name: Idle() for name in names}, EqualSplitRiskPolicy(100.0), 1.0)
    watches = {name: Stopwatch() for name in LIFE}
    with watches["start"]:
        await runner.__aenter__()
    with watches["first slice"]:
        await runner.on_slice([CandleCloseEvent(name, "1MINUTE", None) for name in names])
    with watches["add"]:
        for number in range(changes):
            await runner.add(f"N{number}", Idle())
    with watches["remove"]:
        for number in range(changes):
            await runner.remove(f"N{number}")
    with watches["stop"]:
        await runner.__aexit__(None, None, None)
    return watches[part].micros(changes if part in ("add", "remove") else sleeves)
