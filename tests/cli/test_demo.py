"""The demo: its figures, held by a golden table and recomputed without any of our code that makes them."""

import csv
import gzip
import itertools
import re
from importlib.resources import files

import pytest
import trio

from tradedesk.cli import _app
from tradedesk.cli._play import Outcome
from tradedesk.cli._tally import Figures

GOLDEN = """\
five shares, daily candles

sleeve   candles   active   mean allocation   largest allocation
────────────────────────────────────────────────────────────────
AAPL       3,270    22.8%             63.32               100.00
FB           196    18.9%             66.31               100.00
GOOG       2,148    22.4%             57.70               100.00
IBM        3,270    23.3%             60.45               100.00
MSFT       3,270    22.8%             62.53               100.00

largest total held  100.00
budget              100.00
slices               3,270
candles             12,154
candles per second  SPEED

The largest total held did not exceed the budget.
"""


def without_speed(text: str) -> str:
    return re.sub(r"(candles per second) +[\d,]+ *", r"\1  SPEED", text)


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_the_demo_prints_this_table(tradedesk, dispatch):
    ended = tradedesk("demo", "--dispatch", dispatch)

    # the last column may be padded, by the width of the speed
    printed = re.sub(r" +$", "", without_speed(ended.out), flags=re.MULTILINE)
    squeezed = [re.sub(r" {2,}", "  ", text) for text in (printed, GOLDEN)]
    assert squeezed[0] == squeezed[1]
    assert (ended.code, ended.err) == (0, "")


def test_budget_and_default_scale_what_is_held(tradedesk):
    ended = tradedesk("demo", "--budget", "0.05", "--default-risk", "0", "--dispatch", "direct")

    row = next(line for line in ended.out.splitlines() if line.startswith("AAPL"))
    assert row.split() == ["AAPL", "3,270", "22.8%", "0.0317", "0.0500"]


def closes(share: str) -> list[float]:
    with gzip.open(str(files("tradedesk.sampledata") / f"{share}.csv.gz"), "rt") as stream:
        return [float(row["close"]) for row in csv.DictReader(stream)]


@pytest.mark.parametrize("share", ["GOOG", "IBM"])
def test_candles_and_share_active_agree_with_a_plain_recomputation(tradedesk, share):
    prices = closes(share)
    moves = [abs(after - before) / before for before, after in itertools.pairwise(prices)]
    active = [False] * len(prices)
    for day in range(20, len(moves)):
        # the move into the close of day + 1 is known when the slice of day + 2 is allocated
        if day + 2 < len(prices) and moves[day] > 1.5 * sum(moves[day - 20 : day]) / 20:
            active[day + 2] = True
    expected = [share, f"{len(prices):,}", f"{sum(active) / len(prices):.1%}"]

    out = tradedesk("demo", "--dispatch", "direct").out

    assert next(line for line in out.splitlines() if line.startswith(share)).split()[:3] == expected


def test_a_total_above_the_budget_is_an_error(tradedesk, monkeypatch):
    async def overspend(desk, progress):
        await trio.lowlevel.checkpoint()
        return Outcome(Figures(sleeves=(), slices=1, candles=1, largest_total=101.0, budget=100.0), 1.0)

    monkeypatch.setattr(_app, "play", overspend)

    ended = tradedesk("demo")

    sentence = "tradedesk: the run failed: the sleeves held 101.0 in total, which exceeds the budget of 100.0\n"
    assert (ended.code, ended.err) == (1, sentence)
    assert "did not exceed" not in ended.out
