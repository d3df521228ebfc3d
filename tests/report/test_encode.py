"""Series come back from their text as they went in."""

from array import array
from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.report._encode import Coded, exact, short, spans

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
SHORT = st.floats(allow_nan=False, allow_infinity=False, width=32)


def unpacked(code: str, text: object) -> list[float]:
    assert isinstance(text, str)
    return list(array(code, b64decode(text)))


def decoded(coded: Coded) -> list[float]:
    """What the script on the page does."""
    if "f64" in coded:
        return unpacked("d", coded["f64"])
    values = unpacked("f", coded["f32"])
    if "starts" not in coded:
        return values
    starts = [*map(int, unpacked("I", coded["starts"])), coded["length"]]
    return [value for at, value in enumerate(values) for _ in range(starts[at], starts[at + 1])]


@given(st.lists(FLOATS))
def test_an_exact_series_keeps_every_digit(values: list[float]):
    assert decoded(exact(values)) == values


@given(st.lists(SHORT) | st.lists(st.sampled_from([0.0, 0.0, 0.0, 1.0, 2.5])))
def test_a_short_series_keeps_what_four_bytes_hold(values: list[float]):
    assert decoded(short(values)) == values


@given(st.lists(st.booleans()))
def test_spans_are_where_a_state_is_true(states: list[bool]):
    edges = list(map(int, unpacked("I", spans(states)["u32"])))
    true = {at for first, end in zip(edges[::2], edges[1::2], strict=True) for at in range(first, end)}
    assert true == {at for at, state in enumerate(states) if state}


@pytest.mark.parametrize(
    ("values", "at_most"),
    [([7.0] * 50_000, 100), (list(range(50_000)), 270_000)],
)
def test_a_constant_stretch_costs_no_more_than_its_ends(values: list[float], at_most: int):
    assert sum(len(str(part)) for part in short(values).values()) < at_most
