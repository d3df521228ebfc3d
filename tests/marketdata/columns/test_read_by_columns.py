"""Readers by columns: the same candles and the same errors as the reader of the core, whatever the file."""

import csv
import gzip
import io
import random
import subprocess
import sys
import tracemalloc
from collections import deque
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import polars as pl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.marketdata.file_texts import odd_texts, sound_texts
from tradedesk.marketdata import (
    Candle,
    DamagedFileError,
    EmptyFileError,
    HeaderError,
    MarketDataError,
    PeriodError,
    RowError,
    RowOrderError,
    UnreadableFileError,
    columns,
    read_csv,
)
from tradedesk.marketdata.columns import _chunks, _frames

PRICES = {"open": [1.2, 1.3], "high": [1.4, 1.4], "low": [1.1, 1.1], "close": [1.3, 1.2]}
TEXTS = {"timestamp": ["2020-01-01T00:00:00Z", "2020-01-01T04:00:00Z"]}


def naive(text):
    """A date-time without a zone, which is UTC in a file."""
    return datetime.fromisoformat(text)


MOMENTS = st.datetimes(naive("1700-01-01"), naive("2200-01-01"))


def outcome(reader, path, period="MONTH"):
    """All candles up to the first fault, and the fault."""
    slices = []
    try:
        for one in reader(path, instrument="EURUSD", period=period):
            slices.append(one)  # noqa: PERF402 - what came before the error is kept
    except MarketDataError as error:
        return slices, type(error), str(error), error.args
    return slices, None, "", ()


def parquet(folder, table, name="eurusd.parquet"):
    path = folder / name
    pl.DataFrame(table).write_parquet(path)
    return path


def candles(path, **options):
    slices = columns.read_candles(path, instrument="EURUSD", period="4HOUR", **options)
    return [event.candle for one in slices for event in one.events]


def failure(folder, table, kind):
    path = parquet(folder, table)
    with pytest.raises(kind) as caught:
        candles(path)
    assert type(caught.value) is kind
    return str(caught.value).replace(f"{folder}/", "")


@settings(max_examples=150)
@given(odd_texts() | st.binary(max_size=40), st.booleans(), st.sampled_from([50, 1 << 19]))
@example(b"timestamp,open,high,low,close,note\n2020-01-01,1,1,1,1,a\n2020-01-02,1,1,1,1\n", False, 1 << 19)
@example(b'timestamp,open,high,low,close,note\n2020-01-01,1,1,1,1,"a\n2020-01-02,1,1,1,1,b\n', False, 1 << 19)
@example(b"timestamp,open,high,low,close,note\n2020-01-01,1,1,1,1,a\0\n2020-01-02,1,1,1,1,b\n", False, 1 << 19)
@example(b"timestamp,open,high,low,close,note\n2020-01-01,1,1,1,1,a\rb\n2020-01-02,1,1,1,1,b\n", False, 1 << 19)
@example(b"timestamp,open,high,low,close\n0000-01-01,1,1,1,1\n", False, 1 << 19)
@example(b"timestamp,open,high,low,close\n 2020-01-01, 1,1, 1,1\n\n 2020-01-02,1,1,1,1\n", False, 1 << 19)
@example(b"open,timestamp,high,low,close\n1, 2020-01-01,1, 1,1\n1, 2020-01-02,1,1,1\n", False, 1 << 19)
def test_csv_by_columns_gives_the_candles_and_the_error_of_the_core(tmp_path_factory, content, compressed, chunk):
    path = tmp_path_factory.mktemp("csv") / ("a.csv.gz" if compressed else "a.csv")
    path.write_bytes(gzip.compress(content) if compressed else content)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_chunks, "_CHUNK", chunk)
        assert outcome(columns.read_csv, path, "DAY") == outcome(read_csv, path, "DAY")


