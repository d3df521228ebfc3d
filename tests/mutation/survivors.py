"""The mutants that survive, each with the reason why no test can tell it from the original."""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import attrs

FILE = Path(__file__).with_name("survivors.toml")


@attrs.frozen
class Survivor:
    module: str
    function: str
    line: str
    becomes: str
    why: str


@cache
def explained() -> tuple[Survivor, ...]:
    return tuple(_survivors(FILE.read_text("utf-8")))


def _survivors(text: str) -> Iterator[Survivor]:
    for reason in tomllib.loads(text)["reason"]:
        for each in reason["mutants"]:
            yield Survivor(each["module"], each["function"], each["line"], each["becomes"], reason["why"])
