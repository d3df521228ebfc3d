"""One test for each way a file can be bad: what the error says, where, and what to do."""

import gzip

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradedesk.marketdata import (
    DamagedFileError,
    EmptyFileError,
    HeaderError,
    MarketDataError,
    RowError,
    RowOrderError,
    UnreadableFileError,
    read_csv,
)

HEADER = "timestamp,open,high,low,close,volume"
GOOD = "2020-01-01T00:00:00Z,1.2,1.4,1.1,1.3,10"
NEXT = "2020-01-01T04:00:00Z,1.2,1.4,1.1,1.3,10"


def failure(tmp_path, content, kind, name="eurusd.csv"):
    """Read a file with this content and give the error, its folder taken out of the text."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(kind) as caught:
        list(read_csv(path, instrument="EURUSD", period="4HOUR"))
    assert type(caught.value) is kind
    assert caught.value.file == str(path)
    return caught.value, str(caught.value).replace(f"{tmp_path}/", "")


def bad_row(tmp_path, row, kind=RowError):
    return failure(tmp_path, f"{HEADER}\n{GOOD}\n{row}\n", kind)


def test_a_missing_file(tmp_path):
    with pytest.raises(UnreadableFileError, match=r"absent\.csv: cannot be read: No such file or directory"):
        next(read_csv(tmp_path / "absent.csv", instrument="EURUSD", period="DAY"))


def test_a_directory(tmp_path):
    with pytest.raises(UnreadableFileError, match="cannot be read: Is a directory"):
        next(read_csv(tmp_path, instrument="EURUSD", period="DAY"))


@pytest.mark.parametrize("content", ["", "\n\n", "\ufeff"])
def test_an_empty_file(tmp_path, content):
    _, text = failure(tmp_path, content, EmptyFileError)

    assert text == "eurusd.csv: is empty; its first line must name the columns"


def test_a_header_without_candles(tmp_path):
    _, text = failure(tmp_path, HEADER + "\n\n", EmptyFileError)

    assert text == "eurusd.csv: has a header but no candles"


def test_a_misspelt_column_is_named_with_its_likely_form(tmp_path):
    _, text = failure(tmp_path, "timestamp,opn,high,low,close\n", HeaderError)

    assert text == (
        "eurusd.csv: has no column 'open'; its columns are 'timestamp', 'opn', 'high', 'low', 'close'; "
        "rename 'opn' to 'open'"
    )


def test_a_file_without_a_header(tmp_path):
    _, text = failure(tmp_path, GOOD + "\n", HeaderError)

    assert text.startswith("eurusd.csv: has no column 'timestamp', 'open', 'high', 'low', 'close'; its columns are")
    assert text.endswith("; the first line of the file must name the columns")


@pytest.mark.parametrize("mark", [";", "\t"])
def test_another_separator(tmp_path, mark):
    _, text = failure(tmp_path, HEADER.replace(",", mark) + "\n", HeaderError)

    assert text.endswith(f"; separate columns with commas, not with {mark!r}")


def test_two_columns_for_one_field(tmp_path):
    _, text = failure(tmp_path, "Date,Time,open,high,low,close\n", HeaderError)

    assert text == "eurusd.csv: columns 'Date' and 'Time' both give the timestamp; keep one"


def test_a_last_row_that_is_cut_short(tmp_path):
    error, text = bad_row(tmp_path, "2020-01-01T04:00:00Z,1.2,1")

    assert text == (
        "eurusd.csv, line 3: the row has 3 fields and the header 6; "
        "it is the last row, so the file was cut short: fetch it again or remove the row"
    )
    assert (error.line, error.column, error.value) == (3, None, None)


def test_a_row_in_the_middle_that_is_cut_short(tmp_path):
    _, text = failure(tmp_path, f"{HEADER}\n1.2,1\n{NEXT}\n", RowError)

    assert text == (
        "eurusd.csv, line 2: the row has 2 fields and the header 6; the row is cut short: complete or remove it"
    )


def test_a_row_with_too_many_fields(tmp_path):
    _, text = bad_row(tmp_path, "2020-01-01T04:00:00Z,1,2,1,4,1,1,1,3")

    assert text == (
        "eurusd.csv, line 3: the row has 9 fields and the header 6; "
        "quote a field that holds a comma, and write decimals with a point"
    )


@pytest.mark.parametrize(
    ("row", "column", "value", "rule"),
    [
        ("2020-01-01T04:00:00Z,1.2,n/a,1.1,1.3,10", "high", "n/a", "is not a number; write it with digits"),
        ("2020-01-01T04:00:00Z,1.2,,1.1,1.3,10", "high", "", "is empty; it must be a number"),
        ("2020-01-01T04:00:00Z,1.2,1.4,1.1,nan,10", "close", "nan", "is not finite"),
        ("2020-01-01T04:00:00Z,1.2,inf,1.1,1.3,10", "high", "inf", "is not finite"),
        (
            "2020-01-01T04:00:00Z,1.2,1.05,1.10,1.3,10",
            "high",
            "1.05",
            "is below low 1.1; a candle keeps low <=",
        ),
        (
            "2020-01-01T04:00:00Z,1.2,1.4,1.1,1.5,10",
            "close",
            "1.5",
            "is above high 1.4; a candle keeps low <=",
        ),
        ("2020-01-01T04:00:00Z,1.2,1.4,1.1,1.3,-1", "volume", "-1", "is negative"),
        ("01.01.2020,1.2,1.4,1.1,1.3,10", "timestamp", "01.01.2020", "is not a moment; write ISO 8601"),
        ("yesterday,1.2,1.4,1.1,1.3,10", "timestamp", "yesterday", "is not a moment (Invalid isoformat"),
        ("20200101,1.2,1.4,1.1,1.3,10", "timestamp", "20200101", "has 8 digits, which leaves open"),
    ],
)
def test_a_bad_value(tmp_path, row, column, value, rule):
    error, text = bad_row(tmp_path, row)

    assert text.startswith(f"eurusd.csv, line 3, column {column!r}: {value!r} {rule}")
    assert (error.line, error.column, error.value) == (3, column, value)
    assert error.rule.startswith(rule)


def test_a_tick_count_that_is_not_whole(tmp_path):
    _, text = failure(tmp_path, "date,open,high,low,close,Tick_Count\n2020-01-01,1,1,1,1,1.5\n", RowError)

    assert text.startswith("eurusd.csv, line 2, column 'Tick_Count': '1.5' is not a whole number; write it")


def test_a_month_that_ends_after_the_calendar(tmp_path):
    path = tmp_path / "eurusd.csv"
    path.write_text("date,open,high,low,close\n9999-12-01,1,1,1,1\n")

    with pytest.raises(RowError, match="line 2, column 'date': '9999-12-01' period 'MONTH' from 9999-12-01 closes"):
        next(read_csv(path, instrument="EURUSD", period="MONTH"))


def test_time_that_goes_back(tmp_path):
    error, text = bad_row(tmp_path, "2019-12-31T20:00:00Z,1.2,1.4,1.1,1.3,10", RowOrderError)

    assert text == (
        "eurusd.csv, line 3, column 'timestamp': '2019-12-31T20:00:00Z' is before '2020-01-01T00:00:00Z' "
        "in the row before: time goes back; sort the file, oldest first"
    )
    assert (error.line, error.column) == (3, "timestamp")


def test_a_time_that_repeats(tmp_path):
    _, text = bad_row(tmp_path, "2020-01-01T01:00:00+01:00,1.2,1.4,1.1,1.3,10", RowOrderError)

    assert text == (
        "eurusd.csv, line 3, column 'timestamp': '2020-01-01T01:00:00+01:00' is the time of the row before "
        "('2020-01-01T00:00:00Z') again; keep one of the two"
    )


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_utf_16_text(tmp_path, encoding):
    _, text = failure(tmp_path, f"{HEADER}\n{GOOD}\n".encode(encoding), DamagedFileError)

    assert text.startswith("eurusd.csv: ")
    assert "UTF-16" in text


def test_latin_1_text(tmp_path):
    _, text = failure(tmp_path, f"{HEADER},note\n{GOOD},-\n{NEXT},caf\xe9\n".encode("latin-1"), DamagedFileError)

    assert text == "eurusd.csv: line 3 is not UTF-8, perhaps latin-1 or cp1252; save the file as UTF-8"


@pytest.mark.parametrize("row", [b"\0" * 40, b"2020-01-01T04:00:00Z,1.2,1.4,1.1,1.3,\0\0"])
def test_nul_bytes(tmp_path, row):
    _, text = failure(tmp_path, f"{HEADER}\n{GOOD}\n".encode() + row, DamagedFileError)

    assert text == "eurusd.csv: line 3 holds NUL bytes: the file is UTF-16, or was never written to its end"


def test_a_quote_that_is_never_closed(tmp_path):
    _, text = bad_row(tmp_path, f'"{NEXT}')

    assert text == "eurusd.csv, line 3: not CSV (unexpected end of data); look for a quote without its pair"


def test_a_gzip_file_that_is_cut_short(tmp_path):
    content = gzip.compress(f"{HEADER}\n{GOOD}\n".encode())[:-9]
    _, text = failure(tmp_path, content, DamagedFileError, "eurusd.csv.gz")

    assert text.startswith("eurusd.csv.gz: the gzip data is cut short or corrupt (Compressed file ended before")
    assert text.endswith("; fetch or compress the file again")


@pytest.mark.parametrize("place", [10, -8])
def test_a_gzip_file_that_is_corrupt(tmp_path, place):
    content = bytearray(gzip.compress(f"{HEADER}\n{GOOD}\n".encode()))
    content[place] ^= 0xFF
    _, text = failure(tmp_path, bytes(content), DamagedFileError, "eurusd.csv.gz")

    assert text.startswith("eurusd.csv.gz: the gzip data is cut short or corrupt (")


def test_a_name_that_promises_gzip_and_a_file_that_is_none(tmp_path):
    _, text = failure(tmp_path, HEADER, DamagedFileError, "eurusd.csv.gz")

    assert text.startswith("eurusd.csv.gz: the gzip data is cut short or corrupt (Not a gzipped file")


def test_a_gzip_file_whose_name_does_not_say_so(tmp_path):
    _, text = failure(tmp_path, gzip.compress(HEADER.encode()), DamagedFileError)

    assert text == "eurusd.csv: it is compressed with gzip; let its name end in .csv.gz"


def test_latin_1_text_in_a_gzip_file_that_is_cut_short(tmp_path):
    content = gzip.compress(f"{HEADER}\n{GOOD}\ncaf\xe9".encode("latin-1"))[:-8]
    failure(tmp_path, content, DamagedFileError, "eurusd.csv.gz")


@st.composite
def spoilt(draw):
    content = bytearray(f"{HEADER}\n{GOOD}\n{NEXT}\n".encode())
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        content[start : start + draw(st.integers(0, 6))] = draw(st.binary(max_size=4))
    return bytes(content)


@settings(deadline=None)
@given(spoilt() | st.binary(max_size=40), st.booleans())
def test_whatever_the_bytes_the_outcome_is_candles_or_an_error_that_names_the_file(
    tmp_path_factory, content, compressed
):
    path = tmp_path_factory.mktemp("spoilt") / ("a.csv.gz" if compressed else "a.csv")
    path.write_bytes(gzip.compress(content) if compressed else content)

    try:
        assert list(read_csv(path, instrument="EURUSD", period="MONTH"))
    except MarketDataError as error:
        assert str(error).startswith(str(path))