def test_a_plain_file_is_read_without_the_reader_of_the_core(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_text("timestamp,open,high,low,close\r\n2020-01-01,1,1,1,1\r\n2020-01-02,1,1,1,1")
    monkeypatch.setattr(_chunks, "slices_of_csv", None)

    assert len(list(columns.read_csv(path, instrument="A", period="DAY"))) == 2


@settings(max_examples=60)
@given(sound_texts(), st.booleans())
def test_the_same_data_as_csv_and_as_parquet_gives_identical_candles(tmp_path_factory, texts, typed):
    header, rows = texts
    folder = tmp_path_factory.mktemp("same")
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    (folder / "a.csv").write_text(text.getvalue())
    cells = dict(zip(header, zip(*rows, strict=True), strict=True))
    if typed:
        kinds = {"timestamp": str, "tick_count": int}
        cells = {name: list(map(kinds.get(name, float), column)) for name, column in cells.items()}
    path = parquet(folder, cells)

    by_rows = outcome(read_csv, folder / "a.csv")

    assert by_rows[1] is None
    assert outcome(columns.read_csv, folder / "a.csv") == by_rows
    assert outcome(columns.read_parquet, path) == by_rows


@settings(max_examples=60)
@given(st.lists(MOMENTS, min_size=1, max_size=5, unique=True).map(sorted),
       st.sampled_from(["ms", "us", "ns"]), st.booleans())  # fmt: skip
def test_date_times_of_any_unit_become_texts_that_the_core_reads_to_the_same_close(
    tmp_path_factory, moments, unit, zoned
):
    folder = tmp_path_factory.mktemp("moments")
    stamps = pl.Series(moments).cast(pl.Datetime(unit)).unique(maintain_order=True)
    stamps = stamps.dt.replace_time_zone("UTC").dt.convert_time_zone("America/New_York") if zoned else stamps
    ones = [1.0] * len(stamps)
    path = parquet(folder, {"time": stamps, "open": ones, "high": ones, "low": ones, "close": ones})

    slices = outcome(columns.read_parquet, path)[0]

    texts = [one.events[0].candle.timestamp for one in slices]
    (folder / "a.csv").write_text("\n".join(["time,open,high,low,close", *(f"{text},1,1,1,1" for text in texts)]))
    assert slices == outcome(read_csv, folder / "a.csv")[0]
    assert len(slices) == len(ones)


@pytest.mark.parametrize(
    ("stamps", "texts"),
    [
        ([date(2020, 1, 1), date(2020, 1, 2)], ["2020-01-01", "2020-01-02"]),
        ([1_577_836_800, 1_577_851_200], ["1577836800", "1577851200"]),
        (
            [datetime(2020, 1, 1, tzinfo=UTC), datetime(2020, 1, 1, 4, 0, 0, 500, tzinfo=UTC)],
            ["2020-01-01T00:00:00Z", "2020-01-01T04:00:00.000500Z"],
        ),
        ([naive("2020-01-01"), naive("2020-01-01T04:00")], ["2020-01-01T00:00:00Z", "2020-01-01T04:00:00Z"]),
        (
            [datetime(2020, 1, 1, 5, tzinfo=timezone(timedelta(hours=5))), datetime(2020, 1, 1, 4, tzinfo=UTC)],
            ["2020-01-01T00:00:00Z", "2020-01-01T04:00:00Z"],
        ),
    ],
)
def test_a_timestamp_that_is_no_text_is_written_as_one(tmp_path, stamps, texts):
    assert [candle.timestamp for candle in candles(parquet(tmp_path, {"date": stamps, **PRICES}))] == texts


def test_columns_go_by_name_and_numbers_may_be_of_any_type(tmp_path):
    table = {
        "Close": pl.Series([Decimal("1.1"), Decimal("1.2")]),
        "note": ["a", None],
        "HIGH": ["2.5", "1_0"],
        "low": [1, 1],
        "Open": pl.Series([1.5, 1.25], dtype=pl.Float32),
        "Tick_Count": pl.Series([7, 8], dtype=pl.UInt8),
        "Datetime": ["2020-01-01", "2020-01-02"],
    }

    assert candles(parquet(tmp_path, table)) == [
        Candle("2020-01-01", 1.5, 2.5, 1.0, 1.1, tick_count=7),
        Candle("2020-01-02", 1.25, 10.0, 1.0, 1.2, tick_count=8),
    ]


def test_a_name_decides_who_reads_it(tmp_path):
    (tmp_path / "a.txt").write_text("timestamp,open,high,low,close\n2020-01-01,1,1,1,1\n")

    assert candles(tmp_path / "a.txt") == [Candle("2020-01-01", 1.0, 1.0, 1.0, 1.0)]
    for name in ("A.PARQUET", "a.pq"):
        assert len(candles(str(parquet(tmp_path, TEXTS | PRICES, name)))) == 2


def test_a_stamp_may_mark_the_close(tmp_path):
    path = parquet(tmp_path, TEXTS | PRICES)

    first, _ = columns.read_candles(path, instrument="EURUSD", period="4HOUR", stamp="close")

    assert first.close_time == 1_577_836_800 * 10**9


@pytest.mark.parametrize("reader", [columns.read_candles, columns.read_parquet, columns.read_csv])
def test_arguments_are_checked_at_the_call(reader):
    with pytest.raises(MarketDataError, match="stamp is 'end'; it must be 'open' or 'close'"):
        reader("absent.parquet", instrument="EURUSD", period="DAY", stamp="end")
    with pytest.raises(PeriodError, match="period '4h' is not a count and a unit"):
        reader("absent.parquet", instrument="EURUSD", period="4h")


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            {"high": [1.4, 1.05]},
            "row 2, column 'high': '1.05' is below low 1.1; a candle keeps low <= open, close <= high",
        ),
        ({"high": [1.4, None]}, "row 2, column 'high': '' is empty; it must be a number"),
        ({"high": [1.4, float("nan")]}, "row 2, column 'high': 'nan' is not finite"),
        (
            {"high": ["1.4", "n/a"]},
            "row 2, column 'high': 'n/a' is not a number; write it with digits and a decimal point only",
        ),
        ({"Volume": [1, -1]}, "row 2, column 'Volume': '-1' is negative"),
    ],
)
def test_a_bad_value_has_the_words_it_has_in_a_csv_file(tmp_path, change, text):
    assert failure(tmp_path, TEXTS | PRICES | change, RowError) == f"eurusd.parquet, {text}"


