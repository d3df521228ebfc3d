"""The shipped strategy that trades: when it enters and leaves, with how much, and what it refuses."""

import re

import pytest
import trio

from tests.execution.parts import MINUTE, event, flat
from tradedesk.backtest import run_backtest
from tradedesk.execution import PaperBroker
from tradedesk.marketdata import Slice
from tradedesk.portfolio import EqualSplitRiskPolicy, Instrument, PortfolioRunner
from tradedesk.strategies import TrendFollower

X = Instrument("X")
UP_AND_DOWN = [100, 100, 100, 102, 104, 106, 108, 110, 108, 104, 100, 96, 96, 96]


def run(closes, *, budget=60.0, cash=100_000.0, **settings):
    broker = PaperBroker([X], cash=cash)
    strategy = TrendFollower(X, broker.desk(X), **{"fast": 2, "slow": 3, "window": 2, "multiple": 3.0} | settings)
    runner = PortfolioRunner({X: strategy}, EqualSplitRiskPolicy(budget), 1_000_000.0, dispatch="direct")
    source = [Slice((at + 1) * MINUTE, (event("X", flat(close)),)) for at, close in enumerate(closes)]
    return trio.run(run_backtest, runner, broker, source)


def test_it_holds_while_the_fast_mean_is_above_the_slow_one_and_fills_at_the_next_open():
    fills = run(UP_AND_DOWN).fills
    # above from the fourth close on, granted at the fifth, filled at the sixth; below at the tenth
    assert [(fill.side, fill.close_time // MINUTE, fill.price) for fill in fills] == [
        ("buy", 6, 106.0),
        ("sell", 11, 100.0),
    ]


def test_its_size_loses_the_granted_risk_when_the_price_falls_by_so_many_ranges():
    # the true range is 0, 2 and 2 at the fifth close, smoothed over two candles: 1.5; the budget of 60 is all its own
    assert run(UP_AND_DOWN).fills[0].size == 60 // (1.5 * 3)


def test_it_never_enters_on_the_default_which_nobody_counts():
    assert run(UP_AND_DOWN, budget=0.0).fills == ()


def test_it_asks_again_when_an_order_was_refused():
    result = run(UP_AND_DOWN, cash=1_000.0)
    assert len(result.refused) > 1
    assert result.fills == ()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"fast": 5, "slow": 5}, "fast is 5 and slow 5; fast must be below slow"),
        ({"multiple": 0.0}, "multiple is 0.0; it must be above 0"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(settings, sentence):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        run(UP_AND_DOWN, **settings)
