"""The guest-mode example when things go wrong: its host, a program of asyncio, learns of it and hangs nowhere."""

import asyncio
import importlib.util
import logging
from pathlib import Path

import pytest

from actors import ActorCrashed, RestartLimitExceeded, SystemClosed

EXAMPLE = Path(__file__).parents[2] / "examples" / "actors_in_asyncio.py"


@pytest.fixture
def example():
    spec = importlib.util.spec_from_file_location("actors_in_asyncio", EXAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_system_that_gives_up_leaves_the_block_of_its_host_with_every_cause(example, caplog):
    caplog.set_level(logging.CRITICAL, "actors")
    answers = []

    async def host():
        async with example.Actors() as actors:
            answers.extend(
                await asyncio.gather(*(actors.square(number) for number in (-1, -2, -3, -4)), return_exceptions=True)
            )
            with pytest.raises(SystemClosed):
                await actors.square(5)

    with pytest.raises(ExceptionGroup) as error:
        asyncio.run(asyncio.wait_for(host(), 60))
    (limit,) = error.value.exceptions
    assert isinstance(limit, RestartLimitExceeded)
    # each question has a task of its own, and trio runs them in either order
    assert {str(cause) for cause in limit.exceptions} == {f"{number} is negative" for number in (-1, -2, -3, -4)}
    assert len(answers) == 4
    assert {type(answer) for answer in answers} <= {ActorCrashed, SystemClosed}


def test_a_set_up_that_fails_is_raised_where_the_host_enters(example, monkeypatch):
    async def fails(inbox):
        raise OSError("no such service")

    monkeypatch.setattr(example, "squares", fails)

    async def host():
        async with example.Actors():
            raise AssertionError("the block was entered")

    with pytest.raises(OSError, match=r"^no such service$"):
        asyncio.run(asyncio.wait_for(host(), 60))


def test_an_exception_of_the_host_ends_the_guest_and_leaves_as_it_is(example):
    async def host():
        async with example.Actors() as actors:
            assert await actors.square(3) == 9
            raise KeyError("host")

    with pytest.raises(KeyError, match="host"):
        asyncio.run(asyncio.wait_for(host(), 60))