def test_a_timestamp_that_is_no_moment(tmp_path):
    text = failure(tmp_path, {"timestamp": ["2020-01-01", "yesterday"], **PRICES}, RowError)

    assert text.startswith("eurusd.parquet, row 2, column 'timestamp': 'yesterday' is not a moment (")


@pytest.mark.parametrize("stamps", [["2020-01-02", "2020-01-01"], [date(2020, 1, 2), date(2020, 1, 1)]])
def test_time_that_goes_back(tmp_path, stamps):
    assert failure(tmp_path, {"timestamp": stamps, **PRICES}, RowOrderError) == (
        "eurusd.parquet, row 2, column 'timestamp': '2020-01-01' is before '2020-01-02' in the row before: "
        "time goes back; sort the file, oldest first"
    )


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"high": [[1.4], [1.4]]}, "column 'high' holds List(Float64); the high must be numbers or their texts"),
        (
            {"tick_count": [1.0, 2.0]},
            "column 'tick_count' holds Float64; the tick_count must be whole numbers or their texts",
        ),
        (
            {"timestamp": [1.5, 2.5]},
            "column 'timestamp' holds Float64; the timestamp must be date-times, dates, whole counts or their texts",
        ),
    ],
)
def test_a_column_of_another_type(tmp_path, change, text):
    assert failure(tmp_path, TEXTS | PRICES | change, HeaderError) == f"eurusd.parquet: {text}"


def test_a_column_that_is_not_there(tmp_path):
    text = failure(tmp_path, TEXTS | {name: PRICES[name] for name in ("open", "high", "low")}, HeaderError)

    assert text.startswith("eurusd.parquet: has no column 'close'; its columns are 'timestamp', 'open', 'high', 'low'")


def test_a_file_without_rows(tmp_path):
    assert failure(tmp_path, {name: pl.Series([], dtype=pl.Float64) for name in PRICES} | {"time": pl.Series([], dtype=pl.Date)},
                   EmptyFileError) == "eurusd.parquet: has columns but no candles"  # fmt: skip


def test_a_missing_file_and_a_directory(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"absent\.parquet: cannot be read: No such file or directory"):
        candles(tmp_path / "absent.parquet")
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(UnreadableFileError, match=r"folder\.parquet: cannot be read: Is a directory"):
        candles(tmp_path / "folder.parquet")


@pytest.mark.parametrize("keep", [0, 3, 8, 200, -1])
def test_a_file_that_is_cut_short(tmp_path, keep):
    path = parquet(tmp_path, TEXTS | PRICES)
    path.write_bytes(path.read_bytes()[:keep])

    with pytest.raises(
        DamagedFileError, match=r"eurusd\.parquet: it is no Parquet file, or not a whole one \(.*\); write or"
    ):
        candles(path)


