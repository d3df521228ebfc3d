"""A strategy that knows the future is found, and one that does not is not."""

from functools import partial

import pytest

from tests.research import desk
from tradedesk.research import ResearchError, lookahead_check

every_dispatch = pytest.mark.parametrize("dispatch", ["actors", "direct"])
HISTORY = tuple(desk.slices(60))


@every_dispatch
async def test_a_strategy_that_looks_at_nothing_later_passes(dispatch):
    report = await lookahead_check(partial(desk.of_history, dispatch=dispatch), HISTORY)
    assert report.ok
    assert len(report.cuts) >= 15
    assert report.cuts == tuple(sorted(set(report.cuts)))
    assert 1 <= report.cuts[0] <= report.cuts[-1] < 60


@every_dispatch
@pytest.mark.parametrize("ahead", [1, 2, 10])
async def test_a_strategy_that_knows_a_later_close_is_found(dispatch, ahead):
    build = partial(desk.of_history, peeks=True, ahead=ahead, dispatch=dispatch)
    report = await lookahead_check(build, HISTORY)
    assert not report.ok
    assert {found.sleeve for found in report.found} == {"DOWN"}


async def test_what_is_found_says_where_and_what():
    report = await lookahead_check(partial(desk.of_history, peeks=True), HISTORY)
    found = next(each for each in report.found if each.without == "none")
    assert (found.what, found.close_time) == ("orders", found.slices * desk.HOUR)
    assert str(found) == (
        f"sleeve 'DOWN' looks ahead: after the slice that closes at {found.close_time}, its orders are"
        f" {found.with_future} in the whole history, and none where it ends after {found.slices} slices"
    )
    assert found.with_future.startswith("DOWN-")


async def test_half_of_the_cuts_are_where_something_was_decided_for_there_a_peek_shows():
    report = await lookahead_check(partial(desk.of_history, peeks=True), HISTORY, cuts=10)
    assert 8 <= len(report.cuts) <= 10
    assert len(report.found) >= 4


@pytest.mark.parametrize(
    ("history", "cuts", "sentence"),
    [
        (HISTORY, 0, "cuts is 0; it must be at least 1"),
        (HISTORY[:1], 5, "the history has 1 slices; to take a future away there must be at least 2"),
    ],
)
async def test_what_cannot_be_cut_is_refused(history, cuts, sentence):
    with pytest.raises(ResearchError) as caught:
        await lookahead_check(desk.of_history, history, cuts=cuts)
    assert str(caught.value) == sentence


async def test_a_trial_of_another_history_is_refused():
    with pytest.raises(ResearchError) as caught:
        await lookahead_check(lambda _: desk.of_history(HISTORY), HISTORY[:20], cuts=1)
    assert str(caught.value) == (
        "the history has 20 slices and the trial ran 60; the trial must run the history that `build` is given, and no"
        " other"
    )
