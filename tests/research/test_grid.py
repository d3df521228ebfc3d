"""The points of a grid."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tradedesk.research import ResearchError, points


def test_the_last_parameter_changes_first():
    assert points({"fast": [1, 2], "slow": [5, 6]}) == (
        {"fast": 1, "slow": 5},
        {"fast": 1, "slow": 6},
        {"fast": 2, "slow": 5},
        {"fast": 2, "slow": 6},
    )


def test_a_grid_without_parameters_has_one_point():
    assert points({}) == ({},)


@given(grid=st.dictionaries(st.sampled_from("abcd"), st.lists(st.integers(), min_size=1, max_size=4)))
def test_there_are_as_many_points_as_combinations_and_each_has_every_parameter(grid):
    made = points(grid)
    expected = 1
    for values in grid.values():
        expected *= len(values)
    assert len(made) == expected
    assert all(list(point) == list(grid) and all(point[name] in grid[name] for name in grid) for point in made)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([], "grid['fast'] is empty; give it at least one value to try"),
        ("abc", "grid['fast'] is 'abc'; it must be a list of the values to try"),
        (5, "grid['fast'] is 5; it must be a list of the values to try"),
    ],
)
def test_a_parameter_without_a_list_of_values_is_refused(values, sentence):
    with pytest.raises(ResearchError) as caught:
        points({"fast": values})
    assert str(caught.value) == sentence
