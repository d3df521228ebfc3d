"""The demo: its figures, held by a golden text and recomputed without any of our code that makes them; its report."""

import csv
import gzip
import re
from importlib.resources import files

import pytest
from attrs import evolve

from tradedesk.cli import _app

GOLDEN = """\
five shares, daily candles

sleeve   candles   active   mean allocation    largest   trades      profit   max drawdown
──────────────────────────────────────────────────────────────────────────────────────────
AAPL       3,270    69.2%            792.07   2,000.00        9   52,285.56         −11.0%
FB           196    19.9%            982.91   1,000.00        0     −288.57          −1.7%
GOOG       2,148    60.9%            667.69   2,000.00        9   18,181.88          −5.1%
IBM        3,270    61.4%            785.52   2,000.00       13    9,507.72          −9.5%
MSFT       3,270    47.0%            656.68   2,000.00       14   −9,826.91         −12.3%

start          100,000.00 USD  budget                  2,000.00
end            169,859.69 USD  largest total held      2,000.00
total return          69.86 %  mean use of the budget     80.9%
annual return          4.16 %  mean active sleeves         2.19
volatility             7.44 %  slices                     3,270
max drawdown         −19.18 %  candles                   12,154
Sharpe                   0.59  fills                         93
Sortino                  0.83  trades                        45
win rate              46.67 %  refused orders                 0
profit factor            2.76  faults                         0

The report is tradedesk-demo.html; open it in a browser.
Run hash HASH
The largest total held did not exceed the budget.
candles per second  SPEED
"""


def without_speed(text: str) -> str:
    return re.sub(r"(candles per second) +[\d,]+", r"\1  SPEED", text)


def without_hash(text: str) -> str:
    """The tutorial shows the hash, and a test holds it to that."""
    return re.sub(r"^Run hash [0-9a-f]{64}$", "Run hash HASH", text, flags=re.MULTILINE)


@pytest.mark.parametrize("dispatch", ["actors", "direct"])
def test_the_demo_prints_this_and_writes_its_report(tradedesk, tmp_path, dispatch):
    ended = tradedesk("demo", "--dispatch", dispatch)

    assert re.sub(r" +$", "", without_hash(without_speed(ended.out)), flags=re.MULTILINE) == GOLDEN
    assert (ended.code, ended.err) == (0, "")
    page = (tmp_path / "tradedesk-demo.html").read_text()
    assert re.search(r"^Run hash (.*)$", ended.out, re.MULTILINE)[1] in page


def test_a_report_that_was_there_is_not_replaced_without_a_word(tradedesk, tmp_path):
    (tmp_path / "mine.html").write_text("precious")

    ended = tradedesk("demo", "--dispatch", "direct", "--report", "mine.html")

    assert "\nThe report is mine.html in place of the one that was there; open it in a browser.\n" in ended.out
    assert [path.name for path in tmp_path.iterdir()] == ["mine.html"]


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("{folder}", "--report {folder} is a folder; name a file in it"),
        ("{folder}/gone/r.html", "--report {folder}/gone/r.html cannot be written: there is no folder {folder}/gone"),
    ],
)
def test_a_report_that_cannot_be_written_is_refused_before_the_run(tradedesk, tmp_path, target, sentence):
    ended = tradedesk("demo", "--report", target.format(folder=tmp_path))

    assert ended == (2, "", f"tradedesk: {sentence.format(folder=tmp_path)}\n")


def test_budget_and_default_scale_what_is_held(tradedesk):
    ended = tradedesk("demo", "--budget", "0.05", "--default-risk", "0", "--dispatch", "direct")

    row = next(line for line in ended.out.splitlines() if line.startswith("AAPL"))
    assert row.split()[:6] == ["AAPL", "3,270", "69.2%", "0.0198", "0.0500", "0"]


def closes(share: str) -> list[float]:
    with gzip.open(str(files("tradedesk.sampledata") / f"{share}.csv.gz"), "rt") as stream:
        return [float(row["close"]) for row in csv.DictReader(stream)]


@pytest.mark.parametrize("share", ["GOOG", "IBM"])
def test_candles_and_share_active_agree_with_a_plain_recomputation(tradedesk, share):
    prices = closes(share)  # of shares that were not split
    active = 0
    for day in range(149, len(prices) - 1):
        # what is known at the close of a day is reported for the slice of the next
        active += sum(prices[day - 49 : day + 1]) / 50 > sum(prices[day - 149 : day + 1]) / 150
    expected = [share, f"{len(prices):,}", f"{active / len(prices):.1%}"]

    out = tradedesk("demo", "--dispatch", "direct").out

    assert next(line for line in out.splitlines() if line.startswith(share)).split()[:3] == expected


def test_a_total_above_the_budget_is_an_error(tradedesk, monkeypatch):
    honest = _app.trade

    async def overspend(desk, broker, progress):
        traded = await honest(desk, broker, progress)
        return evolve(traded, figures=evolve(traded.figures, largest_total=2_001.0))

    monkeypatch.setattr(_app, "trade", overspend)

    ended = tradedesk("demo", "--dispatch", "direct")

    sentence = "tradedesk: the run failed: the sleeves held 2001.0 in total, which exceeds the budget of 2000.0\n"
    assert (ended.code, ended.err) == (1, sentence)
    assert "did not exceed" not in ended.out
