import gzip
import hashlib
import itertools
import re
from importlib.resources import files

import pytest

from tradedesk.marketdata import MarketDataError, merge
from tradedesk.sampledata import names, read

PACKAGE = files("tradedesk.sampledata")


@pytest.mark.parametrize(
    ("name", "count", "first"),
    [
        ("AAPL", 3270, "2000-03-01"),
        ("FB", 196, "2012-05-18"),
        ("GOOG", 2148, "2004-08-19"),
        ("IBM", 3270, "2000-03-01"),
        ("MSFT", 3270, "2000-03-01"),
    ],
)
def test_a_share_has_these_candles(name, count, first):
    days = [event.candle.timestamp for one in read(name) for event in one.events]

    assert (len(days), days[0], days[-1]) == (count, first, "2013-03-01")


@pytest.mark.parametrize("name", ["AAPL", "FB", "GOOG", "IBM", "MSFT"])
def test_adjusted_for_splits_no_share_falls_or_rises_by_a_third_overnight_but_for_the_crash_that_was_none(name):
    raw = [one.events[0] for one in read(name)]
    adjusted = [one.events[0] for one in read(name, adjusted=True)]

    jumps = [
        after.candle.timestamp
        for before, after in itertools.pairwise(adjusted)
        if not 2 / 3 < after.candle.open / before.candle.close < 3 / 2
    ]
    assert jumps == (["2000-09-29"] if name == "AAPL" else [])
    for before, after in zip(raw, adjusted, strict=True):
        assert before.candle.close * before.candle.volume == after.candle.close * after.candle.volume
    assert raw[-1] == adjusted[-1]


def test_all_shares_merge_into_one_slice_a_day():
    slices = list(merge(*map(read, names())))

    assert len(slices) == 3270
    assert [event.instrument for event in slices[-1].events] == list(names())


def test_the_record_of_provenance_matches_the_files():
    record = (PACKAGE / "PROVENANCE.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)\.csv\.gz` \|.*\| `(\w{64})` \| `(\w{64})` \|$", record, re.MULTILINE)
    assert [name for name, _, _ in rows] == list(names())

    for name, compressed, content in rows:
        held = (PACKAGE / f"{name}.csv.gz").read_bytes()
        assert hashlib.sha256(held).hexdigest() == compressed
        assert hashlib.sha256(gzip.decompress(held)).hexdigest() == content


@pytest.mark.parametrize(("name", "day"), [("AAPL", "2000-06-21"), ("AAPL", "2005-02-28"), ("MSFT", "2003-02-18")])
def test_raw_prices_halve_on_the_day_of_a_split(name, day):
    candles = [event.candle for one in read(name) for event in one.events]
    index = next(i for i, candle in enumerate(candles) if candle.timestamp == day)

    assert candles[index].open / candles[index - 1].close == pytest.approx(0.5, abs=0.015)


def test_an_unknown_share_is_refused_with_the_known_ones():
    with pytest.raises(MarketDataError, match="the sample data has no 'TSLA'; it has AAPL, FB, GOOG, IBM, MSFT"):
        read("TSLA")
