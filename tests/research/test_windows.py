"""Where walk-forward trains and tests: laws over all histories, and the cases by hand."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.research import ResearchError, Span, Window, windows

LENGTHS = st.integers(1, 60)


@st.composite
def cuts(draw):
    train, test = draw(LENGTHS), draw(LENGTHS)
    return train + draw(LENGTHS), train, test


@given(cut=cuts(), anchored=st.booleans())
def test_the_spans_to_test_in_are_all_that_is_behind_the_first_training_each_slice_once(cut, anchored):
    slices, train, test = cut
    tested = [place for each in windows(slices, train=train, test=test, anchored=anchored) for place in span(each.test)]
    assert tested == list(range(train, slices))


@given(cut=cuts(), anchored=st.booleans())
def test_no_slice_is_tested_that_its_parameters_were_chosen_on(cut, anchored):
    slices, train, test = cut
    for window in windows(slices, train=train, test=test, anchored=anchored):
        assert window.train.end == window.test.first
        assert not set(span(window.train)) & set(span(window.test))


@given(cut=cuts())
def test_a_rolling_training_keeps_its_length_and_moves_with_the_test(cut):
    slices, train, test = cut
    made = windows(slices, train=train, test=test)
    assert {len(window.train) for window in made} == {train}
    assert all(after.train.first - before.train.first == test for before, after in pairwise(made))


@given(cut=cuts())
def test_an_anchored_training_begins_with_the_history_and_grows(cut):
    slices, train, test = cut
    made = windows(slices, train=train, test=test, anchored=True)
    assert [window.train.first for window in made] == [0] * len(made)
    assert [len(window.train) for window in made] == [train + at * test for at in range(len(made))]


@given(cut=cuts(), anchored=st.booleans())
def test_only_the_last_span_to_test_in_may_be_shorter(cut, anchored):
    slices, train, test = cut
    lengths = [len(window.test) for window in windows(slices, train=train, test=test, anchored=anchored)]
    assert set(lengths[:-1]) <= {test}
    assert 1 <= lengths[-1] <= test


def test_ten_slices_trained_on_four_and_tested_on_three():
    assert windows(10, train=4, test=3) == (
        Window(Span(0, 4), Span(4, 7)),
        Window(Span(3, 7), Span(7, 10)),
    )
    assert windows(9, train=4, test=3, anchored=True) == (
        Window(Span(0, 4), Span(4, 7)),
        Window(Span(0, 7), Span(7, 9)),
    )


@pytest.mark.parametrize(
    ("slices", "train", "test", "sentence"),
    [
        (10, 0, 3, "train is 0; it must be at least 1 slice"),
        (10, 4, -1, "test is -1; it must be at least 1 slice"),
        (1_000, 1_000, 3, "the history has 1,000 slices; train=1,000 of them leave none to test in"),
    ],
)
def test_a_cut_that_leaves_nothing_is_refused(slices, train, test, sentence):
    with pytest.raises(ResearchError) as caught:
        windows(slices, train=train, test=test)
    assert str(caught.value) == sentence


def span(places: Span) -> range:
    return range(places.first, places.end)