def test_a_fault_far_into_a_file_comes_after_all_candles_before_it(tmp_path, monkeypatch):
    monkeypatch.setattr(_frames, "_FRAME", 1_500)
    rows = 4_000
    table = {"time": range(10**9, 10**9 + rows), **{name: [1.0] * rows for name in PRICES}}
    table["low"][3_210] = 2.0

    slices, kind, text, _ = outcome(columns.read_parquet, parquet(tmp_path, table), "1SECOND")

    assert (len(slices), kind) == (3_210, RowError)
    assert ", row 3211, column 'high': '1.0' is below low 2.0" in text


def long_file(folder, rows, name):
    table = pl.DataFrame({"time": range(10**9, 10**9 + rows)}).with_columns(
        *(pl.lit(price).alias(name) for name, price in (("open", 1.0), ("high", 2.0), ("low", 0.5), ("close", 1.5)))
    )
    path = folder / f"{rows}{name}"
    table.write_parquet(path) if name == ".parquet" else table.write_csv(path)
    return path


READERS = {".parquet": columns.read_parquet, ".csv": columns.read_csv}


@pytest.mark.parametrize("name", READERS)
def test_memory_does_not_depend_on_the_length_of_a_file(tmp_path, name):
    deque(READERS[name](long_file(tmp_path, 1_000, name), instrument="A", period="1SECOND"), maxlen=0)
    peaks = []
    for rows in (2_000, 200_000):
        path = long_file(tmp_path, rows, name)
        tracemalloc.start()
        deque(READERS[name](path, instrument="A", period="1SECOND"), maxlen=0)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    # A chunk of text is half a megabyte, and held up to four times; 200,000 candles as objects would be 70 MB.
    assert peaks[1] < peaks[0] + 2_500_000


RESIDENT = """
import resource, sys
from collections import deque
from tradedesk.marketdata import columns
for path in sys.argv[1:]:
    deque(columns.read_parquet(path, instrument="A", period="1SECOND"), maxlen=0)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_resident_memory_does_not_depend_on_the_length_of_a_file(tmp_path):
    paths = [str(long_file(tmp_path, rows, ".parquet")) for rows in (2_000, 100_000, 400_000)]

    printed = subprocess.run([sys.executable, "-c", RESIDENT, *paths], capture_output=True, check=True, text=True)

    _, before, after = map(int, printed.stdout.split())
    assert after - before < 20_000  # kilobytes; 300,000 candles more would be 100,000


MISSING = """
import sys
sys.modules["polars"] = None
from tradedesk.marketdata import columns
print(len(list(columns.read_candles(sys.argv[1], instrument="A", period="1SECOND"))))
for reader in (columns.read_candles, columns.read_parquet, columns.read_csv):
    try:
        reader("a.parquet", instrument="A", period="1SECOND")
    except ValueError as error:
        print(type(error).__name__, error)
"""


def test_without_polars_csv_is_read_by_the_core_and_the_rest_names_the_extra(tmp_path):
    path = long_file(tmp_path, 3, ".csv")

    printed = subprocess.run([sys.executable, "-c", MISSING, path], capture_output=True, check=True, text=True)

    sentence = "UnreadableFileError a.parquet: reading it by columns needs polars: pip install 'tradedesk-actors[data]'"
    assert printed.stdout.splitlines() == ["3", sentence, sentence, sentence]


def test_whatever_the_bytes_of_a_parquet_file_the_outcome_is_candles_or_an_error_that_names_it(tmp_path):
    seconds = range(10**9, 10**9 + 50)
    path = parquet(tmp_path, {"time": seconds, **{name: [1.0] * 50 for name in PRICES}, "note": ["x"] * 50})
    content, chance, kinds = path.read_bytes(), random.Random(7), set()
    for _ in range(60):
        spoilt = bytearray(content)
        spoilt[chance.randrange(len(spoilt))] ^= chance.randrange(1, 256)
        path.write_bytes(spoilt)
        slices, kind, text, _ = outcome(columns.read_parquet, path, "1SECOND")
        assert len(slices) == 50 if kind is None else text.startswith(str(path))
        kinds.add(kind)

    assert kinds >= {None, DamagedFileError}
