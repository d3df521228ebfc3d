"""The life of an actor, move by move."""

from itertools import product

import pytest

from actors._lifecycle import IllegalOrder, Life, Order, after

STRENGTH = [Life.STARTING, Life.RUNNING, Life.DRAINING, Life.STOPPING, Life.KILLED, Life.ENDED]
STOPS = {Order.DRAIN: Life.DRAINING, Order.STOP: Life.STOPPING, Order.KILL: Life.KILLED}


def legal(life, order):
    try:
        return after(life, order)
    except IllegalOrder:
        return None


@pytest.mark.parametrize(("life", "order"), list(product(Life, STOPS)))
def test_an_order_to_end_leads_to_its_life_unless_a_stronger_one_came_before(life, order):
    assert after(life, order) is max(life, STOPS[order], key=STRENGTH.index)


@pytest.mark.parametrize(("life", "order"), list(product(Life, STOPS)))
def test_an_order_to_end_may_be_given_twice(life, order):
    assert after(after(life, order), order) is after(life, order)


@pytest.mark.parametrize(("life", "order"), list(product(Life, Order)))
def test_life_never_goes_back(life, order):
    following = legal(life, order)
    assert following is None or STRENGTH.index(following) >= STRENGTH.index(life)


def test_an_actor_begins_once_and_only_while_it_starts():
    assert {life: legal(life, Order.BEGIN) for life in Life if legal(life, Order.BEGIN)} == {
        Life.STARTING: Life.RUNNING
    }


@pytest.mark.parametrize("life", [life for life in Life if life is not Life.ENDED])
def test_whoever_lives_may_end(life):
    assert after(life, Order.END) is Life.ENDED


@pytest.mark.parametrize(
    ("life", "order", "text"),
    [
        (Life.RUNNING, Order.BEGIN, "an actor that is running cannot begin"),
        (Life.ENDED, Order.END, "an actor that is ended cannot end"),
    ],
)
def test_a_move_that_does_not_exist_names_life_and_order(life, order, text):
    with pytest.raises(IllegalOrder, match=f"^{text}$"):
        after(life, order)


def test_only_who_starts_or_runs_accepts_messages():
    assert [life for life in Life if life.accepts] == [Life.STARTING, Life.RUNNING]
