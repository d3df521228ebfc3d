import gzip
import hashlib
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
