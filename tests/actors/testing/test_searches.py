"""The searches alone, on a made-up program: what each tries, and when it comes to its end."""

from itertools import pairwise
from math import comb, factorial

import pytest

from actors.testing import PCT, DelayBounded, Exhaustive, Fifo, NotDeterministic, Portfolio, RandomWalk, StarveOne
from actors.testing._searches import Sweep, Tiers


def schedule(search, **steps):
    """Run participants that take so many steps each; the order is what the search makes of it."""
    left, order = dict(steps), []
    while ready := [name for name, number in left.items() if number]:
        index = search.pick(ready, len(ready)) if len(ready) > 1 else 0
        order.append(ready[index])
        left[ready[index]] -= 1
    return "".join(order)


def schedules(search, most=10_000, **steps):
    orders = []
    while len(orders) < most and search.begin():
        orders.append(schedule(search, **steps))
    return orders


def test_fifo_tries_one_schedule():
    assert schedules(Fifo(), a=2, b=2) == ["aabb"]


@pytest.mark.parametrize(("actors", "steps"), [(2, 2), (2, 4), (3, 2), (3, 3)])
def test_exhaustive_tries_every_schedule_once(actors, steps):
    orders = schedules(Exhaustive(), **dict.fromkeys("abc"[:actors], steps))
    assert len(orders) == len(set(orders)) == factorial(actors * steps) // factorial(steps) ** actors


def test_delay_bounded_tries_what_its_bound_allows_and_no_more():
    by_bound = [set(schedules(DelayBounded(bound), a=3, b=3)) for bound in range(7)]
    assert by_bound[0] == {"aaabbb"}
    assert by_bound[1] == {"aaabbb", "baaabb", "abaabb", "aabab" + "b"}
    assert all(smaller < larger for smaller, larger in pairwise(by_bound[:4]))
    assert len(by_bound[-1]) == comb(6, 3)


def test_starve_one_lets_each_in_turn_go_last():
    assert schedules(StarveOne(), a=2, b=2, c=2) == ["bbccaa", "aaccbb", "aabbcc"]


def test_starve_one_stops_at_its_bound():
    assert len(schedules(StarveOne(most=2), a=1, b=1, c=1)) == 2


@pytest.mark.parametrize("search", [RandomWalk, lambda seed: PCT(3, seed)])
def test_chance_is_the_same_for_the_same_seed_and_another_for_another(search):
    orders = [schedules(search(seed), most=20, a=4, b=4) for seed in (1, 1, 2)]
    assert orders[0] == orders[1] != orders[2]
    assert len(set(orders[0])) > 5


def test_pct_finds_what_a_walk_by_chance_does_not():
    """Twenty steps of one before the first of another: Burckhardt and others, figure 5."""
    steps = {"a": 20, "b": 1, "c": 3}
    assert any(order.replace("c", "").endswith("b") for order in schedules(PCT(1), most=20, **steps))
    assert not any(order.replace("c", "").endswith("b") for order in schedules(RandomWalk(), most=200, **steps))


@pytest.mark.parametrize("depth", [0, 2.5, True])
def test_a_depth_is_a_whole_number(depth):
    with pytest.raises(ValueError, match="depth must be a whole number, at least 1, not"):
        PCT(depth)


def picks(search, most=50):
    """Three choices with one other thing each: which was made in each schedule."""
    made = []
    while len(made) < most and search.begin():
        made.append(tuple(search.pick(["a", "b", "crash"], 2) for _ in range(3)))
    return made


def test_a_sweep_does_one_other_thing_in_each_place():
    assert picks(Sweep()) == [(0, 0, 0), (0, 0, 2), (0, 2, 0), (2, 0, 0)]


def test_a_crash_counts_as_one_delay():
    assert set(picks(DelayBounded(1))) == {(0, 0, 0), *picks(Sweep()), (0, 0, 1), (0, 1, 0), (1, 0, 0)}


def test_chance_crashes_early_and_late():
    made = picks(RandomWalk(), most=200)
    assert {place for each in made for place, pick in enumerate(each) if pick == 2} == {0, 1, 2}
    assert any(2 not in each for each in made)


def test_a_portfolio_tries_the_simple_first_and_ends_when_all_was_tried():
    search, names = Portfolio(), []
    while search.begin():
        names.append(search.name)
        schedule(search, a=2, b=2)
    assert names[:8] == ["fifo", "starve-one", "starve-one", "sweep", "pct(3)", "exhaustive", "random", "pct(2)"]
    assert (names.count("exhaustive"), search.covers) == (6, "every schedule")


def test_a_search_of_every_schedule_notices_another_program():
    search = Exhaustive()
    search.begin()
    schedule(search, a=2, b=2)
    search.begin()
    with pytest.raises(NotDeterministic) as caught:
        schedule(search, a=2, c=2)
    assert str(caught.value) == (
        "the same choices led to another place: at choice 0 ready were 'a', 'b', and now are 'a', 'c'"
    )


@pytest.mark.parametrize(
    ("slow", "demote", "order"),
    [
        ([], [], "aabbcc"),
        (["a"], [], "bbccaa"),
        ([0], [], "bbccaa"),
        (["a", "b"], [], "ccaabb"),
        ([], [1], "abbcca"),
    ],
)
def test_the_slow_go_last_and_the_demoted_from_then_on(slow, demote, order):
    assert schedule(Tiers(slow, demote), a=2, b=2, c=2) == order
