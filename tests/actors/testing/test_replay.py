"""The word for a schedule: it says all, and fits on a command line."""

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.testing._choices import Choice
from actors.testing._replay import decode, encode
from actors.testing._settings import Settings

NAMES = st.text(min_size=1, max_size=8)


@st.composite
def choices(draw):
    names = draw(st.lists(NAMES, min_size=2, max_size=60, unique=True))
    return [Choice(place, tuple(names)) for place in draw(st.lists(st.integers(0, len(names) - 1), max_size=60))]


settings = st.one_of(
    st.builds(Settings, seam=st.just("trio")),
    st.builds(
        Settings,
        timers=st.sampled_from(["idle", "racing"]),
        crash_points=st.lists(NAMES, max_size=3),
        crashes=st.integers(1, 1),
    ),
    st.builds(Settings, crash_points=st.lists(NAMES, min_size=1, max_size=3), crashes=st.integers(1, 9)),
)


@given(choices(), settings)
def test_a_word_gives_back_who_went_on_up_to_the_last_out_of_turn_and_what_could_happen(made, may):
    word = encode(made, may)
    decoded, chosen = decode(word, may.steps)
    assert decoded == may
    assert chosen == [choice.chosen for choice in made][: len(chosen)]
    assert all(choice.place == 0 for choice in made[len(chosen) :])
    assert shlex.quote(word) == word


@pytest.mark.parametrize(
    "word",
    [
        "",
        "a1",
        "a1:A",
        "b1:A:0",
        "a2:A:0",
        "a1:A:1",
        "a1:A:?",
        "a1/1:A:0",
        "a1x:A:0",
        "a1/x/A:A:0",
        "t1r:A:0",
        "x:y:z:0",
    ],
)
def test_what_is_no_schedule_is_refused(word):
    with pytest.raises(ValueError, match="is no schedule: copy the whole word"):
        decode(word, 100)
