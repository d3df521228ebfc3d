import pytest

from tradedesk.marketdata import PeriodError, parse_timestamp, period_close, period_name, period_seconds


@pytest.mark.parametrize(
    ("period", "seconds"),
    [
        ("SECOND", 1),
        ("15MINUTE", 900),
        ("HOUR", 3600),
        ("1HOUR", 3600),
        ("4HOUR", 14400),
        ("DAY", 86400),
        ("WEEK", 604800),
        ("MONTH", 2629746),
        ("2MONTH", 5259492),
    ],
)
def test_a_period_has_this_length_in_seconds(period, seconds):
    assert period_seconds(period) == seconds


@pytest.mark.parametrize(
    "period", ["", "15", "15m", "minute", "0MINUTE", "015MINUTE", "-1DAY", "1.5HOUR", "HOURS", "DAY "]
)
def test_text_that_is_no_period_is_refused_and_the_units_are_named(period):
    with pytest.raises(PeriodError) as caught:
        period_seconds(period)

    assert str(caught.value) == (
        f"period {period!r} is not a count and a unit, like 15MINUTE or DAY; "
        "the units are SECOND, MINUTE, HOUR, DAY, WEEK, MONTH"
    )


@pytest.mark.parametrize(
    ("period", "opens", "closes"),
    [
        ("15MINUTE", "2020-01-01T23:45:00Z", "2020-01-02"),
        ("DAY", "2020-02-28", "2020-02-29"),
        ("WEEK", "2019-12-30", "2020-01-06"),
        ("MONTH", "2020-02-01", "2020-03-01"),
        ("MONTH", "2021-12-01", "2022-01-01"),
        ("3MONTH", "1969-11-01", "1970-02-01"),
        ("MONTH", "2020-01-31T22:00:00Z", "2020-02-29T22:00:00Z"),
        ("MONTH", "2020-02-29T22:00:00Z", "2020-03-31T22:00:00Z"),
        ("MONTH", "2021-01-30", "2021-02-28"),
    ],
)
def test_a_candle_closes_one_period_after_it_opens(period, opens, closes):
    assert period_close(period, parse_timestamp(opens)) == parse_timestamp(closes)


def test_a_month_that_closes_after_the_calendar_is_refused():
    with pytest.raises(PeriodError, match="period 'MONTH' from 9999-12-01 closes after the year 9999"):
        period_close("MONTH", parse_timestamp("9999-12-01"))


@pytest.mark.parametrize(
    ("period", "name"),
    [("1HOUR", "HOUR"), ("HOUR", "HOUR"), ("1MINUTE", "MINUTE"), ("15MINUTE", "15MINUTE"), ("11DAY", "11DAY")],
)
def test_a_period_has_one_name_however_it_is_written(period, name):
    assert period_name(period) == name


@pytest.mark.parametrize("text", ["", "1", "1hour", "11HOURS", "60 MINUTES", "01HOUR"])
def test_what_is_no_period_keeps_its_text(text):
    assert period_name(text) == text
