"""Which candles came: the meter against a slow count, and what a run says of late listings and gaps."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.execution.parts import MINUTE, event, flat
from tests.execution.test_running import NAMES, desk_with
from tradedesk.backtest import Coverage, run_backtest
from tradedesk.backtest._coverage import CoverageMeter
from tradedesk.execution import HearsFills, PaperBroker
from tradedesk.marketdata import Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, PortfolioRunner, StrategySpec

LENGTHS = {"1MINUTE": MINUTE, "5MINUTE": 5 * MINUTE}
slots = st.sets(st.sampled_from([(name, period) for name in "AB" for period in LENGTHS]))
runs = st.lists(st.tuples(st.integers(1, 3), slots), min_size=1, max_size=25)


def made(run):
    time, slices = 0, []
    for step, present in run:
        time += step * MINUTE
        events = tuple(event(name, flat(1.0), period) for name, period in sorted(present))
        slices.append(Slice(time, events))
    return slices


def slowly(slices):
    """The definitions of `Coverage`, word by word."""
    found = []
    seen = sorted(
        {(one.instrument, one.period) for slice_ in slices for one in slice_.events},
        key=lambda key: (key[0], LENGTHS[key[1]]),
    )
    for name, period in seen:
        mine = [s.close_time for s in slices if any((e.instrument, e.period) == (name, period) for e in s.events)]
        clock = [s.close_time for s in slices if any(e.period == period for e in s.events)]
        steps = [after - before for before, after in pairwise(mine)]
        found.append(
            Coverage(
                instrument=name,
                period=period,
                first=mine[0],
                last=mine[-1],
                bars=len(mine),
                missing=len([time for time in clock if mine[0] < time < mine[-1] and time not in mine]),
                late=len([time for time in clock if time < mine[0]]),
                early=len([time for time in clock if time > mine[-1]]),
                gaps=len([step for step in steps if step > LENGTHS[period]]),
                longest_gap=max(steps, default=0),
            )
        )
    return tuple(found)


@settings(max_examples=200)
@given(runs, st.integers(0, 25))
def test_the_meter_counts_what_a_slow_count_counts(run, asked_behind):
    meter = CoverageMeter()
    for place, slice_ in enumerate(slices := made(run)):
        if place == asked_behind:
            meter.coverage()
        meter.see(slice_)
    assert meter.coverage() == slowly(slices)
    assert meter.coverage() == slowly(slices)


def test_slices_that_look_alike_are_counted_too():
    slices = made([(1, {("A", "1MINUTE"), ("B", "1MINUTE")})] * 50)
    meter = CoverageMeter()
    for slice_ in slices:
        meter.see(slice_)
    assert meter.coverage() == slowly(slices)


def bar(minute, *names, period="1MINUTE", price=100.0):
    return Slice(minute * MINUTE, tuple(event(name, flat(price), period) for name in names))


async def test_a_late_listing_and_a_missing_bar_are_reported_and_the_run_goes_on():
    broker, players, runner = desk_with()
    source = [
        bar(1, "EURUSD", "GBPUSD"),
        bar(2, "EURUSD", "GBPUSD"),
        bar(3, "EURUSD", "EURGBP"),
        bar(4, *NAMES),
        bar(5, *NAMES, price=110.0),
        bar(9, "EURUSD", "EURGBP"),
    ]
    async with runner:
        result = await run_backtest(runner, broker, source)
    brief = {
        c.instrument: (c.bars, c.missing, c.late, c.early, c.gaps, c.longest_gap // MINUTE) for c in result.coverage
    }
    assert brief == {
        "EURGBP": (4, 0, 2, 0, 1, 4),
        "EURUSD": (6, 0, 0, 0, 1, 4),
        "GBPUSD": (4, 1, 0, 1, 1, 2),
    }
    assert [player.candles for player in players.values()] == [6, 4, 4]


async def test_what_is_held_is_marked_at_the_newest_price_there_is():
    broker, _, runner = desk_with()
    source = [bar(1, "EURUSD"), bar(2, "EURUSD", price=100.0), bar(3, "GBPUSD"), bar(4, "GBPUSD", price=50.0)]
    async with runner:
        result = await run_backtest(runner, broker, source)
    assert list(result.exposure) == [0.0, 100.0, 100.0, 150.0]
    assert list(result.equity) == [1_000.0] * 4


class Once:
    """Buys one at its first candle."""

    def __init__(self, desk):
        self.desk = desk
        self.periods = []
        self.fills = []

    def set_risk_per_trade(self, value):
        pass

    def is_regime_active(self):
        return True

    def on_fill(self, fill):
        self.fills.append(fill)

    async def on_candle_close(self, candle):
        if not self.periods:
            self.desk.buy(1)
        self.periods.append(candle.period)


async def test_sleeves_on_different_periods_share_one_account():
    broker = PaperBroker(["X"], cash=1_000.0)
    fast, slow = (Once(broker.desk(key, "X")) for key in ("fast", "slow"))
    runner = PortfolioRunner(
        {
            "fast": StrategySpec(HearsFills(fast, fast.desk), period="1MINUTE"),
            "slow": StrategySpec(HearsFills(slow, slow.desk), period="5MINUTE"),
        },
        EqualSplitRiskPolicy(10.0),
        default_risk_per_trade=1.0,
    )
    source = []
    for minute in range(1, 8):
        events = [event("X", flat(100.0 + minute), "1MINUTE")]
        if minute % 5 == 0:
            events.append(event("X", (101.0, 105.0, 101.0, 105.0), "5MINUTE"))
        source.append(Slice(minute * MINUTE, tuple(events)))
    async with runner:
        result = await run_backtest(runner, broker, source)
    assert (len(fast.periods), slow.periods) == (7, ["5MINUTE"])
    assert [(fill.sleeve, fill.price, fill.close_time // MINUTE) for fill in result.fills] == [
        ("fast", 102.0, 2),
        ("slow", 106.0, 6),
    ]
    assert list(result.equity) == [1_000.0, 1_000.0, 1_001.0, 1_002.0, 1_003.0, 1_004.0, 1_006.0]
    assert list(result.profit_of("slow")) == [0.0] * 6 + [1.0]
    assert [(one.period, one.bars) for one in result.coverage] == [("1MINUTE", 7), ("5MINUTE", 1)]
