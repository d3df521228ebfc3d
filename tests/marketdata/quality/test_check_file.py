"""What is found in a file, kind by kind; planted faults are found, and clean files have none."""

import gzip
import itertools
import tracemalloc
from importlib.resources import files
from operator import mul

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.marketdata.file_texts import odd_texts
from tradedesk.marketdata import MarketDataError, PeriodError, format_timestamp, parse_timestamp, read_csv
from tradedesk.marketdata.quality import KINDS, Checker, Example, Finding, check_file

HEADER = "timestamp,open,high,low,close,volume"
FIELDS = {name: place for place, name in enumerate(HEADER.split(","))}
HOUR = 3_600 * 10**9
DAY = 24 * HOUR
MONDAY = parse_timestamp("2020-01-06")


def check(rows, *, period=None, columns=FIELDS):
    checker = Checker("made.csv", columns, len(columns), period=period)
    for line, row in enumerate(rows, 2):
        checker.take(row, line)
    return checker.quality()


def walk(count, start=MONDAY, step=4 * HOUR, closed=lambda time: False):
    """Rows of a price that swings by half a percent."""
    times = (start + step * place for place in range(count))
    return [row(time, 100 + place * 7 % 5 * 0.25) for place, time in enumerate(times) if not closed(time)]


def row(time, price, **changes):
    cells = {"open": price, "high": price + 0.5, "low": price - 0.5, "close": price, "volume": 1, **changes}
    return [format_timestamp(time), *(str(cells[name]) for name in HEADER.split(",")[1:])]


def weekend(time):
    return (time - MONDAY) // DAY % 7 >= 5


def found(quality):
    return {finding.kind: finding.count for finding in quality.findings}


def examples(quality, kind):
    return next(finding.examples for finding in quality.findings if finding.kind == kind)


def spoilt(changes):
    """A clean series with the rows at some places replaced, by what a function makes of them."""
    rows = walk(80)  # not long enough for a week between two others
    return check([changes.get(place, list)(one) for place, one in enumerate(rows)])


def put(name, text):
    def change(cells):
        cells = [*cells]
        cells[FIELDS[name]] = text
        return cells

    return change


def test_a_clean_series_has_no_finding_and_its_clock_is_named():
    quality = check(walk(6 * 7 * 8, closed=weekend))

    assert (quality.findings, quality.clean, quality.period) == ((), True, "4HOUR")
    assert (quality.rows, quality.first, quality.last) == (240, "2020-01-06T00:00:00Z", "2020-02-28T20:00:00Z")
    assert quality.inferred == (
        "The period is 4HOUR: 97.1% of the steps between the first 240 times.",
        "Candles usually stand at Mon to Fri 00:00-24:00 UTC, in at least half of 8 weeks; gaps were looked for in 6.",
    )


@pytest.mark.parametrize(
    ("kind", "change", "detail"),
    [
        ("row", lambda cells: cells[:3], "3 fields instead of 6"),
        ("row", lambda cells: [*cells, ""], "7 fields instead of 6"),
        ("number", put("high", ""), "high ''"),
        ("number", put("volume", "many"), "volume 'many'"),
        ("number", put("open", "nan"), "open 'nan'"),
        ("timestamp", put("timestamp", "soon"), "cannot be read"),
        ("crossed", put("high", "1.0"), "open 101.0, high 1.0, low 100.5, close 101.0"),
        ("crossed", put("close", "102.0"), "open 101.0, high 101.5, low 100.5, close 102.0"),
        ("negative", put("volume", "-2"), "volume -2.0"),
        ("price", put("low", "0"), "low 0.0"),
        ("price", put("low", "-7"), "low -7.0"),
    ],
)
def test_a_row_that_is_none_is_found_with_its_line(kind, change, detail):
    quality = spoilt({50: change, 70: change})

    assert found(quality) == {kind: 2}
    first = examples(quality, kind)[0]
    assert first.line == 52
    assert first.detail == detail or kind in ("crossed", "price")
    assert not quality.clean


def test_a_time_that_repeats_says_whether_the_row_does():
    rows = walk(100)
    again = put("close", "100.25")(rows[10])

    quality = check([*rows[:11], rows[10], again, *rows[11:]])

    assert found(quality) == {"repeated": 2}
    assert [example.detail for example in examples(quality, "repeated")] == ["the same row", "with other values"]


