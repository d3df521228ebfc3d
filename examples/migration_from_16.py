"""Strategies in two phases and a policy of tradedesk 1.6, as they were written, under this runner.

A policy of 1.6 is given a mapping of sleeve to instrument, one of this runner a list of sleeves. `Of16` stands between.

Run it with: python migration_from_16.py
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import trio

from tradedesk.marketdata import Candle
from tradedesk.portfolio import CandleCloseEvent, Instrument, PortfolioRunner

# As it was written for 1.6, but for the base classes ------------------------------------------------------------------


class Threshold:
    """Active beyond a price."""

    def __init__(self, instrument: str, threshold: float) -> None:
        self.instrument = Instrument(instrument)
        self.threshold = threshold
        self.entries: list[str] = []
        self._close = 0.0
        self._risk_per_trade = 0.0

    def set_risk_per_trade(self, value: float) -> None:
        self._risk_per_trade = value

    def is_regime_active(self) -> bool:
        return self._close > self.threshold

    async def update_state(self, event: Any) -> None:
        self._close = event.candle.close

    async def evaluate_signals(self) -> None:
        if self.is_regime_active():
            self.entries.append(f"{self._risk_per_trade:g} at {self._close:g}")


@dataclass(frozen=True)
class PerInstrumentPolicy:
    """Split the budget over the instruments, and the part of each over its sleeves."""

    portfolio_risk_budget: float

    def allocate(self, active_sleeves: Mapping[Any, Instrument]) -> Mapping[Any, float]:
        sleeves_on = Counter(active_sleeves.values())
        return {
            sleeve: self.portfolio_risk_budget / len(sleeves_on) / sleeves_on[instrument]
            for sleeve, instrument in active_sleeves.items()
        }


# What is new ----------------------------------------------------------------------------------------------------------


class Of16:
    """Hands a policy of 1.6 the mapping that it expects."""

    def __init__(
        self,
        policy: PerInstrumentPolicy,
        strategies: Mapping[Instrument, Threshold],
    ) -> None:
        self.portfolio_risk_budget = policy.portfolio_risk_budget  # held by the runner
        self._policy = policy
        self._strategies = strategies

    def allocate(self, active: list[Instrument]) -> Mapping[Instrument, float]:
        sleeves = {sleeve: self._strategies[sleeve].instrument for sleeve in active}
        return self._policy.allocate(sleeves)


def closed(name: str, minute: int, close: float) -> CandleCloseEvent:
    candle = Candle(f"2024-03-01T09:{minute:02}Z", open=close, high=close, low=close, close=close)
    return CandleCloseEvent(instrument=Instrument(name), period="15MINUTE", candle=candle)


EVENTS = [
    closed("AUDCAD", 0, 0.90),
    closed("EURUSD", 0, 1.09),
    closed("AUDCAD", 15, 0.93),
    closed("EURUSD", 15, 1.11),
    closed("AUDCAD", 30, 0.91),
    closed("EURUSD", 30, 1.12),
]


async def main() -> None:
    strategies = {
        Instrument("Fade_AUDCAD"): Threshold("AUDCAD", 0.895),
        Instrument("Reversion_AUDCAD"): Threshold("AUDCAD", 0.92),
        Instrument("Fade_EURUSD"): Threshold("EURUSD", 1.10),
    }
    policy = Of16(PerInstrumentPolicy(portfolio_risk_budget=60.0), strategies)
    async with PortfolioRunner(strategies, policy, default_risk_per_trade=5.0) as runner:
        for event in EVENTS:
            await runner.on_candle_close(event)
    for sleeve, strategy in strategies.items():
        print(f"{sleeve:<17} entered with", ", ".join(strategy.entries))


if __name__ == "__main__":
    trio.run(main)
