"""Run by the peer's own interpreter: microseconds for each candle of the 0.3.0 loop, for one number of sleeves."""

import asyncio
import sys
import time

from tradedesk.portfolio import CandleCloseEvent, EqualSplitRiskPolicy, PortfolioRunner


class Idle:
    def set_risk_per_trade(self, value):
        self.risk = value

    def is_regime_active(self):
        return True

    async def on_candle_close(self, event):
        self.event = event


async def main(sleeves, rounds):
    names = [f"I{number}" for number in range(sleeves)]
    runner = PortfolioRunner({name: Idle() for name in names}, EqualSplitRiskPolicy(100.0), 1.0)
    events = [CandleCloseEvent(name, "1MINUTE", None) for name in names]
    began = time.process_time()
    for _ in range(rounds):
        for event in events:
            await runner.on_candle_close(event)
    return (time.process_time() - began) / (sleeves * rounds) * 1e6


if __name__ == "__main__":
    print(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]))))