def test_a_step_back_is_counted_once_and_what_follows_is_read_on():
    rows = walk(100)

    quality = check([*rows[:50], *rows[45:]])

    assert found(quality) == {"back": 1}
    assert examples(quality, "back") == (Example(52, "2020-01-13T12:00:00Z", "after 2020-01-14T04:00:00Z"),)
    assert quality.inferred[-1] == "4 rows between earlier times and later ones did not count for gaps."


def test_missing_candles_inside_a_session_are_a_gap_and_a_missing_day_is_a_notice():
    quality = check(walk(6 * 7 * 8, closed=lambda time: weekend(time) or time in HOLES or time // DAY == HOLIDAY))

    assert found(quality) == {"gap": 2, "day": 1}
    assert examples(quality, "gap") == (
        Example(None, "2020-01-15T04:00:00Z", "2 missing"),
        Example(None, "2020-01-16T20:00:00Z", "1 missing"),
    )
    assert examples(quality, "day") == (Example(None, "2020-01-29T00:00:00Z", "6 missing"),)


HOLES = [parse_timestamp(f"2020-01-{text}:00Z") for text in ("15T04", "15T08", "16T20")]
HOLIDAY = parse_timestamp("2020-01-29") // DAY


def test_only_notices_leave_a_file_clean():
    quality = check(walk(6 * 7 * 8, closed=lambda time: weekend(time) or time // DAY == HOLIDAY))

    assert quality.clean
    assert quality.findings == (Finding("day", 1, (Example(None, "2020-01-29T00:00:00Z", "6 missing"),)),)
    assert quality.findings[0].notice


def test_hours_that_shift_with_the_clock_of_the_market_are_no_gaps():
    def closed(time):
        summer = time >= MONDAY + 28 * DAY
        return not (13 if summer else 14) <= (time - MONDAY) % DAY // HOUR < (19 if summer else 20)

    quality = check(walk(24 * 7 * 8, step=HOUR, closed=closed))

    assert quality.findings == ()
    assert "at Mon to Sun 13:00-20:00 UTC" in quality.inferred[1]


def test_more_than_a_week_without_a_candle_is_one_gap():
    rows = walk(6 * 7 * 8, closed=lambda time: weekend(time) or 10 <= (time - MONDAY) // DAY < 25)

    assert examples(check(rows), "gap") == (Example(50, "2020-01-16T00:00:00Z", "nothing for 15.2 days"),)


def test_a_time_beside_the_grid_is_found():
    rows = walk(100)
    rows[60][0] = format_timestamp(parse_timestamp(rows[60][0]) + 90 * 10**9)

    quality = check(rows)

    assert found(quality) == {"off_grid": 1}
    assert examples(quality, "off_grid")[0].detail == "90 s after the grid"


def test_a_file_on_a_grid_of_its_own_is_no_fault():
    assert check(walk(100, start=MONDAY + 22 * HOUR + 7 * 60 * 10**9, step=DAY)).findings == ()


@pytest.mark.parametrize(
    ("period", "times"),
    [
        ("MONTH", [f"2020-{month:02d}-01" for month in (1, 2, 3, 4, 6, 7)]),
        ("WEEK", [f"2020-01-{day:02d}" for day in (1, 8, 22, 29)]),
        ("7HOUR", ["2020-01-01T00:00", "2020-01-01T07:00", "2020-01-01T21:00", "2020-01-02T04:00"]),
    ],
)
def test_periods_that_do_not_divide_a_day_are_counted_in_steps(period, times):
    for told in (period, None):
        quality = check([row(parse_timestamp(time), 100.0 + place) for place, time in enumerate(times)], period=told)

        assert (quality.period, found(quality)) == (period, {"gap": 1})
        assert examples(quality, "gap")[0].detail == "1 missing before the next"


def test_a_given_period_is_not_inferred():
    quality = check(walk(60, step=2 * HOUR), period="HOUR")

    assert quality.period == "HOUR"
    assert len(quality.inferred) == 1


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        (["2020-01-01"], "No period could be inferred from a single time."),
        (
            ["2020-01-01T00:00:00.5", "2020-01-01T00:00:00.75"],
            "The times show no period of whole seconds; nothing is said about gaps.",
        ),
    ],
)
def test_times_without_a_period_say_so(times, sentence):
    quality = check([row(parse_timestamp(time), 1.0) for time in times])

    assert (quality.period, quality.inferred) == (None, (sentence,))


def test_a_jump_far_beyond_the_usual_is_an_outlier():
    rows = walk(100)
    rows[60] = row(parse_timestamp(rows[60][0]), 190.0)

    quality = check(rows)

    assert found(quality) == {"outlier": 2}  # there and back
    assert examples(quality, "outlier")[0].detail.endswith(", from 100.75 to 190.0")


def test_the_score_is_the_stated_formula():
    rows = [row(MONDAY + place * DAY, 100.0 * 1.01 ** (place % 2)) for place in range(40)]
    jump = 1.01 ** (20 / 0.6745)
    for times, count in ((1.001, 1), (0.999, 0)):
        checked = check([*rows, row(MONDAY + 40 * DAY, 101.0 * jump**times, high=1e9)])
        assert found(checked) == ({"outlier": 1} if count else {})


def test_the_first_thirty_returns_are_not_judged():
    for place, count in ((30, 0), (31, 1)):
        rows = [row(MONDAY + at * DAY, 100.0 + at % 2 + 370 * (at >= place)) for at in range(35)]
        assert found(check(rows)).get("outlier", 0) == count


@pytest.mark.parametrize(
    ("factor", "name"), [(0.5, "2:1"), (2 / 3, "3:2"), (0.1, "10:1"), (10.0, "1:10"), (1.5, "2:3"), (0.51, "2:1")]
)
def test_a_price_that_falls_by_a_simple_ratio_over_night_is_a_suspected_split(factor, name):
    rows = [
        row(MONDAY + place * DAY, (100 + place % 3) * (factor if place >= 60 else 1), high=1e4, low=0.1)
        for place in range(100)
    ]
    for each in rows:
        price = float(each[1])
        each[2], each[3] = str(price * 1.01), str(price * 0.99)

    quality = check(rows)

    assert found(quality) == {"split": 1}
    assert examples(quality, "split")[0].detail.startswith(f"{name}, from 102.0 to an open of")


@pytest.mark.parametrize("factor", [0.58, 0.45])
def test_a_fall_by_another_ratio_is_no_split(factor):
    rows = [row(MONDAY + place * DAY, (100 + place % 3) * (factor if place >= 60 else 1)) for place in range(100)]

    assert found(check(rows)) == {"outlier": 1}


def test_a_fall_by_a_simple_ratio_inside_a_wild_candle_is_no_split():
    rows = [row(MONDAY + place * DAY, 100.0 + place % 3) for place in range(60)]
    rows.append(row(MONDAY + 60 * DAY, 51.0, high=80.0, low=40.0))

    assert found(check(rows)) == {"outlier": 1}


def test_returns_are_judged_by_the_two_hundred_and_fifty_before_them():
    def swings(calm, wild):
        sizes = [0.001] * calm + [0.05] * wild + [0.5]
        prices = itertools.accumulate((1 + size * (-1) ** at for at, size in enumerate(sizes)), mul, initial=100.0)
        return [row(MONDAY + place * DAY, price, high=price * 2, low=0.1) for place, price in enumerate(prices)]

    for wild, judged in ((124, 1), (126, 0)):
        rows = swings(400, wild)
        assert found(check(rows))["outlier"] - found(check(rows[:-1]))["outlier"] == judged


@pytest.mark.parametrize(("count", "findings"), [(4, {}), (5, {"stale": 1})])
@pytest.mark.parametrize("place", [50, 96])
def test_five_equal_candles_in_a_row_are_stale(count, findings, place):
    rows = walk(110)[: place + count]
    for at in range(place, place + count):
        rows[at] = [rows[at][0], "100.1", "100.2", "100.0", "100.1", "1"]

    quality = check(rows if place == 96 else [*rows, *walk(110)[place + count :]])

    assert found(quality) == findings
    if findings:
        assert examples(quality, "stale")[0] == Example(place + 2, rows[place][0], "5 candles in a row at 100.1")


def shipped(name):
    return files("tradedesk.sampledata") / f"{name}.csv.gz"


def test_the_splits_of_the_sample_data_are_found():
    quality = check_file(str(shipped("AAPL")))

    assert found(quality) == {"day": 101, "split": 2}
    assert [(one.timestamp, one.detail[:4]) for one in examples(quality, "split")] == [
        ("2000-06-21", "2:1,"),
        ("2005-02-28", "2:1,"),
    ]


@pytest.mark.parametrize("name", ["FB", "GOOG", "IBM"])
def test_sample_data_without_splits_is_clean(name):
    assert check_file(str(shipped(name))).clean


@settings(max_examples=60)
@given(odd_texts() | st.binary(max_size=40), st.booleans())
def test_whatever_is_read_without_an_error_has_no_broken_row_and_the_reverse(tmp_path_factory, content, compressed):
    path = tmp_path_factory.mktemp("odd") / ("a.csv.gz" if compressed else "a.csv")
    path.write_bytes(gzip.compress(content) if compressed else content)
    try:
        read = len(list(read_csv(path, instrument="A", period="DAY")))
    except MarketDataError:
        read = None

    quality = check_file(path)

    broken = set(found(quality)) & {"row", "number", "timestamp", "crossed", "negative", "repeated", "back"}
    assert (read is None) == bool(broken or quality.unreadable)
    assert read is None or read == quality.rows


def test_a_parquet_file_has_the_findings_of_its_text(tmp_path):
    rows = [*walk(60), *walk(60)[55:], row(MONDAY + 60 * 4 * HOUR, 100.0, high=1.0)]
    text = tmp_path / "a.csv"
    text.write_text("\n".join([HEADER, *(",".join(one) for one in rows)]) + "\n")
    pl.read_csv(text).write_parquet(tmp_path / "a.parquet")

    as_text, as_columns = check_file(text), check_file(tmp_path / "a.parquet")

    assert found(as_columns) == found(as_text) == {"crossed": 1, "back": 1}
    assert (as_columns.counted, as_columns.inferred) == ("row", as_text.inferred)
    assert examples(as_columns, "back")[0].line == examples(as_text, "back")[0].line - 1


def test_what_cannot_be_read_on_keeps_what_was_found(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(f'{HEADER}\n2020-01-01,1,1,1,2,1\n2020-01-02,1,1,1,1,1\n"2020-01-03,1,1,1,1,1\n')

    quality = check_file(path)

    assert (quality.rows, found(quality), quality.clean) == (2, {"crossed": 1}, False)
    assert quality.unreadable == f"{path}, line 4: not CSV (unexpected end of data); look for a quote without its pair"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "cannot be read: No such file or directory"),
        ("", "is empty; its first line must name the columns"),
        (HEADER, "has no candles"),
    ],
)
def test_a_file_without_candles_is_unreadable(tmp_path, content, why):
    path = tmp_path / "a.csv"
    if content is not None:
        path.write_text(content)

    quality = check_file(path)

    assert (quality.rows, quality.findings, quality.clean) == (0, (), False)
    assert quality.unreadable == f"{path}: {why}"


def test_a_period_that_is_none_is_refused_before_the_file_is_opened():
    with pytest.raises(PeriodError, match="period '4h' is not a count and a unit"):
        check_file("absent.csv", period="4h")


def test_findings_stand_in_the_order_of_their_kinds():
    quality = spoilt({10: put("high", ""), 20: put("low", "-1"), 30: list[str].copy, 40: lambda cells: cells[:2]})

    assert [finding.kind for finding in quality.findings] == ["row", "number", "price"]
    assert [*KINDS][:2] == ["row", "number"]


def test_memory_does_not_depend_on_the_number_of_rows_or_findings():
    def peak(count):
        checker = Checker("made.csv", FIELDS, len(FIELDS))
        tracemalloc.start()
        for place in range(count):
            price = 100.0 + place % 7
            time = MONDAY + place * 60 * 10**9 + (place % 50 == 0)
            checker.take(row(time, price, volume=-1 if place % 3 else 1), place)
        checker.quality()
        return tracemalloc.get_traced_memory()[1], tracemalloc.stop()

    peak(1_500)
    assert peak(12_000)[0] < peak(3_000)[0] + 60_000


def test_a_price_that_jumps_by_a_simple_ratio_and_comes_back_at_once_is_an_outlier():
    rows = walk(80)
    rows[60] = [rows[60][0], "1000", "1000.5", "999.5", "1000", "1"]

    quality = check(rows)

    assert found(quality) == {"outlier": 1}
    assert examples(quality, "outlier")[0].line == 62
    assert examples(quality, "outlier")[0].detail == "1:10, from 100.75 to an open of 1000.0, and back at once"


def test_two_splits_in_a_row_and_one_at_the_end_are_all_told():
    rows = [row(MONDAY + place * DAY, 100.0 + place % 3, high=1e9, low=1e-9) for place in range(60)]
    rows += [row(MONDAY + (60 + place) * DAY, price) for place, price in enumerate((51.0, 25.5))]
    for each in rows:
        each[2], each[3] = str(float(each[1]) * 1.01), str(float(each[1]) * 0.99)

    assert found(check(rows)) == {"split": 2}
