import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tradedesk.marketdata import (
    Candle,
    CandleCloseEvent,
    DuplicateCandleError,
    Instrument,
    Slice,
    SourceOrderError,
    merge,
)

CANDLE = Candle("0", 1.0, 1.0, 1.0, 1.0)


def event(instrument, period="DAY"):
    return CandleCloseEvent(Instrument(instrument), period, CANDLE)


def source(instrument, *times):
    return [Slice(time, (event(instrument),)) for time in times]


TIMES = st.lists(st.integers(0, 30), unique=True, max_size=12).map(sorted)


@settings(deadline=None)
@given(st.lists(TIMES, max_size=6))
def test_merging_is_sorting_all_candles_by_close_time_and_declared_order(times_of_sources):
    expected = sorted((t, i) for i, times in enumerate(times_of_sources) for t in times)

    merged = list(merge(*(source(str(i), *times) for i, times in enumerate(times_of_sources))))

    assert [(s.close_time, int(e.instrument)) for s in merged for e in s.events] == expected
    assert [s.close_time for s in merged] == sorted({t for t, _ in expected})


@settings(deadline=None)
@given(st.lists(TIMES, min_size=3, max_size=3))
def test_a_merge_of_merges_equals_one_merge(times):
    a, b, c = (source(name, *t) for name, t in zip("abc", times, strict=True))

    assert list(merge(merge(a, b), c)) == list(merge(a, b, c)) == list(merge(a, merge(b, c)))


def test_a_merge_of_nothing_is_empty():
    assert list(merge()) == list(merge([], [])) == []


def test_periods_of_one_instrument_stand_shortest_first_in_declared_order():
    mixed = Slice(5, (event("EURUSD", "DAY"), event("GBPUSD"), event("EURUSD", "15MINUTE"), event("EURUSD", "HOUR")))

    (merged,) = merge([mixed], source("USDJPY", 5))

    assert [(e.instrument, e.period) for e in merged.events] == [
        ("EURUSD", "15MINUTE"),
        ("EURUSD", "HOUR"),
        ("EURUSD", "DAY"),
        ("GBPUSD", "DAY"),
        ("USDJPY", "DAY"),
    ]


def test_a_clock_tick_joins_the_candles_of_its_instant():
    merged = list(merge([Slice(1, ()), Slice(2, ())], source("EURUSD", 2)))

    assert merged == [Slice(1, ()), Slice(2, (event("EURUSD"),))]


@pytest.mark.parametrize(
    ("times", "text"),
    [
        (
            (5, 4),
            "source 1 (GBPUSD): time goes back, 4 comes after 5; every slice of a source must close later",
        ),
        (
            (5, 5),
            "source 1 (GBPUSD): time repeats, 5 comes after 5; every slice of a source must close later",
        ),
    ],
)
def test_a_source_whose_time_does_not_rise_is_refused(times, text):
    with pytest.raises(SourceOrderError) as caught:
        list(merge(source("EURUSD", 1, 9), source("GBPUSD", *times)))

    assert str(caught.value).startswith(text)
    assert (caught.value.source, caught.value.previous, caught.value.current) == (1, *times)


@pytest.mark.parametrize(
    "sources",
    [
        [source("EURUSD", 7), source("EURUSD", 7)],
        [[Slice(7, (event("EURUSD"), event("EURUSD")))]],
        [[Slice(7, (event("EURUSD", "1DAY"), event("EURUSD", "DAY")))]],
    ],
)
def test_two_candles_of_one_instrument_and_period_in_a_slice_are_refused(sources):
    with pytest.raises(DuplicateCandleError) as caught:
        list(merge(*sources))

    assert str(caught.value) == ("two candles of EURUSD DAY close at 7; give each instrument and period one source")


def recorded(slices, log):
    try:
        for one in slices:
            log.append(one.close_time)
            yield one
    finally:
        log.append("closed")


def test_a_slice_is_handed_out_before_its_sources_are_read_on():
    log = []
    merged = merge(recorded(source("EURUSD", 1, 2), log))

    assert next(merged).close_time == 1
    assert log == [1]
    merged.close()


def test_closing_the_merge_closes_every_source():
    first, second = [], []
    merged = merge(recorded(source("EURUSD", 1, 2), first), recorded(source("GBPUSD", 1, 2), second))
    next(merged)

    merged.close()

    assert first == second == [1, "closed"]


def test_a_failing_source_fails_the_merge_and_closes_the_others():
    def failing():
        yield from source("GBPUSD", 1)
        raise OSError("line lost")

    log = []
    merged = merge(recorded(source("EURUSD", 1, 2, 3), log), failing())
    assert len(next(merged).events) == 2

    with pytest.raises(OSError, match="line lost"):
        next(merged)
    assert log == [1, 2, "closed"]


def test_one_slice_per_source_is_held():
    log = []
    merged = merge(recorded(source("EURUSD", *range(0, 100, 10)), log), source("GBPUSD", *range(100)))

    times = [next(merged).close_time for _ in range(15)]

    assert times == list(range(15))
    assert log == [0, 10, 20]
    merged.close()
