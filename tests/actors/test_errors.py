"""The public errors: where they say they come from, and that they survive a copy."""

import copy
import pickle

import pytest

import actors
from actors import (
    ActorCrashed,
    ActorError,
    ActorStopped,
    AlreadyReplied,
    AskCycle,
    AskTimeout,
    HandlerTimeout,
    InboxFull,
    MessageDropped,
    NameTaken,
    NoReply,
    RestartLimitExceeded,
    StartFailed,
    SystemClosed,
)

ERRORS = (
    ActorCrashed("a", 1),
    ActorStopped("a", 1, begun=True),
    AlreadyReplied("a", 1),
    AskCycle(("a", "b", "a")),
    AskTimeout("a", 1, 2.5),
    HandlerTimeout("a", 1, 2.5),
    InboxFull("a", 10),
    MessageDropped("a", 1, "drop_oldest"),
    NameTaken("a"),
    NoReply("a", 1),
    RestartLimitExceeded.of("a", 1, 60.0, [None, None]),
    StartFailed("a"),
    SystemClosed("desk", ending=True),
)


def test_a_traceback_shows_an_error_by_the_name_by_which_it_is_caught():
    kinds = [each for each in vars(actors).values() if isinstance(each, type) and issubclass(each, ActorError)]
    assert {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds} == {f"actors.{kind.__name__}" for kind in kinds}
    assert {type(error) for error in ERRORS} <= set(kinds)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("copied", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))], ids=["copy", "pickle"])  # noqa: S301
def test_an_error_that_is_copied_says_the_same_and_knows_the_same(error, copied):
    error.add_note("on the way")
    twin = copied(error)
    assert (type(twin), str(twin), vars(twin)) == (type(error), str(error), vars(error))


def test_a_group_that_is_copied_keeps_its_causes():
    causes = [ValueError("x"), KeyError("y")]
    twin = pickle.loads(pickle.dumps(RestartLimitExceeded.of("a", 1, 60.0, causes)))  # noqa: S301
    assert list(map(repr, twin.exceptions)) == list(map(repr, causes))
