"""Made-up days, played by a portfolio: three sleeves in two currencies that do what a script says."""

import attrs
import trio

from tests.execution.parts import MINUTE, event, flat
from tests.execution.scenarios import SLEEVES, Step
from tradedesk.backtest import BacktestResult, run_backtest
from tradedesk.execution import Conversion, HearsFills, PaperBroker, Terms
from tradedesk.marketdata import Slice, merge
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner


class Scripted:
    """Asks for what the script says, candle by candle; is active while it holds something."""

    def __init__(self, sleeve, desk, script):
        self.sleeve, self.desk, self.script = sleeve, desk, script
        self.heard = []

    def set_risk_per_trade(self, value):
        pass

    def is_regime_active(self):
        return self.desk.size != 0

    def on_fill(self, fill):
        self.heard.append(fill)

    async def on_candle_close(self, candle):
        for wish in self.script.get(int(candle.candle.timestamp), ()):
            if wish.sleeve == self.sleeve:
                wish.make(self.desk)


def sources(day: list[Step]) -> dict[str, list[Slice]]:
    """One source for each instrument; a candle's timestamp is its minute."""
    found = {"X": [], "Y": [], "USDJPY": []}
    for number, step in enumerate(day, start=1):
        for name, bar in (("X", step.x), ("Y", step.y), ("USDJPY", flat(step.rate))):
            if bar is not None:
                made = event(name, bar)
                stamped = attrs.evolve(made, candle=attrs.evolve(made.candle, timestamp=str(number)))
                found[name].append(Slice(number * MINUTE, (stamped,)))
    return found


def played(
    day: list[Step],
    terms: Terms,
    *,
    market_fill="next_open",
    dispatch="direct",
    poll=True,
    order=("X", "Y", "USDJPY"),
    turned=False,
    scheduler=None,
) -> tuple[BacktestResult, dict[str, Scripted]]:
    broker = PaperBroker(
        {"X": terms, "Y": attrs.evolve(terms, currency="JPY"), "USDJPY": Terms()},
        cash=100_000.0,
        conversions={"JPY": Conversion("USDJPY", inverted=True)},
        market_fill=market_fill,
    )
    script = {number: step.wishes for number, step in enumerate(day, start=1)}
    players = {key: Scripted(key, broker.desk(key, name), script) for key, name in SLEEVES.items()}
    runner = PortfolioRunner(
        {key: HearsFills(player, player.desk) for key, player in players.items()},
        EqualSplitRiskPolicy(9.0),
        default_risk_per_trade=1.0,
        dispatch=dispatch,
        poll_regimes=poll,
        unknown_instruments="ignore",
        scheduler=scheduler,
    )
    each = sources(day)

    def source():
        for slice_ in merge(*(each[name] for name in order)):
            yield Slice(slice_.close_time, slice_.events[::-1]) if turned else slice_

    async def main():
        async with runner:
            return await run_backtest(runner, broker, source())

    return trio.run(main), players
