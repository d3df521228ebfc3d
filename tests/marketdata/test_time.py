from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradedesk.marketdata import TimestampError, parse_timestamp

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
BOUNDS = (datetime(1900, 1, 2), datetime(2200, 1, 1))  # noqa: DTZ001 - hypothesis adds the zone
MOMENTS = st.datetimes(*BOUNDS, timezones=st.just(UTC) | OFFSETS)


def nanoseconds(moment):
    return (moment - EPOCH) // timedelta(microseconds=1) * 1000


@settings(deadline=None)
@given(MOMENTS, st.integers(0, 999))
def test_iso_text_agrees_with_datetime_to_the_nanosecond(moment, rest):
    text = moment.isoformat(timespec="microseconds")
    finer = f"{text[:26]}{rest:03d}{text[26:]}"

    assert parse_timestamp(text) == nanoseconds(moment)
    assert parse_timestamp(finer) == nanoseconds(moment) + rest


@settings(deadline=None)
@given(st.integers(10**9, 10**10 - 1), st.sampled_from([(1, 10**9), (10**3, 10**6), (10**6, 10**3), (10**9, 1)]))
def test_a_count_is_read_in_the_unit_of_its_digits(seconds, units):
    per_second, nanos = units
    count = seconds * per_second + per_second // 2

    assert parse_timestamp(str(count)) == count * nanos


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-01", 0),
        ("0", 0),
        ("1234567890000", 1234567890 * 10**9),
        ("1969-12-31T23:59:59Z", -(10**9)),
        ("1969-12-31T23:59:59.999999999Z", -1),
        ("1970-01-01 00:00:01", 10**9),
        ("19700101T000001Z", 10**9),
        ("1970-01-01T02:00:00+02:00", 0),
        ("1970-01-01T00:00:00.5-01:00", 3600 * 10**9 + 5 * 10**8),
        ("1970-01-01T00:00:00,123456789", 123456789),
        ("1970-01-01T00:00:00.1234567890000Z", 123456789),
    ],
)
def test_a_moment_has_these_nanoseconds(text, moment):
    assert parse_timestamp(text) == moment


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("20200131", "has 8 digits, which leaves open what it counts; write a date with dashes (2020-01-31)"),
        ("20200131123000", "has 14 digits"),
        ("1" * 20, "has 20 digits"),
        ("01/02/2020", "is not a moment (Invalid isoformat string: '01/02/2020'); write ISO 8601"),
        ("2020-02-30", "is not a moment (day is out of range for month)"),
        ("", "is not a moment"),
        ("2020-01-01T12.5", "is not a moment; write ISO 8601 (2020-01-31T15:00:00.25Z) or a whole count"),
        ("2020-01-01T00:00:00.1234567891", "is finer than a nanosecond; shorten the fraction to 9 digits"),
        ("1234567890.5", "is not a moment; write ISO 8601 (2020-01-31T15:00:00.25Z) or a whole count"),
    ],
)
def test_text_that_is_no_moment_is_refused(text, rule):
    with pytest.raises(TimestampError) as caught:
        parse_timestamp(text)

    assert str(caught.value).startswith(f"timestamp {text!r} {rule}")


@settings(deadline=None)
@given(st.text() | st.text("0123456789-:.,TZ+ ", max_size=30))
def test_any_text_is_a_whole_number_or_refused(text):
    try:
        assert type(parse_timestamp(text)) is int
    except TimestampError as error:
        assert error.text == text
