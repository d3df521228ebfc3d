"""Every public package says in `__all__` what it offers, and every name in it is there and explained."""

import importlib
import inspect
import pkgutil
from collections import Counter
from collections.abc import Iterator
from types import FunctionType, ModuleType

import pytest

from tests.source_tree import OURS, is_ours


def public_packages() -> list[str]:
    return [name for root in OURS for name in (root, *packages_below(root))]


def packages_below(root: str) -> Iterator[str]:
    below = pkgutil.walk_packages(importlib.import_module(root).__path__, prefix=f"{root}.")
    yield from (found.name for found in below if found.ispkg and "._" not in found.name)


def faults(package: ModuleType) -> list[str]:
    if not hasattr(package, "__all__"):
        return [f"{package.__name__} has no __all__: list what it offers"]
    offered = Counter(package.__all__)
    return [
        *(f"{name} stands {times} times in __all__" for name, times in offered.items() if times > 1),
        *(f"{name} is in __all__ and nowhere else" for name in offered if not hasattr(package, name)),
        *(f"{name} needs a docstring" for name in offered if needs_a_docstring(getattr(package, name, None))),
    ]


def needs_a_docstring(thing: object) -> bool:
    """Its own one: what a class inherits from its base explains the base."""
    return isinstance(thing, type | FunctionType) and is_ours(thing.__module__) and not thing.__doc__


def made_up_package(**names: object) -> ModuleType:
    package = ModuleType("tradedesk.made_up")
    vars(package).update(names)
    return package


def explained() -> None:
    """Does nothing."""


def unexplained() -> None: ...


class Base:
    """Explained."""


class Heir(Base): ...


for made_up in (explained, unexplained, Base, Heir):
    made_up.__module__ = "tradedesk.made_up"


@pytest.mark.parametrize("name", public_packages())
def test_a_public_package_offers_what_is_there_and_explained(name: str):
    assert faults(importlib.import_module(name)) == []


@pytest.mark.parametrize(
    ("names", "finding"),
    [
        ({}, "tradedesk.made_up has no __all__: list what it offers"),
        (
            {"__all__": ["explained", "explained"], "explained": explained},
            "explained stands 2 times in __all__",
        ),
        ({"__all__": ["gone"]}, "gone is in __all__ and nowhere else"),
        ({"__all__": ["unexplained"], "unexplained": unexplained}, "unexplained needs a docstring"),
        ({"__all__": ["Heir"], "Heir": Heir}, "Heir needs a docstring"),
    ],
)
def test_a_planted_fault_in_a_package_is_reported(names: dict[str, object], finding: str):
    assert faults(made_up_package(**names)) == [finding]


def test_a_tidy_package_has_no_fault():
    names = {"explained": explained, "Base": Base, "inspect": inspect.getdoc, "Risk": float}
    assert faults(made_up_package(__all__=[*names], **names)) == []
