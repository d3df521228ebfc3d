import gzip
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradedesk.marketdata import Candle, MarketDataError, PeriodError, merge, parse_timestamp, read_csv

ROW = "2020-01-01T00:00:00Z,1.2,1.4,1.1,1.3"


def read(path, **options):
    return read_csv(path, instrument="EURUSD", period="4HOUR", **options)


def written(folder, *lines, name="eurusd.csv"):
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def candles(slices):
    return [event.candle for one in slices for event in one.events]


@st.composite
def series(draw):
    times = sorted(draw(st.sets(st.integers(0, 10**10), max_size=20)))
    four = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=4, max_size=4).map(sorted)
    volumes, ticks = st.floats(0, 1e300), st.integers(0, 10**12)
    return [
        Candle(f"{t:010d}", middle[0], high, low, middle[1], draw(volumes), draw(ticks))
        for t in times
        for low, *middle, high in [draw(four)]
    ]


@settings(deadline=None)
@given(
    series().filter(bool),
    st.permutations(["timestamp", "open", "high", "low", "close", "volume", "tick_count"]),
)
def test_what_was_written_is_read_back(tmp_path_factory, written_candles, order):
    rows = [",".join(str(getattr(candle, name)) for name in order) for candle in written_candles]
    path = written(tmp_path_factory.mktemp("csv"), ",".join(order), *rows)

    slices = list(read(path))

    assert candles(slices) == written_candles
    assert [s.close_time for s in slices] == [(int(c.timestamp) + 14_400) * 10**9 for c in written_candles]


def test_a_timestamp_marks_the_start_unless_told_otherwise(tmp_path):
    path = written(tmp_path, "timestamp,open,high,low,close", ROW)

    (by_open,), (by_close,) = read(path), read(path, stamp="close")

    assert by_open.close_time == parse_timestamp("2020-01-01T04:00:00Z")
    assert by_close.close_time == parse_timestamp("2020-01-01T00:00:00Z")


def test_months_close_by_the_calendar(tmp_path):
    path = written(tmp_path, "date,open,high,low,close", "2020-01-01,1,1,1,1", "2020-02-01,1,1,1,1")

    slices = list(read_csv(path, instrument="EURUSD", period="MONTH"))

    assert [s.close_time for s in slices] == [parse_timestamp("2020-02-01"), parse_timestamp("2020-03-01")]


def test_columns_go_by_name_and_the_rest_is_ignored(tmp_path):
    path = written(
        tmp_path,
        "Close, HIGH ,note,Low,Open,DateTime,Tick_Count",
        '1.3,1.4,"a, b",1.1,1.2,2020-01-01,7',
        "",
        "1.3, 1.4,,1.1,1.2,2020-01-02,8",
    )

    assert candles(read(path)) == [
        Candle("2020-01-01", 1.2, 1.4, 1.1, 1.3, tick_count=7),
        Candle("2020-01-02", 1.2, 1.4, 1.1, 1.3, tick_count=8),
    ]


def test_compressed_text_with_a_byte_order_mark_is_read(tmp_path):
    path = tmp_path / "eurusd.csv.gz"
    path.write_bytes(gzip.compress(f'"time",open,high,low,close\r\n{ROW}\r\n'.encode("utf-8-sig")))

    assert candles(read(str(path))) == [Candle("2020-01-01T00:00:00Z", 1.2, 1.4, 1.1, 1.3)]


def test_arguments_are_checked_at_the_call():
    with pytest.raises(MarketDataError, match="stamp is 'end'; it must be 'open' or 'close'"):
        read("absent.csv", stamp="end")
    with pytest.raises(PeriodError, match="period '4h' is not a count and a unit"):
        read_csv("absent.csv", instrument="EURUSD", period="4h")


@pytest.mark.parametrize("how", ["exhausted", "failed", "closed"])
def test_the_file_is_closed_however_reading_ends(tmp_path, monkeypatch, how):
    path = written(tmp_path, "timestamp,open,high,low,close", ROW, *(["oops"] if how == "failed" else []))
    opened = []
    real_open = Path.open
    monkeypatch.setattr(Path, "open", lambda *a, **k: opened.append(real_open(*a, **k)) or opened[-1])
    slices = read(path)
    assert not opened

    next(slices)
    assert not opened[0].closed
    if how == "closed":
        slices.close()
    else:
        with pytest.raises(StopIteration if how == "exhausted" else MarketDataError):
            next(slices)

    assert opened[0].closed


def test_three_long_series_merge_into_slices_of_three(shared_path):
    names = ("eurusd", "gbpusd", "usdjpy")
    sources = [read_csv(shared_path("data", "fx") / f"{n}_4h.csv", instrument=n.upper(), period="4HOUR") for n in names]

    slices = list(merge(*sources))

    assert len(slices) == 14_400
    assert {tuple(e.instrument for e in s.events) for s in slices} == {("EURUSD", "GBPUSD", "USDJPY")}
